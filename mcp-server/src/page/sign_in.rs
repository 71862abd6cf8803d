//! Signing in for one approval: the authorization code flow with PKCE (OpenID Connect Core 1.0, section 3.1; RFC 7636), and
//! each time anew: a session that somebody has at the issuer does not show that they are there.

use jiff::Timestamp;
use openidconnect::core::{
    CoreAuthPrompt, CoreAuthenticationFlow, CoreClient, CoreIdTokenClaims, CoreJwsSigningAlgorithm,
    CoreProviderMetadata, CoreTokenResponse,
};
use openidconnect::{
    AuthType, AuthorizationCode, ClientId, CsrfToken, EndpointMaybeSet, EndpointNotSet, EndpointSet,
    IssuerUrl, Nonce, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RequestTokenError, Scope,
    TokenResponse,
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;
use url::Url;
use wire::openid::Http;

/// For how long it is believed where the issuer signs people in. Its keys are asked for each time.
const DESCRIBED_FOR: Duration = Duration::from_secs(60);

/// How far the issuer's clock may be from ours, in seconds.
const LEEWAY: i64 = 15;

/// The signature algorithms that are taken: those of access tokens.
const ALGORITHMS: [CoreJwsSigningAlgorithm; 4] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EdDsa,
];

/// Why nobody has signed in. The text goes into the log, and holds nothing of a token.
#[derive(Debug, thiserror::Error)]
pub(super) enum SignInError {
    /// The issuer does not answer, or not as it should.
    #[error("the issuer does not answer: {0}")]
    Unreachable(String),
    /// What people type and what we are told would travel in clear.
    #[error("the issuer's endpoint at `{0}` is not behind https")]
    Insecure(Url),
    /// It does not take the code.
    #[error("the issuer does not take the code: {0}")]
    Refused(String),
    /// What it says does not hold.
    #[error("the ID token does not hold: {0}")]
    Token(String),
    /// They signed in before they were asked to, or nobody knows when.
    #[error("the sign-in is not a fresh one")]
    NotFresh,
    /// It names nobody.
    #[error("the ID token names no subject")]
    NoSubject,
}

/// What one sign-in alone knows: the answer must come with the state, the token with the nonce, and the code is worth
/// nothing without the verifier.
pub(super) struct Secrets {
    pub(super) state: String,
    pub(super) nonce: String,
    pub(super) verifier: String,
}

/// Who has signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SignedIn {
    pub(super) subject: String,
    /// The name to show.
    pub(super) name: Option<String>,
    /// The e-mail address, where the issuer has verified it.
    pub(super) email: Option<String>,
}

type Metadata = CoreProviderMetadata;

type OidcClient = CoreClient<
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// The issuer, as the page uses it.
#[derive(Debug)]
pub(super) struct SignIn {
    issuer: String,
    client: String,
    /// Where people are sent back to.
    redirect: String,
    http: Http,
    described: Mutex<Option<(Instant, Arc<Metadata>)>>,
}

impl SignIn {
    /// Signs in at `issuer` with the public client `client`, which may be sent back to `redirect`.
    pub(super) fn new(issuer: String, client: String, redirect: String, http: reqwest::Client) -> Self {
        Self { issuer, client, redirect, http: Http::over(http), described: Mutex::default() }
    }

