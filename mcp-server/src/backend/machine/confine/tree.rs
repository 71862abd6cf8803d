//! What a sandbox sees of the machine's files.

use super::super::BackendError;
use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use tokio::process::Command;

/// A file or folder, and where the sandbox sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Bind {
    /// Where it is; no symbolic link.
    pub(in super::super) from: PathBuf,
    /// Where it is seen.
    pub(in super::super) at: String,
}

impl Bind {
    /// The file or folder at `from`, whatever links lead there.
    pub(in super::super) fn new(from: &Path, at: &str) -> Result<Self, BackendError> {
        let real = fs::canonicalize(from);
        let from = real.map_err(|error| BackendError::Unreachable(format!("{}: {error}", from.display())))?;
        Ok(Self { from, at: at.to_owned() })
    }
}

/// A file that is made for one sandbox.
#[derive(Debug, Clone)]
pub(in super::super) struct Text {
    /// Where it is seen.
    pub(in super::super) at: String,
    /// What is in it.
    pub(in super::super) bytes: Vec<u8>,
}

impl Text {
    /// Makes the file in `folder`, for everybody to read.
    pub(super) fn write(&self, folder: &Path, number: usize) -> io::Result<Bind> {
        let from = folder.join(format!("text-{number}"));
        fs::write(&from, &self.bytes)?;
        fs::set_permissions(&from, Permissions::from_mode(0o444))?;
        Ok(Bind { from, at: self.at.clone() })
    }
}

/// The libraries that a program is linked with, its loader included, where the loader expects them.
pub(in super::super) async fn libraries(program: &Path) -> Result<Vec<Bind>, BackendError> {
    let failed = |what: &str| BackendError::Unreachable(format!("`ldd {}`: {what}", program.display()));
    let ran = Command::new("ldd").arg(program).env_clear().env("PATH", "/usr/bin:/bin").output().await;
    let ran = ran.map_err(|error| failed(&error.to_string()))?;
    let told = String::from_utf8_lossy(&ran.stdout);
    if !ran.status.success() {
        let complaint = String::from_utf8_lossy(&ran.stderr);
        // A program that brings all that it needs has no libraries.
        let alone = complaint.contains("not a dynamic executable") || told.contains("statically linked");
        return if alone { Ok(Vec::new()) } else { Err(failed(complaint.trim())) };
    }
    if let Some(missing) = told.lines().find(|line| line.contains("not found")) {
        return Err(failed(missing.trim()));
    }
    told.lines().filter_map(place).map(|at| Bind::new(Path::new(at), at)).collect()
}

/// The path in `name => /path (0x…)` or `/path (0x…)`; what the kernel itself provides has none.
fn place(line: &str) -> Option<&str> {
    let (path, _) = line.rsplit_once(" (0x")?;
    let path = path.rsplit("=> ").next()?.trim();
    path.starts_with('/').then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_are_read_from_what_the_loader_tells() {
        let told = "\tlinux-vdso.so.1 (0x7f0a18a94000)\n\tlibm.so.6 => /lib/x86_64-linux-gnu/libm.so.6 (0x7f0a12b20000)\n\
                    \t/lib64/ld-linux-x86-64.so.2 (0x7f0a18a96000)\n";
        let places: Vec<_> = told.lines().filter_map(place).collect();
        assert_eq!(places, ["/lib/x86_64-linux-gnu/libm.so.6", "/lib64/ld-linux-x86-64.so.2"]);
    }
}
