//! Signing in: a card for the one person, a wait that blocks nobody, the binding, and then what was asked goes on.

use crate::asked::{NOT_TAKEN, Stop, place, user};
use crate::inbox::Open;
use crate::inbox::now;
use crate::issuer::{DeviceFlow, IssuerError, Session};
use crate::kraken::Kraken;
use crate::server::{CallError, Origin};
use crate::slack::blocks::{Message, code};
use crate::slack::envelope::{How, Incoming, Said, What};
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;
use wire::Failure;
use wire::assertion::Kind;
use wire::tools::person::{AccountBind, AccountBindArgs};

/// How long after a failure of the network the issuer is asked again.
const ASK_AGAIN: Duration = Duration::from_secs(3);

/// What is told when a sign-in comes to nothing.
pub(crate) const NOBODY: &str = "Nobody signed in within the time. Ask me again when you are ready.";
pub(crate) const REFUSED: &str = "The sign-in was refused. Ask me again if that was a mistake.";
pub(crate) const NO_ISSUER: &str =
    "The place where you sign in does not answer any more. Ask me again in a minute.";
pub(crate) const NO_SLACK: &str =
    "You are signed in, but Slack does not tell me who you are. Ask me again in a minute.";
pub(crate) const NO_SERVER: &str = "You are signed in, but the server does not answer, so I could not tell it who you are. Ask me again in a minute.";
pub(crate) const NO_TRUST: &str = "You are signed in, but the server does not take that. Only an operator can mend it: most often a clock is wrong.";
pub(crate) const FORGOTTEN: &str =
    "You are signed in, but I could not write that down. Ask me again in a minute.";

/// What is told to somebody whose sign-in the server refused.
pub(crate) fn not_bound(failure: &Failure) -> String {
    format!("{} Then ask me again: this link was good for one sign-in.", crate::reply::refusal(failure))
}

/// Shows the sign-in card for what was asked, which waits until the person has signed in.
pub(crate) async fn ask(kraken: &Arc<Kraken>, open: &Open, said: &Said) -> Result<(), Stop> {
    let flow = begin_for(kraken, open.seq, &said.user).await?;
    whisper(kraken, &open.incoming, said, &card(&flow)).await
}

/// Begins a sign-in for what came as `seq`, which waits until it is over, or answers the one that is going on.
pub(crate) async fn begin_for(kraken: &Arc<Kraken>, seq: i64, account: &str) -> Result<DeviceFlow, Stop> {
    // Written down first: the sign-in could be over before we come to it.
    kraken.inbox.wait_for_sign_in(seq, account).await?;
    loop {
        if let Some(flow) = kraken.sessions.going_on(account).await? {
            return Ok(flow);
        }
        let flow = kraken.issuer.begin().await?;
        // Several requests of one person may come here at once: all of them show the one that is written down first.
        if kraken.sessions.begun(account, &flow).await? {
            tokio::spawn(finish(Arc::clone(kraken), account.to_owned(), flow.clone()));
            return Ok(flow);
        }
    }
}

/// Goes on with the sign-ins that were going on when the process ended, and with what waits for none of them: the
/// process may have ended just after a sign-in did.
pub(crate) async fn go_on(kraken: &Arc<Kraken>) -> Result<(), Stop> {
    kraken.inbox.let_go_of_the_forgotten().await?;
    for (account, flow) in kraken.sessions.all_going_on().await? {
        tokio::spawn(finish(Arc::clone(kraken), account, flow));
    }
    Ok(())
}

pub(crate) fn card(flow: &DeviceFlow) -> Message {
    let minutes = ((flow.expires_at - now()).max(60) + 30) / 60;
    Message::new("*Sign in to go on.* I act under your name only, so I need to know who you are.")
        .link("Sign in", flow.link(), "Sign in here")
        .line(format!("If you are asked for a code, it is {}.", code(flow.user_code())))
        .note(format!("This holds for {minutes} minutes. What you asked for goes on by itself."))
}

