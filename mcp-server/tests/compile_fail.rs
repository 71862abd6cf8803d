//! Law 1: no door without a check. An effect takes the proof of a decision that only the gate can make, so that what
//! forgets to ask, or asks for something else, does not compile.
//!
//! Each case is what a hurried or a malicious author might write; its `.stderr` is why the compiler refuses. They are compiled against
//! the library as it was built for this test: a harness that builds it anew, with all that it stands on, takes minutes.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The crates that the cases use.
const CRATES: [&str; 3] = ["mcp_server", "policy", "uuid"];

/// The compiler, with a library of each crate.
struct Compiler {
    folder: PathBuf,
    libraries: Vec<PathBuf>,
}

impl Compiler {
    /// With those libraries, of all that were ever built here, with which the control compiles: the newest of them.
    fn find(control: &Path) -> Self {
        let folder = std::env::current_exe().unwrap().parent().unwrap().to_owned();
        let mut all = vec![Vec::new()];
        for name in CRATES {
            let built = built(&folder, name);
            let with = |chosen: &Vec<PathBuf>| {
                built.iter().map(|one| [&chosen[..], std::slice::from_ref(one)].concat()).collect::<Vec<_>>()
            };
            all = all.iter().flat_map(with).collect();
        }
        let mut compilers = all.into_iter().map(|libraries| Self { folder: folder.clone(), libraries });
        let compiles = |it: &Self| it.compile(control).status.success();
        compilers.find(compiles).unwrap_or_else(|| panic!("{} compiles with no library", control.display()))
    }

    fn compile(&self, case: &Path) -> Output {
        let out = tempfile::tempdir().unwrap();
        let mut compiler = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
        compiler.args(["--edition=2024", "--crate-name=case", "--emit=metadata"]).arg(case);
        compiler.arg("-o").arg(out.path().join("case"));
        compiler.arg(format!("-Ldependency={}", self.folder.display()));
        for (name, library) in CRATES.iter().zip(&self.libraries) {
            compiler.arg(format!("--extern={name}={}", library.display()));
        }
        compiler.output().unwrap()
    }
}

/// The libraries of this name in a folder, the newest first.
fn built(folder: &Path, name: &str) -> Vec<PathBuf> {
    let of = |path: &PathBuf| {
        let file = path.file_name().unwrap().to_string_lossy().into_owned();
        file.starts_with(&format!("lib{name}-")) && file.ends_with(".rlib")
    };
    let mut all: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(of).collect();
    all.sort_by_key(|path| std::cmp::Reverse(fs::metadata(path).unwrap().modified().unwrap()));
    all
}

/// What is wrong, as the compiler says it, without where.
fn errors(text: &str) -> Vec<&str> {
    let summary =
        |line: &&str| line.starts_with("error: aborting") || line.starts_with("error: could not compile");
    text.lines().filter(|line| line.starts_with("error")).filter(|line| !summary(line)).collect()
}

#[test]
fn nothing_gets_past_the_gate() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/compile_fail");
    let compiler = Compiler::find(&folder.join("control/asked.rs"));
    let (mut count, mut wrong) = (0, Vec::new());
    for entry in fs::read_dir(&folder).unwrap() {
        let case = entry.unwrap().path();
        if case.extension().is_none_or(|it| it != "rs") {
            continue;
        }
        count += 1;
        let expected = fs::read_to_string(case.with_extension("stderr")).unwrap();
        let output = compiler.compile(&case);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        if output.status.success() || errors(&said) != errors(&expected) {
            wrong.push(format!("{}: {}: {said}", case.display(), output.status));
        }
    }
    assert!(count >= 15 && wrong.is_empty(), "of {count}:\n{}", wrong.join("\n"));
}
