//! The server's own page for approvals: the enclave's owner signs in anew, sees what a deploy would newly reach, and says
//! yes or no. It decides by the very handler of `reach_approve`, and what it shows is asked of the gate too.

mod cookie;
mod html;
mod refused;
mod sign_in;
mod ticket;

use self::cookie::Cookies;
use self::html::{Decided, Question};
use self::refused::Refused;
use self::sign_in::{SignIn, SignInError, SignedIn};
use self::ticket::Ticket;
use crate::call::Call;
use crate::gate::act;
use crate::identity::{Client, Person};
use crate::metrics::Ended;
use crate::progress::Progress;
use crate::server::Server;
use crate::store::{Approval, ApprovalState, PersonId};
use crate::tools::{Handler, reach_approve};
use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::QueryRejection;
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use serde::Deserialize;
use std::sync::Arc;
use std::time::Instant;
use subtle::ConstantTimeEq;
use tokio::sync::Semaphore;
use tracing::Instrument;
use url::{Url, form_urlencoded};
use uuid::Uuid;
use wire::canonical;
use wire::tools::approval::{ReachApprove, ReachApproveArgs};
use wire::{Failure, FailureCode, Tool};

/// Where the issuer sends people back to, below the public URL.
const CALLBACK: &str = "/approve/callback";

/// How the trail names a look at the question.
const LOOK: &str = "approval_page";

/// More than a form of the page.
const MAX_FORM: usize = 4 * 1024;

/// How many sign-ins the issuer is asked about at the same time: anybody can begin one.
const AT_ONCE: usize = 32;

/// What the page needs besides the server.
#[derive(Debug)]
pub(crate) struct Page {
    sign_in: SignIn,
    issuer: String,
    client: String,
    /// The origin that its own forms come from.
    origin: String,
    cookies: Cookies,
    asking: Semaphore,
}

impl Page {
    /// The page below `public`, with `client` of `issuer`.
    pub(crate) fn new(public: &Url, issuer: String, client: String, http: reqwest::Client) -> Self {
        let base = public.as_str().trim_end_matches('/');
        Self {
            sign_in: SignIn::new(issuer.clone(), client.clone(), format!("{base}{CALLBACK}"), http),
            issuer,
            client,
            origin: public.origin().ascii_serialization(),
            cookies: Cookies::of(public),
            asking: Semaphore::new(AT_ONCE),
        }
    }
}

/// The page's routes; none where it is not configured.
pub(crate) fn router(server: &Arc<Server>) -> Router {
    let Some(page) = &server.page else { return Router::new() };
    let desk = Desk { server: Arc::clone(server), page: Arc::clone(page) };
    Router::new()
        .route(CALLBACK, get(come_back))
        .route("/approve/{id}", get(open).post(decide))
        .layer(DefaultBodyLimit::max(MAX_FORM))
        .with_state(desk)
}

/// The page with everything that it works with.
#[derive(Clone)]
struct Desk {
    server: Arc<Server>,
    page: Arc<Page>,
}

/// Somebody who has signed in for one approval, and shortly before.
struct Visitor {
    ticket: Ticket,
    person: SignedIn,
}

/// Shows the question to whoever has just signed in for it, and lets everybody else sign in.
async fn open(
    State(desk): State<Desk>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let id = read(&id)?;
    match desk.visitor(&headers, id) {
        Some(visitor) => Ok(desk.show(id, &visitor).await),
        None => desk.begin(id).await,
    }
}

/// What the issuer sends along (RFC 6749, section 4.1.2; RFC 9207).
#[derive(Deserialize)]
struct Came {
    code: Option<String>,
    state: Option<String>,
    error: Option<String>,
    iss: Option<String>,
}

