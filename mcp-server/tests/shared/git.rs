//! Plain git, as somebody uses it who has nothing of this project.

use std::path::Path;
use std::process::Command;

/// Runs git in `folder`, with no settings but these; it must succeed.
pub(crate) fn git(folder: &Path, args: &[&str]) -> String {
    try_git(folder, args).unwrap_or_else(|said| panic!("git {args:?}: {said}"))
}

/// The same; what git said where it did not succeed.
pub(crate) fn try_git(folder: &Path, args: &[&str]) -> Result<String, String> {
    let settings =
        ["-c", "user.name=Ana Sousa", "-c", "user.email=ana@team.example", "-c", "init.defaultBranch=main"];
    let output = Command::new("git")
        .args(settings)
        .args(args)
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .output()
        .unwrap();
    let said = if output.status.success() { &output.stdout } else { &output.stderr };
    let said = String::from_utf8_lossy(said).trim().to_owned();
    if output.status.success() { Ok(said) } else { Err(said) }
}
