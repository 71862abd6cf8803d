//! What a backend does not run at all yet. It says so when it is asked, before anybody is asked to approve it.

use super::Walls;

/// What one machine answers to a tentacle with a sidecar where its server may not put anything beside a sandbox.
pub const NO_SIDECARS_WITHOUT_ROOT: &str =
    "sidecars run on one machine only beside a server that is started as root";

/// What a simulator answers to that.
pub const NOTHING_OBSERVED: &str = "nothing is observed by a simulator, which runs no code";

impl Walls {
    /// What does not run behind these walls, in the words in which it is refused.
    #[must_use]
    pub const fn refuses(self) -> &'static [&'static str] {
        match self {
            Self::Kubernetes => &[],
            Self::Runsc | Self::Bwrap => &[NO_SIDECARS_WITHOUT_ROOT],
            Self::Simulator => &[NOTHING_OBSERVED],
        }
    }
}
