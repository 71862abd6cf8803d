//! The server's own page, for what a token alone does not prove: somebody signs in anew for one matter, sees what it is, and
//! decides it. An owner approves what a deploy would newly reach, or gives an enclave away; whoever it was offered to takes it,
//! or does not. Each is decided by the very handler of its tool, and what is shown is asked of the gate too.

mod approval;
mod cookie;
mod giving;
mod html;
mod matter;
mod offer;
mod refused;
mod sign_in;
mod ticket;

use self::cookie::Cookies;
pub(crate) use self::matter::Matter;
use self::refused::Refused;
use self::sign_in::{SignIn, SignInError, SignedIn};
use self::ticket::Ticket;
use crate::call::Call;
use crate::identity::{Client, Person};
use crate::metrics::Ended;
use crate::progress::Progress;
use crate::server::Server;
use crate::store::PersonId;
use crate::tools::Handler;
use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::QueryRejection;
use axum::extract::{DefaultBodyLimit, Query, State};
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
use wire::{Failure, FailureCode};

/// Where the issuer sends people back to, below the public URL.
const CALLBACK: &str = "/approve/callback";

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
        .route("/give/{enclave}", get(open).post(decide))
        .route("/offer/{id}", get(open).post(decide))
        .layer(DefaultBodyLimit::max(MAX_FORM))
        .with_state(desk)
}

/// The page with everything that it works with.
#[derive(Clone)]
struct Desk {
    server: Arc<Server>,
    page: Arc<Page>,
}

/// Somebody who has signed in for one matter, and shortly before.
struct Visitor {
    ticket: Ticket,
    person: SignedIn,
}

/// What was pressed, in a form that the visitor was shown.
struct Pressed {
    button: String,
    /// Who was chosen, where somebody can be.
    to: String,
}

/// Shows what it is about to whoever has just signed in for it, and lets everybody else sign in.
async fn open(State(desk): State<Desk>, matter: Matter, headers: HeaderMap) -> Result<Response, Refused> {
    let Some(visitor) = desk.visitor(&headers, &matter) else { return desk.begin(&matter).await };
    Ok(match &matter {
        Matter::Approval(id) => desk.show_approval(*id, &visitor).await,
        Matter::Giving(enclave) => desk.show_giving(enclave, &visitor).await,
        Matter::Offer(id) => desk.show_offer(*id, &visitor).await,
    })
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
    let matter = ticket::matter_of(&state).ok_or(Refused::NotBegunHere(None))?;
    let begun = desk.ticket(&headers, &matter).filter(|ticket| ticket.person.is_none());
    let begun = begun.ok_or_else(|| Refused::NotBegunHere(Some(matter.clone())))?;
    let secrets = begun.secrets(&desk.server.signing);
    if !same(&state, &secrets.state) {
        return Err(Refused::NotBegunHere(Some(matter)));
    }
    if iss.is_some_and(|iss| iss != desk.page.issuer) {
        return Err(Refused::NotBelieved(matter));
    }
    let code = code.filter(|_| error.is_none()).ok_or_else(|| Refused::Declined(matter.clone()))?;
    let _turn = desk.page.asking.try_acquire().map_err(|_| Refused::Busy)?;
    let person = desk.page.sign_in.finish(code, &secrets, begun.at).await;
    let person = person.map_err(|error| not_signed_in(&error, &matter))?;
    let ticket = Ticket::of(matter.clone(), desk.now(), Some(person));
    let cookie = desk.page.cookies.set(&matter, &ticket, &desk.server.signing);
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to(&matter.path())).into_response())
}

