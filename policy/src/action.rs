//! Everything that can be asked for, by name.

/// Defines [`Action`] with its list and its names from one list, so that none of the three can miss one.
macro_rules! actions {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)+) => {
        /// Something that can be asked for. Its name is what records carry and what `why` takes.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Action {
            $($(#[$doc])* $variant,)+
        }

        impl Action {
            /// All actions, in the order of the table.
            pub const ALL: [Self; [$($name),+].len()] = [$(Self::$variant),+];

            /// The action's name, e.g. `enclave.freeze`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }
        }
    };
}

actions! {
    /// Make an enclave.
    Provision = "enclave.provision",
    /// See what an enclave is.
    Info = "enclave.info",
    /// See that an enclave is there.
    List = "enclave.list",
    /// See who belongs to an enclave.
    Members = "enclave.members",
    /// See what waits for an enclave's owner: questions, who asked to be let in, who is invited.
    Waiting = "enclave.waiting",
    /// Ask why somebody may or may not do something.
    Why = "enclave.why",
    /// See which tentacles there are.
    TentacleList = "tentacle.list",
    /// See whether a tentacle runs.
    TentacleStatus = "tentacle.status",
    /// See all that is recorded of a tentacle.
    TentacleDescribe = "tentacle.describe",
    /// Read what a tentacle printed.
    TentacleLogs = "tentacle.logs",
    /// Read the platform's events of a tentacle.
    TentacleEvents = "tentacle.events",
    /// Read a tentacle's deploys and runs.
    TentacleHistory = "tentacle.history",
    /// Compare two versions of a tentacle.
    TentacleCompare = "tentacle.compare",
    /// See a tentacle's health.
    TentacleHealth = "tentacle.health",
    /// Check a tentacle's sandbox against its contract.
    TentacleAudit = "tentacle.audit",
    /// Run a tentacle.
    Run = "tentacle.run",
    /// Restart a tentacle.
    Restart = "tentacle.restart",
    /// Deploy a tentacle that is there.
    Apply = "tentacle.apply",
    /// Remove a tentacle.
    Remove = "tentacle.remove",
    /// Deploy a tentacle that is not there yet.
    ApplyNew = "tentacle.create",
    /// Give a tentacle a mode that grants something new.
    TentacleSetMode = "tentacle.set_mode",
    /// Give a tentacle a mode that only takes away.
    TentacleTighten = "tentacle.tighten_mode",
    /// Give a tentacle to another member.
    TentacleTransfer = "tentacle.transfer",
    /// Add a member, approve one, or lift a block.
    AddMember = "enclave.add_member",
    /// Remove a member and block the way back.
    RemoveMember = "enclave.remove_member",
    /// Give an enclave a mode that grants something new.
    SetMode = "enclave.set_mode",
    /// Give an enclave a mode that only takes away.
    TightenMode = "enclave.tighten_mode",
    /// Let people in without approval.
    OpenEnrollment = "enclave.open_enrollment",
    /// Ask for the owner's approval of new members.
    CloseEnrollment = "enclave.close_enrollment",
    /// Give an enclave more to use.
    RaiseQuota = "enclave.raise_quota",
    /// Give an enclave less to use.
    LowerQuota = "enclave.lower_quota",
    /// Say whether what somebody changed past the server is only told, or put back.
    SetDrift = "enclave.set_drift",
    /// Let changes come to run without a review.
    WaiveReview = "enclave.waive_review",
    /// Let only what others have reviewed come to run.
    RequireReview = "enclave.require_review",
    /// Change the shown name of the enclave's channel.
    Rename = "enclave.rename",
    /// Offer the enclave to another owner.
    Transfer = "enclave.transfer",
    /// Set a secret.
    SetSecret = "enclave.set_secret",
    /// Approve what a deploy would newly reach.
    ApproveReach = "enclave.approve_reach",
    /// Stop all change in an enclave.
    Freeze = "enclave.freeze",
    /// Allow change again.
    Unfreeze = "enclave.unfreeze",
    /// Remove an enclave and all that is in it.
    Deprovision = "enclave.deprovision",
    /// Report who is in a channel, and what became of it.
    ChannelReport = "channel.report",
    /// Read which channel has which enclave.
    ChannelMap = "channel.map",
    /// Read and acknowledge what is to be told in channels.
    Notices = "channel.notices",
    /// Ask who one is.
    Whoami = "person.whoami",
    /// Bind a Slack account to one's identity.
    Bind = "person.bind",
    /// End that binding.
    Unlink = "person.unlink",
    /// Accept what was offered.
    Accept = "person.accept",
    /// Ask the owner to be let in.
    AskToJoin = "person.ask_to_join",
    /// Read the trail.
    Trail = "trail.read",
    /// Run a tentacle by its own trigger.
    TriggerRun = "trigger.run",
    /// Take away what somebody lost the right to.
    Revoke = "reconcile.revoke",
    /// Give tentacles of one who left to the enclave's owner.
    Reown = "reconcile.reown",
    /// Put back what was changed behind the server's back.
    Repair = "reconcile.repair",
    /// See the cluster: profile, preflight, nodes.
    ClusterProfile = "cluster.profile",
    /// See that summary of the cluster that tells nothing of others.
    ClusterSummary = "cluster.summary",
    /// Confirm the restore of a record.
    ConfirmRestore = "state.confirm_restore",
}

impl Action {
    /// Whether a call that a model chose may never do this: it widens rights, stops people, or destroys. It becomes a
    /// card that a person clicks.
    #[must_use]
    pub const fn needs_a_click(self) -> bool {
        matches!(
            self,
            Self::Remove
                | Self::TentacleSetMode
                | Self::TentacleTransfer
                | Self::AddMember
                | Self::RemoveMember
                | Self::SetMode
                | Self::OpenEnrollment
                | Self::RaiseQuota
                | Self::SetDrift
                | Self::WaiveReview
                | Self::Transfer
                | Self::SetSecret
                | Self::ApproveReach
                | Self::Freeze
                | Self::Unfreeze
                | Self::Deprovision
                | Self::Accept
                | Self::Unlink
        )
    }

    /// Whether a person's token alone does not suffice for this, whoever holds it: it takes proof that the person saw
    /// what it is about, by a click in the channel or on the server's own page after a fresh sign-in.
    #[must_use]
    pub const fn needs_proof(self) -> bool {
        matches!(self, Self::ApproveReach | Self::Transfer | Self::Accept)
    }

    /// The action with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_read_back() {
        for action in Action::ALL {
            assert_eq!(Action::named(action.name()), Some(action));
        }
        assert_eq!(Action::named("enclave.destroy"), None);
    }
}
