//! The actions as types, each with what it is aimed at, so that a grant for one cannot serve another.

use super::target::{Itself, OnEnclave, OnNewEnclave, OnNewTentacle, OnTentacle};
use policy::Action;

mod sealed {
    pub trait Listed {}
    pub trait Reading {}
    pub trait Changing {}
}

/// An action as a type.
pub trait Act: sealed::Listed + Send + Sync + 'static {
    /// The action that the policy decides.
    const ACTION: Action;
    /// What it is aimed at.
    type Target: Clone + Send + Sync;
}

macro_rules! acts {
    ($($name:ident is $action:ident on $target:ty,)+) => {
        $(
            #[doc = concat!("[`Action::", stringify!($action), "`] on [`", stringify!($target), "`].")]
            #[derive(Debug, Clone, Copy)]
            pub struct $name;

            impl sealed::Listed for $name {}

            impl Act for $name {
                const ACTION: Action = Action::$action;
                type Target = $target;
            }
        )+
    };
}

/// Marks the actions that only read. A look decides these and no others: what changes something is decided in the transaction that
/// changes it, so that no grant of a look is a grant for a change.
pub trait Reads: Act + sealed::Reading {}

macro_rules! reads {
    ($($name:ident)+) => {
        $(
            impl sealed::Reading for $name {}
            impl Reads for $name {}
        )+
    };
}

reads! {
    Info List Members Waiting Why TentacleList TentacleStatus TentacleDescribe TentacleLogs TentacleEvents TentacleHistory
    TentacleCompare TentacleHealth TentacleAudit ChannelMap Notices Whoami ClusterProfile ClusterSummary Trail WholeTrail
    RestoreSurvey
}

/// Marks the actions that change an enclave's record or a tentacle's, after which its mirror must follow.
pub trait Changes: Act + sealed::Changing {}

macro_rules! changes {
    ($($name:ident)+) => {
        $(
            impl sealed::Changing for $name {}
            impl Changes for $name {}
        )+
    };
}

changes! {
    AddMember RemoveMember SetMode TightenMode OpenEnrollment CloseEnrollment RaiseQuota LowerQuota Rename Freeze
    Unfreeze ChannelReport Revoke Repair Apply TentacleSetMode TentacleTighten TentacleTransfer Accept
}

acts! {
    Provision is Provision on OnNewEnclave,
    Info is Info on OnEnclave,
    List is List on OnEnclave,
    Members is Members on OnEnclave,
    Waiting is Waiting on OnEnclave,
    Why is Why on OnEnclave,
    TentacleList is TentacleList on OnTentacle,
    TentacleStatus is TentacleStatus on OnTentacle,
    TentacleDescribe is TentacleDescribe on OnTentacle,
    TentacleLogs is TentacleLogs on OnTentacle,
    TentacleEvents is TentacleEvents on OnTentacle,
    TentacleHistory is TentacleHistory on OnTentacle,
    TentacleCompare is TentacleCompare on OnTentacle,
    TentacleHealth is TentacleHealth on OnTentacle,
    TentacleAudit is TentacleAudit on OnTentacle,
    Run is Run on OnTentacle,
    TriggerRun is TriggerRun on OnTentacle,
    Restart is Restart on OnTentacle,
    TentacleSetMode is TentacleSetMode on OnTentacle,
    TentacleTighten is TentacleTighten on OnTentacle,
    TentacleTransfer is TentacleTransfer on OnTentacle,
    Apply is Apply on OnTentacle,
    ApplyNew is ApplyNew on OnNewTentacle,
    Remove is Remove on OnTentacle,
    AddMember is AddMember on OnEnclave,
    RemoveMember is RemoveMember on OnEnclave,
    SetMode is SetMode on OnEnclave,
    TightenMode is TightenMode on OnEnclave,
    OpenEnrollment is OpenEnrollment on OnEnclave,
    CloseEnrollment is CloseEnrollment on OnEnclave,
    RaiseQuota is RaiseQuota on OnEnclave,
    LowerQuota is LowerQuota on OnEnclave,
    SetDrift is SetDrift on OnEnclave,
    WaiveReview is WaiveReview on OnEnclave,
    RequireReview is RequireReview on OnEnclave,
    Rename is Rename on OnEnclave,
    Freeze is Freeze on OnEnclave,
    Unfreeze is Unfreeze on OnEnclave,
    Deprovision is Deprovision on OnEnclave,
    ChannelReport is ChannelReport on Itself,
    ChannelMap is ChannelMap on Itself,
    Notices is Notices on Itself,
    Whoami is Whoami on Itself,
    Bind is Bind on Itself,
    Unlink is Unlink on Itself,
    Accept is Accept on Itself,
    AskToJoin is AskToJoin on Itself,
    Transfer is Transfer on OnEnclave,
    SetSecret is SetSecret on OnEnclave,
    ApproveReach is ApproveReach on OnEnclave,
    ClusterProfile is ClusterProfile on Itself,
    ClusterSummary is ClusterSummary on Itself,
    Trail is Trail on OnEnclave,
    WholeTrail is Trail on Itself,
    Revoke is Revoke on OnEnclave,
    Reown is Reown on OnEnclave,
    Repair is Repair on OnEnclave,
    RestoreSurvey is ConfirmRestore on Itself,
    Restore is ConfirmRestore on OnNewEnclave,
    RestoreTentacle is ConfirmRestore on OnTentacle,
}
