//! Who is signed in with this browser.

use axum_extra::extract::CookieJar;
use axum_extra::extract::cookie::{Cookie, SameSite};
use jiff::{SignedDuration, Timestamp};

use super::fault::OauthError;
use super::ledger::{Consent, Digest, Entry, Ledger, Session};
use crate::door::digest;
use crate::journal::Draft;
use crate::random;

/// The browser's side of a session.
pub(super) struct Browser {
    cookie_name: String,
    /// What is kept of the cookie, where there is one.
    session: Option<Digest>,
}

/// Whether somebody who is signed in has to do it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Freshness {
    /// `prompt=login`.
    Always,
    /// `max_age`: not when it was at most so many seconds ago.
    Within(i64),
    /// A session is enough.
    Any,
}

impl Browser {
    pub(super) fn read(jar: &CookieJar, port: u16) -> Self {
        let cookie_name = format!("tentacular-issuer-{port}");
        let session = jar.get(&cookie_name).map(|cookie| digest(cookie.value()));
        Self { cookie_name, session }
    }

    /// Who is signed in, where that is fresh enough.
    pub(super) fn signed_in<'a>(
        &self,
        ledger: &'a Ledger,
        freshness: Freshness,
        now: Timestamp,
    ) -> Option<&'a Session> {
        let session = ledger.sessions.get(self.session.as_ref()?)?;
        let age = now.duration_since(session.auth_time);
        let fresh = match freshness {
            Freshness::Always => false,
            Freshness::Within(seconds) => age <= SignedDuration::from_secs(seconds),
            Freshness::Any => true,
        };
        (fresh && ledger.active(&session.person).is_some()).then_some(session)
    }

    /// What is kept of the cookie.
    pub(super) fn session(&self) -> Option<&Digest> {
        self.session.as_ref()
    }

    /// `person` says yes. Where they are signed in freshly enough, that counts; else they sign in now, and the browser
    /// gets a cookie.
    pub(super) fn consent(
        &self,
        draft: &mut Draft<Ledger>,
        person: &str,
        freshness: Freshness,
        now: Timestamp,
    ) -> Result<(Consent, Option<Cookie<'static>>), OauthError> {
        if draft.active(person).is_none() {
            return Err(OauthError::AccessDenied);
        }
        let kept = self.signed_in(draft, freshness, now).filter(|session| session.person == person);
        if let (Some(kept), Some(session)) = (kept, &self.session) {
            let auth_time = kept.auth_time;
            let consent = Consent { person: person.to_owned(), auth_time, session: session.clone() };
            return Ok((consent, None));
        }
        let secret = random::mixed(32);
        let session = digest(&secret);
        if let Some(old) = &self.session {
            draft.make(Entry::SignedOut { session: old.clone() });
        }
        let what = Session { person: person.to_owned(), auth_time: now };
        draft.make(Entry::SignedIn { session: session.clone(), what });
        let cookie = Cookie::build((self.cookie_name.clone(), secret))
            .path("/oidc")
            .http_only(true)
            .same_site(SameSite::Strict)
            .build();
        Ok((Consent { person: person.to_owned(), auth_time: now, session }, Some(cookie)))
    }

    /// The cookie that takes the browser's away.
    pub(super) fn farewell(&self) -> Cookie<'static> {
        Cookie::build((self.cookie_name.clone(), "")).path("/oidc").build()
    }
}
