//! Control groups: what holds an enclave, and each sandbox in it, to its share of memory, processor time and processes.
//!
//! Both versions are used, whichever holds a controller. All groups of a server lie below one own folder in each
//! hierarchy, named after its machine folder, within the group that the server itself runs in.

mod caps;
mod find;
mod group;

pub(super) use caps::Caps;
pub(super) use group::Group;

use super::disk;
use super::places::Places;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use wire::enforcement::Property;

/// What a hierarchy can hold its groups to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) enum Controller {
    Memory,
    Cpu,
    Pids,
}

impl Controller {
    pub(super) const ALL: [Self; 3] = [Self::Memory, Self::Cpu, Self::Pids];

    /// The kernel's name for it.
    const fn name(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Cpu => "cpu",
            Self::Pids => "pids",
        }
    }

    /// What is not enforced without it.
    pub(super) const fn property(self) -> Property {
        match self {
            Self::Memory => Property::MemoryLimit,
            Self::Cpu => Property::ProcessorLimit,
            Self::Pids => Property::ProcessLimit,
        }
    }

    /// What a tentacle can do then.
    pub(super) const fn gap(self) -> &'static str {
        match self {
            Self::Memory => "a tentacle can use up this machine's memory",
            Self::Cpu => "a tentacle can keep this machine's processors busy",
            Self::Pids => "a tentacle can start as many as this machine lets its user have",
        }
    }
}

/// Which of the two interfaces a hierarchy has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Version {
    One,
    Two,
}

/// One hierarchy, with the folder in it that is ours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Hierarchy {
    own: PathBuf,
    version: Version,
    controllers: Vec<Controller>,
}

/// The hierarchies that can be used here.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Hierarchies(Vec<Hierarchy>);

impl Hierarchies {
    /// Finds what can be used here, and makes our own folder in each. Written down first, so that they are found again
    /// when this server is gone and another runs elsewhere.
    pub(super) fn open(places: &Places) -> io::Result<Self> {
        let digest = Sha256::digest(places.root().as_os_str().as_encoded_bytes());
        let digits: String = digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
        let found = find::find(&format!("tentacular-{digits}"))?;
        disk::put(&places.groups(), serde_json::to_string_pretty(&found)?.as_bytes())?;
        let mut usable = Vec::new();
        for hierarchy in found.0 {
            match hierarchy.prepare() {
                Ok(prepared) => usable.push(prepared),
                Err(error) => {
                    tracing::warn!(own = %hierarchy.own.display(), %error, "control groups cannot be used");
                }
            }
        }
        Ok(Self(usable))
    }

    /// Those that a server before this one has written down.
    pub(super) fn recorded(places: &Places) -> io::Result<Self> {
        match fs::read(places.groups()) {
            Ok(bytes) => Ok(serde_json::from_slice(&bytes)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error),
        }
    }

    /// The same with only those controllers that really hold a group to something here.
    pub(super) async fn proven(mut self, caps: &Caps) -> io::Result<Self> {
        // No enclave has this name: it has a character that they cannot have.
        let name = Path::new("proof./proof");
        for hierarchy in &mut self.0 {
            for controller in std::mem::take(&mut hierarchy.controllers) {
                let alone = Hierarchy { controllers: vec![controller], ..hierarchy.clone() };
                match alone.make(name, caps) {
                    Ok(_) => hierarchy.controllers.push(controller),
                    Err(error) => {
                        tracing::warn!(controller = controller.name(), %error, "a controller cannot be used");
                    }
                }
            }
        }
        self.group(Path::new("proof.")).remove().await?;
        Ok(self)
    }

    /// What nothing here can be held to.
    pub(super) fn missing(&self) -> impl Iterator<Item = Controller> {
        let has = |wanted| self.0.iter().any(|hierarchy| hierarchy.controllers.contains(&wanted));
        Controller::ALL.into_iter().filter(move |wanted| !has(*wanted))
    }

    /// The group of this name, with these caps: of an enclave, or of a sandbox within one.
    pub(super) fn make(&self, name: &Path, caps: &Caps) -> io::Result<Group> {
        let mut folders = Vec::new();
        for hierarchy in &self.0 {
            folders.push(hierarchy.make(name, caps)?);
        }
        Ok(Group::new(folders))
    }

    /// Where the group of this name is not capped as it is to be.
    pub(super) fn amiss(&self, name: &Path, caps: &Caps) -> Vec<String> {
        let amiss = |hierarchy: &Hierarchy| {
            caps.amiss(&hierarchy.own.join(name), hierarchy.version, &hierarchy.controllers)
        };
        self.0.iter().flat_map(amiss).collect()
    }

    /// The group of this name, as it is.
    pub(super) fn group(&self, name: &Path) -> Group {
        Group::new(self.0.iter().map(|hierarchy| hierarchy.own.join(name)).collect())
    }

    /// Kills everything in all groups and removes them; whether nothing is left. To be called until that is so.
    pub(super) fn clear(&self) -> io::Result<bool> {
        let mut clear = true;
        for hierarchy in &self.0 {
            clear &= group::clear(&hierarchy.own)?;
        }
        Ok(clear)
    }
}

impl Hierarchy {
    /// Makes our own folder, and lets groups below it be capped.
    fn prepare(&self) -> io::Result<Self> {
        disk::make_private(&self.own)?;
        if self.version == Version::Two {
            self.pass_on(&self.own)?;
        }
        Ok(self.clone())
    }

    /// Makes the group of this name, or finds it, and caps it. The group of an enclave comes before those within it.
    fn make(&self, name: &Path, caps: &Caps) -> io::Result<PathBuf> {
        let folder = self.own.join(name);
        let made = disk::make_private(&folder)
            .and_then(|()| match (self.version, folder.parent()) {
                (Version::Two, Some(enclave)) if enclave != self.own => self.pass_on(enclave),
                _ => Ok(()),
            })
            .and_then(|()| caps.set(&folder, self.version, &self.controllers));
        made.map_err(|error| io::Error::other(format!("{}: {error}", folder.display())))?;
        Ok(folder)
    }

    /// Lets the groups within this one be capped.
    fn pass_on(&self, folder: &Path) -> io::Result<()> {
        let words: Vec<String> = self.controllers.iter().map(|it| format!("+{}", it.name())).collect();
        fs::write(folder.join("cgroup.subtree_control"), words.join(" "))
    }
}
