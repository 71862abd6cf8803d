//! Every tool, every principal and every state of the enclave: what comes back is exactly what the policy says of facts
//! that are stated here, and what is refused changes nothing.
//!
//! The calls are made from what the server says of its tools: their actions and the schemas of their arguments. The full
//! table has more than a hundred thousand calls; without `TENTACULAR_TEST_FULL=1` every state takes its share of them,
//! another one each, so that all states together know every tool and every principal.

mod arguments;
mod expected;
mod principals;
mod scenes;

pub(crate) use self::principals::tools;

use self::arguments::Variant;
use self::principals::{Caller, Principal};
use self::scenes::{MODES, Modes, Scene};
use crate::app::App;
use crate::database::Watch;
use crate::rpc::{Extras, Reply};
use mcp_server::Pace;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;
use wire::FailureCode;
use wire::assertion::{Assertion, Kind};

/// The share of the calls that is made when it is not the full table: one of so many. It has no divisor in common with
/// the sizes of the table, so that the shares wander.
const SHARE: usize = 127;
const CLOSE: usize = 7;

/// What came of a call, as far as rights go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Allowed,
    Denied,
}

struct Matrix {
    app: App,
    watch: Watch,
    principals: Vec<Principal>,
    variants: Vec<Variant>,
    /// Compiled output schemas, by tool.
    answers: BTreeMap<String, jsonschema::Validator>,
    wrong: Vec<String>,
    made: usize,
    left_out: usize,
}

async fn check(number: usize, scene: Scene) {
    let mut matrix = Matrix::of(&scene).await;
    for (mode, modes) in MODES.iter().enumerate() {
        scenes::set_modes(&matrix.app, modes).await;
        matrix.round(number * MODES.len() + mode, &scene, modes).await;
    }
    if matrix.left_out > 0 {
        println!(
            "{scene:?}: {} calls were made, {} left out: set TENTACULAR_TEST_FULL=1",
            matrix.made, matrix.left_out
        );
    }
    assert!(matrix.made > 250, "only {} calls were made", matrix.made);
    assert!(matrix.wrong.is_empty(), "{} wrong:\n{}", matrix.wrong.len(), matrix.wrong.join("\n"));
}

impl Matrix {
    async fn of(scene: &Scene) -> Self {
        let pace = Pace { reconcile_every: Duration::from_secs(3600), ..Pace::default() };
        let app = App::paced(pace).await;
        let principals = principals::all(&app);
        scenes::enter(&app, scene).await;
        let tools = tools(&app).await;
        let answers = tools.iter().map(|tool| {
            let schema = jsonschema::validator_for(&tool["outputSchema"]).unwrap();
            (tool["name"].as_str().unwrap().to_owned(), schema)
        });
        let answers = answers.collect();
        let variants = arguments::variants(&tools);
        let watch = Watch::over(&app.database).await;
        Self { app, watch, principals, variants, answers, wrong: Vec::new(), made: 0, left_out: 0 }
    }

    /// Lets those ask for this who may, until one is answered; answers what is wrong when none is.
    async fn answered(&mut self, variant: &Variant, scene: &Scene, modes: &Modes) -> Option<String> {
        let may =
            |principal: &&Principal| expected::verdict(principal, variant, scene, modes) == Verdict::Allowed;
        let mut wrong = format!("{}: nobody may", variant.name);
        for principal in self.principals.iter().filter(may) {
            let reply = call(&self.app, principal, variant).await;
            match (&reply, self.read(&reply, variant)) {
                (Reply::Answer(_), Ok(Verdict::Allowed)) => return None,
                (_, read) => wrong = format!("{principal} {}: {read:?} {reply:?}", variant.name),
            }
        }
        Some(wrong)
    }

    /// All calls, or this round's share of them, with these modes.
    async fn round(&mut self, number: usize, scene: &Scene, modes: &Modes) {
        let full = std::env::var("TENTACULAR_TEST_FULL").is_ok_and(|full| full == "1");
        self.watch.remember().await;
        let world = self.app.backend.world().clone();
        for p in 0..self.principals.len() {
            for v in 0..self.variants.len() {
                let (principal, variant) = (&self.principals[p], &self.variants[v]);
                let close = expected::is_close(principal, variant, scene, modes);
                let share = if close { CLOSE } else { SHARE };
                if !full && !(p * self.variants.len() + v + number).is_multiple_of(share) {
                    self.left_out += 1;
                    continue;
                }
                self.made += 1;
                let refused = self.one(p, v, scene, modes).await;
                let changed = self.watch.has_changed().await || *self.app.backend.world() != world;
                if refused && changed {
                    let what = (self.principals[p].to_string(), &self.variants[v].name);
                    self.wrong.push(format!("{what:?} was refused and changed something"));
                }
                if changed {
                    self.watch.restore().await;
                    *self.app.backend.world() = world.clone();
                }
            }
        }
    }

    /// One call; answers whether it was refused.
    async fn one(&mut self, p: usize, v: usize, scene: &Scene, modes: &Modes) -> bool {
        let (principal, variant) = (&self.principals[p], &self.variants[v]);
        let wanted = expected::verdict(principal, variant, scene, modes);
        let reply = call(&self.app, principal, variant).await;
        let got = self.read(&reply, variant);
        if got != Ok(wanted) {
            let told = format!("{reply:?}").chars().take(300).collect::<String>();
            self.wrong.push(format!(
                "{principal} {} {scene:?} {modes:?}: {wanted:?} but {got:?}: {told}",
                variant.name
            ));
        }
        got == Ok(Verdict::Denied)
    }

