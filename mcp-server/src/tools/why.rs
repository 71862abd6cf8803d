//! `why`: a decision explained, about oneself or about somebody else in the enclave.

use super::people::{Somebody, resolve};
use super::{About, Effect, Handler, Repeat};
use crate::call::Call;
use crate::gate::{Look, act};
use crate::progress::Progress;
use crate::server::Server;
use crate::store::EnclaveRecord;
use policy::{Action, Enclave, Names, Person, Principal, Question, Target, Tentacle, decide, explain};
use wire::tools::person::{Why, WhyAnswer, WhyArgs};
use wire::{Failure, FailureCode};
use workflow::TentacleName;

impl Handler for Why {
    const ABOUT: About = About {
        title: "Why",
        description: "Explains, layer by layer, whether somebody may do something in an enclave, and who could change it. \
                      `action` is an action's name such as `tentacle.run`, or a word such as `run`, `deploy` or `freeze`.",
        effect: Effect::Reads,
        repeat: Repeat::Resumes,
    };
    const ACTIONS: &'static [Action] = &[Action::Why];

    async fn handle(server: &Server, call: &Call, args: WhyArgs, _: &Progress) -> Result<WhyAnswer, Failure> {
        let look = server.gate.look(call).await?;
        let grant = look.enclave::<act::Why>(args.enclave.as_ref())?;
        let record = &grant.target().record;
        let somebody = args.person.as_deref().map(|text| resolve(text, record, look.rights())).transpose()?;
        let action = meant(&args.action, args.tentacle.as_ref(), record)?;
        Asked { record, somebody, action, tentacle: args.tentacle.as_ref() }.answer(&look, call)
    }
}

/// What was asked, looked up.
struct Asked<'a> {
    record: &'a EnclaveRecord,
    /// Whom it is about; the caller when nobody is named.
    somebody: Option<Somebody>,
    action: Action,
    tentacle: Option<&'a TentacleName>,
}

impl Asked<'_> {
    fn answer(&self, look: &Look<'_>, call: &Call) -> Result<WhyAnswer, Failure> {
        let (principal, facts, person) = match &self.somebody {
            Some(somebody) => {
                (Principal::Person, self.record.facts(somebody.standing), somebody.person.as_ref())
            }
            None => (call.principal(), look.facts_of(self.record), call.person_id()),
        };
        let tentacle =
            self.tentacle.and_then(|name| self.record.tentacles.get(name)).map(|found| found.facts(person));
        let target = self.target(&facts, tentacle.as_ref())?;
        let names = Names {
            person: self.somebody.as_ref().map(|somebody| somebody.shown.as_str()),
            enclave: Some(self.record.name.as_str()),
            tentacle: self.tentacle.map(TentacleName::as_str),
            owner: Some(look.rights().shown(&self.record.owner)),
        };
        let decision = decide(&Question { principal, action: self.action, target });
        let told = explain(&decision, self.action, target, names);
        Ok(WhyAnswer {
            action: self.action.name().to_owned(),
            allowed: decision.allows(),
            verdict: told.verdict,
            steps: told.steps,
            remedy: told.remedy,
        })
    }

    fn target<'t>(&self, facts: &'t Enclave, tentacle: Option<&'t Tentacle>) -> Result<Target<'t>, Failure> {
        Ok(match (self.action.rule().person, tentacle) {
            (Person::Itself, _) => Target::Itself,
            (Person::Both(_) | Person::TentacleOwner, Some(tentacle)) => Target::Tentacle(facts, tentacle),
            (Person::Both(_) | Person::TentacleOwner, None) => {
                let which = match self.tentacle {
                    Some(name) => format!("there is no tentacle `{name}` here"),
                    None => "this is about a tentacle, and none is named".to_owned(),
                };
                return Err(Failure::new(FailureCode::Invalid, which)
                    .with_remedy("name one that is there, e.g. `run hello`"));
            }
            _ => Target::Enclave(facts),
        })
    }
}

/// The action that a word means, in this enclave.
fn meant(word: &str, tentacle: Option<&TentacleName>, record: &EnclaveRecord) -> Result<Action, Failure> {
    let word = word.trim().to_ascii_lowercase().replace([' ', '-'], "_");
    let there = tentacle.is_some_and(|name| record.tentacles.contains_key(name));
    let about_tentacle = tentacle.is_some();
    let by_word = match word.as_str() {
        "deploy" | "apply" if about_tentacle && !there => Action::ApplyNew,
        "deploy" | "apply" | "change" if about_tentacle => Action::Apply,
        "deploy" | "apply" | "new" | "create" => Action::ApplyNew,
        "see" | "info" | "read" => Action::Info,
        "add" => Action::AddMember,
        "remove" if about_tentacle => Action::Remove,
        "remove" => Action::RemoveMember,
        "set_mode" if about_tentacle => Action::TentacleSetMode,
        "set_mode" => Action::SetMode,
        "shut_down" => Action::Deprovision,
        "members" => Action::Members,
        _ => {
            let group = if about_tentacle { "tentacle." } else { "enclave." };
            let named = Action::named(&word).or_else(|| Action::named(&format!("{group}{word}")));
            return named.ok_or_else(|| {
                Failure::new(FailureCode::Invalid, format!("`{word}` is no action")).with_remedy(
                    "try `run`, `deploy`, `logs`, `remove`, `add`, `set mode`, `freeze` or `shut down`",
                )
            });
        }
    };
    Ok(by_word)
}
