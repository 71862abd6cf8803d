//! Walls by Bubblewrap: the kernel's namespaces, and a filter of system calls.

use super::super::attendant::{
    Enter, INFO, Joined, Mount, SECCOMP, SECCOMP_BESIDE, SECCOMP_KEEPING, SECCOMP_TCP,
};
use super::{
    Beside, Bind, FEW, MANY, Mason, NOBODY, NOTHING_BUT_PLACES, SHARED, SOCKET_FOLDER, Wanted, outside_user,
};
use std::path::{Path, PathBuf};
use workflow::{ENVIRONMENT, Sidecar};

/// Where the files of a sandbox are laid out for a user that may not look where they are. Every machine has it, and only
/// the attendant sees what is mounted there.
const STAGE: &str = "/tmp";

/// How to become a sandbox of Bubblewrap's.
pub(super) fn enter(
    mason: &Mason,
    wanted: &Wanted,
    scratch: &Path,
    parent: i32,
    groups: Vec<PathBuf>,
) -> Enter {
    let shared = wanted.shared.map(|bytes| (scratch.join(SHARED), bytes));
    let mut laid = wanted.files.clone();
    laid.extend(shared.iter().map(|(from, _)| Bind { from: from.clone(), at: Sidecar::SHARED.to_owned() }));
    let stage = mason.is_root.then(|| Stage::new(&mason.program, &laid));
    let (program, files, mounts) = match stage {
        Some(stage) => (stage.program, stage.files, stage.mounts),
        None => (mason.program.clone(), laid, Vec::new()),
    };
    let user = outside_user(&wanted.name);
    Enter {
        parent,
        groups,
        joins: None,
        shared: shared.map(|(at, bytes)| Mount::Memory { at, bytes, entries: MANY, owner: Some(user) }),
        mounts,
        folder: PathBuf::from("/"),
        data: Some(wanted.data),
        open_files: Some(wanted.open_files),
        user: mason.is_root.then_some(user),
        program: words(&program, &files, wanted),
    }
}

/// How to become a part of a sandbox of Bubblewrap's. Needs root.
pub(super) fn enter_beside(
    mason: &Mason,
    beside: &Beside<'_>,
    scratch: &Path,
    parent: i32,
    groups: Vec<PathBuf>,
) -> Enter {
    let host = beside.host;
    let files = [(&beside.root, "/"), (&scratch.join(SHARED), Sidecar::SHARED)];
    let files = files.map(|(from, at)| Bind { from: from.clone(), at: at.to_owned() });
    let stage = Stage::new(&mason.program, &files);
    Enter {
        parent,
        groups,
        joins: Some(Joined { outer: host.outer, first: host.first, stage: Some(PathBuf::from(STAGE)) }),
        shared: None,
        mounts: stage.mounts,
        folder: PathBuf::from("/"),
        data: None,
        open_files: Some(beside.open_files),
        user: Some(outside_user(&host.name)),
        program: words_beside(&stage.program, &stage.files, beside),
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
        let mut mounts = vec![Mount::Memory {
            at: PathBuf::from(STAGE),
            bytes: NOTHING_BUT_PLACES,
            entries: FEW,
            owner: None,
        }];
        let mut lay = |from: &Path, name: &str| {
            let at = Path::new(STAGE).join(name);
            mounts.push(Mount::Bind { from: from.to_path_buf(), at: at.clone(), read_only: false });
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
    words.nobody();
    for (name, value) in ENVIRONMENT {
        words.flag("--setenv", &[name, value]);
    }
    words.flag("--proc", &["/proc"]);
    for Bind { from, at } in files {
        let how = if at == Sidecar::SHARED { "--bind" } else { "--ro-bind" };
        words.flag(how, &[&from.display().to_string(), at]);
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

/// The command line of a sidecar. Its `/` is its image's; what it has of its own lies over that.
fn words_beside(program: &Path, files: &[Bind], beside: &Beside<'_>) -> Vec<String> {
    let mut words = Words(vec![program.display().to_string()]);
    for namespace in ["user", "ipc", "pid", "uts", "cgroup"] {
        words.0.push(format!("--unshare-{namespace}"));
    }
    words.nobody();
    for (name, value) in &beside.environment {
        words.flag("--setenv", &[name, value]);
    }
    for Bind { from, at } in files {
        let how = if at == Sidecar::SHARED { "--bind" } else { "--ro-bind" };
        words.flag(how, &[&from.display().to_string(), at]);
    }
    let bytes = beside.scratch.to_string();
    words.flag("--proc", &["/proc"]).flag("--dev", &["/dev"]).flag("--remount-ro", &["/dev"]);
    words.flag("--perms", &["0700"]).flag("--size", &[&bytes]).flag("--tmpfs", &["/tmp"]);
    words.flag("--chdir", &[&beside.folder]);
    words.flag("--info-fd", &[INFO]).flag("--seccomp", &[SECCOMP_BESIDE]).flag("--", &[]);
    words.0.extend_from_slice(&beside.command);
    words.0
}

struct Words(Vec<String>);

impl Words {
    /// An own user without rights and without anything of the server's.
    fn nobody(&mut self) -> &mut Self {
        let nobody = NOBODY.to_string();
        self.flag("--uid", &[&nobody]).flag("--gid", &[&nobody]).flag("--hostname", &["tentacle"]);
        self.flag("--die-with-parent", &[]).flag("--new-session", &[]).flag("--as-pid-1", &[]);
        self.flag("--disable-userns", &[]).flag("--cap-drop", &["ALL"]).flag("--clearenv", &[])
    }

    fn flag(&mut self, name: &str, values: &[&str]) -> &mut Self {
        self.0.extend([name].iter().chain(values).map(|word| (*word).to_owned()));
        self
    }
}
