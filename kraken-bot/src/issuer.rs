//! The issuer, as the Kraken uses it: device flow with PKCE for people, client credentials for itself.

use jiff::Timestamp;
use openidconnect::core::{
    CoreAuthDisplay, CoreClaimName, CoreClaimType, CoreClient, CoreClientAuthMethod,
    CoreDeviceAuthorizationResponse, CoreErrorResponseType, CoreGrantType, CoreJsonWebKey,
    CoreJweContentEncryptionAlgorithm, CoreJweKeyManagementAlgorithm, CoreResponseMode, CoreResponseType,
    CoreRevocableToken, CoreSubjectIdentifierType, CoreTokenResponse,
};
use openidconnect::{
    AdditionalProviderMetadata, AuthType, ClientId, ClientSecret, DeviceAuthorizationUrl, EndpointMaybeSet,
    EndpointNotSet, EndpointSet, IssuerUrl, Nonce, OAuth2TokenResponse, PkceCodeChallenge, ProviderMetadata,
    RefreshToken, RequestTokenError, RevocationUrl, Scope, TokenResponse,
};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use std::time::{Duration, Instant};
use tokio::sync::Mutex;
use url::Url;
use wire::openid::{Http, HttpError};

/// For how long it is believed what the issuer says of itself.
const DESCRIBED_FOR: Duration = Duration::from_secs(600);

/// What the device flow needs beyond the core metadata.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Extra {
    device_authorization_endpoint: DeviceAuthorizationUrl,
    revocation_endpoint: Option<RevocationUrl>,
}

impl AdditionalProviderMetadata for Extra {}

type Metadata = ProviderMetadata<
    Extra,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

type Client =
    CoreClient<EndpointSet, EndpointSet, EndpointNotSet, EndpointNotSet, EndpointMaybeSet, EndpointMaybeSet>;

/// Why the issuer gave no token.
#[derive(Debug, thiserror::Error)]
pub(crate) enum IssuerError {
    /// It does not answer, or not as it should.
    #[error("the issuer does not answer: {0}")]
    Unreachable(String),
    /// It says no for good: the sign-in was refused, or the token withdrawn.
    #[error("the issuer says no: {0}")]
    Refused(String),
    /// It does not know the Kraken, or does not take its requests. That says nothing of the person.
    #[error("the issuer does not take the Kraken's requests: {0}")]
    NotTaken(String),
    /// Nobody signed in within the time.
    #[error("nobody signed in within the time")]
    Expired,
}

/// A sign-in that has begun. It can be written down and gone on with by another process.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct DeviceFlow {
    details: CoreDeviceAuthorizationResponse,
    verifier: String,
    pub(crate) expires_at: i64,
}

impl DeviceFlow {
    /// Whether both are the same sign-in.
    pub(crate) fn is(&self, other: &Self) -> bool {
        self.verifier == other.verifier
    }

    /// The code that the person compares.
    pub(crate) fn user_code(&self) -> &str {
        self.details.user_code().secret()
    }

    /// Where to sign in, with the code filled in where the issuer offers that.
    pub(crate) fn link(&self) -> &str {
        match self.details.verification_uri_complete() {
            Some(complete) => complete.secret(),
            None => self.details.verification_uri().as_str(),
        }
    }
}

/// A person's tokens.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Session {
    pub(crate) issuer: String,
    pub(crate) subject: String,
    access: String,
    refresh: Option<String>,
    /// In seconds since 1970.
    expires_at: i64,
}

impl Session {
    /// The access token.
    pub(crate) fn access(&self) -> SecretString {
        SecretString::from(self.access.clone())
    }

    /// Whether both are sessions of the same identity.
    pub(crate) fn is_of(&self, other: &Self) -> bool {
        self.issuer == other.issuer && self.subject == other.subject
    }

    /// Whether both have the same access token.
    pub(crate) fn has_token_of(&self, other: &Self) -> bool {
        self.access == other.access
    }

    /// Whether the access token still holds for a while.
    pub(crate) fn is_fresh(&self) -> bool {
        Timestamp::now().as_second() + 30 < self.expires_at
    }
}

