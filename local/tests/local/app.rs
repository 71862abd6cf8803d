//! The stand-ins on a free port with a folder of their own, and short ways to use them.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use futures::{SinkExt, StreamExt};
use local::{Config, Credentials, Local, Timing};
use reqwest::{Client, Method, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};
use tokio_util::sync::CancellationToken;

/// Longer than anything takes here, however busy the machine is.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// The stand-ins, served.
pub(crate) struct App {
    pub(crate) base: String,
    pub(crate) secret: String,
    pub(crate) credentials: Credentials,
    pub(crate) http: Client,
    address: SocketAddr,
    folder: TempDir,
    shutdown: CancellationToken,
    served: JoinHandle<Result<(), local::Error>>,
}

/// A client for plain HTTP, which follows no redirects.
pub(crate) fn client() -> Client {
    // Built without a default: reqwest wants one even where nothing is encrypted.
    let _installed_before = rustls::crypto::ring::default_provider().install_default();
    Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap()
}

/// Puts a signing key where the issuer would make one: to make one takes longer than most tests.
fn lend_key(state: &Path) {
    static KEY: OnceLock<String> = OnceLock::new();
    let key = KEY.get_or_init(|| {
        let key = rsa::RsaPrivateKey::new(&mut rsa::rand_core::OsRng, 2048).unwrap();
        rsa::pkcs8::EncodePrivateKey::to_pkcs8_pem(&key, rsa::pkcs8::LineEnding::LF).unwrap().to_string()
    });
    std::fs::create_dir_all(state).unwrap();
    std::fs::write(state.join("issuer-key.pem"), key).unwrap();
}

impl App {
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    pub(crate) async fn start_with(change: impl FnOnce(&mut Config)) -> Self {
        let free: SocketAddr = "127.0.0.1:0".parse().unwrap();
        let folder = tempfile::tempdir().unwrap();
        lend_key(&folder.path().join("state"));
        Self::open(folder, free, change).await
    }

    async fn open(folder: TempDir, address: SocketAddr, change: impl FnOnce(&mut Config)) -> Self {
        let http = client();
        let secret = "0123456789abcdef0123456789abcdef".to_owned();
        let mut config = Config::new(folder.path().join("state"), SecretString::from(secret.clone()));
        change(&mut config);
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let local = Local::open(config, listener).await.unwrap();
        let (base, credentials) = (local.addresses().base().to_owned(), local.credentials().clone());
        let shutdown = CancellationToken::new();
        let served = tokio::spawn(local.serve(shutdown.clone()));
        Self { base, secret, credentials, http, address, folder, shutdown, served }
    }

    /// Ends and starts anew, at the same place with the same folder.
    pub(crate) async fn restart(self) -> Self {
        self.restart_with(|_| {}).await
    }

    pub(crate) async fn restart_with(self, change: impl FnOnce(&mut Config)) -> Self {
        self.shutdown.cancel();
        self.served.await.unwrap().unwrap();
        Self::open(self.folder, self.address, change).await
    }

