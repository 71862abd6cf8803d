//! `tntc state restore`: what was lost comes back from git, enclave by enclave.

use crate::commands::{Context, Effect};
use crate::confirm;
use crate::failed::Failed;
use crate::output::{View, tell, words};
use futures::{StreamExt, stream};
use serde::Serialize;
use wire::tools::restore::{
    Restorable, RestoreWord, RestoredWord, StateRestorable, StateRestorableAnswer, StateRestorableArgs,
    StateRestore, StateRestoreAnswer, StateRestoreArgs,
};
use wire::tools::tentacle::SourceCommit;
use workflow::EnclaveName;

/// How many enclaves are restored at the same time.
const AT_A_TIME: usize = 4;

/// What to restore.
#[derive(Debug, clap::Args)]
pub(crate) struct Restore {
    /// The state repo that it comes from: the one that the server reads (`--state-repo`), so that nothing comes from another
    #[arg(long, value_name = "REPO")]
    from: String,
    /// Only this enclave
    #[arg(short, long)]
    enclave: Option<EnclaveName>,
    /// Only say what would be done
    #[arg(long)]
    dry_run: bool,
    /// Take the record of this enclave although it is not proven, without asking; for scripts that have shown the difference
    #[arg(long, value_name = "ENCLAVE")]
    confirm: Vec<EnclaveName>,
}

/// What was done with everything.
#[derive(Debug, Default, Serialize)]
struct Told {
    restored: Vec<StateRestoreAnswer>,
    not_restored: Vec<Stays>,
}

/// An enclave that does not come back.
#[derive(Debug, Serialize)]
struct Stays {
    name: EnclaveName,
    says: String,
}

impl Restore {
    pub(crate) async fn run(self, context: &Context) -> Result<(), Failed> {
        let args = StateRestorableArgs { name: self.enclave.clone() };
        // What somebody asks for here is to change things, also where it is only looked at.
        let found = context.call::<StateRestorable>(Effect::Writes, &args).await?;
        if address(&found.state_repo) != address(&self.from) {
            return Err(Failed::Usage {
                what: format!("this server reads {}, not {}", found.state_repo, self.from),
                next: "start it with `--state-repo`, the signing key and the age key of what was lost; then restore",
            });
        }
        if self.dry_run {
            return Ok(context.output.show(&found, plan)?);
        }
        let told = self.all(context, found.enclaves).await?;
        context.output.show(&told, done)?;
        let missing = told.missing();
        match missing {
            0 => Ok(()),
            count => {
                Err(Failed::Bad(format!("{} not restored", words::count(count, "thing was", "things were"))))
            }
        }
    }

    /// First all that has to be asked, then some at a time. One that does not come back keeps no other back.
    async fn all(&self, context: &Context, enclaves: Vec<Restorable>) -> Result<Told, Failed> {
        let mut told = Told::default();
        let mut taken = Vec::new();
        for found in enclaves {
            match self.agreed(&found) {
                Ok(confirm) => taken.push(StateRestoreArgs { name: found.name, confirm }),
                Err(says) => told.not_restored.push(Stays { name: found.name, says }),
            }
        }
        let all = taken.len();
        let restore = async |args: StateRestoreArgs| {
            let done = context.call_patiently::<StateRestore>(Effect::Writes, &args).await;
            (args.name, done)
        };
        let mut coming = stream::iter(taken).map(restore).buffered(AT_A_TIME);
        let mut number = 0;
        while let Some((name, done)) = coming.next().await {
            number += 1;
            tell(&format!("{number} of {all}: {name}"));
            match done {
                Ok(answer) => told.restored.push(answer),
                Err(failed) => {
                    let next = failed.next().map(|next| format!("; {next}")).unwrap_or_default();
                    told.not_restored.push(Stays { name, says: format!("{}{next}", failed.what()) });
                }
            }
        }
        Ok(told)
    }

    /// What confirms the record, where that is needed.
    fn agreed(&self, found: &Restorable) -> Result<Option<String>, String> {
        let (name, says) = (&found.name, &found.says);
        match found.standing {
            RestoreWord::There | RestoreWord::Proven => Ok(None),
            RestoreWord::Impossible => Err(says.clone()),
            RestoreWord::ToConfirm if self.confirm.contains(name) => Ok(found.digest.clone()),
            RestoreWord::ToConfirm => {
                let difference = found.difference.as_deref().unwrap_or_default();
                let asked = format!(
                    "The record of {name} in git is not proven: {says}.\n{difference}\nIt would be restored as git has it."
                );
                match confirm::agree(&asked, name.as_str()) {
                    Ok(()) => Ok(found.digest.clone()),
                    Err(error) => Err(format!("its record is not proven: {says}; {error}")),
                }
            }
        }
    }
}

