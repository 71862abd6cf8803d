//! GitHub, where the state repo is there and this server is an app that is installed: tokens for git, good for an hour, and a
//! word at each commit about what became of its deploy; and reviews of changes, where an enclave wants them.
//! <https://docs.github.com/apps/creating-github-apps/authenticating-with-a-github-app>

mod reviews;

pub(crate) use reviews::{Opinions, Pull};

use crate::config::GithubConfig;
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Algorithm, Header};
use octocrab::Octocrab;
use octocrab::models::StatusState;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer};
use serde_json::json;
use state_repo::RepoAddress;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use wire::{Failure, FailureCode};
use workflow::{EnclaveName, TentacleName};

/// A token is replaced when it has less than this left: a fetch takes some of it.
const ENOUGH: SignedDuration = SignedDuration::from_mins(5);

/// How long GitHub may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// How often something is told, where GitHub does not take it.
const TRIES: u32 = 3;

/// The most words that wait to be told.
const WAITING: usize = 1_000;

/// What became of a deploy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It goes on.
    Begun,
    /// It runs.
    Runs,
    /// It does not.
    Failed,
}

/// Why GitHub does not do what it is asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum GithubError {
    /// It says no, or nothing.
    #[error("{0}")]
    Api(#[from] octocrab::Error),
    /// It takes too long.
    #[error("it did not answer in time")]
    TooSlow,
    /// The app's key does not sign.
    #[error("the app's key does not sign: {0}")]
    Key(#[from] jsonwebtoken::errors::Error),
}

impl GithubError {
    /// Whether there is no such thing there.
    fn is_not_found(&self) -> bool {
        matches!(self, Self::Api(octocrab::Error::GitHub { source, .. }) if source.status_code.as_u16() == 404)
    }
}

/// What a token is for. An app that lacks what reviews need is given none for them, and one for git all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rights {
    /// Git, and words at commits.
    Git,
    /// Pull requests, and what is said of them.
    Reviews,
}

impl Rights {
    fn permissions(self) -> serde_json::Value {
        match self {
            Self::Git => json!({"contents": "write", "statuses": "write"}),
            Self::Reviews => {
                json!({"pull_requests": "write", "contents": "read", "checks": "read", "statuses": "read", "metadata": "read"})
            }
        }
    }
}

/// The app at the repository.
pub(crate) struct Github {
    app: Arc<App>,
    words: Sender<Word>,
}

struct App {
    config: GithubConfig,
    owner: String,
    name: String,
    tokens: Mutex<BTreeMap<Rights, Token>>,
}

/// As GitHub answers it.
#[derive(Deserialize)]
struct Token {
    #[serde(deserialize_with = "secret")]
    token: SecretString,
    expires_at: Timestamp,
}

fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SecretString, D::Error> {
    String::deserialize(deserializer).map(SecretString::from)
}

/// As GitHub answers it.
#[derive(Deserialize)]
struct Installation {
    id: u64,
}

/// Something to be told at a commit.
struct Word {
    commit: String,
    context: String,
    state: StatusState,
    text: String,
}

impl Github {
    /// The app at the repository of this address; `None` where that is at no host of many.
    pub(crate) fn of(config: GithubConfig, address: &RepoAddress) -> Option<Self> {
        let (owner, name) = address.hosted()?;
        let (owner, name) = (owner.to_owned(), name.to_owned());
        let app = Arc::new(App { config, owner, name, tokens: Mutex::default() });
        let (words, waiting) = channel(WAITING);
        tokio::spawn(tell_all(Arc::clone(&app), waiting));
        Some(Self { app, words })
    }

    /// A token that opens the repository for the next minutes.
    ///
    /// # Errors
    /// When GitHub does not give one.
    pub(crate) async fn token(&self) -> Result<SecretString, Failure> {
        self.app.token(Rights::Git).await.map_err(|error| {
            tracing::warn!(%error, "github gives no token");
            Failure::new(FailureCode::Unavailable, "GitHub does not let this server into the state repo at the moment")
                .with_remedy("nothing was changed: try again, or ask an operator whether the app is installed there, with its key")
        })
    }

    /// Lets go of the tokens, of which one was not taken.
    pub(crate) async fn forget(&self) {
        self.app.tokens.lock().await.clear();
    }

