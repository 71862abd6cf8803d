//! `tntc up`, as it is started, read and ended at a terminal.

use crate::home::Home;
use crate::mcp::Mcp;
use crate::person::Person;
use crate::process::Process;
use crate::program::{Ran, finish, tntc};
use crate::until::{PATIENCE, until, until_within};
use reqwest::Method;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::Child;
use tokio::task::JoinSet;

/// What it says last when everything runs.
const ALL_RUNS: &str = "Ctrl-C ends all of it.";

/// When what nobody has acknowledged is sent for the last time, counted from when it happened.
const LAST_TRY: Duration = Duration::from_secs(400);

/// What it has printed so far, on both streams, in lines.
type Lines = Arc<Mutex<Vec<String>>>;

/// A `tntc up` that runs.
#[derive(Debug)]
pub struct Up {
    child: Child,
    process: Process,
    pid: i32,
    home: PathBuf,
    state: PathBuf,
    lines: Lines,
    copying: JoinSet<()>,
    told: Told,
}

/// What people are told where everything is.
#[derive(Debug, Clone, Default)]
struct Told {
    page: String,
    server: String,
    glass: String,
    folder: PathBuf,
}

impl Up {
    pub(crate) async fn start(home: &Home, flags: &[&str]) -> Self {
        let mut command = tntc(home.path());
        command.args(["up", "--state-dir"]).arg(home.state()).args(flags);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let lines = Lines::default();
        let mut copying = JoinSet::new();
        copying.spawn(copy(child.stdout.take().unwrap(), Arc::clone(&lines)));
        copying.spawn(copy(child.stderr.take().unwrap(), Arc::clone(&lines)));
        let pid = i32::try_from(child.id().unwrap()).unwrap();
        let process = Process::of(pid).unwrap();
        let (home, state) = (home.path().to_owned(), home.state());
        let mut up = Self { child, process, pid, home, state, lines, copying, told: Told::default() };
        until("`tntc up` runs", async || {
            let ended = up.child.try_wait().unwrap();
            assert!(ended.is_none(), "`tntc up` ended: {}", up.said());
            up.has_said(ALL_RUNS).then_some(())
        })
        .await;
        up.told = told(&up.lines.lock().unwrap());
        up
    }

    /// The printed address, with its secret.
    #[must_use]
    pub fn page(&self) -> &str {
        &self.told.page
    }

    /// The workspace's address, without the secret.
    #[must_use]
    pub fn workspace(&self) -> &str {
        self.told.page.split_once("/?secret=").unwrap().0
    }

    /// The secret of the page's address, by which programs act as people there.
    #[must_use]
    pub fn secret(&self) -> &str {
        self.told.page.split_once("/?secret=").unwrap().1
    }

    /// The server's address.
    #[must_use]
    pub fn server(&self) -> &str {
        &self.told.server
    }

