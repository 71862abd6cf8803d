//! What can happen to modals and Home tabs.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::workspace::id::UserId;
use crate::workspace::state::{State, View};

/// A change of what the app shows to one person.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ViewChange {
    /// A Home tab takes the place of the one before.
    HomePublished(View),
    /// A modal opens alone.
    Opened(View),
    /// A modal opens on top of another.
    Pushed(View),
    /// A view changed where it is.
    Saved(View),
    /// The topmost modal closes.
    Closed { user: UserId },
    /// All modals close.
    Cleared { user: UserId },
}

impl ViewChange {
    pub(super) fn apply(&self, state: &mut State) {
        match self {
            Self::HomePublished(view) => {
                if let Some(old) = state.homes.insert(view.user.clone(), view.id.clone()) {
                    state.views.remove(&old);
                }
                state.views.insert(view.id.clone(), Arc::new(view.clone()));
            }
            Self::Opened(view) => {
                clear(state, &view.user);
                state.modals.insert(view.user.clone(), vec![view.id.clone()]);
                state.views.insert(view.id.clone(), Arc::new(view.clone()));
            }
            Self::Pushed(view) => {
                state.modals.entry(view.user.clone()).or_default().push(view.id.clone());
                state.views.insert(view.id.clone(), Arc::new(view.clone()));
            }
            Self::Saved(view) => {
                state.views.insert(view.id.clone(), Arc::new(view.clone()));
            }
            Self::Closed { user } => {
                if let Some(closed) = state.modals.get_mut(user).and_then(Vec::pop) {
                    state.views.remove(&closed);
                }
            }
            Self::Cleared { user } => clear(state, user),
        }
    }
}

fn clear(state: &mut State, user: &UserId) {
    for view in state.modals.remove(user).unwrap_or_default() {
        state.views.remove(&view);
    }
}