/// The issuer.
#[derive(Debug)]
pub(crate) struct Issuer {
    url: Url,
    http: Http,
    people: String,
    relay: String,
    relay_secret: SecretString,
    described: Mutex<Option<(Instant, Metadata)>>,
}

impl Issuer {
    /// The issuer at `url`, with the clients for people and for the Kraken itself.
    pub(crate) fn new(
        url: Url,
        people: String,
        relay: String,
        relay_secret: SecretString,
    ) -> Result<Self, IssuerError> {
        let http = Http::new().map_err(|error| IssuerError::Unreachable(error.to_string()))?;
        Ok(Self { url, http, people, relay, relay_secret, described: Mutex::default() })
    }

    /// Begins a sign-in.
    pub(crate) async fn begin(&self) -> Result<DeviceFlow, IssuerError> {
        let client = self.client(&self.people, None).await?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let details: CoreDeviceAuthorizationResponse = client
            .exchange_device_code()
            .add_scope(Scope::new("email".to_owned()))
            .add_scope(Scope::new("profile".to_owned()))
            .add_extra_param("code_challenge", challenge.as_str())
            .add_extra_param("code_challenge_method", "S256")
            .request_async(&self.http)
            .await
            .map_err(|error| failure(&error))?;
        let life = i64::try_from(details.expires_in().as_secs()).unwrap_or(i64::MAX);
        let expires_at = Timestamp::now().as_second().saturating_add(life);
        Ok(DeviceFlow { details, verifier: verifier.secret().clone(), expires_at })
    }

    /// Waits until the person has signed in.
    pub(crate) async fn wait(&self, flow: &DeviceFlow) -> Result<Session, IssuerError> {
        let client = self.client(&self.people, None).await?;
        let left = flow.expires_at - Timestamp::now().as_second();
        let left = Duration::from_secs(u64::try_from(left).map_err(|_| IssuerError::Expired)?);
        let tokens = client
            .exchange_device_access_token(&flow.details)
            .map_err(|error| IssuerError::Unreachable(error.to_string()))?
            .add_extra_param("code_verifier", flow.verifier.clone())
            .request_async(&self.http, tokio::time::sleep, Some(left))
            .await
            .map_err(|error| match &error {
                RequestTokenError::ServerResponse(said) => refusal(said.error().as_ref()),
                other => IssuerError::Unreachable(other.to_string()),
            })?;
        // It may have signed with a key that it has only had since.
        self.forget_description().await;
        self.session(&self.client(&self.people, None).await?, &tokens)
    }

    /// New tokens for old ones.
    pub(crate) async fn refresh(&self, session: &Session) -> Result<Session, IssuerError> {
        let Some(refresh) = session.refresh.clone() else {
            return Err(IssuerError::Refused("there is no refresh token".to_owned()));
        };
        let client = self.client(&self.people, None).await?;
        let token = RefreshToken::new(refresh.clone());
        let tokens: CoreTokenResponse = client
            .exchange_refresh_token(&token)
            .map_err(|error| IssuerError::Unreachable(error.to_string()))?
            .request_async(&self.http)
            .await
            .map_err(|error| failure(&error))?;
        Ok(Session {
            access: tokens.access_token().secret().clone(),
            refresh: tokens.refresh_token().map(|token| token.secret().clone()).or(Some(refresh)),
            expires_at: expiry(&tokens),
            ..session.clone()
        })
    }

    /// Ends the session at the issuer, where it offers that.
    pub(crate) async fn revoke(&self, session: &Session) -> Result<(), IssuerError> {
        let metadata = self.metadata().await?;
        let (Some(url), Some(refresh)) =
            (&metadata.additional_metadata().revocation_endpoint, &session.refresh)
        else {
            return Ok(());
        };
        let client = self.client(&self.people, None).await?.set_revocation_url(url.clone());
        let token = CoreRevocableToken::RefreshToken(RefreshToken::new(refresh.clone()));
        let revoking =
            client.revoke_token(token).map_err(|error| IssuerError::Unreachable(error.to_string()))?;
        revoking.request_async(&self.http).await.map_err(|error| IssuerError::Unreachable(error.to_string()))
    }

