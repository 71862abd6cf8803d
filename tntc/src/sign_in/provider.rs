//! The issuer as it describes itself: OpenID Connect Discovery, with the endpoints that a terminal needs.

use super::SignInError;
use crate::web::{Web, WebError};
use openidconnect::core::{
    CoreAuthDisplay, CoreClaimName, CoreClaimType, CoreClient, CoreClientAuthMethod, CoreGrantType,
    CoreJsonWebKey, CoreJweContentEncryptionAlgorithm, CoreJweKeyManagementAlgorithm, CoreResponseMode,
    CoreResponseType, CoreSubjectIdentifierType,
};
use openidconnect::{
    AdditionalProviderMetadata, ClientId, DeviceAuthorizationUrl, EndpointMaybeSet, EndpointNotSet,
    EndpointSet, HttpRequest, HttpResponse, IssuerUrl, ProviderMetadata, RevocationUrl, TokenUrl,
};
use serde::{Deserialize, Serialize};
use wire::loopback::is_protected;

/// Endpoints that OpenID Connect Discovery itself does not name (RFC 8628, section 4; RFC 8414, section 2).
#[derive(Debug, Clone, Deserialize, Serialize)]
struct MoreEndpoints {
    device_authorization_endpoint: Option<DeviceAuthorizationUrl>,
    revocation_endpoint: Option<RevocationUrl>,
}

impl AdditionalProviderMetadata for MoreEndpoints {}

type Discovered = ProviderMetadata<
    MoreEndpoints,
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

/// A client of an issuer that has a token endpoint.
pub(super) type Client =
    CoreClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointSet, EndpointMaybeSet>;

/// An issuer, discovered.
#[derive(Debug)]
pub(super) struct Provider {
    pub(super) issuer: String,
    pub(super) client: Client,
    pub(super) device: Option<DeviceAuthorizationUrl>,
    pub(super) revocation: Option<RevocationUrl>,
}

impl Provider {
    /// Asks `issuer` what it offers to `client`.
    pub(super) async fn discover(issuer: &str, client: &str, web: &Web) -> Result<Self, SignInError> {
        let malformed = |detail: String| SignInError::Issuer { issuer: issuer.to_owned(), detail };
        let url = IssuerUrl::new(issuer.to_owned()).map_err(|error| malformed(error.to_string()))?;
        let http = |request| send(web, request);
        let found = Discovered::discover_async(url, &http).await;
        let found = found.map_err(|error| match error {
            openidconnect::DiscoveryError::Request(error) => SignInError::Web(error),
            other => malformed(other.to_string()),
        })?;
        let more = found.additional_metadata().clone();
        let token = found.token_endpoint().cloned();
        let token = token.ok_or_else(|| malformed("it has no token endpoint".to_owned()))?;
        let device = more.device_authorization_endpoint.as_ref().map(DeviceAuthorizationUrl::url);
        let revocation = more.revocation_endpoint.as_ref().map(RevocationUrl::url);
        let endpoints = [Some(token.url()), device, revocation];
        if let Some(open) = endpoints.into_iter().flatten().find(|url| !is_protected(url)) {
            return Err(SignInError::Web(WebError::InClear(open.to_string())));
        }
        Ok(Self {
            issuer: issuer.to_owned(),
            client: of(found, client, token),
            device: more.device_authorization_endpoint,
            revocation: more.revocation_endpoint,
        })
    }
}

/// The client `id` of `found`. It has no secret.
fn of(found: Discovered, id: &str, token: TokenUrl) -> Client {
    CoreClient::from_provider_metadata(found, ClientId::new(id.to_owned()), None).set_token_uri(token)
}

/// How the library sends requests.
pub(super) async fn send(web: &Web, request: HttpRequest) -> Result<HttpResponse, WebError> {
    web.send(request).await
}