    /// Ends; gives what was kept, as one text.
    pub(crate) async fn end(self) -> String {
        self.shutdown.cancel();
        self.served.await.unwrap().unwrap();
        let files = std::fs::read_dir(self.folder.path().join("state")).unwrap();
        files.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap()).collect()
    }

    /// A file in the folder.
    pub(crate) fn kept(&self, name: &str) -> PathBuf {
        self.folder.path().join("state").join(name)
    }

    pub(crate) fn bot_token(&self) -> &str {
        self.credentials.bot_token.expose_secret()
    }

    /// A call of the bot's, whatever comes of it.
    pub(crate) async fn try_api(&self, method: &str, arguments: Value) -> Value {
        let url = format!("{}/api/{method}", self.base);
        let sent = self.http.post(url).bearer_auth(self.bot_token()).json(&arguments).send();
        sent.await.unwrap().json().await.unwrap()
    }

    /// A call of the bot's that works.
    pub(crate) async fn api(&self, method: &str, arguments: Value) -> Value {
        let answer = self.try_api(method, arguments.clone()).await;
        assert_eq!(answer["ok"], true, "{method} {arguments}: {answer}");
        answer
    }

    /// The error that a call gives.
    pub(crate) async fn refusal(&self, method: &str, arguments: Value) -> String {
        let answer = self.try_api(method, arguments.clone()).await;
        assert_eq!(answer["ok"], false, "{method} {arguments}: {answer}");
        answer["error"].as_str().unwrap().to_owned()
    }

    /// A channel's id.
    pub(crate) async fn channel(&self, name: &str) -> String {
        let all = self.person("ana").state().await;
        let found = all["channels"].as_array().unwrap().iter().find(|channel| channel["name"] == name);
        found.unwrap_or_else(|| panic!("no channel {name}"))["id"].as_str().unwrap().to_owned()
    }

    /// A person's id.
    pub(crate) async fn user(&self, name: &str) -> String {
        let answer = self.api("users.lookupByEmail", json!({ "email": format!("{name}@example.com") })).await;
        answer["user"]["id"].as_str().unwrap().to_owned()
    }

    pub(crate) fn person<'a>(&'a self, name: &'a str) -> Person<'a> {
        Person { app: self, name }
    }

    /// A knob for tests.
    pub(crate) async fn control(&self, method: Method, path: &str, body: Value) -> StatusCode {
        let url = format!("{}/control/{path}", self.base);
        self.http.request(method, url).bearer_auth(&self.secret).json(&body).send().await.unwrap().status()
    }

    /// What waits for the app.
    pub(crate) async fn waiting(&self) -> Vec<Value> {
        let url = format!("{}/control/delivery", self.base);
        let answer: Value =
            self.http.get(url).bearer_auth(&self.secret).send().await.unwrap().json().await.unwrap();
        answer["waiting"].as_array().unwrap().clone()
    }

    /// The address of a new connection for the app.
    pub(crate) async fn socket_url(&self) -> String {
        let url = format!("{}/api/apps.connections.open", self.base);
        let sent = self.http.post(url).bearer_auth(self.credentials.app_token.expose_secret()).send();
        let answer: Value = sent.await.unwrap().json().await.unwrap();
        assert_eq!(answer["ok"], true, "{answer}");
        answer["url"].as_str().unwrap().to_owned()
    }

    /// A connection of the app, after its hello.
    pub(crate) async fn socket(&self) -> Socket {
        let (stream, _) = tokio_tungstenite::connect_async(self.socket_url().await).await.unwrap();
        let mut socket = Socket { stream, hello: Value::Null };
        socket.hello = socket.frame().await.unwrap();
        assert_eq!(socket.hello["type"], "hello");
        socket
    }
}

/// Somebody who uses the page by a program.
pub(crate) struct Person<'a> {
    app: &'a App,
    pub(crate) name: &'a str,
}

