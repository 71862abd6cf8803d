//! Names of things as Slack makes them: a letter that tells the kind, then capital letters and digits.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::random;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default)]
        #[serde(transparent)]
        pub(crate) struct $name(String);

        impl $name {
            /// A new one, unlike any other.
            pub(crate) fn random() -> Self {
                Self(format!("{}{}", $prefix, random::upper(10)))
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            /// Whatever a client sent: it is looked up, and found or not.
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

ids! {
    /// The workspace.
    TeamId = "T";
    /// A person's account, or the bot's.
    UserId = "U";
    /// A channel, public or private.
    ChannelId = "C";
    /// The app behind the bot.
    AppId = "A";
    /// The bot of the app.
    BotId = "B";
    /// A modal or a Home tab.
    ViewId = "V";
    /// Something that the app is told of.
    EventId = "Ev";
}

impl ChannelId {
    /// The id of a conversation between two.
    pub(crate) fn random_direct() -> Self {
        Self(format!("D{}", random::upper(10)))
    }
}
