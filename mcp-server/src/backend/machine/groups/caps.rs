//! How much a group may use, as the kernel's files say it.

use super::{Controller, Version};
use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;
use workflow::Limits;

/// In which time the processor's share is measured. The kernel's usual tenth of a second would make a short run wait
/// several times for its next share; within a whole second most runs get all they need at once.
const PERIOD: Duration = Duration::from_secs(1);

/// How much a group may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct Caps {
    /// Bytes of memory. Nothing is swapped out.
    pub(in super::super) memory: u64,
    /// Processor time, in thousandths of one processor.
    pub(in super::super) cpu_millis: u64,
    /// Processes and threads together.
    pub(in super::super) processes: u64,
}

/// A file of a group, what to write into it, and whether every kernel has it.
type Setting = (&'static str, String, Presence);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Presence {
    Always,
    /// Only where swap is counted.
    Sometimes,
}

impl Caps {
    /// What a sandbox of these limits may use.
    pub(in super::super) fn of(limits: &Limits) -> Self {
        Self {
            memory: u64::from(limits.memory_mib) << 20,
            cpu_millis: limits.cpu_millis.into(),
            processes: limits.processes.into(),
        }
    }

    /// Sets what these controllers can hold the group to, and sees that it took effect.
    pub(super) fn set(&self, folder: &Path, version: Version, controllers: &[Controller]) -> io::Result<()> {
        for controller in controllers {
            let settings = self.settings(*controller, version);
            let set = settings.iter().try_for_each(|setting| write(folder, setting));
            // To raise both, the outer of two nested limits has to go first; to lower both, the inner one.
            let set = set.or_else(|_| settings.iter().rev().try_for_each(|setting| write(folder, setting)));
            set.map_err(|error| io::Error::other(format!("{}: {error}", controller.name())))?;
        }
        Ok(())
    }

    /// Where a group is not capped so.
    pub(super) fn amiss(&self, folder: &Path, version: Version, controllers: &[Controller]) -> Vec<String> {
        let settings = controllers.iter().flat_map(|controller| self.settings(*controller, version));
        let wrong = settings.filter_map(|(name, wanted, presence)| {
            let is = match fs::read_to_string(folder.join(name)) {
                Ok(text) => text.trim().to_owned(),
                Err(_) if presence == Presence::Sometimes => return None,
                Err(error) => return Some(format!("{name} cannot be read: {error}")),
            };
            (is != wanted).then(|| format!("{name} is {is} and not {wanted}"))
        });
        wrong.collect()
    }

    fn settings(&self, controller: Controller, version: Version) -> Vec<Setting> {
        use Presence::{Always, Sometimes};
        let memory = self.memory.to_string();
        let period = PERIOD.as_micros();
        let quota = u128::from(self.cpu_millis) * period / 1000;
        match (controller, version) {
            (Controller::Memory, Version::One) => vec![
                ("memory.limit_in_bytes", memory.clone(), Always),
                ("memory.memsw.limit_in_bytes", memory, Sometimes),
            ],
            (Controller::Memory, Version::Two) => {
                vec![("memory.max", memory, Always), ("memory.swap.max", "0".to_owned(), Sometimes)]
            }
            (Controller::Cpu, Version::One) => vec![
                ("cpu.cfs_period_us", period.to_string(), Always),
                ("cpu.cfs_quota_us", quota.to_string(), Always),
            ],
            (Controller::Cpu, Version::Two) => vec![("cpu.max", format!("{quota} {period}"), Always)],
            (Controller::Pids, _) => vec![("pids.max", self.processes.to_string(), Always)],
        }
    }
}

fn write(folder: &Path, (name, value, presence): &Setting) -> io::Result<()> {
    let path = folder.join(name);
    if *presence == Presence::Sometimes && !path.exists() {
        return Ok(());
    }
    fs::write(&path, value)?;
    let now = fs::read_to_string(&path)?;
    if now.trim() == value {
        return Ok(());
    }
    Err(io::Error::other(format!("{name} is {} and not {value}", now.trim())))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CAPS: Caps = Caps { memory: 384 << 20, cpu_millis: 500, processes: 128 };

    fn written(version: Version) -> Vec<(&'static str, String)> {
        let settings = Controller::ALL.into_iter().flat_map(|it| CAPS.settings(it, version));
        settings.map(|(name, value, _)| (name, value)).collect()
    }

    #[test]
    fn both_versions_say_the_same() {
        let one = [
            ("memory.limit_in_bytes", "402653184"),
            ("memory.memsw.limit_in_bytes", "402653184"),
            ("cpu.cfs_period_us", "1000000"),
            ("cpu.cfs_quota_us", "500000"),
            ("pids.max", "128"),
        ];
        let two = [
            ("memory.max", "402653184"),
            ("memory.swap.max", "0"),
            ("cpu.max", "500000 1000000"),
            ("pids.max", "128"),
        ];
        assert_eq!(written(Version::One), one.map(|(name, value)| (name, value.to_owned())));
        assert_eq!(written(Version::Two), two.map(|(name, value)| (name, value.to_owned())));
    }

    #[test]
    fn a_value_that_did_not_take_effect_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let setting = ("pids.max", "128".to_owned(), Presence::Always);
        write(folder.path(), &setting).unwrap();
        // a file that swallows what is written, as a kernel that rounds or ignores it would
        std::os::unix::fs::symlink("/dev/null", folder.path().join("memory.max")).unwrap();
        let error = write(folder.path(), &("memory.max", "1".to_owned(), Presence::Always)).unwrap_err();
        assert!(error.to_string().contains("memory.max is  and not 1"), "{error}");
    }
}