impl Person<'_> {
    async fn get(&self, path: &str) -> Value {
        let url = format!("{}/as/{}/{path}", self.app.base, self.name);
        let sent = self.app.http.get(url).bearer_auth(&self.app.secret).header("accept", "application/json");
        sent.send().await.unwrap().json().await.unwrap()
    }

    /// Who one is, the channels, the open modal, the Home tab.
    pub(crate) async fn state(&self) -> Value {
        self.get("state").await
    }

    /// Everything that one sees in a channel.
    pub(crate) async fn messages(&self, channel: &str) -> Vec<Value> {
        self.get(&format!("c/{channel}")).await["messages"].as_array().unwrap().clone()
    }

    /// What the app was sent lately, the newest first.
    pub(crate) async fn sent(&self) -> Vec<Value> {
        self.get("sent").await["sent"].as_array().unwrap().clone()
    }

    /// The HTML of a page.
    pub(crate) async fn html(&self, path: &str) -> String {
        let url = format!("{}/as/{}{path}", self.app.base, self.name);
        let answer = self.app.http.get(url).bearer_auth(&self.app.secret).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        answer.text().await.unwrap()
    }

    /// Does something, whatever comes of it.
    pub(crate) async fn try_do(&self, path: &str, fields: &[(&str, &str)]) -> Value {
        let url = format!("{}/as/{}/{path}", self.app.base, self.name);
        let sent = self.app.http.post(url).bearer_auth(&self.app.secret).form(fields).send();
        sent.await.unwrap().json().await.unwrap()
    }

    /// Does something that works.
    pub(crate) async fn act(&self, path: &str, fields: &[(&str, &str)]) -> Value {
        let answer = self.try_do(path, fields).await;
        assert_eq!(answer["ok"], true, "{path} {fields:?}: {answer}");
        answer
    }

    /// Says something; gives its time stamp.
    pub(crate) async fn say(&self, channel: &str, text: &str) -> String {
        let answer = self.act("post", &[("channel", channel), ("text", text)]).await;
        answer["ts"].as_str().unwrap().to_owned()
    }

    /// The place of an element that is used by its action.
    pub(crate) fn place(block: &str, action: &str) -> String {
        let escape =
            |text: &str| -> String { url::form_urlencoded::byte_serialize(text.as_bytes()).collect() };
        format!("at/{}/{}", escape(block), escape(action))
    }
}

/// A connection of the app.
pub(crate) struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    pub(crate) hello: Value,
}

impl Socket {
    /// The next frame with text; none when the connection ended.
    pub(crate) async fn frame(&mut self) -> Option<Value> {
        tokio::time::timeout(PATIENCE, async {
            loop {
                match self.stream.next().await? {
                    Ok(Message::Text(text)) => return Some(serde_json::from_str(&text).unwrap()),
                    Ok(Message::Close(_)) | Err(_) => return None,
                    Ok(_) => {}
                }
            }
        })
        .await
        .expect("a frame within the time")
    }

    /// The next envelope, acknowledged.
    pub(crate) async fn envelope(&mut self) -> Value {
        let envelope = self.frame().await.expect("an envelope");
        self.acknowledge(&envelope, json!({})).await;
        envelope
    }

    /// The next event of this type (and subtype), acknowledged like those before it.
    pub(crate) async fn event(&mut self, kind: &str) -> Value {
        loop {
            let event = self.envelope().await["payload"]["event"].clone();
            let subtype = event["subtype"].as_str().map(|subtype| format!("message/{subtype}"));
            if event["type"] == kind && subtype.is_none() || subtype.as_deref() == Some(kind) {
                return event;
            }
        }
    }

    pub(crate) async fn acknowledge(&mut self, envelope: &Value, payload: Value) {
        let answer = json!({ "envelope_id": envelope["envelope_id"], "payload": payload });
        self.stream.send(Message::text(answer.to_string())).await.unwrap();
    }

    /// Asks whether the other side is there, and waits for its answer.
    pub(crate) async fn ping(&mut self) {
        self.stream.send(Message::Ping("are you there".into())).await.unwrap();
        let answer = async { while !matches!(self.stream.next().await, Some(Ok(Message::Pong(_)))) {} };
        tokio::time::timeout(PATIENCE, answer).await.unwrap();
    }

    /// Breaks the connection without a word.
    pub(crate) fn drop_dead(self) {}
}

/// Waits until something is so.
pub(crate) async fn eventually<F: Future<Output = bool>>(what: &str, check: impl Fn() -> F) {
    let mut tick = tokio::time::interval(Duration::from_millis(10));
    let so = async {
        while !check().await {
            tick.tick().await;
        }
    };
    tokio::time::timeout(PATIENCE, so).await.unwrap_or_else(|_| panic!("not in time: {what}"));
}

/// Retries that a test need not wait for.
pub(crate) fn hasty() -> Timing {
    Timing {
        acknowledge: Duration::from_millis(150),
        retries: vec![Duration::ZERO, Duration::from_millis(50)],
        ..Timing::default()
    }
}
