//! What stands between the server and the API server, and can let a server's work stop after any of its writes: that
//! write is carried out, and neither its answer nor any later write goes through.

use crate::calls::Call;
use crate::cluster::Cluster;
use crate::until::until;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode, header};
use axum::response::Response;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

/// The steps in which an enclave is made, each by the write that is it: the method, and the path with `{}` for the name. The
/// name is in it: a server that has just come back repairs its other enclaves by writes like these.
pub(crate) const STEPS: [(&str, Method, &str); 8] = [
    ("namespace", Method::POST, "/api/v1/namespaces"),
    ("server-rights", Method::PATCH, "/namespaces/{}/rolebindings/tentacular-server"),
    ("default-deny", Method::PATCH, "/namespaces/{}/networkpolicies/default-deny"),
    ("allow-dns", Method::PATCH, "/namespaces/{}/networkpolicies/allow-dns"),
    ("quota", Method::PATCH, "/namespaces/{}/resourcequotas/tentacular-quota"),
    ("limits", Method::PATCH, "/namespaces/{}/limitranges/tentacular-limits"),
    ("service-account", Method::PATCH, "/namespaces/{}/serviceaccounts/default"),
    ("active", Method::PATCH, "/api/v1/namespaces/{}"),
];

/// The write that shows that an enclave is going.
pub(crate) const LEAVING: (&str, Method, &str) = ("leaving", Method::PATCH, "/api/v1/namespaces/{}");

/// The write that removes an enclave.
pub(crate) const REMOVAL: (&str, Method, &str) = ("removal", Method::DELETE, "/api/v1/namespaces/{}");

/// A running proxy.
pub(crate) struct Proxy {
    pub(crate) url: String,
    way: Arc<Way>,
    serving: JoinHandle<()>,
}

/// The way to the API server.
struct Way {
    upstream: String,
    http: reqwest::Client,
    cut: Mutex<Cut>,
    calls: Mutex<Vec<Call>>,
    let_go: Notify,
    /// How long every call takes at least.
    takes: Mutex<Duration>,
}

/// Where the way is cut.
enum Cut {
    /// Nowhere.
    Open,
    /// After this write.
    After(Method, Part),
    /// After so many more writes.
    AfterWrites(usize),
    /// Here, since that write was carried out.
    Closed,
    /// Before this write, which waits and is carried out later.
    Before(Method, String),
    /// Here: that write waits.
    Held,
}