    /// What an answer means; an error for what no answer may be.
    fn read(&self, reply: &Reply, variant: &Variant) -> Result<Verdict, String> {
        match reply {
            Reply::NoTool(_) => Ok(Verdict::Denied),
            Reply::Answer(answer) => {
                let validator = &self.answers[&variant.tool];
                let problems: Vec<String> =
                    validator.iter_errors(answer).map(|error| error.to_string()).collect();
                if !problems.is_empty() {
                    return Err(format!("it does not fit its schema: {problems:?}"));
                }
                Ok(variant.shown_in(answer))
            }
            Reply::Refused(failure) => match failure.code {
                FailureCode::Denied
                | FailureCode::ClickRequired
                | FailureCode::NotFound
                | FailureCode::SignInRequired => Ok(Verdict::Denied),
                // it came past the gate, and something else was wrong with it
                FailureCode::Invalid | FailureCode::Conflict | FailureCode::NotYet => Ok(Verdict::Allowed),
                code => Err(format!("{code:?}")),
            },
        }
    }
}

async fn call(app: &App, principal: &Principal, variant: &Variant) -> Reply {
    let args = variant.args();
    let (token, extras) = match &principal.caller {
        Caller::Client { person, client } => (app.issuer.token(person.name, client), Extras::default()),
        Caller::Kraken { person, kind } => {
            let said = statement(app, person, *kind, &variant.tool, &args);
            let extras = Extras { assertion: Some(app.signed(&said)), ..Extras::default() };
            (app.issuer.token(person.name, "kraken"), extras)
        }
        Caller::Relay => {
            (app.issuer.token("service-account-kraken-relay", "kraken-relay"), Extras::default())
        }
        Caller::Operator { token, reason, .. } => {
            let reason = reason.then(|| "a test".to_owned());
            (token.clone(), Extras { reason, ..Extras::default() })
        }
    };
    app.tool(&token, &variant.tool, &args, &extras).await
}

fn statement(app: &App, person: &principals::Person, kind: Kind, tool: &str, args: &Value) -> Assertion {
    let channel = crate::team::price_watch(app);
    let mut said = match kind {
        Kind::SignIn => Assertion { tool: tool.to_owned(), ..app.signing_in(person.name) },
        Kind::Dm | Kind::Home => app.assertion(person.name, tool, args),
        _ => channel.assertion(person.name, tool, args),
    };
    said.kind = kind;
    said.user.class = person.class;
    said.arguments_sha256 = wire::canonical::sha256(args).unwrap();
    said
}

/// What is restored comes from a state repo, and what is reviewed lies at GitHub. The server of the matrix has neither: `restore` and
/// `reviews` look at their shape.
const FROM_GIT: [&str; 5] =
    ["state_restorable", "state_restore", "enclave_review", "review_ask", "review_status"];

/// Every tool is answered, in each of its variants, in the shape that it promises.
#[tokio::test]
async fn every_tool_answers_in_the_shape_that_it_promises() {
    let scene = Scene::of(Active);
    let mut matrix = Matrix::of(&scene).await;
    scenes::set_modes(&matrix.app, &MODES[0]).await;
    matrix.watch.remember().await;
    let world = matrix.app.backend.world().clone();
    let mut wrong = Vec::new();
    let variants = std::mem::take(&mut matrix.variants).into_iter();
    for variant in variants.filter(|variant| !FROM_GIT.contains(&variant.tool.as_str())) {
        let fresh = variant.tool == "enclave_provision";
        let variant = if fresh { variant.with(json!({"name": "another"})) } else { variant };
        wrong.extend(matrix.answered(&variant, &scene, &MODES[0]).await);
        matrix.watch.restore().await;
        *matrix.app.backend.world() = world.clone();
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A test for each scene, with a number of its own.
macro_rules! scenes {
    ($($name:ident = $number:literal: $scene:expr,)+) => {
        $(#[tokio::test]
        async fn $name() {
            check($number, $scene).await;
        })+
    };
}

use policy::State::{Active, Deprovisioning, Frozen, Provisioning};
use scenes::{ARCHIVE, OPERATOR, OWNER};

scenes! {
    provisioning = 0: Scene::of(Provisioning),
    active = 1: Scene::of(Active),
    active_with_an_old_list = 2: Scene::of(Active).with_old_list(),
    active_without_its_owner = 3: Scene::of(Active).without_owner(),
    frozen_by_the_owner = 4: Scene::of(Frozen).by(&[OWNER]),
    frozen_by_the_archive = 5: Scene::of(Frozen).by(&[ARCHIVE]),
    frozen_by_the_operator = 6: Scene::of(Frozen).by(&[OPERATOR]),
    frozen_by_owner_and_archive = 7: Scene::of(Frozen).by(&[OWNER, ARCHIVE]),
    frozen_by_owner_and_operator = 8: Scene::of(Frozen).by(&[OWNER, OPERATOR]),
    frozen_by_archive_and_operator = 9: Scene::of(Frozen).by(&[ARCHIVE, OPERATOR]),
    frozen_by_all = 10: Scene::of(Frozen).by(&[OWNER, ARCHIVE, OPERATOR]),
    frozen_by_the_archive_without_its_owner = 11: Scene::of(Frozen).by(&[ARCHIVE]).without_owner(),
    frozen_with_an_old_list = 12: Scene::of(Frozen).by(&[OWNER]).with_old_list(),
    deprovisioning = 13: Scene::of(Deprovisioning),
}
