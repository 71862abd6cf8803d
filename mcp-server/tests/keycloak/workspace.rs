//! The local workspace as a process of its own: it stands in for Slack as a provider of sign-ins.

use crate::until::until;
use crate::variable::variable;
use serde_json::{Value, json};
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::net::TcpListener;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// What opens its page.
const SECRET: &str = "the-secret-of-a-workspace-in-a-test";

/// A running workspace.
pub(crate) struct Workspace {
    pub(crate) base: String,
    child: Child,
    dir: TempDir,
    http: reqwest::Client,
}

impl Workspace {
    /// Starts it; people may be sent back from its sign-in to `redirect`.
    pub(crate) async fn start(redirect: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let secret = dir.path().join("secret");
        let mut file = OpenOptions::new().create_new(true).write(true).mode(0o600).open(&secret).unwrap();
        file.write_all(SECRET.as_bytes()).unwrap();
        fs::create_dir(dir.path().join("handed-over")).unwrap();
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let bind = free.local_addr().unwrap();
        drop(free);
        let mut command = Command::new(Path::new(&variable("TENTACULAR_TEST_BIN_DIR")).join("tntc"));
        command.arg("serve").arg(format!("--parent={}", std::process::id())).arg("workspace");
        command.arg(format!("--bind={bind}")).arg(format!("--sign-in-redirect={redirect}"));
        for (flag, path) in [("state-dir", "state"), ("secret-file", "secret"), ("hand-over", "handed-over")]
        {
            command.arg(format!("--{flag}={}", dir.path().join(path).display()));
        }
        command.stdin(Stdio::null()).stdout(Stdio::null());
        let child = command.spawn().unwrap();
        let base = format!("http://{bind}");
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let mut workspace = Self { base, child, dir, http };
        let page = format!("{}/.well-known/openid-configuration", workspace.base);
        until("the workspace serves", async || {
            assert!(workspace.child.try_wait().unwrap().is_none(), "the workspace has ended");
            workspace.http.get(&page).send().await.is_ok_and(|answer| answer.status().is_success())
        })
        .await;
        workspace
    }

    /// What lets a browser in.
    pub(crate) fn door(&self) -> String {
        format!("{}/?secret={SECRET}", self.base)
    }

    /// As what, and by what secret, a provider of identities asks here.
    pub(crate) fn client(&self) -> (String, String) {
        let read = |name: &str| fs::read_to_string(self.handed_over(name)).unwrap();
        (read("slack-client-id"), read("slack-client-secret"))
    }

    /// A file that was handed over for the Kraken.
    pub(crate) fn handed_over(&self, name: &str) -> PathBuf {
        self.dir.path().join("handed-over").join(name)
    }

    /// Whether somebody listens to what happens here.
    pub(crate) async fn is_listened_to(&self) -> bool {
        let request = self.http.get(format!("{}/control/delivery", self.base)).bearer_auth(SECRET);
        let answer: Value = request.send().await.unwrap().json().await.unwrap();
        answer["connections"].as_u64().unwrap() > 0
    }

    /// The conversation of somebody with the Kraken.
    pub(crate) async fn conversation(&self, name: &str) -> String {
        let with = json!({"users": self.account(name).await.1});
        self.api("conversations.open", &with).await["channel"]["id"].as_str().unwrap().to_owned()
    }

    /// Somebody says something in a conversation; answers when.
    pub(crate) async fn says(&self, name: &str, conversation: &str, words: &str) -> String {
        let request = self.http.post(format!("{}/as/{name}/post", self.base)).bearer_auth(SECRET);
        let said = request.form(&[("channel", conversation), ("text", words)]).send().await.unwrap();
        let said: Value = said.json().await.unwrap();
        said["ts"].as_str().unwrap_or_else(|| panic!("{said}")).to_owned()
    }

    /// What the Kraken has said in a conversation since then, in order.
    pub(crate) async fn heard(&self, conversation: &str, since: &str) -> Vec<String> {
        let said =
            self.api("conversations.history", &json!({"channel": conversation, "oldest": since})).await;
        let of_the_kraken = said["messages"].as_array().unwrap().iter().rev();
        let of_the_kraken = of_the_kraken.filter(|message| message["bot_id"].is_string());
        of_the_kraken.map(Value::to_string).collect()
    }

    /// Calls a method of Slack's as the Kraken.
    async fn api(&self, method: &str, with: &Value) -> Value {
        let token = fs::read_to_string(self.handed_over("slack-bot-token")).unwrap();
        let request = self.http.post(format!("{}/api/{method}", self.base)).bearer_auth(token);
        let answer: Value = request.json(with).send().await.unwrap().json().await.unwrap();
        assert_eq!(answer["ok"], true, "{method}: {answer}");
        answer
    }

    /// Somebody new, of this short name.
    pub(crate) async fn newcomer(&self, name: &str) {
        let person = json!({"name": name, "given": name, "family": "Newcomer"});
        let request = self.http.post(format!("{}/control/people", self.base)).bearer_auth(SECRET);
        let made = request.json(&person).send().await.unwrap();
        assert!(made.status().is_success(), "{made:?}");
    }

    /// Workspace and account of somebody, as the bot is told them.
    pub(crate) async fn account(&self, name: &str) -> (String, String) {
        let answer = self.api("users.list", &json!({})).await;
        let mut members = answer["members"].as_array().unwrap().iter();
        let found =
            members.find(|user| user["name"] == name).unwrap_or_else(|| panic!("no {name}: {answer}"));
        let text = |field: &str| found[field].as_str().unwrap().to_owned();
        (text("team_id"), text("id"))
    }
}

impl Drop for Workspace {
    fn drop(&mut self) {
        // What has ended already cannot be ended again.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