    /// A token of the Kraken's own identity, and when it ends.
    pub(crate) async fn relay_token(&self) -> Result<(SecretString, i64), IssuerError> {
        let secret = ClientSecret::new(self.relay_secret.expose_secret().to_owned());
        let client = self.client(&self.relay, Some(secret)).await?;
        let tokens: CoreTokenResponse = client
            .exchange_client_credentials()
            .map_err(|error| IssuerError::Unreachable(error.to_string()))?
            .request_async(&self.http)
            .await
            .map_err(|error| failure(&error))?;
        Ok((SecretString::from(tokens.access_token().secret().clone()), expiry(&tokens)))
    }

    async fn client(&self, id: &str, secret: Option<ClientSecret>) -> Result<Client, IssuerError> {
        let metadata = self.metadata().await?;
        let device = metadata.additional_metadata().device_authorization_endpoint.clone();
        let client = CoreClient::from_provider_metadata(metadata, ClientId::new(id.to_owned()), secret);
        Ok(client.set_device_authorization_url(device).set_auth_type(AuthType::RequestBody))
    }

    /// What the issuer says of itself, asked now and then: its keys change.
    async fn metadata(&self) -> Result<Metadata, IssuerError> {
        let mut described = self.described.lock().await;
        if let Some((at, metadata)) = described.as_ref()
            && at.elapsed() < DESCRIBED_FOR
        {
            return Ok(metadata.clone());
        }
        let url = IssuerUrl::new(self.url.as_str().trim_end_matches('/').to_owned());
        let url = url.map_err(|error| IssuerError::Unreachable(error.to_string()))?;
        let discovered = Metadata::discover_async(url, &self.http).await;
        let metadata = discovered.map_err(|error| IssuerError::Unreachable(error.to_string()))?;
        *described = Some((Instant::now(), metadata.clone()));
        Ok(metadata)
    }

    async fn forget_description(&self) {
        self.described.lock().await.take();
    }

    fn session(&self, client: &Client, tokens: &CoreTokenResponse) -> Result<Session, IssuerError> {
        let refused = |why: &str| IssuerError::Refused(why.to_owned());
        let id_token = tokens.id_token().ok_or_else(|| refused("there is no ID token"))?;
        // The device flow has no nonce: the device code binds the answer to the question (RFC 8628, section 5).
        let no_nonce = |_: Option<&Nonce>| Ok(());
        let claims = id_token
            .claims(&client.id_token_verifier(), no_nonce)
            .map_err(|error| refused(&format!("the ID token does not hold: {error}")))?;
        Ok(Session {
            issuer: claims.issuer().as_str().to_owned(),
            subject: claims.subject().as_str().to_owned(),
            access: tokens.access_token().secret().clone(),
            refresh: tokens.refresh_token().map(|token| token.secret().clone()),
            expires_at: expiry(tokens),
        })
    }
}

fn expiry(tokens: &CoreTokenResponse) -> i64 {
    let life = tokens.expires_in().map_or(60, |life| life.as_secs());
    Timestamp::now().as_second().saturating_add(i64::try_from(life).unwrap_or(60))
}

type TokenError = RequestTokenError<HttpError, openidconnect::StandardErrorResponse<CoreErrorResponseType>>;

fn failure(error: &TokenError) -> IssuerError {
    match error {
        RequestTokenError::ServerResponse(said) => refusal(said.error().as_ref()),
        other => IssuerError::Unreachable(other.to_string()),
    }
}

/// What a refusal is about (RFC 6749, section 5.2; RFC 8628, section 3.5).
fn refusal(code: &str) -> IssuerError {
    match code {
        "expired_token" => IssuerError::Expired,
        "invalid_client"
        | "unauthorized_client"
        | "invalid_request"
        | "invalid_scope"
        | "unsupported_grant_type" => IssuerError::NotTaken(code.to_owned()),
        _ => IssuerError::Refused(code.to_owned()),
    }
}
