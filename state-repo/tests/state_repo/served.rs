//! A repository over HTTP: the real `git http-backend` behind a socket of this machine.

use crate::git::Team;
use base64::Engine as _;
use state_repo::RepoAddress;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// A server that ends with this.
pub(crate) struct Served {
    port: u16,
    stop: Arc<AtomicBool>,
    fails: Arc<Fails>,
}

/// At which request a server goes down, and how much of the answer it still sends, in hundredths; from then on it is away.
#[derive(Default)]
struct Fails {
    at: Mutex<Option<(usize, usize)>>,
    asked: AtomicUsize,
}

impl Fails {
    /// How much of the next answer is sent; nothing is even done for one that is not.
    fn next(&self) -> Option<usize> {
        let asked = self.asked.fetch_add(1, Ordering::SeqCst);
        match *self.at.lock().unwrap() {
            Some((at, _)) if asked > at => None,
            Some((at, part)) if asked == at => Some(part),
            _ => Some(100),
        }
    }
}

impl Served {
    /// Serves `state.git` of the team; with `password`, only to `kraken` with that password.
    pub(crate) fn start(team: &Team, password: Option<&str>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (root, stop) = (team.dir.path().to_owned(), Arc::new(AtomicBool::new(false)));
        let wanted = password.map(|password| {
            let both = base64::engine::general_purpose::STANDARD.encode(format!("kraken:{password}"));
            format!("Basic {both}")
        });
        let ended = Arc::clone(&stop);
        let fails = Arc::<Fails>::default();
        let failing = Arc::clone(&fails);
        crate::git::git(&team.bare(), &["config", "http.receivepack", "true"]);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if ended.load(Ordering::SeqCst) {
                    break;
                }
                let (root, wanted) = (root.clone(), wanted.clone());
                if let Some(part) = failing.next() {
                    std::thread::spawn(move || answer(stream.unwrap(), &root, wanted.as_deref(), part));
                }
            }
        });
        Self { port, stop, fails }
    }

    /// Goes down in the answer to the request of this number from now, when so many hundredths of it are sent.
    pub(crate) fn goes_down(&self, at: usize, part: usize) {
        self.fails.asked.store(0, Ordering::SeqCst);
        *self.fails.at.lock().unwrap() = Some((at, part));
    }

    /// Is there again; answers whether it was away at all.
    pub(crate) fn is_back(&self) -> bool {
        let at = self.fails.at.lock().unwrap().take();
        at.is_some_and(|(at, _)| self.fails.asked.load(Ordering::SeqCst) > at)
    }

    pub(crate) fn address(&self) -> RepoAddress {
        format!("http://127.0.0.1:{}/state.git", self.port).parse().unwrap()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

fn backend() -> PathBuf {
    let said = Command::new("git").arg("--exec-path").output().unwrap();
    Path::new(String::from_utf8(said.stdout).unwrap().trim()).join("git-http-backend")
}

fn answer(stream: TcpStream, root: &Path, wanted: Option<&str>, part: usize) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace();
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let (mut length, mut kind, mut given) = (0, String::new(), String::new());
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        let Some((name, value)) = header.trim().split_once(": ") else { break };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.parse().ok()?,
            "content-type" => value.clone_into(&mut kind),
            "authorization" => value.clone_into(&mut given),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let mut stream = stream;
    if wanted.is_some_and(|wanted| wanted != given) {
        let refused = "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        return stream.write_all(refused.as_bytes()).ok();
    }
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let mut child = Command::new(backend())
        .env("GIT_PROJECT_ROOT", root)
        .env("GIT_HTTP_EXPORT_ALL", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("REMOTE_USER", "kraken")
        .env("PATH_INFO", path)
        .env("QUERY_STRING", query)
        .env("REQUEST_METHOD", &method)
        .env("CONTENT_TYPE", &kind)
        .env("CONTENT_LENGTH", length.to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let mut input = child.stdin.take()?;
    let sending = std::thread::spawn(move || input.write_all(&body));
    let output = child.wait_with_output().ok()?.stdout;
    let _ = sending.join();
    let end = output.windows(4).position(|four| four == b"\r\n\r\n")?;
    let headers = String::from_utf8_lossy(&output[..end]).into_owned();
    let status =
        headers.lines().find_map(|line| line.strip_prefix("Status: ")).unwrap_or("200 OK").to_owned();
    let rest: Vec<&str> = headers.lines().filter(|line| !line.starts_with("Status: ")).collect();
    let content = &output[end + 4..];
    let head = format!(
        "HTTP/1.1 {status}\r\n{}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        rest.join("\r\n"),
        content.len()
    );
    if part > 0 {
        stream.write_all(head.as_bytes()).ok()?;
    }
    stream.write_all(&content[..content.len() * part / 100]).ok()
}