/// Waits for the person, binds the account, and lets go on what waited.
async fn finish(kraken: Arc<Kraken>, account: String, flow: DeviceFlow) {
    let ended = match wait(&kraken, &flow).await {
        Ok(session) => bind(&kraken, &account, &session).await,
        Err(IssuerError::Expired) => Err(NOBODY.to_owned()),
        Err(IssuerError::Refused(why)) => {
            tracing::info!(why, "a sign-in was refused");
            Err(REFUSED.to_owned())
        }
        Err(IssuerError::NotTaken(why)) => {
            tracing::error!(why, "the issuer does not take the Kraken's requests");
            Err(NOT_TAKEN.to_owned())
        }
        Err(IssuerError::Unreachable(detail)) => {
            tracing::error!(detail, "a sign-in could not be finished");
            Err(NO_ISSUER.to_owned())
        }
    };
    // Before anything goes on: whoever asks from now on must not be shown the card of a sign-in that is over.
    let is_on_record = kraken.sessions.over(&account, &flow).await.unwrap_or_else(|error| {
        tracing::error!(%error, "a sign-in that is over could not be forgotten");
        true
    });
    let left = match &ended {
        Ok(()) => kraken.inbox.signed_in(&account).await.map(|()| Vec::new()),
        // What waits, waits for the one that is going on now.
        Err(_) if !is_on_record => return,
        Err(_) => kraken.inbox.give_up(&account).await,
    };
    match (ended, left) {
        (Err(why), Ok(given_up)) => tell(&kraken, &account, &given_up, &why).await,
        (Ok(()), Ok(_)) => tracing::info!("somebody signed in"),
        (_, Err(error)) => tracing::error!(%error, "what waited for a sign-in could not be found"),
    }
}

async fn wait(kraken: &Kraken, flow: &DeviceFlow) -> Result<Session, IssuerError> {
    loop {
        match kraken.issuer.wait(flow).await {
            Err(IssuerError::Unreachable(detail)) if now() < flow.expires_at => {
                tracing::warn!(detail, "the issuer does not answer; asking again");
                tokio::time::sleep(ASK_AGAIN).await;
            }
            other => return other,
        }
    }
}

/// Binds the Slack account to the identity, and keeps the session. The error is in words for the person.
async fn bind(kraken: &Kraken, account: &str, session: &Session) -> Result<(), String> {
    let found = kraken.slack.account(account).await.map_err(|error| {
        tracing::error!(%error, "an account that signed in could not be read from Slack");
        NO_SLACK.to_owned()
    })?;
    let origin = Origin {
        kind: Kind::SignIn,
        team: kraken.slack.me.team_id.clone(),
        channel: None,
        user: user(&found, found.email.clone()),
        event: Uuid::now_v7().to_string(),
    };
    kraken.server.call::<AccountBind>(session, &origin, &AccountBindArgs::default(), None).await.map_err(
        |error| match error {
            CallError::Refused(failure) => not_bound(&failure),
            CallError::Unauthorized => {
                tracing::error!(
                    "the server does not take a token that the issuer has just made: its log says why, most often its clock is wrong"
                );
                NO_TRUST.to_owned()
            }
            CallError::Away(..) | CallError::NoAnswer(_) => {
                tracing::error!(%error, "an account could not be bound");
                NO_SERVER.to_owned()
            }
        },
    )?;
    kraken.sessions.keep(account, session).await.map_err(|error| {
        tracing::error!(%error, "a session could not be kept");
        FORGOTTEN.to_owned()
    })
}

/// Tells the one person, in Slack's markup, why what they asked for does not go on.
async fn tell(kraken: &Kraken, account: &str, given_up: &[Incoming], why: &str) {
    let message = Message::new(why);
    for incoming in given_up {
        if let What::Home(at_home) = &incoming.what {
            crate::home::sign_in_failed(kraken, &at_home.user, why).await;
        }
        if let What::Said(said) = &incoming.what
            && let Err(error) = whisper(kraken, incoming, said, &message).await
        {
            tracing::warn!(%error, "somebody could not be told that their sign-in failed");
        }
    }
    if given_up.is_empty() {
        tracing::info!(account, why, "a sign-in that nothing waited for failed");
    }
}

/// Says something that only the one who asked can read.
pub(crate) async fn whisper(
    kraken: &Kraken,
    incoming: &Incoming,
    said: &Said,
    message: &Message,
) -> Result<(), Stop> {
    if said.direct && !matches!(said.how, How::Slash(_)) {
        let place = place(incoming, said);
        // A direct message is for the one person anyhow.
        let key = format!("whisper:{}:{}", incoming.id, Uuid::now_v7());
        kraken.slack.say(&place, message, &key).await?;
        return Ok(());
    }
    Ok(kraken.whisper(incoming, said, message).await?)
}

#[cfg(test)]
mod tests;
