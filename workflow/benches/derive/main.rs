//! How long it takes from the text of a large workflow to its sandbox, and to refuse the worst files of 1 MiB that we
//! could think of. Prints JSON lines.

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark prints, and fails by panicking")]

mod large;

use large::{NODES, large};
use std::time::Instant;
use workflow::{ContentHash, Facts, Workflow, derive};

const ROUNDS: u32 = 2000;

fn main() {
    let text = large();
    let version: ContentHash = format!("sha256:{}", "0".repeat(64)).parse().unwrap();
    let facts = Facts { enclave: "bench".parse().unwrap(), version };
    let start = Instant::now();
    for _ in 0..ROUNDS {
        let workflow = Workflow::parse(std::hint::black_box(text.as_bytes())).unwrap();
        std::hint::black_box(derive(&workflow, &facts).unwrap());
    }
    let value = start.elapsed().as_secs_f64() * 1e6 / f64::from(ROUNDS);
    let bytes = text.len();
    println!(
        r#"{{"name":"parse and derive a workflow of {NODES} nodes ({bytes} bytes)","value":{value:.1},"unit":"us"}}"#
    );
    for (name, text) in hostile() {
        let start = Instant::now();
        let refused = Workflow::parse(std::hint::black_box(text.as_bytes())).is_err();
        let value = start.elapsed().as_secs_f64() * 1e3;
        assert!(refused, "{name}");
        println!(r#"{{"name":"refuse {name}","value":{value:.1},"unit":"ms"}}"#);
    }
}

/// Files as large as are read, each of one thing over and over.
fn hostile() -> Vec<(&'static str, String)> {
    let fill = |part: &str| part.repeat(Workflow::MOST_BYTES / part.len());
    let lines = |line: fn(usize) -> String| {
        let mut text = String::new();
        for index in 0.. {
            let line = line(index);
            if text.len() + line.len() > Workflow::MOST_BYTES {
                break;
            }
            text.push_str(&line);
        }
        text
    };
    vec![
        ("brackets", fill("[")),
        ("open maps", fill("{a: ")),
        ("dashes", fill("- ")),
        ("question marks", fill("? ")),
        ("one long word", fill("x")),
        ("one long quote", format!("\"{}", fill("\\n").trim_end_matches('\\').get(2..).unwrap_or_default())),
        ("many values", format!("a: [{}]", fill("x,").get(8..).unwrap_or_default())),
        ("many keys", lines(|index| format!("key{index}: 1\n"))),
        ("one key again and again", fill("a: 1\n")),
        ("anchors", lines(|index| format!("k{index}: &a{index} x\n"))),
        ("aliases", lines(|index| format!("k{index}: *a{index}\n"))),
        ("comments", fill("# x\n")),
        ("directives", fill("%TAG !a! b\n")),
        ("documents", fill("---\n")),
        ("line feeds", fill("\n")),
        ("tabs", fill("\t")),
        ("block text", format!("a: |\n{}", fill(" x\n").get(8..).unwrap_or_default())),
        ("colons", fill(":")),
        ("unclosed keys", fill("a\n")),
    ]
}
