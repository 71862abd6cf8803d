//! What a backend does not run at all yet. It says so when it is asked, before anybody is asked to approve it.

use super::Walls;

/// What one machine answers to a tentacle with a sidecar.
pub const NO_SIDECARS: &str = "sidecars do not run on one machine yet: they need the Kubernetes backend";

/// What a simulator answers to that.
pub const NOTHING_OBSERVED: &str = "nothing is observed by a simulator, which runs no code";

impl Walls {
    /// What does not run behind these walls, in the words in which it is refused.
    #[must_use]
    pub const fn refuses(self) -> &'static [&'static str] {
        match self {
            Self::Kubernetes => &[],
            Self::Runsc | Self::Bwrap => &[NO_SIDECARS],
            Self::Simulator => &[NOTHING_OBSERVED],
        }
    }
}
