//! An issuer: discovery, keys, device flow with PKCE, refresh with rotation, revocation.

use axum::extract::{Form, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

// RFC 8037, appendix A.1: the example key, whose private half is public.
const SEED: &str = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A";
const PUBLIC: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";

/// The key that the tests sign everything with.
pub(crate) fn private_key() -> EncodingKey {
    key_of(&URL_SAFE_NO_PAD.decode(SEED).unwrap())
}

/// The key of a seed: the fixed prefix of PKCS#8 (RFC 8410), and the seed.
pub(crate) fn key_of(seed: &[u8]) -> EncodingKey {
    let mut der =
        vec![0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];
    der.extend(seed);
    EncodingKey::from_ed_der(&der)
}

/// Its public half.
pub(crate) fn public_keys() -> Value {
    json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "x": PUBLIC, "kid": "k1", "use": "sig", "alg": "EdDSA"}]})
}

/// What a test decides, and what it looks at afterwards.
#[derive(Debug, Default)]
pub(crate) struct Story {
    /// How often the device is told to wait.
    pub(crate) pending: u32,
    /// What the device is told in the end, instead of tokens.
    pub(crate) refusal: Option<&'static str>,
    /// How long access tokens last, in seconds.
    pub(crate) life: Option<u64>,
    /// Whether ID tokens are signed by somebody else.
    pub(crate) forged: bool,
    /// Whether there is a revocation endpoint.
    pub(crate) revokes: bool,
    /// The challenge of the device's request.
    pub(crate) challenge: Option<String>,
    /// How many tokens were given out.
    pub(crate) given: u32,
    /// The refresh tokens that were used, in order.
    pub(crate) renewed: Vec<String>,
    /// The tokens that were revoked.
    pub(crate) revoked: Vec<String>,
    /// The refresh token that is good now.
    good: Option<String>,
}

/// The issuer.
#[derive(Clone)]
pub(crate) struct Issuer {
    pub(crate) url: String,
    pub(crate) story: Arc<Mutex<Story>>,
}

type Params = Form<HashMap<String, String>>;

impl Issuer {
    pub(crate) fn new(url: String) -> Self {
        let story = Story { revokes: true, ..Story::default() };
        Self { url, story: Arc::new(Mutex::new(story)) }
    }

    pub(crate) fn router(&self) -> Router {
        Router::new()
            .route("/.well-known/openid-configuration", get(configuration))
            .route("/jwks", get(async || Json(public_keys())))
            .route("/device", post(device))
            .route("/token", post(token))
            .route("/revoke", post(revoke))
            .with_state(self.clone())
    }

    pub(crate) fn story<T>(&self, tell: impl FnOnce(&mut Story) -> T) -> T {
        tell(&mut self.story.lock().unwrap())
    }

    /// Whether `token` is an access token of this issuer.
    pub(crate) fn gave(&self, token: &str) -> bool {
        let number = token.strip_prefix("access.of.").and_then(|number| number.parse::<u32>().ok());
        number.is_some_and(|number| (1..=self.story(|story| story.given)).contains(&number))
    }

    fn tokens(&self) -> Value {
        let (number, life, forged) = self.story(|story| {
            story.given += 1;
            story.good = Some(format!("refresh-{}", story.given));
            (story.given, story.life.unwrap_or(300), story.forged)
        });
        let now = Timestamp::now().as_second();
        let claims = json!({
            "iss": self.url, "sub": "s-ana", "aud": "tntc", "iat": now, "exp": now + 300,
            "name": "Ana Sousa", "email": "ana@example.com", "email_verified": true,
        });
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some("k1".to_owned());
        let key = if forged { key_of(&[7; 32]) } else { private_key() };
        json!({
            "access_token": format!("access.of.{number}"), "token_type": "Bearer", "expires_in": life,
            "refresh_token": format!("refresh-{number}"), "id_token": jsonwebtoken::encode(&header, &claims, &key).unwrap(),
        })
    }
}

async fn configuration(State(issuer): State<Issuer>) -> Json<Value> {
    let url = &issuer.url;
    let mut told = json!({
        "issuer": url,
        "authorization_endpoint": format!("{url}/authorize"),
        "token_endpoint": format!("{url}/token"),
        "device_authorization_endpoint": format!("{url}/device"),
        "jwks_uri": format!("{url}/jwks"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["EdDSA"],
    });
    if issuer.story(|story| story.revokes) {
        told["revocation_endpoint"] = format!("{url}/revoke").into();
    }
    Json(told)
}

async fn device(State(issuer): State<Issuer>, Form(params): Params) -> Response {
    if params.get("client_id").map(String::as_str) != Some("tntc") {
        return refuse("invalid_client");
    }
    assert_eq!(params["code_challenge_method"], "S256");
    assert!(params["scope"].split(' ').any(|scope| scope == "openid"));
    issuer.story(|story| story.challenge = params.get("code_challenge").cloned());
    Json(json!({
        "device_code": "device", "user_code": "BCDF-GHJK", "verification_uri": format!("{}/verify", issuer.url),
        "verification_uri_complete": format!("{}/verify?user_code=BCDF-GHJK", issuer.url),
        "expires_in": 600, "interval": 0,
    }))
    .into_response()
}

async fn token(State(issuer): State<Issuer>, Form(params): Params) -> Response {
    match params["grant_type"].as_str() {
        "refresh_token" => {
            let token = params["refresh_token"].clone();
            let good = issuer.story(|story| {
                story.renewed.push(token.clone());
                story.good.as_deref() == Some(token.as_str())
            });
            if good { Json(issuer.tokens()).into_response() } else { refuse("invalid_grant") }
        }
        _ => {
            let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(&params["code_verifier"]));
            let answer = issuer.story(|story| {
                assert_eq!(
                    story.challenge.as_ref(),
                    Some(&challenge),
                    "the verifier belongs to the challenge"
                );
                let waits = story.pending > 0;
                story.pending = story.pending.saturating_sub(1);
                if waits { Some("authorization_pending") } else { story.refusal }
            });
            answer.map_or_else(|| Json(issuer.tokens()).into_response(), refuse)
        }
    }
}

async fn revoke(State(issuer): State<Issuer>, Form(params): Params) -> StatusCode {
    assert_eq!(params["client_id"], "tntc");
    issuer.story(|story| story.revoked.push(params["token"].clone()));
    StatusCode::OK
}

fn refuse(error: &str) -> Response {
    (StatusCode::BAD_REQUEST, Json(json!({"error": error}))).into_response()
}
