//! Bundles of the original command line, which took keys in silence that nobody reads.

use super::{Bundle, BundleProblems};
use crate::problem::{Problems, Report};
use crate::workflow::Workflow;
use crate::yaml;

impl Bundle {
    /// Takes files that were written for the original command line: keys of `workflow.yaml` that nobody knows are left out
    /// of it and named, a line each. Whoever reads the bundle later finds a file without them, as strict as any other; where
    /// there are such keys it has none of its comments. In everything else this is [`Bundle::new`].
    ///
    /// # Errors
    /// As [`Bundle::new`], and everything that is wrong with `workflow.yaml`: a key that is nearly one of those that are
    /// read is no unknown one but a slip.
    pub fn of_original(
        files: impl IntoIterator<Item = (String, Vec<u8>)>,
    ) -> Result<(Self, Vec<String>), BundleProblems> {
        let (bundle, list) = Self::gather(files);
        let read = bundle.as_ref().map(read).transpose();
        match (bundle, read) {
            (Some(bundle), Ok(Some((_, less)))) if list.is_empty() => match less {
                None => Ok((bundle, Vec::new())),
                Some(Less { text, lines }) => Ok((bundle.with_workflow(text)?, lines)),
            },
            (_, read) => {
                let run = read.and_then(|read| read.map_or(Ok(()), |(workflow, _)| workflow.supported_now()));
                Err(BundleProblems { list, workflow: run.err() })
            }
        }
    }

    fn with_workflow(self, text: String) -> Result<Self, BundleProblems> {
        let mut files: Vec<_> =
            self.files.into_iter().map(|(path, bytes)| (path.as_str().to_owned(), bytes)).collect();
        files.retain(|(path, _)| path != Workflow::FILE);
        files.push((Workflow::FILE.to_owned(), text.into_bytes()));
        Self::new(files)
    }
}

/// A `workflow.yaml` without what nobody knows.
struct Less {
    text: String,
    /// What it lacks, for people.
    lines: Vec<String>,
}

/// The workflow, and its text where there is a key that nobody knows.
fn read(bundle: &Bundle) -> Result<(Workflow, Option<Less>), Problems> {
    let report = Report::lenient();
    let yaml = yaml::read(bundle.workflow(), &report);
    let workflow = yaml.as_ref().and_then(|yaml| Workflow::of_yaml(yaml, Some(bundle), &report));
    let passed_over = report.passed_over();
    let workflow = report.finish(workflow)?;
    let Some(yaml) = yaml.filter(|_| !passed_over.is_empty()) else { return Ok((workflow, None)) };
    let text = yaml::written(&yaml, &|at| passed_over.contains_key(&at));
    let more = passed_over.len().saturating_sub(Problems::MOST);
    let mut lines: Vec<String> = passed_over.into_values().take(Problems::MOST).collect();
    if more > 0 {
        lines.push(format!("and {more} more"));
    }
    Ok((workflow, Some(Less { text, lines })))
}
