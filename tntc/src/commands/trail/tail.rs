//! `tntc trail tail`.

use crate::commands::{Context, Effect};
use crate::failed::Failed;
use crate::output::{View, words};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use wire::tools::trail::{TrailTail, TrailTailAnswer, TrailTailArgs};
use wire::trail::{Decision, Entry, Outcome, OutcomeResult, Record};
use workflow::EnclaveName;

/// Which records.
#[derive(Debug, clap::Args)]
pub(crate) struct Tail {
    /// Only those about this enclave; owners must name theirs, operators may leave it out
    #[arg(short, long, env = "TENTACULAR_ENCLAVE", value_name = "NAME")]
    enclave: Option<EnclaveName>,
    /// How many, from the end
    #[arg(short = 'n', long, value_name = "RECORDS", value_parser = clap::value_parser!(u32).range(1..=200), default_value_t = 20)]
    lines: u32,
}

/// The records as the server has them.
#[derive(Debug, Serialize)]
struct Records {
    records: Vec<Value>,
}

impl Tail {
    pub(crate) async fn run(&self, context: &Context) -> Result<(), Failed> {
        let args = TrailTailArgs {
            enclave: self.enclave.clone(),
            limit: Some(self.lines),
            ..TrailTailArgs::default()
        };
        let TrailTailAnswer { records, .. } = context.call::<TrailTail>(Effect::Reads, &args).await?;
        Ok(context.output.show(&Records { records }, view)?)
    }
}

fn view(records: &Records) -> View {
    let heads = ["WHEN", "WHO", "WHAT", "ENCLAVE", "OBJECT", "SAID", "BECAUSE"];
    View::new().table(heads, records.records.iter().map(row), "nothing is on record")
}

fn row(value: &Value) -> [String; 7] {
    // A record of a later release is shown as it is rather than left out.
    let Ok(record) = Record::deserialize(value) else {
        return ["?", "", "a record that this release does not know", "", "", "", ""].map(str::to_owned);
    };
    let at = words::time(record.at);
    match record.entry {
        Entry::Decision(decision) => of_decision(at, *decision),
        Entry::Outcome(Outcome { result, reason }) => {
            let ended = match result {
                OutcomeResult::Done => "done",
                OutcomeResult::Failed => "failed",
                OutcomeResult::Unknown => "unknown",
            };
            let what = format!("  outcome of {}", record.id);
            [
                at,
                String::new(),
                what,
                String::new(),
                String::new(),
                ended.to_owned(),
                reason.unwrap_or_default(),
            ]
        }
        Entry::Lost(lost) => {
            let what = format!("{} of reads were lost", words::count(lost.count, "record", "records"));
            [at, String::new(), what, String::new(), String::new(), String::new(), String::new()]
        }
    }
}

fn of_decision(at: String, decision: Decision) -> [String; 7] {
    let who = &decision.who;
    let name = who.subject.as_deref().unwrap_or_default();
    let who = if name.is_empty() { who.kind.clone() } else { format!("{} {name}", who.kind) };
    let said = if decision.allowed { "allowed" } else { "denied" };
    let because = match decision.because {
        Some(because) => format!("{}: {because}", decision.reason),
        None => decision.reason,
    };
    let (enclave, object) = (decision.enclave.unwrap_or_default(), decision.object.unwrap_or_default());
    [at, who, decision.action, enclave, object, said.to_owned(), because]
}