/// Takes whoever comes back from the issuer.
async fn come_back(
    State(desk): State<Desk>,
    came: Result<Query<Came>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let Query(Came { code, state, error, iss }) = came.map_err(|_| Refused::NotBegunHere(None))?;
    let state = state.unwrap_or_default();
    let id = ticket::approval_of(&state).ok_or(Refused::NotBegunHere(None))?;
    let begun = desk.ticket(&headers, id).filter(|ticket| ticket.person.is_none());
    let begun = begun.ok_or(Refused::NotBegunHere(Some(id)))?;
    let secrets = begun.secrets(&desk.server.signing);
    if !same(&state, &secrets.state) {
        return Err(Refused::NotBegunHere(Some(id)));
    }
    if iss.is_some_and(|iss| iss != desk.page.issuer) {
        return Err(Refused::NotBelieved(id));
    }
    let code = code.filter(|_| error.is_none()).ok_or(Refused::Declined(id))?;
    let _turn = desk.page.asking.try_acquire().map_err(|_| Refused::Busy)?;
    let person = desk.page.sign_in.finish(code, &secrets, begun.at).await;
    let person = person.map_err(|error| not_signed_in(&error, id))?;
    let ticket = Ticket::of(id, desk.now(), Some(person));
    let cookie = desk.page.cookies.set(id, &ticket, &desk.server.signing);
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to(&path(id))).into_response())
}

