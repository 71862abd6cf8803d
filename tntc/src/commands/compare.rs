//! `tntc compare`.

use super::list::version;
use super::{Context, Effect};
use crate::cli::InEnclave;
use crate::failed::Failed;
use crate::output::{View, tell};
use serde_json::Value;
use wire::EnclaveRef;
use wire::tools::history::{WfCompare, WfCompareAnswer, WfCompareArgs};
use workflow::TentacleName;

/// Which versions of which tentacle.
#[derive(Debug, clap::Args)]
pub(crate) struct Compare {
    /// The tentacle's name
    name: TentacleName,
    #[command(flatten)]
    within: InEnclave,
    /// The older version, by its number or the beginning of its hash; the one before when left out
    #[arg(long, value_name = "VERSION")]
    from: Option<String>,
    /// The newer version; the one that runs when left out
    #[arg(long, value_name = "VERSION")]
    to: Option<String>,
}

impl Compare {
    pub(crate) async fn run(&self, context: &Context) -> Result<(), Failed> {
        let args = WfCompareArgs {
            enclave: EnclaveRef::from(self.within.enclave.clone()),
            name: self.name.clone(),
            from: self.from.clone(),
            to: self.to.clone(),
        };
        let answer = context.call::<WfCompare>(Effect::Reads, &args).await?;
        context.output.show(&answer, view)?;
        if answer.truncated {
            tell("the differences of the files were cut: there are too many");
        }
        Ok(())
    }
}

fn view(told: &WfCompareAnswer) -> View {
    let mut view = View::new().line(format!(
        "from {} to {}",
        numbered(told.from_number, &told.from),
        numbered(told.to_number, &told.to)
    ));
    for contact in &told.reach_added {
        view = view.verdict(false, format!("newly: {contact}"));
    }
    for contact in &told.reach_removed {
        view = view.verdict(true, format!("no longer: {contact}"));
    }
    for param in &told.params {
        let shown =
            |value: &Option<Value>| value.as_ref().map_or_else(|| "nothing".to_owned(), Value::to_string);
        view =
            view.line(format!("config {}: {} becomes {}", param.name, shown(&param.from), shown(&param.to)));
    }
    told.files.iter().fold(view, |view, file| view.line(file.diff.trim_end()))
}

/// `3 (0123abcd)`, or the hash alone where the number is not on record any more.
fn numbered(number: Option<u64>, hash: &str) -> String {
    match number {
        Some(number) => format!("{number} ({})", version(hash)),
        None => version(hash),
    }
}
