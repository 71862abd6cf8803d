//! The Kraken's own program, with a workspace, a server and Keycloak, and somebody who talks with it in private.

use crate::browser::Browser;
use crate::door::Door;
use crate::realm::{RELAY_SECRET, Realm};
use crate::until::until;
use crate::variable::variable;
use crate::workspace::Workspace;
use secrecy::ExposeSecret as _;
use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// Who talks with it: an account of the workspace, by its short name.
pub(crate) const ANA: &str = "ana";

/// The running Kraken, and all that it needs.
pub(crate) struct Kraken {
    realm: Realm,
    slack: Workspace,
    _door: Door,
    child: Child,
    log: PathBuf,
    /// Where Ana talks with it.
    conversation: String,
    _dir: TempDir,
}

/// Something that was said to it.
pub(crate) struct Asked<'k> {
    kraken: &'k Kraken,
    at: String,
}

impl Kraken {
    /// Starts it for the people of a realm.
    pub(crate) async fn start(realm: &Realm) -> Self {
        Self::before(Door::of(realm).await, realm).await
    }

    /// Starts it for them, with this server.
    pub(crate) async fn before(door: Door, realm: &Realm) -> Self {
        let slack = Workspace::start(&realm.endpoint_of("slack")).await;
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        write_private(&path("age-key"), wire::seal::new_age_key().expose_secret());
        write_private(&path("relay-secret"), RELAY_SECRET);
        let mut command = Command::new(Path::new(&variable("TENTACULAR_TEST_BIN_DIR")).join("tntc"));
        command.arg("serve").arg(format!("--parent={}", std::process::id())).arg("kraken-bot");
        command.arg(format!("--server-url={}", door.url())).arg(format!("--oidc-issuer={}", realm.url));
        command.arg(format!("--slack-api-url={}/api", slack.base));
        for (flag, path) in [
            ("slack-bot-token-file", slack.handed_over("slack-bot-token")),
            ("slack-app-token-file", slack.handed_over("slack-app-token")),
            ("signing-key-file", door.kraken_key()),
            ("relay-secret-file", path("relay-secret")),
            ("age-key-file", path("age-key")),
            ("state", path("state.sqlite")),
            ("work-dir", path("tentacles")),
        ] {
            command.arg(format!("--{flag}={}", path.display()));
        }
        let log = path("log");
        command.env("RUST_LOG", "info").stdin(Stdio::null()).stdout(Stdio::null());
        let mut child = command.stderr(File::create(&log).unwrap()).spawn().unwrap();
        until("the Kraken listens", async || {
            assert!(child.try_wait().unwrap().is_none(), "{}", fs::read_to_string(&log).unwrap());
            slack.is_listened_to().await
        })
        .await;
        let conversation = slack.conversation(ANA).await;
        Self { realm: realm.clone(), slack, _door: door, child, log, conversation, _dir: dir }
    }

    /// Ana says something to it.
    pub(crate) async fn is_asked(&self, words: &str) -> Asked<'_> {
        let at = self.slack.says(ANA, &self.conversation, words).await;
        Asked { kraken: self, at }
    }
}

impl Asked<'_> {
    /// Waits until the Kraken has said something with these words since then, and answers all that it has said.
    pub(crate) async fn hears(&self, words: &str) -> Vec<String> {
        let mut heard = Vec::new();
        until(words, async || {
            heard = self.kraken.slack.heard(&self.kraken.conversation, &self.at).await;
            heard.iter().any(|message| message.contains(words))
        })
        .await;
        heard
    }

    /// Waits for the card to sign in, and opens what it leads to.
    pub(crate) async fn is_led_to_sign_in(&self) -> Browser {
        let heard = self.hears("*Sign in to go on.*").await.concat();
        let page = format!("{}/device?user_code=", self.kraken.realm.url);
        let (_, code) = heard.split_once(&page).unwrap_or_else(|| panic!("no link: {heard}"));
        let code: String =
            code.chars().take_while(|letter| letter.is_ascii_uppercase() || *letter == '-').collect();
        Browser::open(&format!("{page}{code}")).await
    }

    /// Waits until it knows who asks, without another sign-in.
    pub(crate) async fn is_known(&self) {
        let heard = self.hears("You are signed in as").await.concat();
        assert!(!heard.contains("*Sign in to go on.*"), "{heard}");
    }
}

impl Drop for Kraken {
    fn drop(&mut self) {
        // What has ended already cannot be ended again.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("{}", fs::read_to_string(&self.log).unwrap_or_default());
        }
    }
}

/// Writes a file that nobody else may read.
fn write_private(path: &Path, text: &str) {
    let mut file = OpenOptions::new().create_new(true).write(true).mode(0o600).open(path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}
