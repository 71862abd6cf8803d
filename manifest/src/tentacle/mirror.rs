//! What a deployment shows of its tentacle's record.

use crate::annotation::{CREATED_AT, DEPLOYED_AT, DEPLOYED_BY, DEPLOYED_VIA, MODE, OWNER, OWNER_SUB};
use std::collections::BTreeMap;

/// A tentacle's record, as far as it is shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TentacleMirror {
    /// Who owns it, to show.
    pub owner: String,
    /// The owner's stable subject.
    pub owner_sub: String,
    /// Its mode; none where the record cannot be read as one.
    pub mode: Option<String>,
    /// Who deployed the version, to show.
    pub deployed_by: String,
    /// With which client.
    pub deployed_via: String,
    /// When, RFC 3339.
    pub deployed_at: String,
    /// When it was first deployed, RFC 3339.
    pub created_at: String,
}

impl TentacleMirror {
    /// The annotations that show it. What is not known is none: a merge takes it away.
    #[must_use]
    pub fn annotations(&self) -> BTreeMap<&'static str, Option<&str>> {
        BTreeMap::from([
            (OWNER, Some(self.owner.as_str())),
            (OWNER_SUB, Some(self.owner_sub.as_str())),
            (MODE, self.mode.as_deref()),
            (DEPLOYED_BY, Some(self.deployed_by.as_str())),
            (DEPLOYED_VIA, Some(self.deployed_via.as_str())),
            (DEPLOYED_AT, Some(self.deployed_at.as_str())),
            (CREATED_AT, Some(self.created_at.as_str())),
        ])
    }
}
