//! A flowchart in Mermaid's language, which Markdown pages draw.

use super::{Drawing, Kind};
use std::fmt::Write as _;

/// The diagram. Names have letters, digits, `_` and `-` only, so that nothing needs quoting.
pub(super) fn draw(drawing: &Drawing) -> String {
    let mut text = format!("---\ntitle: {}\n---\nflowchart LR\n", drawing.title);
    for shape in drawing.columns.iter().flatten() {
        let (open, close) = match shape.kind {
            Kind::Trigger => ("([", "])"),
            Kind::Node => ("[", "]"),
            Kind::Dependency => ("[(", ")]"),
        };
        // INVARIANT: writing to a `String` never fails.
        let _ = writeln!(text, "  {}{open}\"{}\"{close}", shape.id, shape.label);
    }
    for (from, to) in &drawing.lines {
        let _ = writeln!(text, "  {from} --> {to}");
    }
    text
}
