//! Where things lie in the machine folder. Names are checked names, so that none of them can lead elsewhere.

use std::path::{Path, PathBuf};
use uuid::Uuid;
use workflow::{ContentHash, EnclaveName, TentacleName};

/// The machine folder.
#[derive(Debug, Clone)]
pub(super) struct Places {
    root: PathBuf,
}

impl Places {
    pub(super) fn new(root: PathBuf) -> Self {
        Self { root }
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// Whoever has this locked is the only one to use the folder.
    pub(super) fn lock(&self) -> PathBuf {
        self.root.join("lock")
    }

    /// The control groups that belong to this folder, as they were when they were made.
    pub(super) fn groups(&self) -> PathBuf {
        self.root.join("groups.json")
    }

    /// The enclaves, each in a folder of its name.
    pub(super) fn enclaves(&self) -> PathBuf {
        self.root.join("enclaves")
    }

    /// What living sandboxes need, each in a folder of its own.
    pub(super) fn sandboxes(&self) -> PathBuf {
        self.root.join("sandboxes")
    }

    /// The images of sidecars, each in a folder of its digest's digits.
    pub(super) fn images(&self) -> PathBuf {
        self.root.join("images")
    }

    /// The gateway's socket, in a folder that sandboxes see: it is made anew when the gateway is started again.
    pub(super) fn gateway(&self) -> PathBuf {
        self.root.join("egress").join("run").join(GATEWAY_SOCKET)
    }

    /// The public keys of passes, which the gateway reads.
    pub(super) fn gateway_keys(&self) -> PathBuf {
        self.root.join("egress").join("keys.json")
    }

    /// What is being made: it gets its name when it is whole.
    pub(super) fn making(&self) -> PathBuf {
        self.root.join("making")
    }

    /// What is being removed: it has lost its name already.
    pub(super) fn removing(&self) -> PathBuf {
        self.root.join("removing")
    }

    /// A place for a version that serves nobody. It has no name that anybody looks for, and goes with the next start.
    pub(super) fn trial(&self) -> TentaclePlace {
        TentaclePlace { folder: self.making().join(Uuid::now_v7().simple().to_string()) }
    }

    /// An enclave.
    pub(super) fn enclave(&self, name: &EnclaveName) -> EnclavePlace {
        EnclavePlace { folder: self.enclaves().join(name.as_str()) }
    }
}

/// The name of the gateway's socket.
pub(super) const GATEWAY_SOCKET: &str = "gateway.sock";

/// An enclave's folder.
#[derive(Debug, Clone)]
pub(super) struct EnclavePlace {
    pub(super) folder: PathBuf,
}

/// The name of the file that makes a folder an enclave.
pub(super) const ENCLAVE_FILE: &str = "enclave.json";

impl EnclavePlace {
    /// Its record.
    pub(super) fn file(&self) -> PathBuf {
        self.folder.join(ENCLAVE_FILE)
    }

    /// Its tentacles, each in a folder of its name.
    pub(super) fn tentacles(&self) -> PathBuf {
        self.folder.join("tentacles")
    }

    /// A tentacle.
    pub(super) fn tentacle(&self, name: &TentacleName) -> TentaclePlace {
        TentaclePlace { folder: self.tentacles().join(name.as_str()) }
    }
}

/// A tentacle's folder.
#[derive(Debug, Clone)]
pub(super) struct TentaclePlace {
    pub(super) folder: PathBuf,
}

impl TentaclePlace {
    /// Which version is the current one.
    pub(super) fn current(&self) -> PathBuf {
        self.folder.join("current.json")
    }

    /// The versions, each in a folder of its hash's digits.
    pub(super) fn versions(&self) -> PathBuf {
        self.folder.join("versions")
    }

    /// A version's files.
    pub(super) fn version(&self, version: &ContentHash) -> PathBuf {
        self.versions().join(digits(version))
    }

    /// The modules of versions, each in a folder of the version's name.
    pub(super) fn modules(&self) -> PathBuf {
        self.folder.join("modules")
    }

    /// A version's modules.
    pub(super) fn modules_of(&self, version: &ContentHash) -> PathBuf {
        self.modules().join(digits(version))
    }

    /// What it printed.
    pub(super) fn log(&self) -> PathBuf {
        self.folder.join("log")
    }
}

/// A hash without the word before it.
fn digits(version: &ContentHash) -> String {
    let name = version.to_string();
    name.rsplit(':').next().unwrap_or_default().to_owned()
}
