//! As whom a command calls: the person who signed in, or an operator with a break-glass token.

use crate::failed::{Exit, after_client, of_client};
use crate::private_file::{self, PrivateFileError};
use crate::server::Server;
use crate::session::{SessionError, Sessions, state_folder};
use crate::sign_in::{self, SignInError};
use crate::web::{Web, WebError};
use jiff::Timestamp;
use secrecy::SecretString;
use std::path::{Path, PathBuf};
use tokio::sync::mpsc::UnboundedSender;
use wire::Tool;
use wire::client::{Client, ClientError, Extras, Told};

/// Why nobody can call.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CallerError {
    /// Nobody has signed in.
    #[error("you are not signed in at {0}")]
    SignedOut(String),
    /// What is kept of sign-ins.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// The sign-in cannot be renewed.
    #[error(transparent)]
    SignIn(#[from] SignInError),
    /// Requests cannot be sent.
    #[error(transparent)]
    Web(#[from] WebError),
    /// The break-glass token's file cannot be used.
    #[error("the break-glass token: {0}")]
    Glass(#[from] PrivateFileError),
    /// There is no such file.
    #[error("there is no break-glass token at `{0}`")]
    NoGlass(PathBuf),
    /// The server does not know the break-glass token.
    #[error("the server does not take this break-glass token: it is unknown there, or its time is over")]
    GlassRefused,
    /// The connection.
    #[error(transparent)]
    Client(ClientError),
}

impl CallerError {
    /// The exit code.
    pub(crate) const fn exit(&self) -> Exit {
        match self {
            Self::SignedOut(_) | Self::GlassRefused => Exit::SignedOut,
            Self::SignIn(error) => error.exit(),
            Self::Web(error) => error.exit(),
            Self::Client(error) => of_client(error),
            Self::Session(_) | Self::Glass(_) | Self::NoGlass(_) => Exit::Failed,
        }
    }

    /// What to do next.
    pub(crate) fn next(&self) -> Option<String> {
        let told = match self {
            Self::SignedOut(_) => "run `tntc login`",
            Self::GlassRefused => "whoever runs the server can renew its entry in the break-glass file",
            Self::SignIn(error) => return error.next(),
            Self::Client(error) => return after_client(error),
            Self::Web(_) | Self::Session(_) | Self::Glass(_) | Self::NoGlass(_) => return None,
        };
        Some(told.to_owned())
    }
}

/// A connection to a server, under one identity.
pub(crate) struct Connection {
    client: Client,
    /// Whether it is an operator's.
    emergency: bool,
    reason: Option<String>,
}

impl Connection {
    /// Connects as the person who signed in.
    pub(crate) async fn as_person(server: &Server) -> Result<Self, CallerError> {
        let token = fresh_token(server).await?;
        Self::open(server, &token, false, None).await
    }

    /// Connects as the operator whose token is in `file`.
    pub(crate) async fn as_operator(
        server: &Server,
        file: &Path,
        reason: Option<String>,
    ) -> Result<Self, CallerError> {
        let text = private_file::read(file)?.ok_or_else(|| CallerError::NoGlass(file.to_owned()))?;
        let token = SecretString::from(text.trim());
        Self::open(server, &token, true, reason).await
    }

    async fn open(
        server: &Server,
        token: &SecretString,
        emergency: bool,
        reason: Option<String>,
    ) -> Result<Self, CallerError> {
        let client = Client::connect(&server.endpoint(), token).await.map_err(|error| match error {
            ClientError::Unauthorized if emergency => CallerError::GlassRefused,
            other => CallerError::Client(other),
        })?;
        Ok(Self { client, emergency, reason })
    }

    /// Calls the tool `T`.
    pub(crate) async fn call<T: Tool>(&self, args: &T::Args) -> Result<T::Answer, CallerError> {
        self.ask::<T>(args, None).await
    }

    /// Calls the tool `T`, and tells meanwhile how far it has come.
    pub(crate) async fn call_told<T: Tool>(
        &self,
        args: &T::Args,
        told: UnboundedSender<Told>,
    ) -> Result<T::Answer, CallerError> {
        self.ask::<T>(args, Some(told)).await
    }

    async fn ask<T: Tool>(
        &self,
        args: &T::Args,
        told: Option<UnboundedSender<Told>>,
    ) -> Result<T::Answer, CallerError> {
        let extras = Extras { reason: self.reason.clone(), told, ..Extras::default() };
        self.client.call::<T>(args, extras).await.map_err(|error| match error {
            ClientError::Unauthorized if self.emergency => CallerError::GlassRefused,
            other => CallerError::Client(other),
        })
    }

    /// Ends the connection.
    pub(crate) async fn close(self) {
        self.client.close().await;
    }
}

/// The access token for `server`, renewed where it has to be.
async fn fresh_token(server: &Server) -> Result<SecretString, CallerError> {
    let mut sessions = Sessions::open(&state_folder()?)?;
    let signed_out = || CallerError::SignedOut(server.to_string());
    let session = sessions.get(server).ok_or_else(signed_out)?;
    if session.is_fresh(Timestamp::now()) {
        return Ok(session.access_token);
    }
    let renewed = sign_in::renew(&session, &Web::new()?).await?;
    sessions.put(server, &renewed)?;
    Ok(renewed.access_token)
}
