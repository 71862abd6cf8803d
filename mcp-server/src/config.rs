//! The configuration: flags with environment twins, checked as a whole, every problem told at once.

mod github;
mod kubernetes;
mod modules;
mod state;

pub use github::GithubArgs;
pub(crate) use github::GithubConfig;
pub use kubernetes::KubernetesArgs;
pub use modules::ModuleArgs;
pub use state::StateArgs;
pub(crate) use state::StateConfig;

use clap::{Parser, ValueEnum};
use secrecy::SecretString;
use std::net::SocketAddr;
use std::path::PathBuf;
use url::Url;
use wire::loopback::is_loopback;
use workflow::Sidecar;

/// The Tentacular MCP server: the only door to the cluster.
#[derive(Debug, Clone, Parser)]
#[command(name = "mcp-server", version, about)]
pub struct Args {
    /// Where to listen.
    #[arg(long, env = "TENTACULAR_BIND", default_value = "127.0.0.1:8080")]
    pub bind: SocketAddr,
    /// Where clients reach this server, without a path, e.g. `https://tentacular.example`.
    #[arg(long, env = "TENTACULAR_PUBLIC_URL")]
    pub public_url: Url,
    /// The issuer, exactly as it calls itself.
    #[arg(long, env = "TENTACULAR_OIDC_ISSUER")]
    pub oidc_issuer: String,
    /// The audience that access tokens must be for.
    #[arg(long, env = "TENTACULAR_OIDC_AUDIENCE", default_value = "tentacular")]
    pub oidc_audience: String,
    /// The Kraken's client, with which it acts for people.
    #[arg(long, env = "TENTACULAR_KRAKEN_CLIENT", default_value = "kraken")]
    pub kraken_client: String,
    /// The client of the Kraken's own identity.
    #[arg(long, env = "TENTACULAR_RELAY_CLIENT", default_value = "kraken-relay")]
    pub relay_client: String,
    /// The command line's client.
    #[arg(long, env = "TENTACULAR_TNTC_CLIENT", default_value = "tntc")]
    pub tntc_client: String,
    /// Another client whose tokens are taken; may be given several times, or separated by commas.
    #[arg(long = "mcp-client", env = "TENTACULAR_MCP_CLIENTS", value_delimiter = ',')]
    pub mcp_clients: Vec<String>,
    /// The public client with which people sign in on the server's own page, where new reach can be approved without Slack
    /// (authorization code flow with PKCE; it may be sent back to `<public-url>/approve/callback`); without it there is no
    /// such page.
    #[arg(long, env = "TENTACULAR_PAGE_CLIENT")]
    pub page_client: Option<String>,
    /// The Kraken's public keys: a JWK set of Ed25519 keys.
    #[arg(long, env = "TENTACULAR_KRAKEN_KEYS")]
    pub kraken_keys: PathBuf,
    /// The server's own Ed25519 key, PKCS#8 PEM: signs the heads of the trail.
    #[arg(long, env = "TENTACULAR_SIGNING_KEY_FILE")]
    pub signing_key_file: PathBuf,
    /// Where the signed heads of the trail are kept: not where the store is.
    #[arg(long, env = "TENTACULAR_TRAIL_HEADS_DIR")]
    pub trail_heads_dir: PathBuf,
    /// The file of break-glass entries; without it there is no emergency access.
    #[arg(long, env = "TENTACULAR_BREAK_GLASS_FILE")]
    pub break_glass_file: Option<PathBuf>,
    /// The store: `sqlite:<file>`, or `postgres://…` without a password, which everybody on the machine could see here.
    #[arg(long, env = "TENTACULAR_STORE")]
    pub store: Option<String>,
    /// A file that holds the store's address, which may have a password in it; instead of `--store`.
    #[arg(long, env = "TENTACULAR_STORE_FILE")]
    pub store_file: Option<PathBuf>,
    /// A file with the age key that secrets are kept with; without it there are none.
    #[arg(long, env = "TENTACULAR_SECRETS_KEY_FILE")]
    pub secrets_key_file: Option<PathBuf>,
    /// A file that says which private ranges are open to which enclave: `{"<enclave>": ["10.1.2.0/24"]}`.
    #[arg(long, env = "TENTACULAR_PRIVATE_RANGES_FILE")]
    pub private_ranges_file: Option<PathBuf>,
    /// The collector that traces are sent to (OpenTelemetry, OTLP over HTTP), without a path, e.g. `http://collector:4318`;
    /// without it there are none. They hold names, times and outcomes, never what was asked or answered.
    #[arg(long, env = "OTEL_EXPORTER_OTLP_ENDPOINT")]
    pub otlp_endpoint: Option<Url>,
    /// An image that may run as a sidecar, or what the names of such images begin with (`registry.example/team`); may be given
    /// several times, or separated by commas. Without it any that the enclave's owner approves may.
    #[arg(long = "sidecar-images", env = "TENTACULAR_SIDECAR_IMAGES", value_delimiter = ',')]
    pub sidecar_images: Vec<String>,
    /// Where enclaves live and tentacles run.
    #[arg(long, env = "TENTACULAR_BACKEND", value_enum)]
    pub backend: BackendKind,
    /// With `--backend machine`: the folder of the enclaves.
    #[arg(long, env = "TENTACULAR_MACHINE_DIR")]
    pub machine_dir: Option<PathBuf>,
    /// With `--backend machine`: the folder of an OCI image layout that has the images of sidecars; without it there are none.
    #[arg(long, env = "TENTACULAR_SIDECAR_LAYOUT")]
    pub sidecar_layout: Option<PathBuf>,
    /// With `--backend machine`: how many seconds pass between two questions whether a sidecar is well. One that is not, six times
    /// in a row, is ended, and the next run gets a new sandbox.
    #[arg(long, env = "TENTACULAR_SIDECAR_SECONDS", default_value_t = Sidecar::ASKED_EVERY,
        value_parser = clap::value_parser!(u32).range(1..))]
    pub sidecar_seconds: u32,
    /// With `--backend machine`: the Deno binary; looked up on the PATH when left out.
    #[arg(long, env = "TENTACULAR_DENO")]
    pub deno: Option<PathBuf>,
    /// With `--backend machine`: the folder of the engine's program.
    #[arg(long, env = "TENTACULAR_ENGINE_DIR")]
    pub engine_dir: Option<PathBuf>,
    /// With `--backend machine`: which program builds the walls around a tentacle.
    #[arg(long, env = "TENTACULAR_SANDBOX", value_enum, default_value_t)]
    pub sandbox: SandboxKind,
    /// With `--backend machine`: gVisor's `runsc`; looked up on the PATH when left out.
    #[arg(long, env = "TENTACULAR_RUNSC")]
    pub runsc: Option<PathBuf>,
    /// With `--backend machine`: Bubblewrap's `bwrap`; looked up on the PATH when left out.
    #[arg(long, env = "TENTACULAR_BWRAP")]
    pub bwrap: Option<PathBuf>,
    /// With `--backend machine`: the egress gateway's program; looked for beside this one, then on the PATH, when left
    /// out.
    #[arg(long, env = "TENTACULAR_EGRESS")]
    pub egress: Option<PathBuf>,
    /// With `--backend machine`: host names that the gateway knows before it asks anybody, in the format of `/etc/hosts`.
    #[arg(long, env = "TENTACULAR_EGRESS_HOSTS")]
    pub egress_hosts: Option<PathBuf>,
    /// With `--backend machine`: lets private ranges that are open to an enclave be on this machine itself. For tests and
    /// for trying things out: a tentacle reaches the machine's own services then.
    #[arg(long, env = "TENTACULAR_EGRESS_ALLOW_LOOPBACK")]
    pub egress_allow_loopback: bool,
    /// With `--backend machine`: how many seconds a sandbox that nobody uses is kept.
    #[arg(long, env = "TENTACULAR_IDLE_SECONDS", default_value_t = 300)]
    pub idle_seconds: u32,
    /// Modules.
    #[command(flatten)]
    pub modules: ModuleArgs,
    /// The state repo.
    #[command(flatten)]
    pub state: StateArgs,
    /// The cluster.
    #[command(flatten)]
    pub kubernetes: KubernetesArgs,
}

