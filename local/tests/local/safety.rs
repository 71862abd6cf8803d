//! Who is kept out: of pages, of calls, by host, origin, secret and form token.

use futures::StreamExt;
use local::{Config, ConfigError, Error, Local};
use reqwest::StatusCode;
use secrecy::{ExposeSecret, SecretString};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::app::App;
use crate::browser::Browser;

/// Paths that show something, and paths that change something.
const PAGES: [&str; 9] = [
    "/as/ana",
    "/as/ana/c/price-watch",
    "/as/ana/home",
    "/as/ana/channels",
    "/as/ana/live",
    "/as/ana/state",
    "/archives/C1/p1",
    "/oidc/verify",
    "/oidc/authorize",
];
const DEEDS: [&str; 9] = [
    "/as/ana/post",
    "/as/ana/click",
    "/as/ana/submit",
    "/as/ana/close",
    "/as/ana/do/archive",
    "/as/ana/do/create",
    "/oidc/verify",
    "/oidc/authorize",
    "/oidc/logout",
];

#[tokio::test]
async fn without_the_secret_no_page_opens() {
    let app = App::start().await;
    let stranger = Browser::stranger(&app);
    for path in PAGES.into_iter().chain(["/"]) {
        let page = stranger.get(path).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{path}");
        assert!(page.text.contains("Open the address that was printed"), "{path}");
    }
    for path in DEEDS {
        assert_eq!(stranger.post(path, &[]).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    for wrong in ["", "wrong", &app.secret[1..], &format!("{}0", app.secret)] {
        let page = stranger.get(&format!("/?secret={wrong}")).await;
        assert_eq!(page.status, StatusCode::UNAUTHORIZED, "{wrong}");
        let sent = app.http.get(format!("{}/as/ana", app.base)).bearer_auth(wrong).send().await.unwrap();
        assert_eq!(sent.status(), StatusCode::UNAUTHORIZED, "{wrong}");
    }
    for path in ["ratelimit", "scopes", "disconnect", "people", "away", "lifetimes", "give-up", "issued"] {
        let sent = app.http.post(format!("{}/control/{path}", app.base)).body("{}").send().await.unwrap();
        assert_eq!(sent.status(), StatusCode::FORBIDDEN, "{path}");
    }
    let sent = app.http.post(format!("{}/oidc/dev/token", app.base)).body("{}").send().await.unwrap();
    assert_eq!(sent.status(), StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_browser_cannot_do_what_is_for_programs() {
    let app = App::start().await;
    let browser = Browser::let_in(&app).await;
    for path in ["/control/delivery", "/oidc/dev/token"] {
        let status = if path.starts_with("/control") {
            browser.get(path).await.status
        } else {
            browser.post(path, &[]).await.status
        };
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{path}");
    }
}

#[tokio::test]
async fn a_form_needs_its_token_and_its_origin() {
    let app = App::start().await;
    let browser = Browser::let_in(&app).await;
    let token = browser.get("/as/ana/c/price-watch").await.form("/as/ana/post").fields;
    for path in DEEDS {
        assert_eq!(browser.post(path, &[]).await.status, StatusCode::FORBIDDEN, "{path}");
        let wrong = [("form_token".to_owned(), "0".repeat(64))];
        assert_eq!(browser.post(path, &wrong).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    let cookie = app.http.get(format!("{}/?secret={}", app.base, app.secret)).send().await.unwrap();
    let cookie = cookie.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let send = async |path: &str, origin: Option<&str>| {
        let mut sent = app.http.post(format!("{}{path}", app.base)).header("cookie", &cookie).form(&token);
        if let Some(origin) = origin {
            sent = sent.header("origin", origin);
        }
        sent.send().await.unwrap().status()
    };
    let port = app.base.rsplit(':').next().unwrap();
    let foreign =
        ["null", "https://evil.example", "http://127.0.0.1:1", "http://evil.localhost", "", "file://"];
    for path in DEEDS {
        for origin in foreign {
            assert_eq!(send(path, Some(origin)).await, StatusCode::FORBIDDEN, "{path} {origin}");
        }
        assert_eq!(send(path, None).await, StatusCode::FORBIDDEN, "{path} without an origin");
    }
    for origin in [app.base.clone(), format!("http://localhost:{port}")] {
        assert_ne!(send("/as/ana/post", Some(&origin)).await, StatusCode::FORBIDDEN, "{origin}");
    }
    assert!(app.person("ana").messages("price-watch").await.is_empty(), "nothing of it was done");
}

#[tokio::test]
async fn only_our_own_names_are_answered() {
    let app = App::start().await;
    let port = app.base.rsplit(':').next().unwrap();
    let cookie = app.http.get(format!("{}/?secret={}", app.base, app.secret)).send().await.unwrap();
    let cookie = cookie.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let ask = async |path: &str, host: &str| {
        let sent = app.http.get(format!("{}{path}", app.base)).header("host", host).header("cookie", &cookie);
        sent.send().await.unwrap().status()
    };
    let paths = [
        "/as/ana",
        "/api/api.test",
        "/oidc/jwks",
        "/oidc/.well-known/openid-configuration",
        "/assets/page.js",
    ];
    for path in paths {
        for host in [
            "evil.example",
            "localhost",
            "127.0.0.1:1",
            "localhost.evil.example",
            &format!("evil.example:{port}"),
        ] {
            assert_eq!(ask(path, host).await, StatusCode::FORBIDDEN, "{path} {host}");
        }
        for host in [format!("127.0.0.1:{port}"), format!("localhost:{port}"), format!("[::1]:{port}")] {
            assert_eq!(ask(path, &host).await, StatusCode::OK, "{path} {host}");
        }
    }
}

#[tokio::test]
async fn a_foreign_page_cannot_call_or_connect() {
    let app = App::start().await;
    let evil = "https://evil.example";
    let call = app.http.post(format!("{}/api/auth.test", app.base)).bearer_auth(app.bot_token());
    assert_eq!(call.header("origin", evil).send().await.unwrap().status(), StatusCode::FORBIDDEN);
    let token = app.http.post(format!("{}/oidc/token", app.base)).header("origin", evil);
    assert_eq!(token.send().await.unwrap().status(), StatusCode::FORBIDDEN);
    let mut request = tokio_tungstenite::tungstenite::client::IntoClientRequest::into_client_request(
        app.socket_url().await,
    )
    .unwrap();
    request.headers_mut().insert("origin", evil.parse().unwrap());
    assert!(tokio_tungstenite::connect_async(request).await.is_err());
}

/// Slack's Python client names the host without its port when it opens a socket.
#[tokio::test]
async fn a_socket_may_be_opened_by_a_host_without_its_port() {
    let app = App::start().await;
    let url = app.socket_url().await;
    let (authority, path) = url.strip_prefix("ws://").unwrap().split_once('/').unwrap();
    let mut stream = TcpStream::connect(authority).await.unwrap();
    let request = format!(
        "GET /{path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 101");
}

#[tokio::test]
async fn pages_tell_browsers_what_they_may_do() {
    let app = App::start().await;
    for path in ["/as/ana/c/price-watch", "/oidc/verify", "/as/ana/home"] {
        let sent = app.http.get(format!("{}{path}", app.base)).bearer_auth(&app.secret).send().await.unwrap();
        let header = |name: &str| sent.headers()[name].to_str().unwrap().to_owned();
        let policy = header("content-security-policy");
        assert!(
            policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
            "{policy}"
        );
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert_eq!(header("cache-control"), "no-store");
    }
}

#[tokio::test]
async fn bodies_are_bounded() {
    let app = App::start().await;
    let browser = Browser::let_in(&app).await;
    let long = [("text".to_owned(), "x".repeat(300_000))];
    assert_eq!(browser.post("/as/ana/post", &long).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    for path in ["/oidc/token", "/respond/00000000-0000-0000-0000-000000000000"] {
        let sent = app.http.post(format!("{}{path}", app.base)).body("x".repeat(2_000_000));
        // The server may hang up before all of it is sent.
        if let Ok(answer) = sent.send().await {
            assert_eq!(answer.status(), StatusCode::PAYLOAD_TOO_LARGE, "{path}");
        }
    }
    let url = format!("{}/api/chat.postMessage", app.base);
    let sent = app.http.post(url).bearer_auth(app.bot_token()).json(&"x".repeat(2_000_000));
    if let Ok(answer) = sent.send().await {
        assert_eq!(answer.json::<serde_json::Value>().await.unwrap()["ok"], false);
    }
}

#[tokio::test]
async fn only_loopback_is_served() {
    let listener = TcpListener::bind("0.0.0.0:0").await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let secret = SecretString::from("0123456789abcdef0123456789abcdef");
    let refused = Local::open(Config::new(folder.path().join("state"), secret), listener).await;
    assert!(matches!(refused, Err(Error::Config(ConfigError::NotLoopback(_)))));
    assert!(!folder.path().join("state").exists(), "nothing was made");
}

#[tokio::test]
async fn nothing_secret_is_logged() {
    #[derive(Clone, Default)]
    struct Log(std::sync::Arc<std::sync::Mutex<Vec<u8>>>);
    impl std::io::Write for Log {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);

    let app = App::start_with(|config| config.timing = crate::app::hasty()).await;
    let browser = Browser::let_in(&app).await;
    app.person("ana").say("price-watch", "a canary sings").await;
    let mut socket = app.socket().await;
    socket.frame().await.unwrap();
    let token = crate::issuer::fresh_token(&app, "ana", "agents").await;
    browser.get("/as/ana/c/price-watch").await;
    crate::app::eventually("it is given up", async || app.waiting().await.is_empty()).await;
    let secrets = [
        app.secret.clone(),
        app.bot_token().to_owned(),
        app.credentials.app_token.expose_secret().to_owned(),
        app.credentials.relay_secret.expose_secret().to_owned(),
        token["access_token"].as_str().unwrap().to_owned(),
        token["refresh_token"].as_str().unwrap().to_owned(),
        "canary".to_owned(),
    ];
    let text = String::from_utf8_lossy(&log.0.lock().unwrap().clone()).into_owned();
    assert!(text.contains("given up"), "the log is kept: {text}");
    let ours: String = text.lines().filter(|line| line.contains("local")).collect();
    for secret in secrets {
        assert!(!ours.contains(&secret), "{secret}");
    }
}

#[tokio::test]
async fn an_open_page_ends_with_the_server() {
    let app = App::start().await;
    let url = format!("{}/as/ana/live?since=x", app.base);
    let bad = app.http.get(url).bearer_auth(&app.secret).send().await.unwrap();
    assert_eq!(bad.status(), StatusCode::BAD_REQUEST);
    let url = format!("{}/as/ana/live", app.base);
    let live = app.http.get(url).bearer_auth(&app.secret).send().await.unwrap();
    let _socket = app.socket().await;
    app.end().await;
    let rest: Vec<_> = live.bytes_stream().collect().await;
    assert!(rest.len() <= 2);
}
