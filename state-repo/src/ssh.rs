//! Git's smart protocol by SSH, for libgit2: russh carries it, within bounds of size and time, to hosts whose keys are known.

mod known_hosts;

use crate::address::OverSsh;
use crate::line::{CONNECT, Line, MOST_SENT};
use crate::remote::{RemoteError, one_line};
use git2::Error;
use git2::transport::{Service, SmartSubtransport, SmartSubtransportStream};
use known_hosts::{Known, Shown};
use russh::client::{AuthResult, Config, Handle, Handler, connect};
use russh::keys::{PrivateKeyWithHashAlg, PublicKeyOrCertificate};

use russh::{Channel, ChannelMsg, Preferred, client};
use ssh_key::{Algorithm, PrivateKey};
use std::fmt;
use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::sync::Arc;
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;

/// How much is kept of what a host says beside the protocol.
const MOST_SAID: usize = 1024;

/// A private key, and the file that says to which hosts it may be shown.
pub(crate) struct SshKey {
    key: Arc<PrivateKey>,
    known_hosts: PathBuf,
}

impl fmt::Debug for SshKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SshKey(…, {})", self.known_hosts.display())
    }
}

impl SshKey {
    pub(crate) fn read(text: &str, known_hosts: Option<PathBuf>) -> Result<Self, String> {
        let key = PrivateKey::from_openssh(text)
            .map_err(|_| "it is no private key as OpenSSH writes it: `ssh-keygen -t ed25519` makes one")?;
        if key.is_encrypted() {
            return Err("the key is protected by a passphrase, and nobody is there to give it".to_owned());
        }
        if !key.algorithm().is_ed25519() && !key.algorithm().is_ecdsa() {
            let kind = key.algorithm();
            return Err(format!("keys of the kind {kind} are not used: `ssh-keygen -t ed25519` makes one"));
        }
        let known_hosts = known_hosts.ok_or(
            "a key is shown to no host that is not known: name the file with the hosts' keys, which `ssh-keyscan` writes and \
             whoever runs the host confirms",
        )?;
        Ok(Self { key: Arc::new(key), known_hosts })
    }
}

/// A transport for one remote.
pub(crate) struct Asking {
    line: Arc<Line>,
}

impl Asking {
    pub(crate) fn new() -> Result<Self, Error> {
        Ok(Self { line: Line::of_this_thread()? })
    }
}

impl SmartSubtransport for Asking {
    fn action(&self, _url: &str, action: Service) -> Result<Box<dyn SmartSubtransportStream>, Error> {
        let service = match action {
            Service::UploadPackLs | Service::UploadPack => "git-upload-pack",
            Service::ReceivePackLs | Service::ReceivePack => "git-receive-pack",
        };
        let talk = Talk::begin(&self.line, service).map_err(|error| Error::from_str(&error.to_string()))?;
        Ok(Box::new(talk))
    }

    fn close(&self) -> Result<(), Error> {
        Ok(())
    }
}

/// Whether the host is who it says.
struct Host {
    line: Arc<Line>,
    name: String,
    known: Known,
}

impl Handler for Host {
    type Error = russh::Error;

    async fn check_server_key(&mut self, shown: &PublicKeyOrCertificate) -> Result<bool, Self::Error> {
        let says = match shown {
            PublicKeyOrCertificate::PublicKey { key, .. } => self.known.says(key),
            PublicKeyOrCertificate::Certificate(_) => Shown::Unknown,
        };
        let fault = match says {
            Shown::Right => return Ok(true),
            Shown::Unknown => RemoteError::HostUnknown(self.name.clone()),
            Shown::Another => RemoteError::HostChanged(self.name.clone()),
        };
        let _ = self.line.fail(fault);
        Ok(false)
    }
}

/// One program of git's at the other end, and what is said with it.
struct Talk {
    line: Arc<Line>,
    runtime: Runtime,
    channel: Channel<client::Msg>,
    /// The connection ends with it.
    _connection: Handle<Host>,
    sent: usize,
    /// What came and was not read yet, and how much of it was.
    came: Vec<u8>,
    taken: usize,
    /// What the host said beside the protocol, and whether the program has ended.
    said: Vec<u8>,
    ended: bool,
    anything: bool,
}

impl Talk {
    fn begin(line: &Arc<Line>, service: &str) -> io::Result<Self> {
        let Some(place) = &line.ssh else { return Err(line.fail(RemoteError::NoKey)) };
        let key = line.credentials.as_ref().and_then(|credentials| credentials.key());
        let key = key.ok_or_else(|| line.fail(RemoteError::NoKey))?;
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let within = CONNECT.min(line.left()?);
        let begun = runtime.block_on(async { timeout(within, opened(line, place, key, service)).await });
        let (connection, channel) = begun.map_err(|_| line.fail(RemoteError::TooSlow))??;
        let (line, came, said) = (Arc::clone(line), Vec::new(), Vec::new());
        let (sent, taken, ended, anything) = (0, 0, false, false);
        Ok(Self { line, runtime, channel, _connection: connection, sent, came, taken, said, ended, anything })
    }

