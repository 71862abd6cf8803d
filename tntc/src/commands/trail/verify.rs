//! `tntc trail verify`.

use super::evidence::{Evidence, keys_in, published_keys};
use super::keys::Keys;
use crate::commands::{Context, Effect};
use crate::failed::Failed;
use crate::output::{View, words};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::PathBuf;
use wire::trail::verify;

/// Where the trail is: with the server, or in files.
#[derive(Debug, clap::Args)]
pub(crate) struct Verify {
    /// Check this file of records, one a line, without asking the server
    #[arg(long, value_name = "FILE", requires_all = ["heads", "keys"])]
    records: Option<PathBuf>,
    /// The signed heads, one a line
    #[arg(long, value_name = "FILE", requires = "records")]
    heads: Option<PathBuf>,
    /// The keys that heads must be signed with (a JWK set), kept from an earlier time; the server's word when left out
    #[arg(long, value_name = "FILE")]
    keys: Option<PathBuf>,
}

/// What a check found.
#[derive(Debug, Serialize)]
struct Findings {
    /// Whether nothing is wrong.
    holds: bool,
    writers: BTreeMap<String, Chain>,
    /// Each with its place.
    faults: Vec<String>,
}

/// One writer's chain.
#[derive(Debug, Serialize)]
struct Chain {
    records: u64,
    /// Up to which number a signed head vouches for it.
    covered: u64,
    /// How many came after: they could be cut off without a trace.
    uncovered: u64,
}

impl Verify {
    pub(crate) async fn run(&self, context: &Context) -> Result<(), Failed> {
        let evidence = match (&self.records, &self.heads, &self.keys) {
            (Some(records), Some(heads), Some(keys)) => Evidence::of_files(records, heads, &keys_in(keys)?)?,
            (_, _, keys) => {
                let keys = match keys {
                    Some(keys) => keys_in(keys)?,
                    None => {
                        let (set, place) = published_keys(context.server()?).await?;
                        Keys::read(set, &place)?
                    }
                };
                let connection = context.connect(Effect::Reads).await?;
                let evidence = Evidence::of_server(&connection, &keys).await?;
                connection.close().await;
                evidence
            }
        };
        let findings = Findings::of(evidence);
        context.output.show(&findings, view)?;
        if findings.holds {
            return Ok(());
        }
        let faults = words::count(findings.faults.len() as u64, "fault", "faults");
        Err(Failed::Bad(format!("the trail does not hold: {faults}")))
    }
}

impl Findings {
    fn of(evidence: Evidence) -> Self {
        let report = verify(&evidence.records, &evidence.heads);
        let wrong = report.faults.iter().map(ToString::to_string);
        let mut faults: Vec<String> = evidence.unreadable.into_iter().chain(wrong).collect();
        if evidence.heads.is_empty() && !evidence.records.is_empty() {
            faults.push("no signed head holds, so an end that was cut off would not show".to_owned());
        }
        let chain = |(writer, chain): (String, wire::trail::WriterReport)| {
            let uncovered = chain.records.saturating_sub(chain.covered);
            (writer, Chain { records: chain.records, covered: chain.covered, uncovered })
        };
        Self { holds: faults.is_empty(), writers: report.writers.into_iter().map(chain).collect(), faults }
    }
}

fn view(findings: &Findings) -> View {
    let chain = |(writer, chain): (&String, &Chain)| {
        let covered =
            if chain.covered == 0 { "nothing".to_owned() } else { format!("record {}", chain.covered) };
        [writer.clone(), chain.records.to_string(), covered, chain.uncovered.to_string()]
    };
    let heads = ["WRITER", "RECORDS", "SIGNED UP TO", "NOT YET SIGNED"];
    let view = View::new().table(heads, findings.writers.iter().map(chain), "the trail is empty");
    let view = findings.faults.iter().fold(view, |view, fault| view.line(fault.as_str()));
    match findings.holds {
        true => view.verdict(true, "The trail holds: no record was changed, removed, swapped or cut off."),
        false => view,
    }
}

#[cfg(test)]
mod tests;
