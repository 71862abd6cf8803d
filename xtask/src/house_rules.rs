//! Rules of this house that no compiler knows: sizes of files, names that say nothing, README files, hosts that
//! must not be named.

use std::path::Path;

/// A file longer than this, not counting its tests, is to be split.
const LONGEST_FILE: usize = 400;

/// `main.rs` only wires.
const LONGEST_MAIN: usize = 30;

/// Names under which anything could hide.
const NAMES_THAT_SAY_NOTHING: [&str; 8] =
    ["util", "utils", "helper", "helpers", "common", "manager", "managers", "misc"];

/// Hosts of package registries, in parts, so that this file does not name them either. A lock file or a source that
/// names one builds only where that host can be reached.
const REGISTRY_HOSTS: [&[&str]; 12] = [
    &["index", "crates", "io"],
    &["static", "crates", "io"],
    &["registry", "npmjs", "org"],
    &["registry", "yarnpkg", "com"],
    &["npm", "jsr", "io"],
    &["pypi", "org"],
    &["files", "pythonhosted", "org"],
    &["proxy", "golang", "org"],
    &["sum", "golang", "org"],
    &["repo", "maven", "apache", "org"],
    &["repo1", "maven", "org"],
    &["deb", "debian", "org"],
];

/// Every rule that a file breaks. `path` is relative to the repository's root.
pub(crate) fn check_file(path: &Path, text: &str) -> Vec<String> {
    let problems =
        [too_long(path, text), long_main(path, text), says_nothing(path), mod_file(path), host(text)];
    problems.into_iter().flatten().map(|problem| format!("{}: {problem}", path.display())).collect()
}

/// Crates (folders with a `Cargo.toml`) without a README.md, among all files of the repository.
pub(crate) fn check_readmes<'a>(files: impl Iterator<Item = &'a Path> + Clone) -> Vec<String> {
    let crates = files.clone().filter(|file| file.ends_with("Cargo.toml")).filter_map(Path::parent);
    let without = crates.filter(|folder| !files.clone().any(|file| file == folder.join("README.md")));
    without
        .filter(|folder| *folder != Path::new(""))
        .map(|folder| format!("{}: no README.md", folder.display()))
        .collect()
}

fn too_long(path: &Path, text: &str) -> Option<String> {
    let name = path.file_name()?.to_str()?;
    let is_test = path.components().any(|part| part.as_os_str() == "tests")
        || ["tests.rs", "_test.ts", "_test.go"].iter().any(|end| name.ends_with(end));
    let is_source = ["rs", "ts", "go"].iter().any(|kind| path.extension().is_some_and(|it| it == *kind));
    let lines = lines_before_tests(text);
    (is_source && !is_test && lines > LONGEST_FILE)
        .then(|| format!("{lines} lines before its tests, {LONGEST_FILE} are the limit"))
}

/// Tests stand at the end of a file, behind `#[cfg(test)]` and a module.
fn lines_before_tests(text: &str) -> usize {
    let lines: Vec<&str> = text.lines().collect();
    let starts_tests = |pair: &[&str]| matches!(pair, ["#[cfg(test)]", next] if next.starts_with("mod "));
    lines.windows(2).position(starts_tests).unwrap_or(lines.len())
}

fn long_main(path: &Path, text: &str) -> Option<String> {
    let lines = text.lines().count();
    (path.ends_with("src/main.rs") && lines > LONGEST_MAIN)
        .then(|| format!("{lines} lines, {LONGEST_MAIN} are the limit"))
}

fn says_nothing(path: &Path) -> Option<String> {
    let source = ["rs", "ts", "go"].iter().any(|kind| path.extension().is_some_and(|it| it == *kind));
    let mut names = path.iter().filter_map(|part| Path::new(part).file_stem()?.to_str());
    let name = names.rfind(|name| source && NAMES_THAT_SAY_NOTHING.contains(name))?;
    Some(format!("`{name}` says nothing about what is in it"))
}

fn mod_file(path: &Path) -> Option<String> {
    path.ends_with("mod.rs").then(|| "modules are `name.rs` beside `name/`, never `mod.rs`".to_owned())
}

fn host(text: &str) -> Option<String> {
    let hosts = REGISTRY_HOSTS.iter().map(|parts| parts.join("."));
    hosts
        .into_iter()
        .find(|host| names_host(text, host))
        .map(|host| format!("names the registry's host `{host}`"))
}

/// Whether `host` stands in `text` by itself, and not as the end of a longer name.
fn names_host(text: &str, host: &str) -> bool {
    let inside = |character: char| character.is_ascii_alphanumeric() || character == '-' || character == '.';
    text.match_indices(host).any(|(place, _)| {
        let before = text.get(..place).and_then(|before| before.chars().next_back());
        let after = text.get(place + host.len()..).and_then(|after| after.chars().next());
        !before.is_some_and(inside) && !after.is_some_and(|it| it.is_ascii_alphanumeric() || it == '-')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(path: &str, text: &str) -> usize {
        check_file(Path::new(path), text).len()
    }

    #[test]
    fn a_long_file_fails_and_its_tests_do_not_count() {
        let long = "x\n".repeat(401);
        assert_eq!(problems("wire/src/lib.rs", &long), 1);
        assert_eq!(problems("engine/run.ts", &long), 1);
        assert_eq!(problems("wire/src/lib.rs", &"x\n".repeat(400)), 0);
        assert_eq!(problems("wire/src/lib.rs", &format!("x\n#[cfg(test)]\nmod tests {{\n{long}}}\n")), 0);
        assert_eq!(problems("wire/src/lib.rs", &format!("#[cfg(test)]\nconst ALL: u8 = 1;\n{long}")), 1);
        assert_eq!(problems("wire/src/tool/tests.rs", &long), 0);
        assert_eq!(problems("wire/tests/tools.rs", &long), 0);
        assert_eq!(problems("docs/trail.md", &long), 0);
    }

    #[test]
    fn main_only_wires() {
        assert_eq!(problems("tntc/src/main.rs", &"x\n".repeat(31)), 1);
        assert_eq!(problems("tntc/src/main.rs", &"x\n".repeat(30)), 0);
    }

    #[test]
    fn names_say_what_is_inside() {
        for path in ["wire/src/utils.rs", "wire/src/common/mode.rs", "engine/helpers.ts"] {
            assert_eq!(problems(path, ""), 1, "{path}");
        }
        assert_eq!(problems("wire/src/uncommon.rs", ""), 0);
        assert_eq!(problems("wire/src/tool/mod.rs", ""), 1);
    }

    #[test]
    fn no_registry_host_is_named() {
        for parts in REGISTRY_HOSTS {
            let host = parts.join(".");
            assert_eq!(
                problems("a/package-lock.json", &format!("\"resolved\": \"https://{host}/x.tgz\"")),
                1
            );
            assert_eq!(problems("a/note.md", &format!("see {host}.")), 1);
            assert_eq!(problems("a/note.md", &format!("see not-{host} and {host}x")), 0);
        }
        assert_eq!(
            problems("Cargo.lock", "source = \"registry+https://github.com/rust-lang/crates.io-index\""),
            0
        );
    }

    #[test]
    fn a_crate_has_a_readme() {
        let check = |files: &[&str]| check_readmes(files.iter().map(Path::new)).len();
        assert_eq!(check(&["Cargo.toml", "wire/Cargo.toml", "wire/README.md"]), 0);
        assert_eq!(check(&["Cargo.toml", "README.md", "wire/Cargo.toml"]), 1);
    }
}