    /// Says at a commit what became of its deploy, in its turn. Nobody waits for that, and where GitHub does not take it the
    /// deploy is none the worse.
    pub(crate) fn tell(
        &self,
        commit: &str,
        (enclave, tentacle): (&EnclaveName, &TentacleName),
        outcome: Outcome,
    ) {
        let (state, text) = match outcome {
            Outcome::Begun => (StatusState::Pending, format!("{tentacle} is being deployed to {enclave}")),
            Outcome::Runs => (StatusState::Success, format!("{tentacle} runs in {enclave}")),
            Outcome::Failed => {
                (StatusState::Failure, format!("{tentacle} was not deployed to {enclave}; what ran goes on"))
            }
        };
        // GitHub takes 140 characters.
        let text = text.chars().take(140).collect();
        let word = Word {
            commit: commit.to_owned(),
            context: format!("tentacular/{enclave}/{tentacle}"),
            state,
            text,
        };
        if self.words.try_send(word).is_err() {
            tracing::warn!(commit, "too much waits to be told to GitHub: this is not");
        }
    }
}

/// Tells one word after the other.
async fn tell_all(app: Arc<App>, mut waiting: Receiver<Word>) {
    while let Some(word) = waiting.recv().await {
        for tried in 1..=TRIES {
            match app.tell(&word).await {
                Ok(()) => break,
                Err(error) if tried == TRIES => {
                    tracing::warn!(commit = word.commit, %error, "github was not told what became of a deploy");
                }
                Err(_) => {
                    app.tokens.lock().await.clear();
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
        }
    }
}

impl App {
    async fn token(&self, rights: Rights) -> Result<SecretString, GithubError> {
        let mut held = self.tokens.lock().await;
        let fresh = |token: &&Token| token.expires_at.duration_since(Timestamp::now()) > ENOUGH;
        if let Some(token) = held.get(&rights).filter(fresh) {
            return Ok(token.token.clone());
        }
        let token = in_time(self.new_token(rights)).await?;
        let text = token.token.clone();
        held.insert(rights, token);
        Ok(text)
    }

    fn route(&self) -> String {
        format!("/repos/{}/{}", self.owner, self.name)
    }

    /// A new token for this one repository, with no more rights than are needed.
    async fn new_token(&self, rights: Rights) -> Result<Token, GithubError> {
        let as_app = self.client(self.signed()?)?;
        let route = format!("{}/installation", self.route());
        let Installation { id } = as_app.get(route, None::<&()>).await?;
        let asked = json!({"repositories": [self.name], "permissions": rights.permissions()});
        Ok(as_app.post(format!("/app/installations/{id}/access_tokens"), Some(&asked)).await?)
    }

    /// What the app proves itself with, for the next minutes.
    fn signed(&self) -> Result<SecretString, GithubError> {
        let now = Timestamp::now().as_second();
        // A minute back, as GitHub advises for clocks that are apart; ten minutes at most.
        let claims = json!({"iss": self.config.app.to_string(), "iat": now - 60, "exp": now + 8 * 60});
        Ok(jsonwebtoken::encode(&Header::new(Algorithm::RS256), &claims, &self.config.key)?.into())
    }

    async fn tell(&self, word: &Word) -> Result<(), GithubError> {
        let client = self.client(self.token(Rights::Git).await?)?;
        let repository = client.repos(&self.owner, &self.name);
        let status = repository.create_status(word.commit.clone(), word.state);
        let status = status.context(word.context.clone()).description(word.text.clone());
        in_time(async { Ok(status.send().await?) }).await.map(drop)
    }

    fn client(&self, token: SecretString) -> Result<Octocrab, GithubError> {
        let api = self.config.api.as_str().trim_end_matches('/').to_owned();
        let client = Octocrab::builder().base_uri(api)?.personal_token(token.expose_secret().to_owned());
        let client = client.set_connect_timeout(Some(PATIENCE)).set_read_timeout(Some(PATIENCE));
        Ok(client.build()?)
    }
}

async fn in_time<T>(work: impl Future<Output = Result<T, GithubError>>) -> Result<T, GithubError> {
    tokio::time::timeout(PATIENCE, work).await.unwrap_or(Err(GithubError::TooSlow))
}

impl fmt::Debug for Github {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Github")
            .field("owner", &self.app.owner)
            .field("name", &self.app.name)
            .finish_non_exhaustive()
    }
}
