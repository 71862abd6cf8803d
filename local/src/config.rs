//! What the caller decides: where the state is kept, the secret, how long things last.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;
use url::{Host, Url};

/// What [`crate::serve`] needs to know. The address is that of the listener, which must be on loopback.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where everything is kept; made when it is not there, and readable by its owner alone.
    pub state_dir: PathBuf,
    /// Opens the page; part of the address that is printed, so it must be hard to guess.
    pub secret: SecretString,
    /// The address that is used in links, and that the issuer is named by, where it is not `http://` and the
    /// listener's address. Its host must be a loopback name.
    pub public_url: Option<Url>,
    /// Where the client `page` may be sent back to: the exact addresses. None: that client is not served.
    pub page_redirects: Vec<Url>,
    /// Where people may be sent back to who signed in with their account of the workspace: the exact addresses.
    pub sign_in_redirects: Vec<Url>,
    /// The app's address, where it takes events as requests and not by Socket Mode.
    pub request_url: Option<Url>,
    /// When events are sent again.
    pub timing: Timing,
    /// How long the issuer's codes and tokens last.
    pub lifetimes: Lifetimes,
}

impl Config {
    /// The usual values for everything but the folder and the secret.
    #[must_use]
    pub fn new(state_dir: impl Into<PathBuf>, secret: SecretString) -> Self {
        Self {
            state_dir: state_dir.into(),
            secret,
            public_url: None,
            page_redirects: Vec::new(),
            sign_in_redirects: Vec::new(),
            request_url: None,
            timing: Timing::default(),
            lifetimes: Lifetimes::default(),
        }
    }
}

/// When Slack's Socket Mode gives up waiting, and what it does then.
#[derive(Debug, Clone)]
pub struct Timing {
    /// How long an envelope may stay unacknowledged.
    pub acknowledge: Duration,
    /// The pause before each retry of an event; after the last one the event is given up.
    pub retries: Vec<Duration>,
    /// How long an event waits for an app that is not connected.
    pub keep: Duration,
    /// The pause between two pings; a connection that is silent for three of them is closed.
    pub ping: Duration,
}

impl Default for Timing {
    /// Slack's: three seconds, then almost at once, after a minute, and after five.
    fn default() -> Self {
        Self {
            acknowledge: Duration::from_secs(3),
            retries: vec![Duration::ZERO, Duration::from_secs(60), Duration::from_secs(300)],
            keep: Duration::from_secs(3600),
            ping: Duration::from_secs(10),
        }
    }
}

/// How long what the issuer gives out is good for.
#[derive(Debug, Clone)]
pub struct Lifetimes {
    /// Access and ID tokens; longer than [`Lifetimes::LONGEST_ACCESS`] is refused.
    pub access_token: Duration,
    /// Refresh tokens, counted anew at each rotation.
    pub refresh_token: Duration,
    /// Authorization codes.
    pub code: Duration,
    /// Device and user codes.
    pub device_code: Duration,
    /// The pause that a polling device has to keep.
    pub poll_interval: Duration,
}

impl Lifetimes {
    /// Rights must not outlive their withdrawal by more than this.
    pub const LONGEST_ACCESS: Duration = Duration::from_secs(300);
}

impl Default for Lifetimes {
    fn default() -> Self {
        Self {
            access_token: Self::LONGEST_ACCESS,
            refresh_token: Duration::from_secs(30 * 24 * 3600),
            code: Duration::from_secs(60),
            device_code: Duration::from_secs(600),
            poll_interval: Duration::from_secs(5),
        }
    }
}

/// Why a configuration is not served.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The listener can be reached from other machines.
    #[error(
        "`{0}` is not a loopback address; what is served here has no passwords and must stay on this machine"
    )]
    NotLoopback(SocketAddr),
    /// The public address is not on this machine.
    #[error(
        "`{0}` is not on this machine: the host must be `localhost` or a loopback address, the scheme `http`"
    )]
    PublicUrl(String),
    /// The secret is too easy to guess.
    #[error("the secret has {0} characters; use at least {MIN}", MIN = MIN_SECRET)]
    ShortSecret(usize),
    /// Access tokens would outlive the withdrawal of rights for too long.
    #[error("access tokens of {0:?} are too long; at most {MAX:?}", MAX = Lifetimes::LONGEST_ACCESS)]
    LongAccess(Duration),
}

/// 128 bits in hexadecimal.
const MIN_SECRET: usize = 32;

/// Where everything is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addresses {
    base: String,
    port: u16,
    bound_port: u16,
}

