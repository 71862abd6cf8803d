//! `state_restorable`: what git has of enclaves, and whether each could come back.

use super::{About, Effect, Handler, Repeat};
use crate::call::Call;
use crate::gate::{act, unavailable};
use crate::progress::Progress;
use crate::restoring::{self, Found, Proof};
use crate::server::Server;
use crate::state::KeptRecords;
use crate::store::Rights;
use policy::Action;
use wire::Failure;
use wire::tools::restore::{
    Restorable, RestoreWord, StateRestorable, StateRestorableAnswer, StateRestorableArgs,
};
use workflow::EnclaveName;

impl Handler for StateRestorable {
    const ABOUT: About = About {
        title: "What could be restored",
        description: "Which enclaves the state repo has, and whether each can be restored: known to the server, proven by its \
                      signature and the signed heads, or to be confirmed, with how its record differs. For operators.",
        effect: Effect::Reads,
        repeat: Repeat::Resumes,
    };
    const ACTIONS: &'static [Action] = &[Action::ConfirmRestore];

    async fn handle(
        server: &Server,
        call: &Call,
        args: StateRestorableArgs,
        _: &Progress,
    ) -> Result<StateRestorableAnswer, Failure> {
        server.gate.look(call).await?.itself::<act::RestoreSurvey>()?;
        let state = restoring::from(server)?;
        let KeptRecords { head, records, truncated } = restoring::kept(state, args.name).await?;
        let rights = server.store.rights().await.map_err(|error| unavailable(&error))?;
        Ok(StateRestorableAnswer {
            state_repo: state.address(),
            head,
            signing_key: state.records.heads().key().id().to_owned(),
            recipient: state.recipient(),
            enclaves: records.into_iter().map(|(name, found)| entry(&rights, name, found)).collect(),
            truncated,
        })
    }
}

fn entry(rights: &Rights, name: EnclaveName, found: Result<Found, String>) -> Restorable {
    let entry = |standing, says: &str| Restorable {
        name: name.clone(),
        standing,
        says: says.to_owned(),
        tentacles: Vec::new(),
        difference: None,
        digest: None,
    };
    if let Some(there) = rights.enclave(&name) {
        if found.is_ok_and(|found| found.is_of_another_than(there)) {
            return entry(RestoreWord::Impossible, &restoring::another(&name));
        }
        let tentacles = there.tentacles.keys().cloned().collect();
        let says = "the server knows it: only what is missing where it runs is made again";
        return Restorable { tentacles, ..entry(RestoreWord::There, says) };
    }
    let Found { record, proof } = match found {
        Ok(found) => found,
        Err(why) => return entry(RestoreWord::Impossible, &why),
    };
    let tentacles = record.tentacles.into_iter().map(|tentacle| tentacle.name).collect();
    match proof {
        Proof::Proven => {
            let says = "its record is the newest that this server signed for";
            Restorable { tentacles, ..entry(RestoreWord::Proven, says) }
        }
        Proof::ToConfirm { why, difference, digest } => {
            let (difference, digest) = (Some(difference), Some(digest));
            Restorable { tentacles, difference, digest, ..entry(RestoreWord::ToConfirm, &why) }
        }
    }
}
