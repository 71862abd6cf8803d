//! `enclave_list`: the enclaves that the caller may see.

use super::people::{caller_word, everybody, members};
use super::{About, Effect, Handler, Repeat};
use crate::call::Call;
use crate::gate::Look;
use crate::progress::Progress;
use crate::server::Server;
use crate::store::EnclaveRecord;
use policy::Action;
use wire::Failure;
use wire::tools::enclave::{EnclaveEntry, EnclaveList, EnclaveListAnswer, EnclaveListArgs};

impl Handler for EnclaveList {
    const ABOUT: About = About {
        title: "List enclaves",
        description: "Lists the enclaves that the caller may see; in a Slack channel only the channel's own.",
        effect: Effect::Reads,
        repeat: Repeat::Resumes,
    };
    const ACTIONS: &'static [Action] = &[Action::List];

    async fn handle(
        server: &Server,
        call: &Call,
        args: EnclaveListArgs,
        _: &Progress,
    ) -> Result<EnclaveListAnswer, Failure> {
        let look = server.gate.look(call).await?;
        let size = args.page.size();
        let wanted = |record: &EnclaveRecord| {
            args.status.as_deref().is_none_or(|status| status == record.state.name())
        };
        let mut listed =
            look.list(args.page.cursor.as_deref())?.filter(|grant| wanted(&grant.target().record));
        let enclaves: Vec<EnclaveEntry> =
            listed.by_ref().take(size).map(|grant| entry(call, &look, &grant.target().record)).collect();
        let more = listed.next().is_some();
        let next_cursor = enclaves.last().filter(|_| more).map(|last| last.name.to_string());
        Ok(EnclaveListAnswer { enclaves, next_cursor })
    }
}

fn entry(call: &Call, look: &Look<'_>, record: &EnclaveRecord) -> EnclaveEntry {
    let rights = look.rights();
    let channel = record.channel.as_ref();
    EnclaveEntry {
        name: record.name.clone(),
        owner: rights.shown(&record.owner).to_owned(),
        status: record.state.name().to_owned(),
        platform: channel.map(|_| "slack".to_owned()).unwrap_or_default(),
        channel_name: channel.map(|channel| channel.name.clone()).unwrap_or_default(),
        created_at: record.created_at,
        members: members(&everybody(record, rights)),
        mode: record.mode.map_or_else(|| "unreadable".to_owned(), |mode| mode.to_string()),
        your_class: caller_word(call, look, record),
    }
}