/// Does what the visitor says, once.
async fn decide(
    State(desk): State<Desk>,
    matter: Matter,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refused> {
    let foreign = || Refused::Foreign(matter.clone());
    let origin = headers.get(header::ORIGIN).and_then(|origin| origin.to_str().ok());
    if origin != Some(desk.page.origin.as_str()) {
        return Err(foreign());
    }
    let visitor = desk.visitor(&headers, &matter).ok_or_else(|| Refused::Over(matter.clone()))?;
    let field = |name: &str| {
        let found = form_urlencoded::parse(&body).find(|(key, _)| key == name);
        found.map(|(_, value)| value.into_owned()).unwrap_or_default()
    };
    if !same(&field("form_token"), &visitor.ticket.form_token(&desk.server.signing)) {
        return Err(foreign());
    }
    let pressed = Pressed { button: field("decision"), to: field("to") };
    let done = match &matter {
        Matter::Approval(id) => desk.answer_approval(*id, &pressed, &visitor).await,
        Matter::Giving(enclave) => desk.give(enclave, &pressed, &visitor).await,
        Matter::Offer(id) => desk.answer_offer(*id, &pressed, &visitor).await,
    };
    done.ok_or_else(foreign)
}

impl Desk {
    fn now(&self) -> i64 {
        self.server.now().as_second()
    }

    /// What the browser holds for this matter, where it is ours and still good.
    fn ticket(&self, headers: &HeaderMap, matter: &Matter) -> Option<Ticket> {
        let sealed = self.page.cookies.get(headers, matter)?;
        Ticket::open(&sealed, &self.server.signing, matter, self.now())
    }

    fn visitor(&self, headers: &HeaderMap, matter: &Matter) -> Option<Visitor> {
        let ticket = self.ticket(headers, matter)?;
        let person = ticket.person.clone()?;
        Some(Visitor { ticket, person })
    }

    /// Sends the browser to the issuer. Nothing is looked up for somebody who has not signed in.
    async fn begin(&self, matter: &Matter) -> Result<Response, Refused> {
        let _turn = self.page.asking.try_acquire().map_err(|_| Refused::Busy)?;
        let ticket = Ticket::of(matter.clone(), self.now(), None);
        let to = self.page.sign_in.begin(&ticket.secrets(&self.server.signing)).await;
        let to = to.map_err(|error| not_signed_in(&error, matter))?;
        let cookie = self.page.cookies.set(matter, &ticket, &self.server.signing);
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

    /// What a form that is shown to this visitor holds.
    fn form_token(&self, visitor: &Visitor) -> String {
        visitor.ticket.form_token(&self.server.signing)
    }

    /// Decides as the tool `T` does; answers as whom, and what came of it.
    async fn through<T: Handler>(
        &self,
        visitor: &Visitor,
        args: T::Args,
    ) -> (Call, Result<T::Answer, Failure>) {
        let (began, trace) = (Instant::now(), Uuid::now_v7());
        let digest = canonical::sha256(&args).unwrap_or_default();
        let call = self.call(&visitor.person, T::NAME, digest);
        let span = tracing::info_span!("call", tool = T::NAME, trace_id = %trace);
        let done = T::handle(&self.server, &call, args, &Progress::default()).instrument(span).await;
        let ended = if done.is_ok() { Ended::Answered } else { Ended::Refused };
        self.server.metrics.called(T::NAME, ended, began.elapsed().as_secs_f64());
        let done = done.map_err(|failure| match is_ours(&failure) {
            true => Failure { trace_id: Some(trace.to_string()), ..failure },
            false => failure,
        });
        (call, done)
    }

    /// Says why not. Whoever it does not concern is told that, and nothing of what the gate knows.
    fn refuse(&self, call: &Call, matter: &Matter, concerned: bool, failure: Failure) -> Response {
        if is_ours(&failure) {
            return Refused::Failed(matter.clone(), failure).into_response();
        }
        let refused = if concerned {
            Refused::Failed(matter.clone(), failure)
        } else {
            Refused::NotTheirs(matter.clone(), call.shown())
        };
        self.ended(matter, refused.into_response())
    }

    /// The same answer, after which this sign-in is good for nothing more.
    fn ended(&self, matter: &Matter, mut response: Response) -> Response {
        response.headers_mut().append(header::SET_COOKIE, self.page.cookies.end(matter));
        response
    }
}

/// Whether it failed through no fault of the person's: it may be tried again as it is.
fn is_ours(failure: &Failure) -> bool {
    matches!(failure.code, FailureCode::Unavailable | FailureCode::Internal)
}

fn not_signed_in(error: &SignInError, matter: &Matter) -> Refused {
    tracing::warn!(%error, "a sign-in on the page came to nothing");
    let matter = matter.clone();
    match error {
        SignInError::Unreachable(_) | SignInError::Insecure(_) => Refused::NoIssuer(matter),
        SignInError::NotFresh => Refused::NotFresh(matter),
        SignInError::Refused(_) | SignInError::Token(_) | SignInError::NoSubject => {
            Refused::NotBelieved(matter)
        }
    }
}

/// Whether two secrets are the same, in a time that does not tell where they differ.
fn same(given: &str, expected: &str) -> bool {
    given.as_bytes().ct_eq(expected.as_bytes()).into()
}
