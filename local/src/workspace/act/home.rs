//! Looking at the app's own page.

use crate::workspace::act::channel::open_direct;
use crate::workspace::event::{self, Tab};
use crate::workspace::fault::Fault;
use crate::workspace::id::{ChannelId, UserId};
use crate::workspace::turn::Turn;

/// A person opens a tab of the app; the app is told. Gives the direct conversation with it.
pub(crate) fn visit(turn: &mut Turn<'_>, user: &UserId, tab: Tab) -> Result<ChannelId, Fault> {
    let bot = turn.app.user.clone();
    let (channel, _) = open_direct(turn, user, &bot)?;
    let ts = turn.ts();
    let event = event::app_home_opened(turn, user, &channel, tab, ts);
    turn.tell(event);
    Ok(channel)
}
