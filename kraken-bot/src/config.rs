//! The configuration: flags with environment twins; secrets come from files.

mod model;
mod state;

pub use model::{ModelApi, ModelArgs};
pub use state::StateArgs;
pub(crate) use state::StateConfig;

use clap::Parser;
use secrecy::SecretString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use url::Url;

/// The Kraken: relays what people ask in Slack to the Tentacular server.
#[derive(Debug, Clone, Parser)]
#[command(name = "kraken-bot", version, about)]
pub struct Args {
    /// The server, without a path, e.g. `https://tentacular.example`.
    #[arg(long, env = "KRAKEN_SERVER_URL")]
    pub server_url: Url,
    /// The issuer where people sign in, exactly as it calls itself.
    #[arg(long, env = "KRAKEN_OIDC_ISSUER")]
    pub oidc_issuer: Url,
    /// The client with which people sign in here.
    #[arg(long, env = "KRAKEN_CLIENT", default_value = "kraken")]
    pub kraken_client: String,
    /// The client of the Kraken's own identity.
    #[arg(long, env = "KRAKEN_RELAY_CLIENT", default_value = "kraken-relay")]
    pub relay_client: String,
    /// The file with that client's secret.
    #[arg(long, env = "KRAKEN_RELAY_SECRET_FILE")]
    pub relay_secret_file: PathBuf,
    /// The audience that the server expects, in tokens and assertions.
    #[arg(long, env = "KRAKEN_AUDIENCE", default_value = "tentacular")]
    pub audience: String,
    /// Slack's Web API.
    #[arg(long, env = "KRAKEN_SLACK_API_URL", default_value = "https://slack.com/api")]
    pub slack_api_url: Url,
    /// The file with the bot token, `xoxb-…`.
    #[arg(long, env = "KRAKEN_SLACK_BOT_TOKEN_FILE")]
    pub slack_bot_token_file: PathBuf,
    /// The file with the app-level token, `xapp-…`: Slack is listened to by Socket Mode.
    #[arg(long, env = "KRAKEN_SLACK_APP_TOKEN_FILE")]
    pub slack_app_token_file: Option<PathBuf>,
    /// In place of Socket Mode: where requests of Slack's are listened for, at `/slack/events`. TLS ends before it.
    #[arg(long, env = "KRAKEN_SLACK_HTTP_BIND")]
    pub slack_http_bind: Option<SocketAddr>,
    /// With --slack-http-bind: the file with the app's signing secret.
    #[arg(long, env = "KRAKEN_SLACK_SIGNING_SECRET_FILE")]
    pub slack_signing_secret_file: Option<PathBuf>,
    /// The Kraken's Ed25519 key, PKCS#8 PEM: signs the channel assertions.
    #[arg(long, env = "KRAKEN_SIGNING_KEY_FILE")]
    pub signing_key_file: PathBuf,
    /// The age identity (`age-keygen`) that encrypts people's tokens at rest.
    #[arg(long, env = "KRAKEN_AGE_KEY_FILE")]
    pub age_key_file: PathBuf,
    /// The file that holds what the Kraken must not forget.
    #[arg(long, env = "KRAKEN_STATE")]
    pub state: PathBuf,
    /// The folder of the working copies; `~/tentacles` when left out.
    #[arg(long, env = "KRAKEN_WORK_DIR")]
    pub work_dir: Option<PathBuf>,
    /// The state repo, where there is one.
    #[command(flatten)]
    pub repo: StateArgs,
    /// The model, where there is one.
    #[command(flatten)]
    pub model: ModelArgs,
    /// Prints the public half of the signing key as a JWK set, for the server's --kraken-keys, and ends.
    #[arg(long)]
    pub print_keys: bool,
}

/// Everything that is wrong with a configuration, one line each.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the configuration cannot be used:\n{}", .0.iter().map(|problem| format!("  - {problem}")).collect::<Vec<_>>().join("\n"))]
pub struct ConfigError(pub(crate) Vec<String>);

/// How Slack is listened to. What is heard is the same.
pub(crate) enum Hears {
    /// By Socket Mode, with the app-level token.
    Socket(SecretString),
    /// By requests to this address, signed with this secret.
    Http(SocketAddr, SecretString),
}

/// The secrets, read from their files.
pub(crate) struct Secrets {
    pub(crate) relay: SecretString,
    pub(crate) bot_token: SecretString,
    pub(crate) hears: Hears,
    pub(crate) age: SecretString,
    pub(crate) model_key: Option<SecretString>,
    /// The state repo with what opens it and what signs for it; `None` where there is none.
    pub(crate) repo: Option<StateConfig>,
}

