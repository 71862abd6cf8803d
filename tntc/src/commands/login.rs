//! `tntc login`.

use super::Context;
use crate::failed::Failed;
use crate::metadata::Metadata;
use crate::output::{View, plain, tell};
use crate::session::{Session, Sessions, state_folder};
use crate::sign_in::Pending;
use crate::web::Web;
use anstyle::Style;
use serde::Serialize;

/// Nothing more needs to be said.
#[derive(Debug, clap::Args)]
pub(crate) struct Login {}

/// Who signed in where.
#[derive(Debug, Serialize)]
struct SignedIn {
    name: String,
    server: String,
    issuer: String,
}

impl Login {
    pub(crate) async fn run(&self, context: &Context) -> Result<(), Failed> {
        let server = context.server()?;
        let web = Web::new()?;
        let metadata = Metadata::of(server, &web).await?;
        let issuer = metadata.issuer(context.options.issuer.as_deref(), server)?;
        let pending = Pending::begin(&issuer, &context.options.client, &web).await?;
        ask(&pending);
        let session = pending.finish(&web).await?;
        Sessions::open(&state_folder()?)?.put(server, &session)?;
        let Session { name, issuer, .. } = session;
        let signed_in = SignedIn { name, server: server.to_string(), issuer };
        Ok(context.output.show(&signed_in, |who| {
            View::new().verdict(true, format!("you are {} at {}", who.name, who.server))
        })?)
    }
}

/// Sends the person to the issuer's page.
fn ask(pending: &Pending) {
    let bold = Style::new().bold();
    let (code, place) = (plain(pending.code()), plain(pending.place()));
    tell(&format!("To sign in, open\n\n  {bold}{place}{bold:#}\n\nand enter {bold}{code}{bold:#}"));
    if let Some(complete) = pending.complete_place() {
        tell(&format!("or open {} and compare the code", plain(complete)));
    }
    tell(&format!("\nThe code is good for {} minutes. Waiting …", pending.lasts().as_secs().div_ceil(60)));
}
