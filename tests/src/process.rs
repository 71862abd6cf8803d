//! Processes as the machine sees them (proc(5)).

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::path::Path;

/// A process, told apart from a later one with the same number by when it began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    pid: i32,
    began: u64,
}

/// The parts of `/proc/PID/stat` that are used here.
struct Stat {
    state: char,
    parent: i32,
    began: u64,
}

impl Process {
    /// The process with this number, if there is one.
    #[must_use]
    pub fn of(pid: i32) -> Option<Self> {
        stat(pid).map(|stat| Self { pid, began: stat.began })
    }

    /// It, all that descends from it, and whatever else names `folder` in its command line.
    #[must_use]
    pub fn family(pid: i32, folder: &Path) -> Vec<Self> {
        let all: Vec<(i32, Stat)> =
            all().into_iter().filter_map(|pid| stat(pid).map(|stat| (pid, stat))).collect();
        let mut family = vec![pid];
        let mut known = 0;
        while known < family.len() {
            known = family.len();
            for (pid, stat) in &all {
                if family.contains(&stat.parent) && !family.contains(pid) {
                    family.push(*pid);
                }
            }
        }
        let mut family: Vec<Self> = family.into_iter().filter_map(Self::of).collect();
        let others: Vec<Self> =
            Self::naming(folder).into_iter().filter(|process| !family.contains(process)).collect();
        family.extend(others);
        family
    }

    /// Its command line and its environment, as anybody with the same account can read them.
    #[must_use]
    pub fn shown(&self) -> Vec<u8> {
        let read = |what: &str| std::fs::read(format!("/proc/{}/{what}", self.pid)).unwrap_or_default();
        [read("cmdline"), read("environ")].concat()
    }

    /// Every process that names `folder` in its command line.
    #[must_use]
    pub fn naming(folder: &Path) -> Vec<Self> {
        let folder = folder.to_str().unwrap();
        let names = |pid: &i32| words(*pid).iter().any(|word| word.contains(folder));
        all().into_iter().filter(names).filter_map(Self::of).collect()
    }

    /// The child of `parent` whose command line has the word `word`.
    #[must_use]
    pub fn child(parent: i32, word: &str) -> Option<Self> {
        let is_it = |pid: &i32| {
            stat(*pid).is_some_and(|stat| stat.parent == parent && stat.state != 'Z')
                && words(*pid).iter().any(|it| it == word)
        };
        all().into_iter().find(is_it).and_then(Self::of)
    }

    /// Whether it still runs. One that has ended and is not yet buried does not.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        stat(self.pid).is_some_and(|stat| stat.began == self.began && stat.state != 'Z')
    }

    /// Its command line, to be read by people.
    #[must_use]
    pub fn told(&self) -> String {
        format!("{}: {}", self.pid, words(self.pid).join(" "))
    }

    /// Its resident memory in MiB; none where it is gone.
    #[must_use]
    pub fn memory_mib(&self) -> Option<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid)).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        Some(line.split_whitespace().next()?.parse::<f64>().ok()? / 1024.0)
    }

    /// Ends it without a word.
    pub fn kill(&self) {
        self.signal(Signal::SIGKILL);
    }

    /// Stops it where it is.
    pub fn freeze(&self) {
        self.signal(Signal::SIGSTOP);
    }

    /// Lets it go on.
    pub fn thaw(&self) {
        self.signal(Signal::SIGCONT);
    }

    /// Asks it to end, as Ctrl-C does.
    pub fn interrupt(&self) {
        self.signal(Signal::SIGINT);
    }

    fn signal(&self, signal: Signal) {
        assert!(self.is_alive(), "{} is not there any more", self.pid);
        kill(Pid::from_raw(self.pid), signal).unwrap();
    }
}

fn all() -> Vec<i32> {
    let entries = std::fs::read_dir("/proc").unwrap();
    entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).collect()
}

fn words(pid: i32) -> Vec<String> {
    let line = std::fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    line.split('\0').map(str::to_owned).collect()
}

fn stat(pid: i32) -> Option<Stat> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // A name in parentheses, which may hold anything, stands before: fields 3, 4 and 22 are meant.
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    Some(Stat {
        state: fields.first()?.chars().next()?,
        parent: fields.get(1)?.parse().ok()?,
        began: fields.get(19)?.parse().ok()?,
    })
}