impl Told {
    /// How much did not come back: enclaves, and tentacles of those that did.
    fn missing(&self) -> u64 {
        let tentacles = self.restored.iter().flat_map(|enclave| &enclave.tentacles);
        let missing = tentacles.filter(|tentacle| tentacle.state == RestoredWord::NotRestored).count();
        (self.not_restored.len() + missing) as u64
    }
}

/// The address of a repository, however it is written.
fn address(text: &str) -> String {
    let text = text.trim_end_matches('/');
    if text.starts_with('/') { format!("file://{text}") } else { text.to_owned() }
}

fn plan(found: &StateRestorableAnswer) -> View {
    let rows = found.enclaves.iter().map(|found| {
        let (would, tentacles) = (would(found.standing).to_owned(), found.tentacles.len().to_string());
        [found.name.to_string(), would, tentacles, found.says.clone()]
    });
    let differences =
        found.enclaves.iter().filter_map(|found| Some((&found.name, found.difference.as_ref()?)));
    let view = View::new()
        .values([
            ("State repo", found.state_repo.clone()),
            ("Newest in git", SourceCommit::told(Some(&found.head))),
            ("This server's signing key", found.signing_key.clone()),
            (
                "Secrets are opened for",
                found.recipient.clone().unwrap_or_else(|| "nobody: no age key".to_owned()),
            ),
        ])
        .table(["ENCLAVE", "WOULD BE", "TENTACLES", "BECAUSE"], rows, "git has no enclaves");
    let view = differences.fold(view, |view, (name, difference)| view.line(format!("{name}:\n{difference}")));
    if found.truncated {
        view.line("There are more: restore them one by one, with `--enclave`.")
    } else {
        view
    }
}

const fn would(standing: RestoreWord) -> &'static str {
    match standing {
        RestoreWord::There => "kept",
        RestoreWord::Proven => "restored",
        RestoreWord::ToConfirm => "asked about",
        RestoreWord::Impossible => "left out",
    }
}

fn done(told: &Told) -> View {
    let enclaves = told.restored.iter().map(|enclave| {
        let says = match (enclave.status.as_str(), enclave.frozen) {
            (_, true) => "frozen, as it was",
            ("restored", _) => "it is as its record says",
            ("made_again", _) => "what was missing where it runs is there again",
            _ => "nothing was written",
        };
        [enclave.name.to_string(), enclave.status.replace('_', " "), says.to_owned()]
    });
    let lost = told.not_restored.iter();
    let lost = lost.map(|stays| [stays.name.to_string(), "not restored".to_owned(), stays.says.clone()]);
    let tentacles = told.restored.iter().flat_map(|enclave| {
        enclave.tentacles.iter().map(|tentacle| {
            let name = format!("{}/{}", enclave.name, tentacle.name);
            [name, tentacle.says.clone(), tentacle.offer.clone().unwrap_or_default()]
        })
    });
    let missing = told.missing();
    let verdict = match (missing, told.restored.iter().all(|enclave| enclave.status == "unchanged")) {
        (0, true) => "everything was there: nothing was written".to_owned(),
        (0, false) => "everything that git has is there again".to_owned(),
        (count, _) => format!("{} not come back", words::count(count, "thing has", "things have")),
    };
    let view = View::new()
        .verdict(missing == 0, verdict)
        .table(["ENCLAVE", "IS", "HOW"], enclaves.chain(lost), "git has no enclaves")
        .table(["TENTACLE", "HOW IT IS", "WHAT TO DO"], tentacles, "no tentacle ran");
    let mut left: Vec<&String> = told.restored.iter().flat_map(|enclave| &enclave.left).collect();
    left.sort();
    left.dedup();
    if left.is_empty() {
        return view;
    }
    let lines: String = left.into_iter().map(|left| format!("\n- {left}")).collect();
    view.line(format!("Git does not have, so that it is still missing:{lines}"))
}
