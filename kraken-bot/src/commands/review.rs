//! `changes need review` and `changes need no review`

use crate::asked::{Answer, Asked, Stop};
use crate::slack::blocks::{Message, code};
use wire::tools::review::{EnclaveReview, EnclaveReviewArgs};
use workflow::EnclaveName;

pub(super) async fn run(asked: &Asked<'_>, required: bool) -> Result<Answer, Stop> {
    asked.channel()?;
    let done = asked.call::<EnclaveReview>(EnclaveReviewArgs { name: None, required }).await?;
    Ok(Answer::Aloud(told(&done.name, required)))
}

pub(super) fn told(name: &EnclaveName, required: bool) -> Message {
    Message::new(match required {
        true => format!(
            "From now on what is deployed to {} is proposed first, and runs once somebody else has approved it and it is merged. \
             What runs now goes on.",
            code(name)
        ),
        false => format!("What is deployed to {} runs at once from now on, without a review.", code(name)),
    })
}
