//! The engine's program, which this binary carries, so that nothing else has to be installed beside it.

use crate::private_file::{self, PrivateFileError};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use wire::canonical::hex;

macro_rules! files {
    ($($name:literal),+ $(,)?) => {
        /// The files, by name. A test compares the list with the folder.
        const FILES: &[(&str, &str)] = &[$(($name, include_str!(concat!("../../../engine/", $name)))),+];
    };
}

files!(
    "attempt.ts",
    "beside.ts",
    "context.ts",
    "deno.json",
    "difference.ts",
    "drift.ts",
    "fetch.ts",
    "fetch_main.ts",
    "fixture.ts",
    "flags.ts",
    "gateway.ts",
    "graph.ts",
    "lines.ts",
    "listen.ts",
    "load.ts",
    "log.ts",
    "main.ts",
    "mock.ts",
    "modules.ts",
    "net.ts",
    "node_worker.ts",
    "observe.ts",
    "packed.ts",
    "plan.ts",
    "protocol.ts",
    "rehearsal.ts",
    "run.ts",
    "run_process.ts",
    "runner.ts",
    "runs.ts",
    "secrets.ts",
    "server.ts",
    "shared.ts",
    "test_main.ts",
    "testing.ts",
    "token.ts",
    "told.ts",
    "traffic.ts",
    "types.ts",
    "unpack_main.ts",
    "workshop.ts",
);

/// Writes the engine into a folder of `folder` that is named by its content, and answers that folder. Sandboxes that an
/// older binary started keep the one that they read.
pub(crate) fn write(folder: &Path) -> Result<PathBuf, PrivateFileError> {
    let mut content = Sha256::new();
    for (name, text) in FILES {
        content.update(format!("{name}\0{}\0{text}", text.len()));
    }
    let place = folder.join(hex(&content.finalize()).chars().take(16).collect::<String>());
    private_file::folder(&place)?;
    // There is no secret in it, and whoever a sandbox runs as must be able to read it.
    private_file::open_to_all(&place, 0o755)?;
    for (name, text) in FILES {
        let path = place.join(name);
        // A start that was cut short, or a hand that changed something, is mended.
        if std::fs::read(&path).ok().as_deref() != Some(text.as_bytes()) {
            private_file::write(&path, text.as_bytes())?;
        }
        private_file::open_to_all(&path, 0o644)?;
    }
    Ok(place)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn every_file_of_the_engine_is_carried() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../engine");
        let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
        let files = names.filter(|entry| entry.file_type().unwrap().is_file());
        let mut program: Vec<String> = files
            .map(|entry| entry.file_name().into_string().unwrap())
            .filter(|name| name.ends_with(".ts") || name == "deno.json")
            .collect();
        program.sort();
        assert_eq!(program, FILES.iter().map(|(name, _)| (*name).to_owned()).collect::<Vec<_>>());
    }

    #[test]
    fn what_was_changed_is_mended() {
        let dir = tempfile::tempdir().unwrap();
        let place = write(dir.path()).unwrap();
        std::fs::write(place.join("main.ts"), "evil").unwrap();
        std::fs::remove_file(place.join("run.ts")).unwrap();
        assert_eq!(write(dir.path()).unwrap(), place);
        for (name, text) in FILES {
            let path = place.join(name);
            assert_eq!(std::fs::read_to_string(&path).unwrap(), *text, "{name}");
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o644);
        }
    }
}