/// Which backend.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum BackendKind {
    /// A Kubernetes cluster.
    Kubernetes,
    /// This machine.
    Machine,
    /// None: everything is decided and recorded as elsewhere, and no code is run.
    Simulator,
}

/// Which program builds the walls around a tentacle on this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum SandboxKind {
    /// `runsc` where it works, else `bwrap`.
    #[default]
    Auto,
    /// gVisor: a kernel of its own.
    Runsc,
    /// Bubblewrap: the machine's kernel.
    Bwrap,
}

/// Everything that is wrong with a configuration, one line each.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the configuration cannot be used:\n{}", .0.iter().map(|problem| format!("  - {problem}")).collect::<Vec<_>>().join("\n"))]
pub struct ConfigError(Vec<String>);

impl ConfigError {
    /// One problem.
    pub(crate) fn one(problem: String) -> Self {
        Self(vec![problem])
    }
}

impl Args {
    /// Checks what no single flag can show.
    ///
    /// # Errors
    /// Lists every problem.
    pub fn check(&self) -> Result<(), ConfigError> {
        let mut problems = Vec::new();
        self.check_transport(&mut problems);
        self.check_clients(&mut problems);
        self.check_store(&mut problems);
        if self.backend == BackendKind::Machine && self.machine_dir.is_none() {
            problems.push("--backend machine needs --machine-dir, the folder of the enclaves".to_owned());
        }
        if self.backend == BackendKind::Machine && self.engine_dir.is_none() {
            problems
                .push("--backend machine needs --engine-dir, the folder of the engine's program".to_owned());
        }
        self.kubernetes.check(&mut problems);
        self.modules.check(&mut problems);
        self.state.check(&mut problems);
        if problems.is_empty() { Ok(()) } else { Err(ConfigError(problems)) }
    }

