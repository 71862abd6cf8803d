//! What of a tentacle is not as it was made, because somebody changed it past this server.

use wire::tools::drift::ByHand;

/// Something that is not as it was made.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Apart {
    /// It is gone.
    Gone {
        /// What it was.
        object: String,
    },
    /// Somebody changed it.
    Changed {
        /// What it is a part of.
        object: String,
        /// Which field of it.
        field: String,
        /// With what, where that is noted anywhere.
        by: Option<String>,
    },
}

impl Apart {
    /// Whether it is gone.
    #[must_use]
    pub const fn is_gone(&self) -> bool {
        matches!(self, Self::Gone { .. })
    }

    /// With what it was changed, where that is noted.
    #[must_use]
    pub fn by(&self) -> Option<&str> {
        match self {
            Self::Gone { .. } => None,
            Self::Changed { by, .. } => by.as_deref(),
        }
    }
}

impl From<Apart> for ByHand {
    fn from(apart: Apart) -> Self {
        match apart {
            Apart::Gone { object } => Self { object, field: None, by: None },
            Apart::Changed { object, field, by } => Self { object, field: Some(field), by },
        }
    }
}
