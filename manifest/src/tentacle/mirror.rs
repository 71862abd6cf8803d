//! What a deployment shows of its tentacle's record.

use crate::annotation::{
    CREATED_AT, DEPLOYED_AGENT, DEPLOYED_AT, DEPLOYED_BY, DEPLOYED_VIA, GIT_SHA, MODE, OWNER, OWNER_SUB,
    UPDATED_AGENT, UPDATED_AT, UPDATED_BY, UPDATED_VIA,
};
use std::collections::BTreeMap;

/// A tentacle's record, as far as it is shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TentacleMirror {
    /// Who owns it, to show.
    pub owner: String,
    /// The owner's stable subject.
    pub owner_sub: String,
    /// Its mode; none where the record cannot be read as one.
    pub mode: Option<String>,
    /// Who deployed the version.
    pub deployed: MirrorChange,
    /// The commit that the version was deployed from, by its id; none where it is not in git.
    pub commit: Option<String>,
    /// Who changed its mode or its owner last; none while nobody has.
    pub updated: Option<MirrorChange>,
    /// When it was first deployed, RFC 3339.
    pub created_at: String,
}

/// Who did something, and through what.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MirrorChange {
    /// Who, to show.
    pub by: String,
    /// With which client; empty where there was none.
    pub via: String,
    /// Which agent chose it; empty where none said that it did.
    pub agent: String,
    /// When, RFC 3339.
    pub at: String,
}

impl TentacleMirror {
    /// The annotations that show it. What is not known is none: a merge takes it away.
    #[must_use]
    pub fn annotations(&self) -> BTreeMap<&'static str, Option<&str>> {
        let deployed = [DEPLOYED_BY, DEPLOYED_VIA, DEPLOYED_AGENT, DEPLOYED_AT];
        let updated = [UPDATED_BY, UPDATED_VIA, UPDATED_AGENT, UPDATED_AT];
        let mut all = BTreeMap::from([
            (OWNER, Some(self.owner.as_str())),
            (OWNER_SUB, Some(self.owner_sub.as_str())),
            (MODE, self.mode.as_deref()),
            (GIT_SHA, self.commit.as_deref()),
            (CREATED_AT, Some(self.created_at.as_str())),
        ]);
        all.extend(deployed.into_iter().zip(self.deployed.texts()));
        all.extend(updated.into_iter().zip(self.updated.as_ref().map_or([None; 4], MirrorChange::texts)));
        all
    }
}

impl MirrorChange {
    /// Who, with what, which agent, when.
    fn texts(&self) -> [Option<&str>; 4] {
        let said = |text| Some(text).filter(|text: &&str| !text.is_empty());
        [Some(&self.by), said(&self.via), said(&self.agent), Some(&self.at)]
    }
}