    /// Plain http is for one machine alone: tokens and keys would travel in clear.
    fn check_transport(&self, problems: &mut Vec<String>) {
        match Url::parse(&self.oidc_issuer) {
            Ok(issuer) if issuer.scheme() == "https" => {}
            Ok(issuer) if issuer.scheme() == "http" => {
                let local =
                    is_loopback(&issuer) && is_loopback(&self.public_url) && self.bind.ip().is_loopback();
                if !local {
                    problems.push(format!(
                        "the issuer `{issuer}` is plain http, which is taken only when the issuer, --public-url and --bind are \
                         all loopback: use https"
                    ));
                }
            }
            _ => problems.push(format!("--oidc-issuer `{}` is not an http(s) URL", self.oidc_issuer)),
        }
        let url = &self.public_url;
        if !matches!(url.scheme(), "http" | "https")
            || !matches!(url.path(), "" | "/")
            || url.query().is_some()
        {
            problems.push(format!("--public-url `{url}` must be an http(s) URL without a path"));
        }
        if self.page_client.is_some() && url.scheme() != "https" && !is_loopback(url) {
            problems.push(format!(
                "--page-client: people sign in there, so --public-url `{url}` must be https, or loopback"
            ));
        }
    }

    /// One address, and no password where it can be seen.
    fn check_store(&self, problems: &mut Vec<String>) {
        match (&self.store, &self.store_file) {
            (Some(_), Some(_)) => problems.push("--store and --store-file: give one of the two".to_owned()),
            (None, None) => problems.push("the store is not named: give --store or --store-file".to_owned()),
            (Some(address), None) if has_password(address) => problems.push(
                "the address in --store has a password, which flags and variables do not keep secret: put the address into a \
                 file, and name it with --store-file"
                    .to_owned(),
            ),
            (Some(_), None) | (None, Some(_)) => {}
        }
    }

    /// The store's address, wherever it is.
    ///
    /// # Errors
    /// When the file cannot be read, or nothing names a store.
    pub fn store_address(&self) -> Result<SecretString, ConfigError> {
        let Some(file) = &self.store_file else {
            let address = self.store.clone().unwrap_or_default();
            return Ok(address.into());
        };
        match std::fs::read_to_string(file) {
            Ok(address) => Ok(address.trim().into()),
            Err(error) => {
                let problem = format!("--store-file `{}` cannot be read: {error}", file.display());
                Err(ConfigError(vec![problem]))
            }
        }
    }

    /// One client, one meaning.
    fn check_clients(&self, problems: &mut Vec<String>) {
        let own = [&self.kraken_client, &self.relay_client, &self.tntc_client];
        let others = self.mcp_clients.iter().chain(&self.page_client);
        let mut all: Vec<&String> = own.into_iter().chain(others).collect();
        if all.iter().any(|client| client.is_empty()) {
            problems.push("a client's name is empty".to_owned());
        }
        all.sort();
        if let Some(twice) =
            all.windows(2).find_map(|pair| (pair.first() == pair.last()).then(|| pair.first()))
        {
            let name = twice.map(|name| name.as_str()).unwrap_or_default();
            problems.push(format!("the client `{name}` is named twice: each client has one meaning"));
        }
    }
}

