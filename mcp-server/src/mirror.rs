//! What is shown of a tentacle's record where it runs. It decides nothing.

use crate::store::{ChangedBy, TentacleRecord};
use manifest::{MirrorChange, TentacleMirror};

/// What is shown of a tentacle that this one owns, to show.
pub(crate) fn of(tentacle: &TentacleRecord, owner: &str) -> TentacleMirror {
    TentacleMirror {
        owner: owner.to_owned(),
        owner_sub: tentacle.owner.subject.clone(),
        mode: tentacle.mode.map(|mode| mode.to_string()),
        deployed: MirrorChange {
            by: tentacle.deployed_by.clone(),
            via: tentacle.deployed_via.clone(),
            agent: tentacle.deployed_agent.clone(),
            at: tentacle.deployed_at.to_string(),
        },
        commit: tentacle.commit.as_ref().map(|commit| commit.id.clone()),
        updated: tentacle.updated.as_ref().map(changed),
        created_at: tentacle.created_at.to_string(),
    }
}

fn changed(change: &ChangedBy) -> MirrorChange {
    let ChangedBy { by, via, agent, at } = change.clone();
    MirrorChange { by, via, agent, at: at.to_string() }
}
