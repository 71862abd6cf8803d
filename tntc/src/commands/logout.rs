//! `tntc logout`.

use super::Context;
use crate::failed::Failed;
use crate::output::View;
use crate::session::{Sessions, state_folder};
use crate::sign_in::{self, SignInError};
use crate::web::Web;
use serde::Serialize;

/// Nothing more needs to be said.
#[derive(Debug, clap::Args)]
pub(crate) struct Logout {}

/// What became of the sign-in.
#[derive(Debug, Serialize)]
struct SignedOut {
    server: String,
    /// Whether there was a sign-in.
    was_signed_in: bool,
    /// Whether the issuer ended it too.
    revoked: bool,
}

impl Logout {
    pub(crate) async fn run(&self, context: &Context) -> Result<(), Failed> {
        let server = context.server()?;
        let mut sessions = Sessions::open(&state_folder()?)?;
        let session = sessions.get(server);
        // Forgotten here first: whatever the issuer says, nobody uses it from here any more.
        sessions.remove(server)?;
        drop(sessions);
        let mut out =
            SignedOut { server: server.to_string(), was_signed_in: session.is_some(), revoked: false };
        if let Some(session) = session {
            out.revoked = match sign_in::revoke(&session, &Web::new()?).await {
                Ok(revoked) => revoked,
                Err(error) => return Err(half_done(&error)),
            };
        }
        Ok(context.output.show(&out, view)?)
    }
}

fn half_done(error: &SignInError) -> Failed {
    Failed::Bad(format!("the sign-in is forgotten here, but the issuer could not be told to end it: {error}"))
}

fn view(out: &SignedOut) -> View {
    let server = &out.server;
    match (out.was_signed_in, out.revoked) {
        (false, _) => View::new().line(format!("you were not signed in at {server}")),
        (true, true) => View::new().verdict(true, format!("you are signed out of {server}")),
        (true, false) => View::new()
            .verdict(true, format!("you are signed out of {server}"))
            .line("The issuer offers no way to end a sign-in early: its tokens end by themselves."),
    }
}
