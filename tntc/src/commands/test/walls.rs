//! What stands around the code that is tested: this machine's walls where they hold, and Deno's permissions in any case.

use super::modules;
use super::{Test, TestError};
use mcp_server::SandboxKind;
use mcp_server::backend::{Alone, Laid, Tools};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use workflow::{ENVIRONMENT, Layout, Listen, Sandbox};

/// How there can be some.
pub(crate) const HOW: &str = "`apt-get install bubblewrap` gives one, and gVisor's runsc is another";

/// The walls of one test.
pub(super) enum Walls {
    /// Walls of this machine, which were tried.
    Machine(Box<Alone>),
    /// There are none: Deno's own permissions alone.
    Deno {
        /// Deno.
        deno: PathBuf,
        /// Why there are none.
        why: String,
    },
}

impl Walls {
    /// The walls that are asked for, as far as they hold here. What they need lies in `folder`.
    pub(super) async fn open(test: &Test, folder: &Path, deno: &Path) -> Result<Self, TestError> {
        let tools = Tools {
            sandbox: test.sandbox,
            deno: deno.to_path_buf(),
            runsc: test.runsc.clone(),
            bwrap: test.bwrap.clone(),
        };
        // Whoever names one does not want another, or none.
        let required = test.require_sandbox || test.sandbox != SandboxKind::Auto;
        match Alone::open(folder, &tools).await {
            Ok(alone) => Ok(Self::Machine(Box::new(alone))),
            Err(why) if required => Err(TestError::NoSandbox(why)),
            Err(why) => Ok(Self::Deno { deno: deno.to_path_buf(), why }),
        }
    }

    /// Runs the engine's test within; what it wrote.
    pub(super) async fn test(&self, sandbox: &Sandbox, laid: &Laid) -> Result<Output, TestError> {
        match self {
            Self::Machine(alone) => {
                let command = sandbox.test_command(&Alone::layout(laid)?);
                let ran = alone.run(laid, &sandbox.limits, command).await;
                ran.map_err(TestError::Broke)
            }
            Self::Deno { deno, .. } => by_deno_alone(deno, sandbox, laid),
        }
    }

    /// Takes them down; what they held, as a report.
    pub(super) async fn end(self) -> Value {
        match self {
            Self::Machine(alone) => {
                let report =
                    json!({"kind": "walls", "sandbox": alone.name(), "notEnforced": alone.not_enforced()});
                alone.end().await;
                report
            }
            Self::Deno { why, .. } => json!({"kind": "walls", "sandbox": null, "why": why}),
        }
    }
}

/// Runs it with Deno's permissions alone: no network, nothing to write to, and nothing to read but this.
fn by_deno_alone(deno: &Path, sandbox: &Sandbox, laid: &Laid) -> Result<Output, TestError> {
    let shown = |path: &Path| path.display().to_string();
    let paths = [shown(deno), shown(&laid.engine), shown(&laid.code), shown(&laid.plan)];
    let mut layout = Layout::new(paths.each_ref().map(String::as_str), Listen::Unix("/none".to_owned()))?;
    if let Some(modules) = &laid.modules {
        modules::link(modules)?;
        layout = layout.with_modules(&shown(&modules.0))?;
    }
    let command = sandbox.test_command(&layout);
    let (program, arguments) = command.split_first().ok_or(TestError::NoDeno)?;
    let mut deno = Command::new(program);
    deno.args(arguments).env_clear().envs(ENVIRONMENT).stdin(Stdio::null());
    Ok(deno.output()?)
}

/// Which walls there were, in one line.
pub(super) fn in_words(report: &Value) -> String {
    let Some(sandbox) = report["sandbox"].as_str() else {
        let why = report["why"].as_str().unwrap_or_default().replace('\n', " ");
        return format!("walls: Deno's permissions alone, no sandbox holds here ({why}); {HOW}");
    };
    let gaps = report["notEnforced"].as_array().into_iter().flatten().filter_map(Value::as_str);
    match gaps.collect::<Vec<_>>() {
        gaps if gaps.is_empty() => format!("walls: {sandbox}, and Deno's permissions within"),
        gaps => format!("walls: {sandbox}, and Deno's permissions within; not held: {}", gaps.join("; ")),
    }
}
