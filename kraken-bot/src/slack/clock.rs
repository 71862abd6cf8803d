//! What the clock shows where somebody lives.

use super::{Method, Slack, SlackError};
use serde::Deserialize;

#[derive(Deserialize)]
struct Answer {
    user: Clock,
}

#[derive(Deserialize)]
struct Clock {
    /// Slack says it of everybody but strangers.
    #[serde(default)]
    tz_offset: i32,
}

impl Slack {
    /// By how many seconds somebody's clock is ahead of UTC now; 0 where Slack does not say.
    pub(crate) async fn clock_of(&self, user: &str) -> Result<i32, SlackError> {
        let answer: Answer = self.ask(Method::UsersInfo, &[("user", user.to_owned())]).await?;
        Ok(answer.user.tz_offset)
    }
}
