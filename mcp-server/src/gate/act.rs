//! The actions as types, each with what it is aimed at, so that a grant for one cannot serve another.

use super::target::{Itself, OnEnclave, OnNewEnclave, OnNewTentacle, OnTentacle};
use policy::Action;

mod sealed {
    pub trait Sealed {}
}

/// An action as a type.
pub trait Act: sealed::Sealed + Send + Sync + 'static {
    /// The action that the policy decides.
    const ACTION: Action;
    /// What it is aimed at.
    type Target: Clone + Send + Sync;
}

macro_rules! acts {
    ($($name:ident on $target:ty,)+) => {
        $(
            #[doc = concat!("[`Action::", stringify!($name), "`] as a type.")]
            #[derive(Debug, Clone, Copy)]
            pub struct $name;

            impl sealed::Sealed for $name {}

            impl Act for $name {
                const ACTION: Action = Action::$name;
                type Target = $target;
            }
        )+
    };
}

acts! {
    Provision on OnNewEnclave,
    Info on OnEnclave,
    List on OnEnclave,
    Members on OnEnclave,
    Why on OnEnclave,
    TentacleList on OnTentacle,
    TentacleStatus on OnTentacle,
    TentacleLogs on OnTentacle,
    Run on OnTentacle,
    Apply on OnTentacle,
    ApplyNew on OnNewTentacle,
    Remove on OnTentacle,
    AddMember on OnEnclave,
    RemoveMember on OnEnclave,
    SetMode on OnEnclave,
    TightenMode on OnEnclave,
    OpenEnrollment on OnEnclave,
    CloseEnrollment on OnEnclave,
    RaiseQuota on OnEnclave,
    LowerQuota on OnEnclave,
    Rename on OnEnclave,
    Freeze on OnEnclave,
    Unfreeze on OnEnclave,
    Deprovision on OnEnclave,
    ChannelReport on Itself,
    ChannelMap on Itself,
    Notices on Itself,
    Whoami on Itself,
    Bind on Itself,
    Trail on Itself,
    Revoke on OnEnclave,
    Reown on OnEnclave,
}
