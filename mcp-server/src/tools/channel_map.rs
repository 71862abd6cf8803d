//! `channel_map`: which channel has which enclave. The only map there is.

use super::{About, Effect, Handler, Repeat};
use crate::call::Call;
use crate::gate::act;
use crate::progress::Progress;
use crate::server::Server;
use policy::Action;
use wire::tools::channel::{ChannelMap, ChannelMapAnswer, MappedChannel};
use wire::{Failure, Nothing};

impl Handler for ChannelMap {
    const ABOUT: About = About {
        title: "Map of channels",
        description: "For the relay: says which channel has which enclave.",
        effect: Effect::Reads,
        repeat: Repeat::Resumes,
    };
    const ACTIONS: &'static [Action] = &[Action::ChannelMap];

    async fn handle(
        server: &Server,
        call: &Call,
        _: Nothing,
        _: &Progress,
    ) -> Result<ChannelMapAnswer, Failure> {
        let look = server.gate.look(call).await?;
        look.itself::<act::ChannelMap>()?;
        let mapped = look.rights().enclaves().filter_map(|record| {
            let channel = record.channel.as_ref()?;
            Some(MappedChannel {
                team: channel.team.clone(),
                channel: channel.id.clone(),
                enclave: record.name.clone(),
                status: record.state.name().to_owned(),
            })
        });
        Ok(ChannelMapAnswer { channels: mapped.collect() })
    }
}
