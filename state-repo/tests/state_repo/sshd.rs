//! The real `sshd`, with git's own programs behind it.

use std::fmt::Write as _;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// An `sshd` of the current account, which ends with this.
pub(crate) struct Sshd {
    child: Child,
    pub(crate) port: u16,
    pub(crate) folder: PathBuf,
}

pub(crate) fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

pub(crate) fn key(folder: &Path, name: &str, kind: &str) -> PathBuf {
    let file = folder.join(name);
    run(Command::new("ssh-keygen").args(["-q", "-t", kind, "-N", "", "-C", "test", "-f"]).arg(&file));
    file
}

pub(crate) fn public(key: &Path) -> String {
    std::fs::read_to_string(key.with_extension("pub")).unwrap()
}

impl Sshd {
    /// One in a folder `name` within `root` that knows the key `kraken` there. `more` is added to what it is told.
    pub(crate) fn start(root: &Path, name: &str, more: &str) -> Self {
        let program = std::env::var_os("TENTACULAR_TEST_SSHD");
        assert!(program.is_some(), "TENTACULAR_TEST_SSHD names no `sshd`: `cargo xtask test` finds it");
        let program = program.unwrap();
        let folder = root.join(name);
        std::fs::create_dir(&folder).unwrap();
        let host = key(&folder, "host", "ed25519");
        let kraken = root.join("kraken");
        if !kraken.exists() {
            key(root, "kraken", "ed25519");
        }
        std::fs::write(folder.join("authorized"), public(&kraken)).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut told = String::new();
        let shown = folder.display();
        writeln!(told, "Port {port}\nListenAddress 127.0.0.1\nHostKey {}", host.display()).unwrap();
        writeln!(told, "AuthorizedKeysFile {shown}/authorized\nPidFile none\nStrictModes no\nUsePAM no")
            .unwrap();
        writeln!(told, "PasswordAuthentication no\nKbdInteractiveAuthentication no").unwrap();
        writeln!(told, "PermitRootLogin yes\nSetEnv GIT_CONFIG_GLOBAL=/dev/null\n{more}").unwrap();
        let config = folder.join("config");
        std::fs::write(&config, told).unwrap();
        let mut command = by_itself(&folder, Path::new(&program));
        let log = std::fs::File::create(folder.join("log")).unwrap();
        command.args(["-D", "-e", "-f"]).arg(&config).stdin(Stdio::null()).stderr(log);
        let child = command.spawn().unwrap();
        let server = Self { child, port, folder };
        server.answers();
        server
    }

    fn answers(&self) {
        let until = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            let log = || std::fs::read_to_string(self.folder.join("log")).unwrap_or_default();
            assert!(Instant::now() < until, "sshd does not answer: {}", log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub(crate) fn host_key(&self) -> String {
        public(&self.folder.join("host"))
    }

    /// The line by which it is known.
    pub(crate) fn known(&self) -> String {
        format!("[127.0.0.1]:{} {}", self.port, self.host_key())
    }

    /// Where a repository at this path is.
    pub(crate) fn address(&self, path: &Path) -> String {
        let user = run(Command::new("id").arg("-un"));
        format!("ssh://{user}@127.0.0.1:{}{}", self.port, path.display())
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `sshd` run by root wants an account of its own and a folder. Where the machine lacks them, it gets both for itself.
fn by_itself(folder: &Path, program: &Path) -> Command {
    let accounts = std::fs::read_to_string("/etc/passwd").unwrap();
    let lacks = !accounts.lines().any(|line| line.starts_with("sshd:")) || !Path::new("/run/sshd").is_dir();
    if run(Command::new("id").arg("-u")) != "0" || !lacks {
        return Command::new(program);
    }
    let more = folder.join("passwd");
    std::fs::write(&more, format!("{accounts}sshd:x:65533:65534::/run/sshd:/usr/sbin/nologin\n")).unwrap();
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-ec"]);
    command.arg(
        "mount --bind \"$0\" /etc/passwd; mount -t tmpfs none /run; mkdir -m 755 /run/sshd; exec \"$@\"",
    );
    command.arg(more).arg(program);
    command
}
