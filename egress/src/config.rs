//! The command line.

use clap::Parser;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

/// The egress gateway: carries out what tentacles send, to the hosts that their contracts name, and to no others.
#[derive(Debug, Clone, Parser)]
#[command(name = "egress", version, about)]
pub struct Args {
    /// Where to listen: `unix:/path` or `tcp:address:port`; may be given several times.
    #[arg(long, env = "TENTACULAR_EGRESS_LISTEN", required = true, value_delimiter = ',')]
    pub listen: Vec<Listen>,
    /// The server's public keys, by which passes are known: a JWK set of Ed25519 keys.
    #[arg(long, env = "TENTACULAR_EGRESS_PASS_KEYS")]
    pub pass_keys: PathBuf,
    /// Host names that are known before anybody is asked, in the format of `/etc/hosts`.
    #[arg(long, env = "TENTACULAR_EGRESS_HOSTS")]
    pub hosts: Option<PathBuf>,
    /// Lets a range of loopback addresses that a pass names be reached: this machine itself. For tests on one machine, and
    /// for trying things out.
    #[arg(long, env = "TENTACULAR_EGRESS_ALLOW_LOOPBACK")]
    pub allow_loopback: bool,
    /// End when standard input ends: whoever started this one is gone.
    #[arg(long)]
    pub guard_stdin: bool,
    /// How many seconds a connection to a host may take to come about.
    #[arg(long, default_value_t = 10)]
    pub connect_seconds: u32,
    /// After how many seconds without a byte a connection is closed.
    #[arg(long, default_value_t = 300)]
    pub idle_seconds: u32,
    /// How many seconds a connection lasts at most.
    #[arg(long, default_value_t = 3600)]
    pub lifetime_seconds: u32,
    /// How many bytes the head of a request has at most.
    #[arg(long, default_value_t = 65_536, value_parser = clap::value_parser!(u32).range(8_192..=1_048_576))]
    pub head_bytes: u32,
    /// How many seconds calls may go on after SIGTERM.
    #[arg(long, default_value_t = 10)]
    pub drain_seconds: u32,
    /// How many connections there are at most.
    #[arg(long, default_value_t = 4096)]
    pub most: usize,
    /// How many connections of one tentacle there are at most.
    #[arg(long, default_value_t = 256)]
    pub most_of_one: usize,
    /// How many connections of one enclave's tentacles there are at most.
    #[arg(long, default_value_t = 1024)]
    pub most_of_enclave: usize,
}

/// A place to listen at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listen {
    /// A Unix socket.
    Unix(PathBuf),
    /// A TCP address.
    Tcp(SocketAddr),
}

impl FromStr for Listen {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is neither unix:/path nor tcp:address:port");
        match text.split_once(':') {
            Some(("unix", path)) if path.starts_with('/') => Ok(Self::Unix(path.into())),
            Some(("tcp", address)) => address.parse().map(Self::Tcp).map_err(|_| wrong()),
            _ => Err(wrong()),
        }
    }
}

/// How much, and how long.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Until a pass has come.
    pub pass: Duration,
    /// Until a request's head or the first words of TLS have come.
    pub head: Duration,
    /// Bytes of a request's head.
    pub head_bytes: usize,
    /// Until a connection to a host has come about.
    pub connect: Duration,
    /// Without a byte.
    pub idle: Duration,
    /// All in all.
    pub lifetime: Duration,
    /// For calls to end after the gateway was told to.
    pub drain: Duration,
    /// Connections.
    pub most: usize,
    /// Connections of one tentacle.
    pub most_of_one: usize,
    /// Connections of one enclave's tentacles.
    pub most_of_enclave: usize,
    /// Whether a pass can open this machine's own addresses.
    pub allow_loopback: bool,
}

impl Args {
    /// The bounds that the flags give.
    #[must_use]
    pub fn bounds(&self) -> Bounds {
        let seconds = |seconds: u32| Duration::from_secs(seconds.into());
        Bounds {
            pass: Duration::from_secs(5),
            head: Duration::from_secs(10),
            head_bytes: self.head_bytes as usize,
            connect: seconds(self.connect_seconds),
            idle: seconds(self.idle_seconds),
            lifetime: seconds(self.lifetime_seconds),
            drain: seconds(self.drain_seconds),
            most: self.most,
            most_of_one: self.most_of_one,
            most_of_enclave: self.most_of_enclave,
            allow_loopback: self.allow_loopback,
        }
    }
}