impl Args {
    /// Reads all secrets, and sees whether the flags around them can be used.
    ///
    /// # Errors
    /// Names all that is wrong.
    pub(crate) fn secrets(&self) -> Result<Secrets, ConfigError> {
        let mut problems = Vec::new();
        let mut read = |path: &Path, what: &str| match std::fs::read_to_string(path) {
            Ok(text) if !text.trim().is_empty() => SecretString::from(text.trim().to_owned()),
            Ok(_) => {
                problems.push(format!("{what} in `{}` is empty", path.display()));
                SecretString::default()
            }
            Err(error) => {
                problems.push(format!("{what} cannot be read from `{}`: {error}", path.display()));
                SecretString::default()
            }
        };
        let hears = match (&self.slack_app_token_file, self.slack_http_bind, &self.slack_signing_secret_file)
        {
            (Some(token), None, None) => Hears::Socket(read(token, "Slack's app-level token")),
            (None, Some(at), Some(secret)) => Hears::Http(at, read(secret, "Slack's signing secret")),
            _ => Hears::Socket(SecretString::default()),
        };
        let (repo, wrong) = match self.repo.read() {
            Ok(repo) => (repo, Vec::new()),
            Err(ConfigError(wrong)) => (None, wrong),
        };
        let secrets = Secrets {
            relay: read(&self.relay_secret_file, "the relay client's secret"),
            bot_token: read(&self.slack_bot_token_file, "Slack's bot token"),
            hears,
            age: read(&self.age_key_file, "the age key"),
            model_key: self.model.model_key_file.as_ref().map(|file| read(file, "the model's key")),
            repo,
        };
        problems.extend(wrong);
        problems.extend(self.model.problem());
        if !self.hears_in_one_way() {
            problems.push(
                "Slack is listened to in one of two ways: --slack-app-token-file (Socket Mode), or --slack-http-bind with \
                 --slack-signing-secret-file"
                    .to_owned(),
            );
        }
        if problems.is_empty() { Ok(secrets) } else { Err(ConfigError(problems)) }
    }

    fn hears_in_one_way(&self) -> bool {
        let by_http = self.slack_http_bind.is_some();
        let by_socket = self.slack_app_token_file.is_some();
        by_http != by_socket && by_http == self.slack_signing_secret_file.is_some()
    }

    /// The folder of the working copies.
    pub(crate) fn work_dir(&self) -> Result<PathBuf, ConfigError> {
        let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join("tentacles"));
        let missing = || ConfigError(vec!["there is no HOME: give --work-dir".to_owned()]);
        self.work_dir.clone().or_else(home).ok_or_else(missing)
    }

    /// The server's MCP endpoint.
    pub(crate) fn endpoint(&self) -> String {
        format!("{}/mcp", self.server_url.as_str().trim_end_matches('/'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_missing_secret_is_told_at_once() {
        let dir = tempfile::tempdir().unwrap();
        let empty = dir.path().join("empty");
        std::fs::write(&empty, "\n").unwrap();
        let file = |flag: &str, name: &str| format!("--{flag}={}", dir.path().join(name).display());
        let args = Args::parse_from([
            "kraken-bot".to_owned(),
            "--server-url=http://127.0.0.1:1".to_owned(),
            "--oidc-issuer=http://127.0.0.1:2".to_owned(),
            file("relay-secret-file", "empty"),
            file("slack-bot-token-file", "none"),
            file("slack-app-token-file", "none"),
            file("signing-key-file", "none"),
            file("age-key-file", "none"),
            file("state", "state.db"),
            "--state-repo=http://git.example/team/state.git".to_owned(),
            file("state-dir", "state"),
            file("state-signing-key", "none"),
        ]);
        let told = args.secrets().err().unwrap().to_string();
        assert_eq!(told.lines().count(), 7, "{told}");
        assert!(told.contains("http://git.example") && told.contains("--state-signing-key"), "{told}");
        assert!(told.contains("is empty") && told.contains("the age key cannot be read"));
        assert_eq!(args.endpoint(), "http://127.0.0.1:1/mcp");
        let both = Args { slack_http_bind: Some("127.0.0.1:3000".parse().unwrap()), ..args.clone() };
        let neither = Args { slack_app_token_file: None, ..args };
        for wrong in [both, neither] {
            assert!(wrong.secrets().err().unwrap().to_string().contains("one of two ways"));
        }
    }
}
