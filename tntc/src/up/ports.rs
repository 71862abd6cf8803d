//! The ports: those of the last time where they are free.
//!
//! The workspace's port is more than a number. The issuer is named by it, and a person is an issuer and a subject: under
//! another port everybody would be a stranger to the server, the owners of its enclaves included. So everything that
//! hangs on who people are lives in a folder named by that port (see [`super::world`]); when the port is taken, another
//! workspace is started beside, and the first one waits untouched.

use super::announce;
use crate::private_file::{self, PrivateFileError};
use serde::{Deserialize, Serialize};
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::time::Duration;

/// Below what systems take for outgoing connections (from 32768), so that none of those is in the way at the next start.
const FIRST: u16 = 20_000;
const COUNT: u16 = 10_000;

/// How long a port that is needed may take to become free: an earlier `up` may be ending.
const PATIENCE: Duration = Duration::from_secs(5);
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// Where the two services are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Ports {
    /// The workspace with its page and the issuer.
    pub(crate) workspace: u16,
    /// The MCP server.
    pub(crate) server: u16,
}

/// Why there are no ports.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PortsError {
    /// The file cannot be used.
    #[error(transparent)]
    File(#[from] PrivateFileError),
    /// It is not what was written.
    #[error("`{path}` is damaged: {error}")]
    Damaged {
        /// The file.
        path: String,
        /// Where and how.
        error: serde_json::Error,
    },
    /// All are taken.
    #[error("no port between {FIRST} and {} is free on loopback", FIRST + COUNT - 1)]
    None,
}

/// Chooses the ports for the state in `folder`, and remembers those of the first time.
pub(crate) async fn choose(folder: &Path) -> Result<Ports, PortsError> {
    let path = folder.join("ports.json");
    let Some(text) = private_file::read(&path)? else {
        let workspace = free_from(preferred(folder), None)?;
        let ports = Ports { workspace, server: free_from(next(workspace), Some(workspace))? };
        write(&path, ports)?;
        return Ok(ports);
    };
    let remembered: Ports = serde_json::from_str(&text)
        .map_err(|error| PortsError::Damaged { path: path.display().to_string(), error })?;
    let workspace = if becomes_free(remembered.workspace).await {
        remembered.workspace
    } else {
        let other = free_from(next(remembered.server), None)?;
        announce::beside(remembered.workspace, other);
        other
    };
    let server = if is_free(remembered.server) {
        remembered.server
    } else {
        let other = free_from(next(remembered.server), Some(workspace))?;
        announce::server_moved(remembered.server, other);
        other
    };
    // The home stays what it was; only the server's port, on which nothing hangs, is remembered anew.
    write(&path, Ports { server, ..remembered })?;
    Ok(Ports { workspace, server })
}

/// A port on which nothing hangs beyond this start.
pub(super) fn another(ports: Ports) -> Result<u16, PortsError> {
    free_from(next(ports.server), Some(ports.workspace))
}

fn write(path: &Path, ports: Ports) -> Result<(), PortsError> {
    let text = serde_json::to_vec(&ports)
        .map_err(|error| PortsError::Damaged { path: path.display().to_string(), error })?;
    Ok(private_file::write(path, &text)?)
}

/// A port of this folder's own, so that two workspaces on one machine rarely want the same.
fn preferred(folder: &Path) -> u16 {
    use sha2::{Digest, Sha256};
    use std::os::unix::ffi::OsStrExt;
    let digest = Sha256::digest(folder.as_os_str().as_bytes());
    let number = digest.iter().take(4).fold(0_u32, |number, byte| number << 8 | u32::from(*byte));
    FIRST + u16::try_from(number % u32::from(COUNT)).unwrap_or_default()
}

/// The port after, in the range.
fn next(port: u16) -> u16 {
    FIRST + port.saturating_sub(FIRST).wrapping_add(1) % COUNT
}

fn free_from(first: u16, not: Option<u16>) -> Result<u16, PortsError> {
    let all = std::iter::successors(Some(first), |port| Some(next(*port))).take(usize::from(COUNT));
    all.into_iter().find(|port| Some(*port) != not && is_free(*port)).ok_or(PortsError::None)
}

/// Whether something could listen there now.
fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

async fn becomes_free(port: u16) -> bool {
    let waited = async {
        while !is_free(port) {
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    };
    tokio::time::timeout(PATIENCE, waited).await.is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn chosen(folder: &tempfile::TempDir) -> Ports {
        choose(folder.path()).await.unwrap()
    }

    #[tokio::test]
    async fn the_ports_of_the_last_time_are_found_again() {
        let folder = tempfile::tempdir().unwrap();
        let first = chosen(&folder).await;
        assert!((FIRST..FIRST + COUNT).contains(&first.workspace) && first.workspace != first.server);
        assert_eq!(chosen(&folder).await, first);
    }

    #[tokio::test]
    async fn a_server_whose_port_is_taken_moves_for_good() {
        let folder = tempfile::tempdir().unwrap();
        let first = chosen(&folder).await;
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, first.server)).unwrap();
        let second = chosen(&folder).await;
        assert_eq!(second.workspace, first.workspace);
        assert_ne!(second.server, first.server);
        drop(taken);
        assert_eq!(chosen(&folder).await, second);
    }

    #[tokio::test]
    async fn a_workspace_whose_port_is_taken_comes_back_when_it_is_free() {
        let folder = tempfile::tempdir().unwrap();
        let first = chosen(&folder).await;
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, first.workspace)).unwrap();
        let beside = chosen(&folder).await;
        assert_ne!(beside.workspace, first.workspace);
        drop(taken);
        assert_eq!(chosen(&folder).await.workspace, first.workspace);
    }

    #[tokio::test]
    async fn two_folders_want_different_ports() {
        let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        assert_ne!(preferred(one.path()), preferred(other.path()));
        assert_eq!(next(FIRST + COUNT - 1), FIRST);
    }
}
