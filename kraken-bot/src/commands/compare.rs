//! `compare TENTACLE [N and N]`

use crate::asked::{Answer, Asked, Stop};
use crate::slack::blocks::{Message, code, escape};
use serde_json::Value;
use wire::EnclaveRef;
use wire::tools::history::{FileChange, ParamChange, WfCompare, WfCompareAnswer, WfCompareArgs};
use workflow::TentacleName;

/// How much of the files' differences is shown, in bytes.
const SHOWN: usize = 2400;

pub(super) async fn run(
    asked: &Asked<'_>,
    tentacle: TentacleName,
    between: Option<(u32, u32)>,
) -> Result<Answer, Stop> {
    asked.channel()?;
    let args = WfCompareArgs {
        enclave: EnclaveRef::default(),
        name: tentacle,
        from: between.map(|(from, _)| format!("v{from}")),
        to: between.map(|(_, to)| format!("v{to}")),
    };
    // It holds source, and not everybody who reads the channel may read that.
    Ok(Answer::Whisper(told(&asked.call::<WfCompare>(args).await?)))
}

/// In words first, then the files as they differ.
pub(super) fn told(compared: &WfCompareAnswer) -> Message {
    let WfCompareAnswer { name, files, reach_added, reach_removed, params, .. } = compared;
    let (from, to) = (numbered(compared.from_number), numbered(compared.to_number));
    if compared.from == compared.to {
        return Message::new(format!("*{name}*: {from} and {to} are the same."));
    }
    let mut message = Message::new(format!("*{name}*, from {from} to {to}:"));
    let mut lines: Vec<String> = Vec::new();
    lines.extend(reach_added.iter().map(|it| format!("• newly: {}", escape(it))));
    lines.extend(reach_removed.iter().map(|it| format!("• no longer: {}", escape(it))));
    if lines.is_empty() {
        lines.push("• what it reaches is the same".to_owned());
    }
    lines.extend(params.iter().map(param));
    lines.extend(files.iter().map(|file| format!("• {} is {}", code(&file.path), file.change)));
    message = message.line(lines.join("\n"));
    let (shown, cut) = differences(files);
    if !shown.is_empty() {
        message = message.verbatim(format!("```{}```", shown.trim_end()));
    }
    if cut || compared.truncated {
        let all = code(format!("tntc compare {name}"));
        message = message.note(format!("There is more than fits here. {all} shows all of it."));
    }
    message
}

/// The records of deploys are kept for a time, and its source may be there longer.
fn numbered(number: Option<u64>) -> String {
    number.map_or_else(|| "a version of long ago".to_owned(), |number| format!("version {number}"))
}

fn param(ParamChange { name, from, to }: &ParamChange) -> String {
    let shown = |value: &Option<Value>| value.as_ref().map_or_else(|| "nothing".to_owned(), Value::to_string);
    format!("• its setting {}: {} becomes {}", code(name), escape(&shown(from)), escape(&shown(to)))
}

/// The files' differences, as many whole lines as fit.
fn differences(files: &[FileChange]) -> (String, bool) {
    let mut shown = String::new();
    for line in files.iter().flat_map(|file| file.diff.lines()) {
        let line = escape(&line.replace("```", "'''"));
        if shown.len() + line.len() >= SHOWN {
            return (shown, true);
        }
        shown.push_str(&line);
        shown.push('\n');
    }
    (shown, false)
}
