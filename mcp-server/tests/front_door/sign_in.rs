//! The issuer's side of signing in with a browser: the authorization code flow with PKCE, as the server's own page uses it.
//! Whoever a test has put in front of the browser signs in at once.

use crate::issuer::{Issuer, TestKey, sign};
use axum::extract::{Form, Query};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use url::Url;
use uuid::Uuid;

type Fields = HashMap<String, String>;

/// The page on which people sign in, and where what comes of it is fetched.
#[derive(Clone)]
pub(crate) struct IssuersPage {
    issuer: Issuer,
    pub(crate) url: String,
    held: Arc<Held>,
}

#[derive(Default)]
struct Held {
    /// Who sits in front of it; nobody declines to sign in.
    person: Mutex<Option<String>>,
    /// What of the ID token is another than it should be; `null` leaves a claim out.
    changed: Mutex<Value>,
    /// A key of nobody's, to sign with.
    stolen: Mutex<Option<TestKey>>,
    codes: Mutex<HashMap<String, Code>>,
}

/// A code that was given out.
struct Code {
    request: Fields,
    person: String,
}

impl IssuersPage {
    /// The page of `issuer`, which names it from now on.
    pub(crate) async fn open(issuer: &Issuer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let besides = json!({
            "authorization_endpoint": format!("{url}/authorize"), "token_endpoint": format!("{url}/token"),
            "response_types_supported": ["code"], "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256", "EdDSA"],
        });
        issuer.served.besides.lock().unwrap().extend(besides.as_object().unwrap().clone());
        let page = Self { issuer: issuer.clone(), url, held: Arc::default() };
        let (showing, redeeming) = (page.clone(), page.clone());
        let router = Router::new()
            .route("/authorize", get(async move |Query(request): Query<Fields>| showing.authorize(request)))
            .route("/token", post(async move |Form(form): Form<Fields>| redeeming.redeem(&form)));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        page
    }

    /// Puts somebody in front of the page, or nobody.
    pub(crate) fn seat(&self, person: Option<&str>) {
        *self.held.person.lock().unwrap() = person.map(str::to_owned);
    }

    /// From now on these claims of ID tokens are others than they should be.
    pub(crate) fn lie(&self, changed: Value) {
        *self.held.changed.lock().unwrap() = changed;
    }

    /// From now on ID tokens are signed with a key that only says that it is the issuer's.
    pub(crate) fn forge(&self, forge: bool) {
        let key = TestKey { kid: self.issuer.key.kid.clone(), ..TestKey::new("stolen") };
        *self.held.stolen.lock().unwrap() = forge.then_some(key);
    }

    /// How many codes are out that nobody has redeemed.
    pub(crate) fn codes(&self) -> usize {
        self.held.codes.lock().unwrap().len()
    }

    fn authorize(&self, request: Fields) -> Response {
        for (name, value) in [
            ("response_type", "code"),
            ("client_id", "page"),
            ("code_challenge_method", "S256"),
            ("prompt", "login"),
            ("max_age", "0"),
        ] {
            assert_eq!(request[name], value, "{request:?}");
        }
        assert!(request["scope"].split(' ').any(|scope| scope == "openid"), "{request:?}");
        assert!(request["redirect_uri"].ends_with("/approve/callback"), "{request:?}");
        assert!(["state", "nonce", "code_challenge"].iter().all(|name| request[*name].len() >= 43));
        let mut back = Url::parse(&request["redirect_uri"]).unwrap();
        match &*self.held.person.lock().unwrap() {
            Some(person) => {
                let code = Uuid::now_v7().to_string();
                back.query_pairs_mut().append_pair("code", &code);
                let what = Code { request: request.clone(), person: person.clone() };
                self.held.codes.lock().unwrap().insert(code, what);
            }
            None => {
                back.query_pairs_mut().append_pair("error", "access_denied");
            }
        }
        back.query_pairs_mut().append_pair("state", &request["state"]).append_pair("iss", &self.issuer.url);
        Redirect::to(back.as_str()).into_response()
    }

    fn redeem(&self, form: &Fields) -> Response {
        let code = self.held.codes.lock().unwrap().remove(&form["code"]);
        let fits = |code: &Code| {
            let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(&form["code_verifier"]));
            form["grant_type"] == "authorization_code"
                && form["client_id"] == "page"
                && form["redirect_uri"] == code.request["redirect_uri"]
                && challenge == code.request["code_challenge"]
        };
        let Some(code) = code.filter(fits) else {
            return (StatusCode::BAD_REQUEST, Json(json!({"error": "invalid_grant"}))).into_response();
        };
        let now = Timestamp::now().as_second();
        let mut claims = self.issuer.claims(&code.person, "page");
        let own = json!({
            "aud": "page", "typ": "ID", "auth_time": now, "nonce": code.request["nonce"],
            "preferred_username": code.person,
        });
        let changed = self.held.changed.lock().unwrap().clone();
        for (name, value) in [own, changed].iter().filter_map(Value::as_object).flatten() {
            match value {
                Value::Null => claims.as_object_mut().unwrap().remove(name),
                value => claims.as_object_mut().unwrap().insert(name.clone(), value.clone()),
            };
        }
        let stolen = self.held.stolen.lock().unwrap().clone();
        let id_token = sign(&claims, stolen.as_ref().unwrap_or(&self.issuer.key));
        let tokens = json!({
            "access_token": self.issuer.token(&code.person, "page"), "token_type": "Bearer", "expires_in": 300,
            "id_token": id_token,
        });
        Json(tokens).into_response()
    }
}