/// What of a path says that it is the one.
enum Part {
    End(String),
    Within(&'static str),
}

impl Part {
    fn is_of(&self, path: &str) -> bool {
        match self {
            Self::End(end) => path.ends_with(end),
            Self::Within(part) => path.contains(part),
        }
    }
}

impl Proxy {
    pub(crate) async fn start(cluster: &Cluster) -> Self {
        let authority = std::fs::read(&cluster.authority).unwrap();
        let authorities = reqwest::Certificate::from_pem_bundle(&authority).unwrap();
        let http =
            reqwest::Client::builder().no_proxy().http1_only().tls_certs_only(authorities).build().unwrap();
        let way = Arc::new(Way {
            upstream: cluster.url.clone(),
            http,
            cut: Mutex::new(Cut::Open),
            calls: Mutex::default(),
            let_go: Notify::new(),
            takes: Mutex::default(),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(pass).with_state(Arc::clone(&way));
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, way, serving }
    }

    /// From now on every call takes at least this long. Calls that do not wait for one another are then asked before any
    /// of them is answered, however busy the machine is.
    pub(crate) fn slow_down(&self, takes: Duration) {
        *self.way.takes.lock().unwrap() = takes;
    }

    /// Cuts the way after this write for the enclave `name`.
    pub(crate) fn cut_after(&self, (_, method, path): &(&str, Method, &str), name: &str) {
        *self.way.cut.lock().unwrap() = Cut::After(method.clone(), Part::End(path.replace("{}", name)));
    }

    /// Cuts the way after the first such write whose path has this in it.
    pub(crate) fn cut_within(&self, method: &Method, part: &'static str) {
        *self.way.cut.lock().unwrap() = Cut::After(method.clone(), Part::Within(part));
    }

    /// Cuts the way after so many writes.
    pub(crate) fn cut_after_writes(&self, count: usize) {
        *self.way.cut.lock().unwrap() = Cut::AfterWrites(count);
    }

    /// Waits until the way is cut.
    pub(crate) async fn until_cut(&self) {
        until("the write at which the way is cut", async || self.is_cut()).await;
    }

    /// Whether the way is cut by now.
    pub(crate) fn is_cut(&self) -> bool {
        self.way.is_closed()
    }

    /// Holds this write for the enclave `name` until it is let go; everything else goes through.
    pub(crate) fn hold(&self, (_, method, path): &(&str, Method, &str), name: &str) {
        *self.way.cut.lock().unwrap() = Cut::Before(method.clone(), path.replace("{}", name));
    }

    /// Waits until the write has come that is to be held.
    pub(crate) async fn until_held(&self) {
        let held = async || matches!(*self.way.cut.lock().unwrap(), Cut::Held);
        until("the write that is held", held).await;
    }

    /// Lets it go.
    pub(crate) fn let_go(&self) {
        self.mend();
        self.way.let_go.notify_one();
    }

    /// The calls that were answered since this was asked last; watches are none.
    pub(crate) fn calls(&self) -> Vec<Call> {
        std::mem::take(&mut *self.way.calls.lock().unwrap())
    }

    /// Mends the way.
    pub(crate) fn mend(&self) {
        *self.way.cut.lock().unwrap() = Cut::Open;
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn pass(State(way): State<Arc<Way>>, request: Request) -> Response {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    if method != Method::GET && way.is_closed() {
        return std::future::pending().await;
    }
    if way.holds(&method, &path) {
        way.let_go.notified().await;
    }
    let watches = request.uri().query().is_some_and(|query| query.contains("watch="));
    let asked = Instant::now();
    let answer = way.carry_out(request).await;
    if !watches {
        let takes = *way.takes.lock().unwrap();
        tokio::time::sleep_until((asked + takes).into()).await;
        let call = Call { what: format!("{method} {path}"), asked, answered: Instant::now() };
        way.calls.lock().unwrap().push(call);
    }
    if way.closes_after(&method, &path, answer.status()) {
        return std::future::pending().await;
    }
    answer
}

impl Way {
    fn is_closed(&self) -> bool {
        matches!(*self.cut.lock().unwrap(), Cut::Closed)
    }

    /// Whether this is the write that has to wait; no other has to from now on.
    fn holds(&self, method: &Method, path: &str) -> bool {
        let mut cut = self.cut.lock().unwrap();
        let here = matches!(&*cut, Cut::Before(held, end) if held == method && path.ends_with(end));
        if here {
            *cut = Cut::Held;
        }
        here
    }

    /// Whether this was the write after which nothing goes through; from now on nothing does.
    fn closes_after(&self, method: &Method, path: &str, status: StatusCode) -> bool {
        let mut cut = self.cut.lock().unwrap();
        let here = match &mut *cut {
            Cut::After(cut_method, part) => cut_method == method && part.is_of(path),
            Cut::AfterWrites(count) if method != Method::GET && status.is_success() => {
                *count -= 1;
                *count == 0
            }
            _ => false,
        };
        if here && status.is_success() {
            *cut = Cut::Closed;
        }
        here && status.is_success()
    }

    async fn carry_out(&self, request: Request) -> Response {
        let (parts, body) = request.into_parts();
        let target = format!("{}{}", self.upstream, parts.uri);
        let mut headers = parts.headers;
        headers.remove(header::HOST);
        let body = to_bytes(body, usize::MAX).await.unwrap();
        let answer =
            self.http.request(parts.method, target).headers(headers).body(body).send().await.unwrap();
        let mut response = Response::new(Body::empty());
        *response.status_mut() = answer.status();
        *response.headers_mut() = answer.headers().clone();
        response.headers_mut().remove(header::TRANSFER_ENCODING);
        *response.body_mut() = Body::from_stream(answer.bytes_stream());
        response
    }
}