impl Addresses {
    /// Checks the configuration against the listener that it is to be served on.
    pub(crate) fn check(config: &Config, bound: SocketAddr) -> Result<Self, ConfigError> {
        use secrecy::ExposeSecret;
        if !bound.ip().is_loopback() {
            return Err(ConfigError::NotLoopback(bound));
        }
        let length = config.secret.expose_secret().chars().count();
        if length < MIN_SECRET {
            return Err(ConfigError::ShortSecret(length));
        }
        if config.lifetimes.access_token > Lifetimes::LONGEST_ACCESS {
            return Err(ConfigError::LongAccess(config.lifetimes.access_token));
        }
        let Some(public) = &config.public_url else {
            return Ok(Self {
                base: format!("http://{bound}"),
                port: bound.port(),
                bound_port: bound.port(),
            });
        };
        let port = public.port_or_known_default();
        match port.filter(|_| public.scheme() == "http" && is_loopback(public)) {
            Some(port) => {
                Ok(Self { base: public.origin().ascii_serialization(), port, bound_port: bound.port() })
            }
            None => Err(ConfigError::PublicUrl(public.to_string())),
        }
    }

    /// The address of everything, without a slash at its end.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }

    /// What a Slack client has to be told as the base of the Web API.
    #[must_use]
    pub fn slack_api(&self) -> String {
        format!("{}/api", self.base)
    }

    /// The issuer's name.
    #[must_use]
    pub fn issuer(&self) -> String {
        format!("{}/oidc", self.base)
    }

    /// The port that all of it is reached at.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The address to open in a browser, which holds the secret.
    #[must_use]
    pub fn page(&self, secret: &SecretString) -> SecretString {
        use secrecy::ExposeSecret;
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("secret", secret.expose_secret())
            .finish();
        SecretString::from(format!("{}/?{query}", self.base))
    }

    /// Whether `host` is a loopback name, whatever its port.
    pub(crate) fn is_loopback_host(host: &str) -> bool {
        Url::parse(&format!("http://{host}/")).is_ok_and(|url| is_loopback(&url))
    }

    /// Whether `host`, as a `Host` header or the end of an `Origin` has it, is this server under a loopback name.
    /// A foreign name that resolves to this machine is not.
    pub(crate) fn is_our_host(&self, host: &str) -> bool {
        let ours = [Some(self.port), Some(self.bound_port)];
        Url::parse(&format!("http://{host}/"))
            .is_ok_and(|url| is_loopback(&url) && ours.contains(&url.port_or_known_default()))
    }
}

/// Whether the host is a name or address of this machine alone.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> Config {
        Config::new("/nowhere", SecretString::from("0123456789abcdef0123456789abcdef"))
    }

    fn loopback() -> SocketAddr {
        "127.0.0.1:4000".parse().unwrap()
    }

    #[test]
    fn only_loopback_is_served() {
        for address in ["0.0.0.0:80", "192.168.1.4:80", "[::]:80", "169.254.169.254:80"] {
            let address: SocketAddr = address.parse().unwrap();
            assert_eq!(Addresses::check(&config(), address), Err(ConfigError::NotLoopback(address)));
        }
        for address in ["127.0.0.1:4000", "[::1]:4000", "127.8.8.8:4000"] {
            assert!(Addresses::check(&config(), address.parse().unwrap()).is_ok());
        }
    }

    #[test]
    fn a_public_address_is_on_this_machine_too() {
        for url in
            ["https://localhost:1", "http://example.com", "http://10.0.0.1:4000", "http://localhost.evil"]
        {
            let config = Config { public_url: Some(url.parse().unwrap()), ..config() };
            assert!(matches!(Addresses::check(&config, loopback()), Err(ConfigError::PublicUrl(_))), "{url}");
        }
        let config = Config { public_url: Some("http://localhost:9/".parse().unwrap()), ..config() };
        assert_eq!(Addresses::check(&config, loopback()).unwrap().issuer(), "http://localhost:9/oidc");
    }

    #[test]
    fn a_weak_secret_and_long_tokens_are_refused() {
        let weak = Config { secret: SecretString::from("short"), ..config() };
        assert_eq!(Addresses::check(&weak, loopback()), Err(ConfigError::ShortSecret(5)));
        let mut long = config();
        long.lifetimes.access_token = Duration::from_secs(301);
        assert!(matches!(Addresses::check(&long, loopback()), Err(ConfigError::LongAccess(_))));
    }

    #[test]
    fn a_host_is_ours_by_name_and_port() {
        let ours = Addresses::check(&config(), loopback()).unwrap();
        for host in ["127.0.0.1:4000", "localhost:4000", "[::1]:4000", "LOCALHOST:4000"] {
            assert!(ours.is_our_host(host), "{host}");
        }
        for host in ["127.0.0.1", "localhost:4001", "evil.example:4000", "localhost.evil.example:4000", ""] {
            assert!(!ours.is_our_host(host), "{host}");
        }
        assert!(!ours.is_our_host("evil.example/@localhost:4000"));
    }
}
