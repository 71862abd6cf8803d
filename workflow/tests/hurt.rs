//! Files that are built to hurt: each is refused with what is wrong, and costs no more memory than a bound that is linear in
//! what is read of it. Nothing else runs in this process while that is measured.

use workflow::Workflow;

/// The most bytes of memory for each byte that is read: the tree, with a position for each of its values.
const EACH: usize = 16;

/// What is there before anything is read.
const AT_ANY_RATE: usize = 4 << 20;

/// How many bytes of memory this process has had at most since it was told to forget what was before.
fn peak() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    let kib: usize = line.trim().trim_end_matches(" kB").parse().unwrap_or_default();
    assert!(kib > 0, "Linux tells in KiB: {line}");
    kib * 1024
}

fn forget() -> std::io::Result<()> {
    std::fs::write("/proc/self/clear_refs", "5")
}

fn cases() -> Vec<(String, &'static str)> {
    let many = |n: usize, text: &str| text.repeat(n);
    let bomb: String =
        (1..9).map(|n| format!("a{n}: &a{n} [{}]\n", many(9, &format!("*a{},", n - 1)))).collect();
    vec![
        // larger than any workflow: nothing of it is looked at
        (many(10 << 20, "["), "the file has 10485760 bytes: at most 1048576 are read"),
        (many(5 << 20, "{a: "), "at most 1048576 are read"),
        (many(5 << 20, "- "), "at most 1048576 are read"),
        (format!("a0: x\n{}", many(30_000, &bomb)), "at most 1048576 are read"),
        (many((1 << 20) + 1, " "), "the file has 1048577 bytes: at most 1048576 are read"),
        // as large as is read
        (many(1 << 20, "["), "nested too deeply"),
        (many(1 << 18, "{a: "), "nested too deeply"),
        (many(1 << 19, "- "), "nested too deeply"),
        ((0..1400).map(|n| format!("{}a:\n", " ".repeat(n))).collect(), "nested too deeply"),
        // neither of its halves alone
        (
            (0..15).map(|n| format!("{}a:\n", " ".repeat(n))).collect::<String>()
                + &format!("{}{}x{}", " ".repeat(15), many(15, "["), many(15, "]")),
            "nested too deeply",
        ),
        (format!("a: [{}]", many(500_000, "x,")), "too many values"),
        (format!("a: [{}]", many(19_000, "[],")), "unknown key"),
        (format!("a0: x\n{bomb}"), "anchors and aliases"),
        (format!("a0: x\n{}", many(1_300, &bomb)), "anchors and aliases"),
        ((0..9_000).map(|n| format!("k{n}: 1\n")).collect(), "and 8904 more"),
        ((0..9_000).map(|n| format!("{n}{}: 1\n", many(100, "k"))).collect(), "and 8904 more"),
        (many(9_000, "a: 1\n"), "is here twice"),
        (format!("name: {}", many((1 << 20) - 6, "x")), "too long (1048570 characters)"),
        (format!("name: \"{}\"", many(340_000, "x\\n")), "name must be kebab-case"),
        (many(1 << 19, "\t\n"), "the file is empty"),
        (many(95_000, "%TAG ! x\n"), "YAML parse error"),
    ]
}

#[test]
fn what_is_built_to_hurt_is_refused_and_costs_little() {
    for (text, expected) in cases() {
        forget().unwrap();
        let before = peak();
        let answer = Workflow::parse(text.as_bytes()).unwrap_err().to_string();
        let took = peak() - before;
        assert!(answer.contains(expected), "{expected}\n  got {}", &answer[..answer.len().min(500)]);
        assert!(answer.len() < 60_000, "{}", answer.len());
        let read = if text.len() > Workflow::MOST_BYTES { 0 } else { text.len() };
        assert!(took <= EACH * read + AT_ANY_RATE, "{expected}: {took} bytes for {read}");
    }
}