/// Whether an address has a password, in its authority or among its parameters. One that is no URL is refused later.
fn has_password(address: &str) -> bool {
    Url::parse(address).is_ok_and(|url| {
        url.password().is_some() || url.query_pairs().any(|(name, _)| name.eq_ignore_ascii_case("password"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    fn args(more: &[&str]) -> Args {
        let mut flags = vec![
            "mcp-server",
            "--kraken-keys=k",
            "--signing-key-file=s",
            "--trail-heads-dir=h",
            "--backend=kubernetes",
        ];
        if more.iter().all(|flag| !flag.starts_with("--store")) {
            flags.push("--store=sqlite:x");
        }
        flags.extend(more);
        Args::parse_from(flags)
    }

    fn problems(more: &[&str]) -> String {
        args(more).check().map_or_else(|error| error.to_string(), |()| String::new())
    }

    #[test]
    fn plain_http_is_for_loopback_alone() {
        let local = ["--oidc-issuer=http://127.0.0.1:1/oidc", "--public-url=http://127.0.0.1:2"];
        assert_eq!(problems(&local), "");
        assert!(problems(&[&local[..], &["--bind=0.0.0.0:80"]].concat()).contains("plain http"));
        assert!(problems(&[local[0], "--public-url=https://a.example"]).contains("plain http"));
        assert!(problems(&["--oidc-issuer=http://issuer.example", local[1]]).contains("plain http"));
        assert_eq!(problems(&["--oidc-issuer=https://issuer.example", "--public-url=https://a.example"]), "");
    }

    #[test]
    fn people_sign_in_over_https_and_with_a_client_of_their_own() {
        let issuer = "--oidc-issuer=https://issuer.example";
        let told = |url: &str, client: &str| problems(&[issuer, url, &format!("--page-client={client}")]);
        for url in ["--public-url=https://a.example", "--public-url=http://127.0.0.1:2"] {
            assert_eq!(told(url, "page"), "");
        }
        assert!(told("--public-url=http://a.example", "page").contains("must be https"));
        assert!(told("--public-url=https://a.example", "kraken").contains("`kraken` is named twice"));
    }

    #[test]
    fn a_store_is_named_once_and_no_password_in_a_flag() {
        let issuer = ["--oidc-issuer=https://issuer.example", "--public-url=https://a.example"];
        let told = |store: &[&str]| problems(&[&issuer[..], store].concat());
        for fine in ["--store=sqlite:x", "--store=postgres://tentacular@db.example/t", "--store-file=s"] {
            assert_eq!(told(&[fine]), "");
        }
        assert!(told(&["--store=sqlite:x", "--store-file=s"]).contains("one of the two"));
        for seen in ["postgres://t:hunter2@db.example/t", "postgres://db.example/t?user=t&password=hunter2"] {
            let told = told(&[&format!("--store={seen}")]);
            assert!(told.contains("--store-file") && !told.contains("hunter2"), "{told}");
        }
    }

    #[test]
    fn the_stores_address_is_what_the_file_holds() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "postgres://t:hunter2@db.example/t\n").unwrap();
        let issuer = ["--oidc-issuer=https://issuer.example", "--public-url=https://a.example"];
        let named = args(&[&issuer[..], &[&format!("--store-file={}", file.path().display())]].concat());
        assert_eq!(named.store_address().unwrap().expose_secret(), "postgres://t:hunter2@db.example/t");
        drop(file);
        assert!(named.store_address().unwrap_err().to_string().contains("cannot be read"));
    }

    #[test]
    fn an_image_is_named_by_its_digest() {
        let issuer = ["--oidc-issuer=https://issuer.example", "--public-url=https://a.example"];
        let told = |image: &str| problems(&[&issuer[..], &[&format!("--engine-image={image}")]].concat());
        assert_eq!(told(&format!("example.org/engine@sha256:{}", "0".repeat(64))), "");
        for moved in ["example.org/engine", "example.org/engine:1", "example.org/engine@sha256:00"] {
            assert!(told(moved).contains("by its digest"), "{moved}");
        }
    }

    #[test]
    fn all_problems_are_told_at_once() {
        let told =
            problems(&["--oidc-issuer=nonsense", "--public-url=https://a.example/mcp", "--mcp-client=tntc"]);
        for problem in ["nonsense", "without a path", "`tntc` is named twice"] {
            assert!(told.contains(problem), "{told}");
        }
    }
}
