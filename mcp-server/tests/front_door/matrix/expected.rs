//! What must come of a call: what the policy says of the facts, and what no call of that kind may do whoever makes it.

use super::Verdict;
use super::arguments::Variant;
use super::principals::{Caller, Person, Principal};
use super::scenes::{Modes, Scene};
use policy::{
    Account, Action, Bond, Channel, Enclave, NewEnclave, Operator, Question, Standing, State, Target,
    Tentacle, decide,
};
use wire::assertion::Kind;

pub(super) fn verdict(principal: &Principal, variant: &Variant, scene: &Scene, modes: &Modes) -> Verdict {
    let action = variant.action(modes);
    let allowed = match &principal.caller {
        Caller::Kraken { person, kind } if person.account == Account::Unbound && *kind != Kind::SignIn => {
            false
        }
        Caller::Kraken { kind, .. } if !may_come_from(*kind, action) => false,
        // nor does a token alone suffice, whoever holds it
        Caller::Client { .. } if needs_a_click(action) => false,
        _ => by_policy(&principal.caller, action, variant, scene, modes),
    };
    if allowed { Verdict::Allowed } else { Verdict::Denied }
}

/// Whether one thing decides: it is allowed, or it would be from another place, in another state, or with a reason and
/// every scope. Where a rule is broken, it shows here.
pub(super) fn is_close(principal: &Principal, variant: &Variant, scene: &Scene, modes: &Modes) -> bool {
    let action = variant.action(modes);
    let caller = match &principal.caller {
        Caller::Kraken { person, .. } => Caller::Kraken { person: *person, kind: Kind::Message },
        Caller::Operator { token, .. } => {
            Caller::Operator { token: token.clone(), scopes: policy::Scope::ALL.to_vec(), reason: true }
        }
        other => other.clone(),
    };
    let calm = Scene::of(State::Active);
    let states = [*scene, calm, Scene { owner_left: scene.owner_left, ..calm }];
    states.iter().any(|scene| by_policy(&caller, action, variant, scene, modes))
}

/// What an owner answers for, or will: words could be put into anybody's mouth.
const fn needs_a_click(action: Action) -> bool {
    matches!(action, Action::ApproveReach | Action::Transfer | Action::Accept)
}

/// What the design says of the places that a request can come from.
fn may_come_from(kind: Kind, action: Action) -> bool {
    use Action::{
        Accept, AddMember, ApproveReach, Bind, ChannelMap, ClusterProfile, ClusterSummary, Deprovision,
        Freeze, Info, List, Notices, OpenEnrollment, RaiseQuota, Remove, RemoveMember, SetDrift, SetMode,
        SetSecret, TentacleAudit, TentacleCompare, TentacleDescribe, TentacleEvents, TentacleHealth,
        TentacleHistory, TentacleList, TentacleLogs, TentacleSetMode, TentacleStatus, TentacleTransfer,
        Trail, Transfer, Unfreeze, Unlink, Waiting, WaiveReview, Whoami, Why,
    };
    match kind {
        Kind::SignIn => action == Bind,
        // direct messages and the home tab are for reading
        Kind::Dm | Kind::Home => matches!(
            action,
            Info | List
                | Why
                | TentacleAudit
                | TentacleCompare
                | TentacleDescribe
                | TentacleEvents
                | TentacleHealth
                | TentacleHistory
                | TentacleList
                | TentacleLogs
                | TentacleStatus
                | Trail
                | Waiting
                | Whoami
                | ChannelMap
                | ClusterProfile
                | ClusterSummary
                | Notices
        ),
        // what widens rights, stops or destroys is no model's choice
        Kind::Agent => !matches!(
            action,
            AddMember
                | Deprovision
                | Freeze
                | OpenEnrollment
                | RaiseQuota
                | SetDrift
                | WaiveReview
                | Remove
                | RemoveMember
                | SetMode
                | SetSecret
                | TentacleSetMode
                | TentacleTransfer
                | Unfreeze
                | ApproveReach
                | Accept
                | Transfer
                | Unlink
        ),
        Kind::Message | Kind::Command => !needs_a_click(action),
        Kind::Click => true,
    }
}