    /// Waits for what comes next; `false` at the end.
    fn hear(&mut self) -> io::Result<bool> {
        let left = self.line.left()?;
        let heard = self.runtime.block_on(async { timeout(left, self.channel.wait()).await });
        match heard.map_err(|_| self.line.fail(RemoteError::TooSlow))? {
            Some(ChannelMsg::Data { data }) => {
                self.line.count(data.len())?;
                self.anything |= !data.is_empty();
                self.came = data.to_vec();
                self.taken = 0;
            }
            Some(ChannelMsg::ExtendedData { data, .. }) => {
                self.line.count(data.len())?;
                let room = MOST_SAID.saturating_sub(self.said.len());
                self.said.extend(data.iter().take(room));
            }
            Some(ChannelMsg::Failure) => return Err(self.line.fail(RemoteError::Forbidden)),
            Some(ChannelMsg::ExitStatus { exit_status }) if exit_status != 0 => self.ended = true,
            Some(ChannelMsg::Close) | None if self.ended || !self.anything => {
                return Err(self.line.fail(why_ended(&self.said)));
            }
            Some(ChannelMsg::Close) | None => return Ok(false),
            // The end of what comes is not yet why it ended.
            Some(_) => {}
        }
        Ok(true)
    }
}

/// Goes to the host, shows the key, and has it run git's program.
async fn opened(
    line: &Arc<Line>,
    place: &OverSsh,
    key: &SshKey,
    service: &str,
) -> io::Result<(Handle<Host>, Channel<client::Msg>)> {
    let name = place.known_as();
    let known = Known::read(&key.known_hosts, &name)
        .map_err(|error| line.fail(RemoteError::KnownHosts(error.to_string())))?;
    let config = Arc::new(Config { preferred: preferred(&known), nodelay: true, ..Config::default() });
    let host = Host { line: Arc::clone(line), name, known };
    // What the host's key says is on record already, and stays.
    let unreachable = |error: russh::Error| line.fail(RemoteError::Unreachable(one_line(&error.to_string())));
    let mut connection =
        connect(config, (place.host.as_str(), place.port), host).await.map_err(unreachable)?;
    let shown = PrivateKeyWithHashAlg::new(Arc::clone(&key.key), None);
    let taken = connection.authenticate_publickey(place.user.as_str(), shown).await.map_err(unreachable)?;
    if taken != AuthResult::Success {
        return Err(line.fail(RemoteError::KeyRefused(place.user.clone())));
    }
    let channel = connection.channel_open_session().await.map_err(unreachable)?;
    channel.exec(true, place.command(service)).await.map_err(unreachable)?;
    Ok((connection, channel))
}

/// What is asked for: of the kinds of keys, first those by which the host is known.
fn preferred(known: &Known) -> Preferred {
    let mut kinds = known.algorithms();
    for kind in Preferred::DEFAULT.key.iter() {
        let of_use = !matches!(kind, Algorithm::Rsa { .. });
        if of_use && !kinds.contains(kind) {
            kinds.push(kind.clone());
        }
    }
    Preferred { key: kinds.into(), ..Preferred::DEFAULT }
}

/// Why git's program ended before its work was done, by the host's words.
fn why_ended(said: &[u8]) -> RemoteError {
    let said = String::from_utf8_lossy(said);
    let has = |words: &[&str]| words.iter().any(|word| said.to_ascii_lowercase().contains(word));
    if has(&["does not appear to be a git repository", "not found", "no such", "does not exist"]) {
        RemoteError::NotThere
    } else if has(&["denied", "read only", "read-only", "not allowed", "not authorized", "forbidden"]) {
        RemoteError::Forbidden
    } else {
        RemoteError::Ended(one_line(said.trim()))
    }
}

impl Read for Talk {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.taken >= self.came.len() {
            if !self.hear()? {
                return Ok(0);
            }
        }
        let from = self.came.get(self.taken..).unwrap_or_default();
        let count = from.len().min(buffer.len());
        for (to, byte) in buffer.iter_mut().zip(from) {
            *to = *byte;
        }
        self.taken += count;
        Ok(count)
    }
}

impl Write for Talk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.sent = self.sent.saturating_add(bytes.len());
        if self.sent > MOST_SENT {
            return Err(self.line.fail(RemoteError::TooLarge));
        }
        let left = self.line.left()?;
        let sent = self.runtime.block_on(async { timeout(left, self.channel.data(bytes)).await });
        match sent {
            Ok(Ok(())) => Ok(bytes.len()),
            Ok(Err(error)) => Err(self.line.fail(RemoteError::Unreachable(one_line(&error.to_string())))),
            Err(_) => Err(self.line.fail(RemoteError::TooSlow)),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
