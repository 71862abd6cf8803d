//! What a client reads first: OpenID Connect Discovery, and the keys.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use crate::serve::Served;

pub(super) async fn configuration(State(served): State<Arc<Served>>) -> Json<Value> {
    let issuer = &served.issuer;
    Json(json!({
        "issuer": issuer.name,
        "authorization_endpoint": issuer.address("authorize"),
        "token_endpoint": issuer.address("token"),
        "device_authorization_endpoint": issuer.address("device"),
        "userinfo_endpoint": issuer.address("userinfo"),
        "revocation_endpoint": issuer.address("revoke"),
        "end_session_endpoint": issuer.address("logout"),
        "jwks_uri": issuer.address("jwks"),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": [
            "authorization_code",
            "refresh_token",
            "client_credentials",
            "urn:ietf:params:oauth:grant-type:device_code",
        ],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "token_endpoint_auth_methods_supported": ["none", "client_secret_basic", "client_secret_post"],
        "revocation_endpoint_auth_methods_supported": ["none", "client_secret_basic", "client_secret_post"],
        "code_challenge_methods_supported": ["S256"],
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
        "claims_supported": [
            "iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "azp", "sid", "typ",
            "email", "email_verified", "name", "given_name", "family_name", "preferred_username",
        ],
        "request_parameter_supported": false,
        "request_uri_parameter_supported": false,
        "claims_parameter_supported": false,
        "authorization_response_iss_parameter_supported": true,
    }))
}

pub(super) async fn jwks(State(served): State<Arc<Served>>) -> Json<Value> {
    Json(served.issuer.keys.set())
}
