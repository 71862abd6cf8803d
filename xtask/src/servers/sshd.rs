//! OpenSSH's server: the one that is installed, else Debian's package unpacked into the cache.

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
    let entry = Entry { key: "sshd-debian", announcement };
    place.cache.get(&entry, |folder| unpack(folder, place)).map(program)
}

fn unpack(folder: &Path, place: &Place) -> Result<()> {
    debian::unpack(&["openssh-server"], folder, &place.log("sshd"))?;
    if !process::succeeds(Command::new(program(folder.to_path_buf())).arg("-V")) {
        bail!("the unpacked one does not run here; as root: `apt-get install openssh-server`");
    }
    Ok(())
}

fn program(folder: PathBuf) -> PathBuf {
    folder.join("usr/sbin/sshd")
}
