//! Which tentacle a command names.

use super::Command;
use workflow::TentacleName;

impl Command {
    /// The tentacle that has to be there for it.
    pub(crate) const fn tentacle(&self) -> Option<&TentacleName> {
        match self {
            Self::Status(Some(name))
            | Self::Logs(name)
            | Self::History(name)
            | Self::Versions(name)
            | Self::PutBack(name)
            | Self::RollBack { tentacle: name, .. }
            | Self::Compare { tentacle: name, .. }
            | Self::ChooseMode(Some(name))
            | Self::SetTentacleMode { tentacle: name, .. }
            | Self::Give { tentacle: name, .. }
            | Self::Run { tentacle: name, .. }
            | Self::RemoveTentacle { tentacle: name, .. }
            | Self::Why { tentacle: Some(name), .. } => Some(name),
            _ => None,
        }
    }
}
