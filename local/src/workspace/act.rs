//! What an account can do in the workspace, for the app and for people alike. Each function decides from the state
//! and then makes its changes; nothing here knows of HTTP.

pub(crate) mod channel;
pub(crate) mod home;
pub(crate) mod interact;
pub(crate) mod membership;
pub(crate) mod message;
pub(crate) mod person;
pub(crate) mod react;
pub(crate) mod respond;
pub(crate) mod shortcut;
pub(crate) mod stream;
pub(crate) mod view;