/// Does what the owner says, once.
async fn decide(
    State(desk): State<Desk>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refused> {
    let id = read(&id)?;
    let origin = headers.get(header::ORIGIN).and_then(|origin| origin.to_str().ok());
    if origin != Some(desk.page.origin.as_str()) {
        return Err(Refused::Foreign(id));
    }
    let visitor = desk.visitor(&headers, id).ok_or(Refused::Over(id))?;
    let field = |name: &str| {
        let found = form_urlencoded::parse(&body).find(|(key, _)| key == name);
        found.map(|(_, value)| value.into_owned()).unwrap_or_default()
    };
    if !same(&field("form_token"), &visitor.ticket.form_token(&desk.server.signing)) {
        return Err(Refused::Foreign(id));
    }
    let approve = match field("decision").as_str() {
        "approve" => true,
        "refuse" => false,
        _ => return Err(Refused::Foreign(id)),
    };
    Ok(desk.answer(ReachApproveArgs { approval: id, approve }, &visitor).await)
}

impl Desk {
    fn now(&self) -> i64 {
        self.server.now().as_second()
    }

    /// What the browser holds for this approval, where it is ours and still good.
    fn ticket(&self, headers: &HeaderMap, id: Uuid) -> Option<Ticket> {
        let sealed = self.page.cookies.get(headers, id)?;
        Ticket::open(&sealed, &self.server.signing, id, self.now())
    }

    fn visitor(&self, headers: &HeaderMap, id: Uuid) -> Option<Visitor> {
        let ticket = self.ticket(headers, id)?;
        let person = ticket.person.clone()?;
        Some(Visitor { ticket, person })
    }

    /// Sends the browser to the issuer. Nothing is looked up for somebody who has not signed in.
    async fn begin(&self, id: Uuid) -> Result<Response, Refused> {
        let _turn = self.page.asking.try_acquire().map_err(|_| Refused::Busy)?;
        let ticket = Ticket::of(id, self.now(), None);
        let to = self.page.sign_in.begin(&ticket.secrets(&self.server.signing)).await;
        let to = to.map_err(|error| not_signed_in(&error, id))?;
        let cookie = self.page.cookies.set(id, &ticket, &self.server.signing);
        Ok(([(header::SET_COOKIE, cookie)], Redirect::to(to.as_str())).into_response())
    }

    /// A call of this person's on the page, which is not open to any other client.
    fn call(&self, person: &SignedIn, tool: &'static str, arguments_sha256: String) -> Call {
        let id = PersonId { issuer: self.page.issuer.clone(), subject: person.subject.clone() };
        let person = Person {
            id,
            name: person.name.clone(),
            verified_email: person.email.clone(),
            slack: None,
            client: Client::Page,
            client_id: self.page.client.clone(),
        };
        Call::on_page(person, tool, arguments_sha256)
    }

    async fn show(&self, id: Uuid, visitor: &Visitor) -> Response {
        let digest = canonical::sha256(&serde_json::json!({"approval": id})).unwrap_or_default();
        let call = self.call(&visitor.person, LOOK, digest);
        match self.question(&call, id).await {
            Ok(approval) => {
                let token = visitor.ticket.form_token(&self.server.signing);
                Question::of(&approval, &call, token).into_response()
            }
            Err(failure) => self.refuse(&call, id, failure).await,
        }
    }

    /// The question, for whoever may answer it while it waits.
    async fn question(&self, call: &Call, id: Uuid) -> Result<Approval, Failure> {
        let found = reach_approve::asked(&self.server, call, id).await?;
        let look = self.server.gate.look(call).await?;
        look.enclave::<act::ApproveReach>(Some(&found.enclave))?;
        if found.state == ApprovalState::Waiting { Ok(found) } else { Err(reach_approve::gone()) }
    }

    /// Decides as the tool does.
    async fn answer(&self, args: ReachApproveArgs, visitor: &Visitor) -> Response {
        let (id, began, trace) = (args.approval, Instant::now(), Uuid::now_v7());
        let digest = canonical::sha256(&args).unwrap_or_default();
        let call = self.call(&visitor.person, ReachApprove::NAME, digest);
        let span = tracing::info_span!("call", tool = ReachApprove::NAME, trace_id = %trace);
        let done =
            ReachApprove::handle(&self.server, &call, args, &Progress::default()).instrument(span).await;
        let ended = if done.is_ok() { Ended::Answered } else { Ended::Refused };
        self.server.metrics.called(ReachApprove::NAME, ended, began.elapsed().as_secs_f64());
        match done {
            Ok(answer) => self.ended(id, Decided::of(&answer, &call).into_response()),
            Err(mut failure) => {
                if is_ours(&failure) {
                    failure.trace_id = Some(trace.to_string());
                }
                self.refuse(&call, id, failure).await
            }
        }
    }

    /// Says why not. Whoever is not the owner is told that, and nothing of what the gate knows.
    async fn refuse(&self, call: &Call, id: Uuid, failure: Failure) -> Response {
        if is_ours(&failure) {
            return Refused::Failed(id, failure).into_response();
        }
        let is_void = failure.code == FailureCode::Conflict;
        let refused = if is_void || self.is_owner(call, id).await {
            Refused::Failed(id, failure)
        } else {
            Refused::NotTheOwner(id, call.shown())
        };
        self.ended(id, refused.into_response())
    }

    /// Whether the record names this person as the owner. In doubt they are not.
    async fn is_owner(&self, call: &Call, id: Uuid) -> bool {
        let (Ok(Some(found)), Ok(rights)) =
            (self.server.store.approval(id).await, self.server.store.rights().await)
        else {
            return false;
        };
        let owner = rights.enclave(&found.enclave).map(|record| &record.owner);
        owner.is_some() && owner == call.person_id()
    }

    /// The same answer, after which this sign-in is good for nothing more.
    fn ended(&self, id: Uuid, mut response: Response) -> Response {
        response.headers_mut().append(header::SET_COOKIE, self.page.cookies.end(id));
        response
    }
}

/// Whether it failed through no fault of the person's: it may be tried again as it is.
fn is_ours(failure: &Failure) -> bool {
    matches!(failure.code, FailureCode::Unavailable | FailureCode::Internal)
}

fn not_signed_in(error: &SignInError, id: Uuid) -> Refused {
    tracing::warn!(%error, "a sign-in for an approval came to nothing");
    match error {
        SignInError::Unreachable(_) | SignInError::Insecure(_) => Refused::NoIssuer(id),
        SignInError::NotFresh => Refused::NotFresh(id),
        SignInError::Refused(_) | SignInError::Token(_) | SignInError::NoSubject => Refused::NotBelieved(id),
    }
}

fn read(id: &str) -> Result<Uuid, Refused> {
    id.parse().map_err(|_| Refused::Unknown)
}

/// Where an approval is asked about, below the public URL.
pub(crate) fn path(id: Uuid) -> String {
    format!("/approve/{id}")
}

/// Whether two secrets are the same, in a time that does not tell where they differ.
fn same(given: &str, expected: &str) -> bool {
    given.as_bytes().ct_eq(expected.as_bytes()).into()
}
