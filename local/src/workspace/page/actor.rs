//! Who somebody acts as: the person in the address.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{FromRequestParts, Path};
use axum::response::{IntoResponse, Redirect, Response};
use http::request::Parts;

use crate::door::{Entered, Refusal};
use crate::serve::Served;
use crate::workspace::id::UserId;

/// A person that the visitor acts as.
#[derive(Debug, Clone)]
pub(super) struct Actor {
    pub(super) id: UserId,
    pub(super) name: String,
}

/// Why nobody is acted as.
#[derive(Debug)]
pub(super) enum Nobody {
    /// The visitor may not come in.
    Outside(Refusal),
    /// There is no such person.
    Unknown,
}

impl IntoResponse for Nobody {
    fn into_response(self) -> Response {
        match self {
            Self::Outside(refusal) => refusal.into_response(),
            Self::Unknown => Redirect::to("/").into_response(),
        }
    }
}

impl Actor {
    fn find(served: &Served, name: &str) -> Option<Self> {
        let state = served.workspace.now();
        let user = state.user_named(name).filter(|user| !user.is_bot && !user.deleted)?;
        Some(Self { id: user.id.clone(), name: user.name.clone() })
    }
}

impl FromRequestParts<Arc<Served>> for Actor {
    type Rejection = Nobody;

    async fn from_request_parts(parts: &mut Parts, served: &Arc<Served>) -> Result<Self, Nobody> {
        Entered::from_request_parts(parts, served).await.map_err(Nobody::Outside)?;
        let path = Path::<HashMap<String, String>>::from_request_parts(parts, served).await;
        let path = path.map_err(|_| Nobody::Unknown)?;
        path.get("person").and_then(|name| Self::find(served, name)).ok_or(Nobody::Unknown)
    }
}
