//! What OAuth calls errors. RFC 6749 §5.2, RFC 8628 §3.5, RFC 7009 §2.2.1, OpenID Connect Core §3.1.2.6.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde_json::json;

/// An error that a client is told of. Its text is the code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum OauthError {
    /// Something is missing, double or malformed: what.
    #[error("invalid_request")]
    InvalidRequest(&'static str),
    /// Who asks is not known, or did not prove it.
    #[error("invalid_client")]
    InvalidClient,
    /// The code or token is unknown, used, over, or somebody else's: which.
    #[error("invalid_grant")]
    InvalidGrant(&'static str),
    /// This client may not ask in this way.
    #[error("unauthorized_client")]
    UnauthorizedClient,
    #[error("unsupported_grant_type")]
    UnsupportedGrantType,
    #[error("unsupported_response_type")]
    UnsupportedResponseType,
    #[error("access_denied")]
    AccessDenied,
    #[error("authorization_pending")]
    AuthorizationPending,
    #[error("slow_down")]
    SlowDown,
    #[error("expired_token")]
    ExpiredToken,
    #[error("login_required")]
    LoginRequired,
    #[error("request_not_supported")]
    RequestNotSupported,
    #[error("request_uri_not_supported")]
    RequestUriNotSupported,
    #[error("invalid_token")]
    InvalidToken,
    #[error("server_error")]
    ServerError,
}

impl OauthError {
    /// A sentence for whoever reads the client's log.
    pub(super) fn description(&self) -> &'static str {
        match self {
            Self::InvalidRequest(what) | Self::InvalidGrant(what) => what,
            Self::InvalidClient => "the client is not known or did not prove who it is",
            Self::UnauthorizedClient => "this client may not do that",
            Self::UnsupportedGrantType => {
                "grant types are device_code, authorization_code, refresh_token, client_credentials"
            }
            Self::UnsupportedResponseType => "the response type is `code`",
            Self::AccessDenied => "the person cancelled",
            Self::AuthorizationPending => "nobody has answered yet",
            Self::SlowDown => {
                "the pause between two polls is too short; it is five seconds longer from now on"
            }
            Self::ExpiredToken => "nobody answered in time; start again",
            Self::LoginRequired => "a person has to sign in first",
            Self::RequestNotSupported | Self::RequestUriNotSupported => "request objects are not supported",
            Self::InvalidToken => "the token is not valid (any more)",
            Self::ServerError => "the issuer could not keep the change",
        }
    }
}

impl IntoResponse for OauthError {
    fn into_response(self) -> Response {
        let status = match self {
            Self::InvalidClient | Self::InvalidToken => StatusCode::UNAUTHORIZED,
            Self::ServerError => StatusCode::INTERNAL_SERVER_ERROR,
            Self::InvalidRequest(_)
            | Self::InvalidGrant(_)
            | Self::UnauthorizedClient
            | Self::UnsupportedGrantType
            | Self::UnsupportedResponseType
            | Self::AccessDenied
            | Self::AuthorizationPending
            | Self::SlowDown
            | Self::ExpiredToken
            | Self::LoginRequired
            | Self::RequestNotSupported
            | Self::RequestUriNotSupported => StatusCode::BAD_REQUEST,
        };
        let body = json!({ "error": self.to_string(), "error_description": self.description() });
        let mut response = (status, Json(body)).into_response();
        let challenge = match self {
            Self::InvalidClient => Some("Basic realm=\"issuer\""),
            Self::InvalidToken => Some("Bearer error=\"invalid_token\""),
            _ => None,
        };
        if let Some(challenge) = challenge {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        response
    }
}