    /// Where to send somebody who is to sign in.
    pub(super) async fn begin(&self, secrets: &Secrets) -> Result<Url, SignInError> {
        let client = self.client(&*self.description().await?)?;
        let (state, nonce) = (secrets.state.clone(), secrets.nonce.clone());
        let verifier = PkceCodeVerifier::new(secrets.verifier.clone());
        let (url, _, _) = client
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                move || CsrfToken::new(state),
                move || Nonce::new(nonce),
            )
            .add_scope(Scope::new("profile".to_owned()))
            .add_scope(Scope::new("email".to_owned()))
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
            // Either would do; some issuers know only one, and `max_age` makes them say when it was.
            .add_prompt(CoreAuthPrompt::Login)
            .set_max_age(Duration::ZERO)
            .url();
        Ok(url)
    }

    /// Who has signed in with this code, after `begun` (in seconds since 1970).
    pub(super) async fn finish(
        &self,
        code: String,
        secrets: &Secrets,
        begun: i64,
    ) -> Result<SignedIn, SignInError> {
        // Asked anew: a key that was withdrawn since must not be believed, and one that is new must be.
        let client = self.client(&self.discover().await?)?;
        let tokens: CoreTokenResponse = client
            .exchange_code(AuthorizationCode::new(code))
            .map_err(|error| SignInError::Unreachable(error.to_string()))?
            .set_pkce_verifier(PkceCodeVerifier::new(secrets.verifier.clone()))
            .request_async(&self.http)
            .await
            .map_err(|error| match &error {
                RequestTokenError::ServerResponse(said) => {
                    SignInError::Refused(said.error().as_ref().to_owned())
                }
                RequestTokenError::Request(error) => SignInError::Unreachable(error.to_string()),
                _ => SignInError::Unreachable("its answer cannot be read".to_owned()),
            })?;
        let token = tokens.id_token().ok_or_else(|| SignInError::Token("there is none".to_owned()))?;
        let verifier = client.id_token_verifier().set_allowed_algs(ALGORITHMS);
        let claims = token
            .claims(&verifier, &Nonce::new(secrets.nonce.clone()))
            .map_err(|error| SignInError::Token(error.to_string()))?;
        let signed_in = claims.auth_time().map(|time| time.timestamp());
        if !is_fresh(signed_in, claims.issue_time().timestamp(), begun, Timestamp::now().as_second()) {
            return Err(SignInError::NotFresh);
        }
        person(claims)
    }

    fn client(&self, metadata: &Metadata) -> Result<OidcClient, SignInError> {
        let unusable = |error: url::ParseError| SignInError::Unreachable(error.to_string());
        let redirect = RedirectUrl::new(self.redirect.clone()).map_err(unusable)?;
        let id = ClientId::new(self.client.clone());
        let client = CoreClient::from_provider_metadata(metadata.clone(), id, None);
        Ok(client.set_redirect_uri(redirect).set_auth_type(AuthType::RequestBody))
    }

    /// The issuer's own description, not older than a minute: anybody can ask for it.
    async fn description(&self) -> Result<Arc<Metadata>, SignInError> {
        let mut described = self.described.lock().await;
        if let Some((at, metadata)) = &*described
            && at.elapsed() < DESCRIBED_FOR
        {
            return Ok(Arc::clone(metadata));
        }
        let metadata = Arc::new(self.discover().await?);
        *described = Some((Instant::now(), Arc::clone(&metadata)));
        Ok(metadata)
    }

    /// What the issuer says of itself now, with its keys.
    async fn discover(&self) -> Result<Metadata, SignInError> {
        let url = IssuerUrl::new(self.issuer.clone());
        let url = url.map_err(|error| SignInError::Unreachable(error.to_string()))?;
        let found = Metadata::discover_async(url, &self.http).await;
        let metadata = found.map_err(|error| SignInError::Unreachable(error.to_string()))?;
        let endpoints = [
            Some(metadata.authorization_endpoint().url()),
            metadata.token_endpoint().map(|endpoint| endpoint.url()),
            Some(metadata.jwks_uri().url()),
        ];
        let in_clear = |url: &&Url| url.scheme() != "https" && !self.issuer.starts_with("http://");
        if let Some(url) = endpoints.into_iter().flatten().find(in_clear) {
            return Err(SignInError::Insecure(url.clone()));
        }
        Ok(metadata)
    }
}

/// Whether somebody signed in after they were asked to, and the token was made for it. All in seconds since 1970.
fn is_fresh(signed_in: Option<i64>, issued: i64, begun: i64, now: i64) -> bool {
    let since = begun.saturating_sub(LEEWAY)..=now.saturating_add(LEEWAY);
    signed_in.is_some_and(|signed_in| since.contains(&signed_in)) && since.contains(&issued)
}

fn person(claims: &CoreIdTokenClaims) -> Result<SignedIn, SignInError> {
    let subject = claims.subject().as_str();
    if subject.is_empty() || subject.contains(char::is_control) {
        return Err(SignInError::NoSubject);
    }
    let name = claims.name().and_then(|name| name.get(None)).map(|name| name.as_str().to_owned());
    let username = || claims.preferred_username().map(|name| name.as_str().to_owned());
    let verified = claims.email().filter(|_| claims.email_verified() == Some(true));
    Ok(SignedIn {
        subject: subject.to_owned(),
        name: name.or_else(username).filter(|name| !name.is_empty()),
        email: verified.map(|email| email.as_str().to_owned()).filter(|email| !email.is_empty()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fresh_is_what_came_after_the_question() {
        let now = 1_000_000;
        let begun = now - 60;
        for (signed_in, issued, fresh) in [
            (Some(now), now, true),
            (Some(begun), now, true),
            (Some(begun - LEEWAY), now, true),
            (Some(begun - LEEWAY - 1), now, false),
            (Some(now), begun - LEEWAY - 1, false),
            (Some(now + LEEWAY + 1), now, false),
            (Some(now), now + LEEWAY + 1, false),
            (None, now, false),
        ] {
            assert_eq!(is_fresh(signed_in, issued, begun, now), fresh, "{signed_in:?} {issued}");
        }
    }
}
