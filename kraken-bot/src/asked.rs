//! One request of one person, with what is needed to answer it, and the ways in which it can end.

use crate::away::Away;
use crate::commands::unlink::UNLINK;
use crate::inbox::InboxError;
use crate::issuer::{IssuerError, Session};
use crate::kraken::{Kraken, SayError};
use crate::server::{CallError, Origin};
use crate::sessions::SessionError;
use crate::slack::blocks::Message;
use crate::slack::envelope::{How, Incoming, Said};
use crate::slack::{Account, ChannelInfo, Place, SlackError};
use tokio::sync::mpsc::UnboundedSender;
use wire::assertion::{Channel, Kind, User};
use wire::client::Told;
use wire::{Failure, FailureCode, Tool};

/// An answer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Answer {
    /// For all in the thread.
    Aloud(Message),
    /// For the one who asked.
    Whisper(Message),
    /// The card that was clicked shows it.
    Shown,
}

/// Why there is no answer yet, or only a refusal.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Stop {
    /// The person must sign in first; then it goes on.
    #[error("a sign-in is needed")]
    SignIn,
    /// The server says no.
    #[error("{}", .0.text())]
    Refused(Failure),
    /// Something is wrong with what was asked, and the server was not even asked.
    #[error("{0}")]
    Told(String),
    /// What was asked for goes on when its review has come further.
    #[error("a review is waited for")]
    Review,
    /// The server or the issuer is away: it is gone on with when that is back.
    #[error("{0} is away: {1}")]
    Away(Away, String),
    /// The server does not answer, or with what cannot be understood.
    #[error("{0}")]
    NoAnswer(String),
    /// Slack does not do what is needed.
    #[error(transparent)]
    Slack(#[from] SlackError),
    /// The Kraken's own memory fails: it is tried again.
    #[error(transparent)]
    Memory(#[from] InboxError),
}

impl From<CallError> for Stop {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Refused(failure) if failure.code == FailureCode::SignInRequired => Self::SignIn,
            CallError::Refused(failure) => Self::Refused(failure),
            CallError::Unauthorized => Self::SignIn,
            CallError::Away(away, detail) => Self::Away(away, detail),
            CallError::NoAnswer(detail) => Self::NoAnswer(detail),
        }
    }
}

impl From<SayError> for Stop {
    fn from(error: SayError) -> Self {
        match error {
            SayError::Slack(error) => Self::Slack(error),
            SayError::Memory(error) => Self::Memory(error),
        }
    }
}

impl From<SessionError> for Stop {
    fn from(error: SessionError) -> Self {
        match error {
            SessionError::Memory(error) => Self::Memory(error),
            SessionError::Issuer(error) => error.into(),
            SessionError::Seal(error) => {
                tracing::error!(%error, "what is kept of a sign-in cannot be used");
                Self::Told(UNREADABLE.to_owned())
            }
        }
    }
}

impl From<IssuerError> for Stop {
    fn from(error: IssuerError) -> Self {
        match error {
            IssuerError::Unreachable(detail) => Self::Away(Away::Issuer, detail),
            IssuerError::Refused(_) | IssuerError::NotTaken(_) | IssuerError::Expired => {
                tracing::error!(%error, "the issuer does not do what it should");
                Self::Told(NOT_TAKEN.to_owned())
            }
        }
    }
}

/// What is told in a direct message to what is asked in a channel.
pub(crate) const NOT_HERE: &str = "Ask me that in the enclave's channel.";

/// What is told when the key does not fit what is kept.
pub(crate) const UNREADABLE: &str =
    "I cannot read any more what I kept of your sign-in. Only an operator can mend that.";

/// What is told when the issuer does not know the Kraken.
pub(crate) const NOT_TAKEN: &str =
    "The place where you sign in does not take my requests. Only an operator can mend that.";

/// One request of one person.
pub(crate) struct Asked<'k> {
    pub(crate) kraken: &'k Kraken,
    pub(crate) incoming: &'k Incoming,
    pub(crate) said: &'k Said,
    pub(crate) account: Account,
    /// Where it was said; none in a direct message.
    pub(crate) channel: Option<ChannelInfo>,
    /// Their session when they asked.
    pub(crate) session: Session,
}

impl Asked<'_> {
    /// Calls a tool under the person's identity, from here.
    pub(crate) async fn call<T: Tool>(&self, args: T::Args) -> Result<T::Answer, Stop> {
        self.call_tool::<T>(&args, None).await
    }

    /// The same, and tells meanwhile how far it has come.
    pub(crate) async fn call_told<T: Tool>(
        &self,
        args: T::Args,
        told: UnboundedSender<Told>,
    ) -> Result<T::Answer, Stop> {
        self.call_tool::<T>(&args, Some(told)).await
    }

    async fn call_tool<T: Tool>(
        &self,
        args: &T::Args,
        told: Option<UnboundedSender<Told>>,
    ) -> Result<T::Answer, Stop> {
        let (server, origin) = (&self.kraken.server, &self.origin());
        self.by_session(|session| {
            let told = told.clone();
            async move { server.call::<T>(&session, origin, args, told).await }
        })
        .await
    }

    /// Does something with the person's session, as long as it is that of whoever asked; else they sign in.
    pub(crate) async fn by_session<A, F>(&self, call: impl Fn(Session) -> F) -> Result<A, Stop>
    where
        F: Future<Output = Result<A, CallError>>,
    {
        let (sessions, account) = (&self.kraken.sessions, &self.said.user);
        let session = sessions.of(account).await?.filter(|it| it.is_of(&self.session)).ok_or(Stop::SignIn)?;
        Ok(sessions.by(account, session, call).await??)
    }

    /// The channel that it was said in.
    pub(crate) fn channel(&self) -> Result<&ChannelInfo, Stop> {
        self.channel.as_ref().ok_or_else(|| Stop::Told(NOT_HERE.to_owned()))
    }

    /// Where a call comes from that a model chose for this request. In a direct message it is one like any other there: the server
    /// lets it look, and nothing else.
    pub(crate) fn origin_of_model(&self) -> Origin {
        match self.channel {
            Some(_) => Origin { kind: Kind::Agent, ..self.origin() },
            None => self.origin(),
        }
    }

    fn origin(&self) -> Origin {
        let channel = self.channel.as_ref().map(|channel| Channel {
            id: channel.id.clone(),
            name: channel.name.clone(),
            creator: channel.creator.clone(),
        });
        Origin {
            kind: match (&self.said.click, &self.said.how, &self.channel) {
                // It is about the person alone: no channel decides anything there.
                (Some(click), _, None) if click.action == UNLINK => Kind::Click,
                (_, _, None) => Kind::Dm,
                (Some(_), _, _) | (None, How::Form, _) => Kind::Click,
                (None, How::Slash(_), _) => Kind::Command,
                (None, How::Spoken | How::Overheard, _) => Kind::Message,
            },
            team: self.incoming.team.clone(),
            channel,
            user: user(&self.account, None),
            event: self.incoming.id.clone(),
        }
    }
}

/// An account as it is stated to the server; with its address only at sign-in.
pub(crate) fn user(account: &Account, email: Option<String>) -> User {
    User { id: account.id.clone(), class: account.class, name: account.name.clone(), email }
}

/// Where something that was said is answered: in its thread; in a direct message without one.
pub(crate) fn place(incoming: &Incoming, said: &Said) -> Place {
    let thread = (!said.direct || said.thread != said.ts).then(|| said.thread.clone());
    // A slash command stands in no thread.
    let thread = thread.filter(|thread| !thread.is_empty());
    Place { channel: incoming.channel.clone(), thread }
}