fn by_policy(caller: &Caller, action: Action, variant: &Variant, scene: &Scene, modes: &Modes) -> bool {
    let (principal, person, kind) = match caller {
        Caller::Client { person, .. } => (policy::Principal::Person, Some(person), None),
        Caller::Kraken { person, kind } => (policy::Principal::Person, Some(person), Some(*kind)),
        Caller::Relay => (policy::Principal::Relay, None, None),
        Caller::Operator { scopes, reason, .. } => {
            let scopes = scopes.iter().copied().collect();
            (policy::Principal::Operator(Operator { scopes, reason_given: *reason }), None, None)
        }
    };
    let standing = person.map_or(Standing::STRANGER, |person| standing(person, scene, kind));
    let enclave =
        Enclave { state: scene.state, frozen: scene.frozen, mode: modes.enclave.parse().ok(), standing };
    let owns = person.is_some_and(|person| person.owns_tentacle);
    let tentacle = Tentacle { mode: modes.tentacle.parse().ok(), owner_on_record: owns };
    let target = match variant.tool.as_str() {
        "enclave_provision" => Target::NewEnclave(new_enclave(person, scene, kind)),
        "wf_apply" | "reach_observe" | "review_ask" if action == Action::ApplyNew => {
            Target::NewTentacle(&enclave)
        }
        "enclave_list" | "wf_list" | "wf_pods" | "wf_events" | "wf_jobs" | "wf_health_enclave"
            if action == Action::List =>
        {
            Target::Enclave(&enclave)
        }
        tool if tool.starts_with("wf_")
            || matches!(tool, "reach_observe" | "state_repair" | "review_ask")
            || (tool == "review_status" && action == Action::TentacleStatus)
            || matches!(action, Action::TentacleAudit | Action::TentacleList) =>
        {
            Target::Tentacle(&enclave, &tentacle)
        }
        "whoami" | "account_bind" | "account_unlink" | "enclave_accept" | "join_ask" | "channel_report"
        | "channel_map" | "notices" => Target::Itself,
        _ if matches!(action, Action::ClusterProfile | Action::ClusterSummary) => Target::Itself,
        _ => Target::Enclave(&enclave),
    };
    let may = |action, target| decide(&Question { principal, action, target }).allows();
    // a list of all shows a tentacle only in an enclave that it shows
    let listed = action == Action::TentacleList || variant.name.ends_with(" of each");
    let seen = !listed || may(Action::List, Target::Enclave(&enclave));
    // whoever may see all of the cluster, or its summary, is answered
    if variant.name.contains(" of none") {
        return may(Action::ClusterProfile, target) || may(Action::ClusterSummary, target);
    }
    seen && may(action, target)
}

fn standing(person: &Person, scene: &Scene, kind: Option<Kind>) -> Standing {
    let left = person.owner && scene.owner_left;
    let bond = if left { Bond::NotInChannel } else { person.bond };
    // a message from the channel confirms that its author is in it; an archived channel has no list that could be old
    let confirmed = matches!(kind, Some(Kind::Message | Kind::Click | Kind::Command | Kind::Agent))
        && bond == Bond::InChannel;
    Standing {
        owner_on_record: person.owner,
        account: person.account,
        bond,
        blocked: person.blocked,
        waits_for_approval: person.waits,
        stale: scene.old_list && !scene.frozen.by_archive && !confirmed,
    }
}

fn new_enclave(person: Option<&Person>, scene: &Scene, kind: Option<Kind>) -> NewEnclave {
    let in_channel = matches!(kind, Some(Kind::Message | Kind::Click | Kind::Command | Kind::Agent));
    let channel = match person {
        Some(person) if in_channel && person.name == "ana" => Channel::Own,
        Some(_) if in_channel => Channel::Foreign,
        _ => Channel::None,
    };
    let owner = person.is_some_and(|person| person.owner);
    NewEnclave {
        channel,
        account: if in_channel {
            person.map_or(Account::Unbound, |person| person.account)
        } else {
            Account::Unbound
        },
        owned: u32::from(owner),
        resumed: owner && in_channel && scene.state == State::Provisioning,
    }
}
