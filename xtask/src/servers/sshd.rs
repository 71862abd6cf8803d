//! OpenSSH's server: the one that is installed, else Debian's package unpacked into the cache.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};

use crate::cache::Entry;
use crate::place::Place;
use crate::{debian, process};

/// The program; tests start it.
pub(super) fn install(place: &Place) -> Result<PathBuf> {
    // It is none of the programs that everybody has in their path.
    let installed = Path::new("/usr/sbin/sshd");
    if installed.is_file() {
        return Ok(installed.to_path_buf());
    }
    let announcement = "OpenSSH's server from Debian's packages, unpacked, seconds";
    let entry = Entry { key: "sshd-debian-2", announcement };
    place.cache.get(&entry, |folder| unpack(folder, place)).map(|folder| folder.join(NAME))
}

const NAME: &str = "sshd";

fn unpack(folder: &Path, place: &Place) -> Result<()> {
    debian::unpack(&["openssh-server"], folder, &place.log("sshd"))?;
    // It starts itself anew for each connection, by its own path and with what it was given.
    let libraries = format!("$here/usr/lib/{}-linux-gnu", std::env::consts::ARCH);
    let script = format!(
        "#!/bin/sh\nhere=$(dirname \"$0\")\nLD_LIBRARY_PATH={libraries} exec \"$here/usr/sbin/sshd\" \"$@\"\n"
    );
    let program = folder.join(NAME);
    fs::write(&program, script)?;
    fs::set_permissions(&program, Permissions::from_mode(0o755))?;
    if !process::succeeds(Command::new(program).arg("-V")) {
        bail!("the unpacked one does not run here; as root: `apt-get install openssh-server`");
    }
    Ok(())
}