    /// The folder that it says its state lies in.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.told.folder
    }

    /// Everything that it has printed.
    #[must_use]
    pub fn said(&self) -> String {
        self.lines.lock().unwrap().join("\n")
    }

    /// Whether it has printed that.
    #[must_use]
    pub fn has_said(&self, words: &str) -> bool {
        self.lines.lock().unwrap().iter().any(|line| line.contains(words))
    }

    /// A person of the workspace, with a browser of their own.
    pub async fn person(&self, name: &str) -> Person {
        Person::enter(self, name).await
    }

    /// An MCP client with a fresh token of `name`.
    pub async fn mcp(&self, name: &str) -> Mcp {
        Mcp::new(&format!("{}/mcp", self.server()), &self.token(name).await)
    }

    /// A fresh token of `name`.
    pub async fn token(&self, name: &str) -> String {
        let mut command = tntc(&self.home);
        command.args(["up", "token", name, "--state-dir"]).arg(&self.state);
        let token = finish(command).await;
        assert_eq!(token.code, Some(0), "{token:?}");
        token.out.trim().to_owned()
    }

    /// Runs `tntc` as the operator, by the two variables that were printed.
    pub async fn operator(&self, words: &[&str]) -> Ran {
        let mut command = tntc(&self.home);
        command.env("TENTACULAR_SERVER", self.server()).env("TENTACULAR_BREAK_GLASS", &self.told.glass);
        command.args(words);
        finish(command).await
    }

    /// Turns one of the workspace's knobs for tests.
    pub async fn control(&self, method: Method, path: &str, body: Option<Value>) -> Value {
        let url = format!("{}/control/{path}", self.workspace());
        let mut request = crate::browser::http().request(method, url).bearer_auth(self.secret());
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {answer:?}");
        serde_json::from_str(&answer.text().await.unwrap()).unwrap_or_default()
    }

    /// Waits until the Kraken has acknowledged everything that happened so far. What it was too busy for twice is sent a last time five
    /// minutes later, as by Slack.
    pub async fn all_acknowledged(&self) {
        until_within(LAST_TRY, "the Kraken has acknowledged everything", async || {
            self.has_all_acknowledged().await.then_some(())
        })
        .await;
    }

    /// Whether it has.
    pub async fn has_all_acknowledged(&self) -> bool {
        let delivery = self.control(Method::GET, "delivery", None).await;
        delivery["waiting"].as_array().unwrap().is_empty()
    }

    /// Waits until the page and the server answer, and the Kraken listens.
    pub async fn answers(&self) {
        let http = crate::browser::http();
        until("everything answers", async || {
            let ready = http.get(format!("{}/readyz", self.server())).send().await.ok()?;
            let delivery = http.get(format!("{}/control/delivery", self.workspace()));
            let delivery = delivery.bearer_auth(self.secret()).send().await.ok()?.text().await.ok()?;
            let delivery: Value = serde_json::from_str(&delivery).ok()?;
            (ready.status().is_success() && delivery["connections"].as_u64()? > 0).then_some(())
        })
        .await;
    }

    /// The process of a service: `workspace`, `mcp-server` or `kraken-bot`.
    pub async fn service(&self, name: &str) -> Process {
        until(&format!("{name} runs"), async || Process::child(self.pid, name)).await
    }

    /// Stops `tntc up` itself where it is: a service that dies stays away.
    pub fn minds_nothing(&self) {
        self.process.freeze();
    }

    /// Lets it go on: it starts what has died.
    pub fn minds_again(&self) {
        self.process.thaw();
    }

    /// Its process, and every one that hangs on it.
    #[must_use]
    pub fn processes(&self) -> Vec<Process> {
        Process::family(self.pid, &self.state)
    }

    /// Presses Ctrl-C, and waits until it has ended; answers its exit code.
    pub async fn interrupt(&mut self) -> Option<i32> {
        self.process.interrupt();
        self.ended().await
    }

    /// Ends it as nothing can be prepared for.
    pub async fn kill(&mut self) {
        self.process.kill();
        self.ended().await;
    }

    /// Waits until it has ended and everything that it printed is read.
    async fn ended(&mut self) -> Option<i32> {
        let ended = async {
            let status = self.child.wait().await.unwrap();
            while self.copying.join_next().await.is_some() {}
            status.code()
        };
        tokio::time::timeout(PATIENCE, ended).await.unwrap()
    }

    /// What the services logged, to be read when something went wrong.
    fn logs(&self) -> String {
        let files = std::fs::read_dir(self.told.folder.join("logs")).into_iter().flatten().flatten();
        let told = files.map(|file| {
            let text = std::fs::read_to_string(file.path()).unwrap_or_default();
            let lines: Vec<&str> = text.lines().collect();
            let last = lines.get(lines.len().saturating_sub(40)..).unwrap_or_default();
            format!("── {}\n{}", file.path().display(), last.join("\n"))
        });
        told.collect::<Vec<_>>().join("\n")
    }
}

impl Drop for Up {
    /// Ends what is left of it and waits for that, so that the folder can be removed.
    fn drop(&mut self) {
        if std::thread::panicking() {
            #[expect(clippy::print_stderr, reason = "a test that failed shows what it saw")]
            {
                eprintln!("── tntc up\n{}\n{}", self.said(), self.logs());
            }
        }
        let left = self.processes();
        if self.process.is_alive() {
            self.process.interrupt();
        }
        let began = Instant::now();
        while left.iter().any(Process::is_alive) && began.elapsed() < PATIENCE / 4 {
            std::thread::sleep(Duration::from_millis(20));
        }
        left.iter().filter(|process| process.is_alive()).for_each(Process::kill);
    }
}

/// Copies what is printed, for as long as something is.
async fn copy(stream: impl AsyncRead + Unpin, to: Lines) {
    let mut lines = BufReader::new(stream).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        to.lock().unwrap().push(line);
    }
}

/// Reads what people are told.
fn told(lines: &[String]) -> Told {
    let after = |head: &str| lines.iter().find_map(|line| line.strip_prefix(head)).unwrap().trim();
    let exported = |name: &str| {
        after("as operator").split_whitespace().find_map(|word| word.strip_prefix(name)).unwrap().to_owned()
    };
    Told {
        page: lines.iter().find(|line| line.contains("/?secret=")).unwrap().trim().to_owned(),
        server: exported("TENTACULAR_SERVER="),
        glass: exported("TENTACULAR_BREAK_GLASS="),
        folder: PathBuf::from(after("state")),
    }
}
