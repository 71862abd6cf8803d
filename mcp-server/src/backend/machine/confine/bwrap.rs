//! Walls by Bubblewrap: the kernel's namespaces, and a filter of system calls.

use super::super::attendant::{Enter, INFO, Mount, SECCOMP, SECCOMP_KEEPING, SECCOMP_TCP};
use super::{Bind, Mason, NOBODY, SOCKET_FOLDER, Wanted, outside_user};
use std::path::{Path, PathBuf};
use workflow::ENVIRONMENT;

/// Where the files of a sandbox are laid out for a user that may not look where they are. Every machine has it, and only
/// the attendant sees what is mounted there.
const STAGE: &str = "/tmp";

/// How much the stage can hold: nothing but mount points.
const STAGE_BYTES: u64 = 64 * 1024;

/// How to become a sandbox of Bubblewrap's.
pub(super) fn enter(mason: &Mason, wanted: &Wanted, parent: i32, groups: Vec<PathBuf>) -> Enter {
    let stage = mason.is_root.then(|| Stage::new(&mason.program, &wanted.files));
    let (program, files, mounts) = match stage {
        Some(stage) => (stage.program, stage.files, stage.mounts),
        None => (mason.program.clone(), wanted.files.clone(), Vec::new()),
    };
    Enter {
        parent,
        groups,
        mounts,
        folder: PathBuf::from("/"),
        data: Some(wanted.data),
        open_files: Some(wanted.open_files),
        user: mason.is_root.then(|| outside_user(&wanted.name)),
        program: words(&program, &files, wanted),
    }
}

/// The files, where any user can reach them.
struct Stage {
    program: PathBuf,
    files: Vec<Bind>,
    mounts: Vec<Mount>,
}

impl Stage {
    fn new(program: &Path, files: &[Bind]) -> Self {
        let mut mounts = vec![Mount::Memory { at: PathBuf::from(STAGE), bytes: STAGE_BYTES, owner: None }];
        let mut lay = |from: &Path, name: &str| {
            let at = Path::new(STAGE).join(name);
            mounts.push(Mount::Bind { from: from.to_path_buf(), at: at.clone() });
            at
        };
        let program = lay(program, "bwrap");
        let staged = files
            .iter()
            .enumerate()
            .map(|(number, file)| Bind { from: lay(&file.from, &number.to_string()), at: file.at.clone() });
        let files = staged.collect();
        Self { program, files, mounts }
    }
}

/// The command line.
fn words(program: &Path, files: &[Bind], wanted: &Wanted) -> Vec<String> {
    let mut words = Words(vec![program.display().to_string()]);
    // Each namespace by name: one that cannot be had is an error, not left out.
    for namespace in ["user", "ipc", "pid", "net", "uts", "cgroup"] {
        words.0.push(format!("--unshare-{namespace}"));
    }
    let nobody = NOBODY.to_string();
    words.flag("--uid", &[&nobody]).flag("--gid", &[&nobody]).flag("--hostname", &["tentacle"]);
    words.flag("--die-with-parent", &[]).flag("--new-session", &[]).flag("--as-pid-1", &[]);
    words.flag("--disable-userns", &[]).flag("--cap-drop", &["ALL"]).flag("--clearenv", &[]);
    for (name, value) in ENVIRONMENT {
        words.flag("--setenv", &[name, value]);
    }
    words.flag("--proc", &["/proc"]);
    for Bind { from, at } in files {
        words.flag("--ro-bind", &[&from.display().to_string(), at]);
    }
    let bytes = wanted.room.to_string();
    words.flag("--perms", &["0700"]).flag("--size", &[&bytes]).flag("--tmpfs", &[SOCKET_FOLDER]);
    let filter = match (wanted.keeps, wanted.tcp) {
        (true, _) => SECCOMP_KEEPING,
        (false, true) => SECCOMP_TCP,
        (false, false) => SECCOMP,
    };
    // Last of all mounts: from here on nothing can be added.
    words.flag("--remount-ro", &["/"]).flag("--chdir", &["/"]);
    words.flag("--info-fd", &[INFO]).flag("--seccomp", &[filter]).flag("--", &[]);
    words.0.extend_from_slice(&wanted.command);
    words.0
}

struct Words(Vec<String>);

impl Words {
    fn flag(&mut self, name: &str, values: &[&str]) -> &mut Self {
        self.0.extend([name].iter().chain(values).map(|word| (*word).to_owned()));
        self
    }
}
