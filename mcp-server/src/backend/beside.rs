//! Which images the operator lets run as sidecars.

use super::BackendError;
use crate::config::Args;
use workflow::Sandbox;

/// The images that may run: by their name, or by what it begins with; any that an owner approved where none is named.
#[derive(Debug, Clone, Default)]
pub(super) struct Allowed(Vec<String>);

impl Allowed {
    /// As it is configured.
    pub(super) fn of(args: &Args) -> Self {
        Self(args.sidecar_images.clone())
    }

    /// Refuses a sandbox with an image that is not among them.
    pub(super) fn check(&self, sandbox: &Sandbox) -> Result<(), BackendError> {
        let other = sandbox.sidecars.iter().map(|sidecar| &sidecar.image).find(|image| !self.has(image));
        other.map_or(Ok(()), |image| Err(BackendError::Image(image.clone())))
    }

    fn has(&self, image: &str) -> bool {
        self.0.is_empty() || self.0.iter().any(|allowed| begins(image, allowed))
    }
}

/// Whether an image is this one, or lies below it: `registry/team` has `registry/team/tool@…`, not `registry/teams/tool@…`.
fn begins(image: &str, allowed: &str) -> bool {
    let rest = image.strip_prefix(allowed);
    rest.is_some_and(|rest| allowed.ends_with('/') || rest.is_empty() || rest.starts_with(['/', '@', ':']))
}

#[cfg(test)]
mod tests {
    use super::begins;

    #[test]
    fn a_name_ends_where_a_part_of_it_ends() {
        for (image, allowed, expected) in [
            ("r.example/team/tool@sha256:0", "r.example/team", true),
            ("r.example/team/tool@sha256:0", "r.example/team/", true),
            ("r.example/team/tool@sha256:0", "r.example/team/tool", true),
            ("r.example/team/tool:1@sha256:0", "r.example/team/tool", true),
            ("r.example/team/tool@sha256:0", "r.example/team/tool@sha256:0", true),
            ("r.example/teams/tool@sha256:0", "r.example/team", false),
            ("r.example.evil/team/tool@sha256:0", "r.example", false),
        ] {
            assert_eq!(begins(image, allowed), expected, "{image} {allowed}");
        }
    }
}
