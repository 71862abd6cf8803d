//! `tntc backends`: what each backend enforces and what not, by the list that this program was built with; and what the
//! server's own enforces, where a server is named.

use super::{Context, Effect};
use crate::failed::Failed;
use crate::output::View;
use serde::Serialize;
use wire::enforcement::{Enforcement, PropertyLine, Walls};
use wire::tools::cluster::{ClusterProfile, ClusterProfileAnswer, ClusterProfileArgs};

/// Nothing more needs to be said.
#[derive(Debug, clap::Args)]
pub(crate) struct Backends {}

/// What is told.
#[derive(Debug, Serialize)]
struct Told {
    /// What the server says of its own; none where no server was asked.
    in_use: Option<Listed>,
    /// All that this program knows, where nothing is missing that they need.
    backends: Vec<Listed>,
}

/// A backend with its list.
#[derive(Debug, Serialize)]
struct Listed {
    name: String,
    backend: String,
    properties: Vec<PropertyLine>,
    not_enforced: Vec<String>,
    /// What does not run there at all yet.
    refused: Vec<String>,
}

impl Backends {
    /// The list needs no server: where one is named and cannot be asked, it is told all the same, and then why.
    pub(crate) async fn run(&self, context: &Context) -> Result<(), Failed> {
        let asked = match &context.options.server {
            Some(_) => {
                let args = ClusterProfileArgs::default();
                context.call::<ClusterProfile>(Effect::Reads, &args).await.map(Some)
            }
            None => Ok(None),
        };
        let (answer, failed) = match asked {
            Ok(answer) => (answer, Ok(())),
            Err(failed) => (None, Err(failed)),
        };
        let backends = Walls::ALL.map(Listed::of).into();
        context.output.show(&Told { in_use: answer.map(Listed::in_use), backends }, view)?;
        failed
    }
}

impl Listed {
    fn of(walls: Walls) -> Self {
        let enforcement = Enforcement::of(walls);
        Self {
            name: walls.name().to_owned(),
            backend: walls.backend().to_owned(),
            properties: enforcement.lines(),
            not_enforced: enforcement.not_enforced(),
            refused: refused(walls.name()),
        }
    }

    fn in_use(answer: ClusterProfileAnswer) -> Self {
        // An older server says its backend alone.
        let name = if answer.walls.is_empty() { answer.backend.clone() } else { answer.walls };
        let refused = refused(&name);
        let (properties, not_enforced) = (answer.properties, answer.warnings);
        Self { name, backend: answer.backend, properties, not_enforced, refused }
    }

    fn gaps(&self) -> View {
        let view = View::new().line(format!("{} does not enforce:", self.name));
        let view = self.not_enforced.iter().fold(view, |view, gap| view.line(format!("  {gap}")));
        let more = |view: View| view.line(format!("{} refuses:", self.name));
        let view = if self.refused.is_empty() { view } else { more(view) };
        self.refused.iter().fold(view, |view, what| view.line(format!("  {what}")))
    }
}

/// What does not run behind the walls of this name.
fn refused(name: &str) -> Vec<String> {
    let walls = Walls::ALL.into_iter().filter(|walls| walls.name() == name);
    walls.flat_map(Walls::refuses).map(|what| (*what).to_owned()).collect()
}

fn view(told: &Told) -> View {
    let gaps = told.backends.iter().map(Listed::gaps);
    let gaps = gaps.reduce(|view, gaps| view.line("").joined(gaps)).unwrap_or_default();
    let all = table(&told.backends).joined(gaps);
    let Some(own) = &told.in_use else { return all };
    let row = |line: &PropertyLine| {
        let why = [&line.by, &line.but].into_iter().filter(|text| !text.is_empty()).cloned();
        [line.property.clone(), line.held.clone(), why.collect::<Vec<_>>().join("; ")]
    };
    let none = "the server does not say of each property whether it is enforced";
    View::new()
        .values([("In use", own.name.clone())])
        .table(["PROPERTY", "HELD", "BY WHAT, OR WHY NOT"], own.properties.iter().map(row), none)
        .joined(own.gaps())
        .line("")
        .line("All that this program knows:")
        .joined(all)
}

/// Which backend enforces which property.
fn table(backends: &[Listed]) -> View {
    let held = |listed: &Listed, property: &str| {
        let line = listed.properties.iter().find(|line| line.property == property);
        line.map(|line| line.held.clone()).unwrap_or_default()
    };
    let properties = backends.first().map(|listed| listed.properties.as_slice()).unwrap_or_default();
    let rows = properties.iter().map(|line| {
        let of = |walls: Walls| {
            let listed = backends.iter().find(|listed| listed.name == walls.name());
            listed.map(|listed| held(listed, &line.property)).unwrap_or_default()
        };
        let [pods, runsc, bwrap, simulator] = Walls::ALL.map(of);
        [line.property.clone(), pods, runsc, bwrap, simulator, line.means.clone()]
    });
    let heads = ["PROPERTY", "KUBERNETES", "MACHINE, RUNSC", "MACHINE, BWRAP", "SIMULATOR", "WHAT HOLDS"];
    View::new().table(heads, rows, "")
}
