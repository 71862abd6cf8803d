//! `tntc cluster proxy`.

use crate::commands::{Context, Effect};
use crate::failed::Failed;
use crate::output::View;
use wire::Nothing;
use wire::tools::cluster::{ProxyStatus, ProxyStatusAnswer};

/// Nothing to say.
#[derive(Debug, clap::Args)]
pub(crate) struct Proxy {}

impl Proxy {
    pub(crate) async fn run(&self, context: &Context) -> Result<(), Failed> {
        let answer = context.call::<ProxyStatus>(Effect::Reads, &Nothing {}).await?;
        Ok(context.output.show(&answer, view)?)
    }
}

fn view(told: &ProxyStatusAnswer) -> View {
    let view = View::new().line(told.told.clone());
    if !told.installed {
        return view;
    }
    view.values([
        ("Ready", if told.ready { "yes" } else { "no" }.to_owned()),
        ("In", told.namespace.clone()),
        ("Image", told.image.clone()),
        ("Keeps modules in", told.storage.clone()),
    ])
}
