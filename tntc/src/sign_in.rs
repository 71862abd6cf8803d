//! Signing in from a terminal: the device flow (RFC 8628) with PKCE (RFC 7636), renewing, and revoking (RFC 7009).

use crate::failed::{Exit, UNREACHABLE};
use crate::session::Session;
use crate::web::{Web, WebError};
use jiff::{SignedDuration, Timestamp};
use openidconnect::core::{
    CoreDeviceAuthorizationResponse, CoreErrorResponseType, CoreJwsSigningAlgorithm, CoreTokenResponse,
};
use openidconnect::{
    DeviceCodeErrorResponseType, Nonce, OAuth2TokenResponse as _, PkceCodeChallenge, PkceCodeVerifier,
    RefreshToken, RequestTokenError, Scope, TokenResponse as _,
};
use provider::{Provider, send};
use secrecy::{ExposeSecret, SecretString};
use std::time::Duration;
use url::form_urlencoded;

mod provider;

/// How ID tokens may be signed: with a private key that only the issuer has.
const ALGORITHMS: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

/// How long an access token is taken to last whose issuer does not say.
const SHORT: Duration = Duration::from_secs(60);

/// Why nobody is signed in.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SignInError {
    /// The issuer cannot be reached, or answers nonsense.
    #[error(transparent)]
    Web(#[from] WebError),
    /// The issuer's own words cannot be used.
    #[error("the issuer `{issuer}` cannot be used: {detail}")]
    Issuer {
        /// The issuer.
        issuer: String,
        /// Why.
        detail: String,
    },
    /// It has no device flow.
    #[error("the issuer `{0}` does not let terminals sign in (it has no device flow)")]
    NoDeviceFlow(String),
    /// The person said no.
    #[error("the sign-in was refused on the issuer's page")]
    Refused,
    /// Nobody answered in time.
    #[error("nobody signed in before the code ended")]
    TooLate,
    /// The issuer does not renew this sign-in any more.
    #[error("your sign-in has ended")]
    Ended,
}

impl SignInError {
    /// The exit code.
    pub(crate) const fn exit(&self) -> Exit {
        match self {
            Self::Web(error) => error.exit(),
            Self::Issuer { .. } | Self::NoDeviceFlow(_) => Exit::Failed,
            Self::Refused | Self::TooLate | Self::Ended => Exit::SignedOut,
        }
    }

    /// What to do next.
    pub(crate) fn next(&self) -> Option<String> {
        let told = match self {
            Self::Web(WebError::Unreachable { .. }) => UNREACHABLE,
            Self::Refused | Self::TooLate | Self::Ended => "run `tntc login`",
            Self::NoDeviceFlow(_) => "ask whoever runs the issuer to allow the device flow for this client",
            Self::Web(_) | Self::Issuer { .. } => return None,
        };
        Some(told.to_owned())
    }
}

/// A sign-in that waits for the person.
pub(crate) struct Pending {
    provider: Provider,
    details: CoreDeviceAuthorizationResponse,
    verifier: PkceCodeVerifier,
}

impl Pending {
    /// Asks `issuer` for a code.
    pub(crate) async fn begin(issuer: &str, client: &str, web: &Web) -> Result<Self, SignInError> {
        let provider = Provider::discover(issuer, client, web).await?;
        let device = provider.device.clone();
        let device = device.ok_or_else(|| SignInError::NoDeviceFlow(issuer.to_owned()))?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let http = |request| send(web, request);
        let asking = provider.client.clone().set_device_authorization_url(device);
        // `openid` is there already.
        let request = asking
            .exchange_device_code()
            .add_scope(Scope::new("profile".to_owned()))
            .add_scope(Scope::new("email".to_owned()))
            .add_extra_param("code_challenge", challenge.as_str())
            .add_extra_param("code_challenge_method", challenge.method().as_str());
        let details = request.request_async(&http).await.map_err(|error| not_told(issuer, error))?;
        Ok(Self { provider, details, verifier })
    }

    /// What the person types at [`Pending::place`].
    pub(crate) fn code(&self) -> &str {
        self.details.user_code().secret()
    }

    /// Where the person goes.
    pub(crate) fn place(&self) -> &str {
        self.details.verification_uri()
    }

    /// The same with the code in it, where the issuer has such an address.
    pub(crate) fn complete_place(&self) -> Option<&str> {
        self.details.verification_uri_complete().map(|uri| uri.secret().as_str())
    }

    /// How long the code is good.
    pub(crate) fn lasts(&self) -> Duration {
        self.details.expires_in()
    }

    /// Waits until the person has answered, and takes the tokens.
    pub(crate) async fn finish(self, web: &Web) -> Result<Session, SignInError> {
        let Self { provider, details, verifier } = self;
        let http = |request| send(web, request);
        let asked = provider.client.exchange_device_access_token(&details);
        let request = asked.add_extra_param("code_verifier", verifier.secret().as_str());
        let tokens = request.request_async(&http, tokio::time::sleep, None).await;
        let tokens = tokens.map_err(|error| match &error {
            RequestTokenError::ServerResponse(answer) => match answer.error() {
                DeviceCodeErrorResponseType::AccessDenied => SignInError::Refused,
                DeviceCodeErrorResponseType::ExpiredToken => SignInError::TooLate,
                other => SignInError::Issuer { issuer: provider.issuer.clone(), detail: other.to_string() },
            },
            _ => not_told(&provider.issuer, error),
        })?;
        let name = name(&provider, &tokens)?;
        Ok(session(&provider, &tokens, name))
    }
}

