//! `tntc validate`.

use super::Context;
use crate::failed::Failed;
use crate::folder::{Folder, FolderError};
use crate::output::{View, words};
use serde::Serialize;
use std::path::PathBuf;
use workflow::{ContentHash, TentacleName};

/// Which folder.
#[derive(Debug, clap::Args)]
pub(crate) struct Validate {
    /// The tentacle's folder, with its `workflow.yaml`
    #[arg(default_value = ".")]
    dir: PathBuf,
}

/// What a folder is.
#[derive(Debug, Serialize)]
struct Validated {
    valid: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    tentacle: Option<Tentacle>,
    problems: Vec<Problem>,
    /// What would probably fail when it runs.
    doubts: Vec<Problem>,
    /// How many more there are than are told.
    more: usize,
}

/// A tentacle that could be deployed.
#[derive(Debug, Serialize)]
struct Tentacle {
    name: TentacleName,
    version: ContentHash,
    /// The nodes, in the order in which they work.
    stages: Vec<Vec<String>>,
    triggers: Vec<String>,
    reach: Vec<String>,
}

/// What is wrong, and where.
#[derive(Debug, Serialize)]
struct Problem {
    file: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<usize>,
    message: String,
}

impl Validate {
    pub(crate) fn run(&self, context: &Context) -> Result<(), Failed> {
        let validated = match Folder::read(&self.dir) {
            Ok(folder) => Validated::good(&folder),
            Err(error) => Validated::bad(error)?,
        };
        context.output.show(&validated, view)?;
        match validated.problems.len() + validated.more {
            0 => Ok(()),
            count => {
                let count = u64::try_from(count).unwrap_or(u64::MAX);
                Err(Failed::Bad(format!("it has {}", words::count(count, "problem", "problems"))))
            }
        }
    }
}

impl Validated {
    fn good(Folder { bundle, workflow }: &Folder) -> Self {
        let stages = workflow.stages();
        let names = |stage: &Vec<&workflow::PartName>| stage.iter().map(ToString::to_string).collect();
        let tentacle = Tentacle {
            name: workflow.name.clone(),
            version: bundle.content_hash(),
            stages: stages.iter().map(names).collect(),
            triggers: workflow.triggers.iter().map(|trigger| trigger.name.to_string()).collect(),
            reach: workflow::Reach::of(workflow).iter().map(ToString::to_string).collect(),
        };
        let doubt = |it: workflow::Unmet| Problem {
            message: it.to_string(),
            file: it.file,
            line: Some(it.at.line),
            column: Some(it.at.column),
        };
        let doubts = workflow::unmet(workflow, bundle).into_iter().map(doubt).collect();
        Self { valid: true, tentacle: Some(tentacle), problems: Vec::new(), doubts, more: 0 }
    }

    /// What the author mends; what this machine refuses is a failure of its own.
    fn bad(error: FolderError) -> Result<Self, FolderError> {
        let (problems, more) = match error {
            FolderError::Workflow(problems) => (in_the_workflow(&problems).collect(), problems.more()),
            FolderError::Bundle(problems) => {
                let told = |it: &workflow::BundleProblem| Problem {
                    file: String::new(),
                    line: None,
                    column: None,
                    message: it.to_string(),
                };
                let besides = problems.workflow();
                let all =
                    problems.as_slice().iter().map(told).chain(besides.into_iter().flat_map(in_the_workflow));
                (all.collect(), besides.map_or(0, workflow::Problems::more))
            }
            other => return Err(other),
        };
        Ok(Self { valid: false, tentacle: None, problems, doubts: Vec::new(), more })
    }
}

fn in_the_workflow(problems: &workflow::Problems) -> impl Iterator<Item = Problem> {
    problems.as_slice().iter().map(|it| Problem {
        file: it.file.to_owned(),
        line: Some(it.at.line),
        column: Some(it.at.column),
        message: format!("{}{}", it.part, it.rule),
    })
}

fn view(told: &Validated) -> View {
    let Some(tentacle) = &told.tentacle else {
        let view = told.problems.iter().fold(View::new(), |view, problem| view.line(problem.text()));
        return match told.more {
            0 => view,
            more => view.line(format!("and {more} more")),
        };
    };
    let stages: Vec<String> = tentacle.stages.iter().map(|stage| stage.join(" + ")).collect();
    let view = View::new().verdict(true, format!("{} can be deployed", tentacle.name)).values([
        ("Version", tentacle.version.to_string()),
        ("Nodes", stages.join(" → ")),
        ("Run by", words::list(&tentacle.triggers)),
        ("Reaches", tentacle.reach.join("\n")),
    ]);
    told.doubts.iter().fold(view, |view, doubt| view.line(format!("Look at {}", doubt.text())))
}

impl Problem {
    fn text(&self) -> String {
        match (self.line, self.column) {
            (Some(line), Some(column)) => format!("{}:{line}:{column}: {}", self.file, self.message),
            _ => self.message.clone(),
        }
    }
}