/// The name to show, from the ID token, which must hold.
fn name(provider: &Provider, tokens: &CoreTokenResponse) -> Result<String, SignInError> {
    let wrong = |detail: String| SignInError::Issuer { issuer: provider.issuer.clone(), detail };
    let id = tokens.id_token().ok_or_else(|| wrong("it gave no ID token".to_owned()))?;
    // The device flow has no place for a nonce; the device code binds the answer to this request.
    let no_nonce = |_: Option<&Nonce>| Ok(());
    let verifier = provider.client.id_token_verifier().set_allowed_algs(ALGORITHMS);
    let claims = id.claims(&verifier, no_nonce);
    let claims = claims.map_err(|error| wrong(format!("its ID token does not hold: {error}")))?;
    let full = claims.name().and_then(|names| names.get(None)).map(|name| name.as_str());
    let user = claims.preferred_username().map(|name| name.as_str());
    let shown = full.or(user).unwrap_or(claims.subject().as_str());
    Ok(match claims.email() {
        Some(email) => format!("{shown} ({})", email.as_str()),
        None => shown.to_owned(),
    })
}

fn session(provider: &Provider, tokens: &CoreTokenResponse, name: String) -> Session {
    let life = SignedDuration::try_from(tokens.expires_in().unwrap_or(SHORT)).unwrap_or(SignedDuration::ZERO);
    Session {
        issuer: provider.issuer.clone(),
        client: provider.client.client_id().as_str().to_owned(),
        access_token: SecretString::from(tokens.access_token().secret().as_str()),
        refresh_token: tokens.refresh_token().map(|token| SecretString::from(token.secret().as_str())),
        expires_at: Timestamp::now().checked_add(life).unwrap_or(Timestamp::MIN),
        name,
    }
}

/// The same sign-in with new tokens.
pub(crate) async fn renew(old: &Session, web: &Web) -> Result<Session, SignInError> {
    let token = old.refresh_token.as_ref().ok_or(SignInError::Ended)?;
    let token = RefreshToken::new(token.expose_secret().to_owned());
    let provider = Provider::discover(&old.issuer, &old.client, web).await?;
    let http = |request| send(web, request);
    let renewed = provider.client.exchange_refresh_token(&token).request_async(&http).await;
    let tokens = renewed.map_err(|error| match &error {
        RequestTokenError::ServerResponse(answer)
            if matches!(answer.error(), CoreErrorResponseType::InvalidGrant) =>
        {
            SignInError::Ended
        }
        _ => not_told(&old.issuer, error),
    })?;
    let mut renewed = session(&provider, &tokens, old.name.clone());
    // An issuer that does not rotate refresh tokens sends none.
    renewed.refresh_token = renewed.refresh_token.or_else(|| old.refresh_token.clone());
    Ok(renewed)
}

/// Ends the sign-in at the issuer; `false` when the issuer offers no way to.
pub(crate) async fn revoke(session: &Session, web: &Web) -> Result<bool, SignInError> {
    let provider = Provider::discover(&session.issuer, &session.client, web).await?;
    let Some(place) = &provider.revocation else { return Ok(false) };
    // The refresh token stands for the whole sign-in; the access token ends within minutes by itself.
    let (token, hint) = match &session.refresh_token {
        Some(token) => (token, "refresh_token"),
        None => (&session.access_token, "access_token"),
    };
    let body = form_urlencoded::Serializer::new(String::new())
        .append_pair("token", token.expose_secret())
        .append_pair("token_type_hint", hint)
        .append_pair("client_id", &session.client)
        .finish();
    let wrong = |detail: String| SignInError::Issuer { issuer: session.issuer.clone(), detail };
    let request = http::Request::post(place.as_str())
        .header(http::header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(body.into_bytes())
        .map_err(|error| wrong(error.to_string()))?;
    let status = web.send(request).await?.status();
    if status.is_success() {
        Ok(true)
    } else {
        Err(wrong(format!("it did not revoke the sign-in ({status})")))
    }
}

/// A request that the issuer did not answer as it should.
fn not_told<T>(issuer: &str, error: RequestTokenError<WebError, T>) -> SignInError
where
    T: openidconnect::ErrorResponse + 'static,
{
    let wrong = |detail: String| SignInError::Issuer { issuer: issuer.to_owned(), detail };
    match error {
        RequestTokenError::Request(error) => SignInError::Web(error),
        // The body may hold tokens, so only what kind of text it is not is told.
        RequestTokenError::Parse(error, _) => wrong(format!("its answer is not understood ({error})")),
        RequestTokenError::ServerResponse(answer) => wrong(answer.to_string()),
        RequestTokenError::Other(detail) => wrong(detail),
    }
}
