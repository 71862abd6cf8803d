//! A decision in plain words: what each layer said, and who can change it.

use crate::action::Action;
use crate::decide::{Allowed, Decision, Denied, ENCLAVES_PER_OWNER, Layer};
use crate::facts::{State, Target, VisitorBecause};
use crate::mode::{Class, Right};
use crate::preset::Preset;
use crate::table::Service;

/// The names that the words use.
#[derive(Debug, Clone, Copy)]
pub struct Names<'a> {
    /// Who asked: a name, or `None` when the words are for the one who asked.
    pub person: Option<&'a str>,
    /// The enclave.
    pub enclave: Option<&'a str>,
    /// The tentacle.
    pub tentacle: Option<&'a str>,
    /// Who owns the enclave.
    pub owner: Option<&'a str>,
}

/// A decision told to people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// What each layer that was asked said, in order.
    pub steps: Vec<String>,
    /// The outcome and its reason in one sentence.
    pub verdict: String,
    /// Who can change a denial, and how.
    pub remedy: Option<String>,
}

/// Puts `decision` about `action` on `target` into words.
#[must_use]
pub fn explain(decision: &Decision, action: Action, target: Target<'_>, names: Names<'_>) -> Explanation {
    let words = Words { names, action, target };
    let mut steps = Vec::new();
    if target.enclave().is_some() {
        steps.push(words.standing());
    }
    steps.extend(decision.enclave.map(|layer| words.layer("enclave", &layer)));
    steps.extend(decision.tentacle.map(|layer| words.layer("tentacle", &layer)));
    let (verdict, remedy) = match decision.outcome {
        Ok(reason) => (format!("{} {}: {}", words.subject(), words.may(true), words.allowed(reason)), None),
        Err(reason) => (
            format!("{} {}: {}", words.subject(), words.may(false), words.denied(reason)),
            words.remedy(reason),
        ),
    };
    Explanation { steps, verdict, remedy }
}

struct Words<'a> {
    names: Names<'a>,
    action: Action,
    target: Target<'a>,
}

impl Words<'_> {
    fn subject(&self) -> String {
        self.names.person.unwrap_or("you").to_owned()
    }

    fn enclave(&self) -> String {
        self.names.enclave.map_or_else(|| "this enclave".to_owned(), |name| format!("`{name}`"))
    }

    fn owner(&self) -> String {
        self.names.owner.map_or_else(|| "the owner".to_owned(), |name| format!("the owner, {name},"))
    }

    fn verb(&self, you: &'static str, other: &'static str) -> &'static str {
        if self.names.person.is_none() { you } else { other }
    }

    fn may(&self, allowed: bool) -> String {
        let verb = if allowed { "may" } else { "may not" };
        let object = match (self.action.object(), self.names.tentacle) {
            (Object::Tentacle, Some(tentacle)) => format!(" `{tentacle}`"),
            (Object::Tentacle, None) => " a tentacle".to_owned(),
            (Object::Enclave, _) => format!(" {}", self.enclave()),
            (Object::Complete, _) => String::new(),
        };
        format!("{verb} {}{object}", self.action.phrase())
    }

    fn standing(&self) -> String {
        let Some(enclave) = self.target.enclave() else { return String::new() };
        let (who, is) = (self.subject(), self.verb("are", "is"));
        match enclave.standing.visitor_because() {
            None if enclave.standing.owner_on_record => format!("{who} {is} the owner of {}", self.enclave()),
            None => format!("{who} {is} a member of {}", self.enclave()),
            Some(because) => format!("{who} {is} a visitor of {}: {}", self.enclave(), self.because(because)),
        }
    }

    fn because(&self, because: VisitorBecause) -> String {
        let (have, are) = (self.verb("you have", "they have"), self.verb("you are", "they are"));
        match because {
            VisitorBecause::Blocked => {
                format!("{} removed {}", self.names.owner.unwrap_or("the owner"), self.verb("you", "them"))
            }
            VisitorBecause::Unbound => format!("{have} not signed in to the Kraken with a Slack account"),
            VisitorBecause::Guest => {
                format!("{are} a guest of the Slack workspace, and guests stay visitors")
            }
            VisitorBecause::External => format!("{are} from another company, and they stay visitors"),
            VisitorBecause::NotInChannel => format!("{are} not in its channel"),
            VisitorBecause::OwnerLeft => format!("{have} left its channel"),
            VisitorBecause::WaitsForApproval => format!("{have} not been approved by the owner yet"),
            VisitorBecause::NotNamed => format!("{are} not one of its members"),
        }
    }

    fn layer(&self, which: &str, layer: &Layer) -> String {
        let class = class_plural(layer.class);
        if layer.as_enclave_owner {
            return format!("the {which}: the enclave's owner may use every tentacle in it");
        }
        let Some(mode) = layer.mode else {
            return format!("the {which}: its mode cannot be read, which denies");
        };
        let name = Preset::of(mode).map_or_else(String::new, |preset| format!(" ({preset})"));
        let gives = if layer.granted { "lets" } else { "does not let" };
        format!("the {which}: mode {mode}{name} {gives} {class} {}", verb(layer.right))
    }

    fn allowed(&self, reason: Allowed) -> String {
        match reason {
            Allowed::Itself => format!("it concerns only {}", self.verb("yourself", "them")),
            Allowed::Founder => "anybody may make an enclave in a channel of their own".to_owned(),
            Allowed::Mode => "the mode says so".to_owned(),
            Allowed::EnclaveOwner => format!("{} {}", self.verb("you own", "they own"), self.enclave()),
            Allowed::TentacleOwner => format!("{} the tentacle", self.verb("you own", "they own")),
            Allowed::Operator(scope) => format!("the break-glass scope `{}` allows it", scope.name()),
            Allowed::Service(Service::Relay) => "the Kraken's own identity may".to_owned(),
            Allowed::Service(Service::Trigger) => "it is the tentacle's own trigger".to_owned(),
            Allowed::Service(Service::Reconciler) => "the server keeps its own house".to_owned(),
            Allowed::Continuation => "it was allowed when it was asked for".to_owned(),
        }
    }

    fn denied(&self, reason: Denied) -> String {
        match reason {
            Denied::Unknown => "there is nothing of that name here".to_owned(),
            Denied::EnclaveUnreadable => "the enclave's record cannot be read".to_owned(),
            Denied::TentacleUnreadable => "the tentacle's record cannot be read".to_owned(),
            Denied::NotForThisPrincipal => "this is not for this kind of caller".to_owned(),
            Denied::State(State::Frozen) => format!("{} is frozen{}", self.enclave(), self.frozen_by()),
            Denied::State(State::Provisioning) => format!("{} is still being made", self.enclave()),
            Denied::State(State::Deprovisioning) => format!("{} is being removed", self.enclave()),
            Denied::State(State::Active) => format!("{} is in use already", self.enclave()),
            Denied::EnclaveLacks(right, class) => {
                format!("{} cannot {} in {}", self.class(class), verb(right), self.enclave())
            }
            Denied::TentacleLacks(right, class) => {
                format!("{} cannot {} this tentacle", self.class(class), verb(right))
            }
            Denied::NotEnclaveOwner(_) => format!("only the owner of {} can", self.enclave()),
            Denied::NotTentacleOwner(_) => "only the tentacle's owner or the enclave's owner can".to_owned(),
            Denied::Unbound => {
                format!("{} not signed in with a Slack account", self.verb("you have", "they have"))
            }
            Denied::NotFullAccount => "only full members of the Slack workspace can".to_owned(),
            Denied::NotChannelCreator => "only the person who made the channel can".to_owned(),
            Denied::TooManyEnclaves => format!("one person may own {ENCLAVES_PER_OWNER} enclaves at most"),
            Denied::Stale => "the channel's member list is too old to rely on for a change".to_owned(),
            Denied::FreezeOfOthers => {
                format!("{} is frozen{}, and only they can lift that", self.enclave(), self.frozen_by())
            }
            Denied::FrozenByOperator => format!("an operator froze {}", self.enclave()),
            Denied::NoScope(scope) => format!("the break-glass entry lacks the scope `{}`", scope.name()),
            Denied::NoReason => "a change with the break-glass token needs a reason".to_owned(),
            Denied::NotOwnTentacle => "a trigger runs its own tentacle only".to_owned(),
            Denied::OtherContinuation => "what was allowed is something else".to_owned(),
            Denied::Removed => "the one who asked has lost the right since".to_owned(),
        }
    }

    fn class(&self, class: Class) -> String {
        let because = self.target.enclave().and_then(|enclave| enclave.standing.visitor_because());
        match (class, because) {
            (Class::Other, Some(because)) => format!("visitors ({})", self.because(because)),
            (class, _) => class_plural(class).to_owned(),
        }
    }

    fn frozen_by(&self) -> &'static str {
        let Some(enclave) = self.target.enclave() else { return "" };
        match (enclave.frozen.by_operator, enclave.frozen.by_archive, enclave.frozen.by_owner) {
            (true, ..) => " by an operator",
            (_, true, _) => " because its channel is archived",
            (.., true) => " by its owner",
            _ => "",
        }
    }

    fn remedy(&self, reason: Denied) -> Option<String> {
        let owner = self.owner();
        let whom = self.names.person.unwrap_or("you");
        let because = self.target.enclave().and_then(|enclave| enclave.standing.visitor_because());
        Some(match (reason, because) {
            (Denied::EnclaveLacks(_, Class::Other), Some(VisitorBecause::Blocked)) => {
                format!("{owner} can add {whom} back")
            }
            (Denied::EnclaveLacks(_, Class::Other), Some(VisitorBecause::Unbound)) => {
                format!("sign in as a person of the channel, or {owner} can let visitors in")
            }
            (Denied::EnclaveLacks(_, Class::Other), Some(VisitorBecause::WaitsForApproval)) => {
                format!("{owner} can approve {whom}")
            }
            (
                Denied::EnclaveLacks(_, Class::Other),
                Some(VisitorBecause::NotInChannel | VisitorBecause::OwnerLeft),
            ) => "join the channel".to_owned(),
            (Denied::EnclaveLacks(..), _) => format!("{owner} can set a wider mode"),
            (Denied::TentacleLacks(..), _) => {
                format!("the tentacle's owner or {owner} can set a wider mode for it")
            }
            (Denied::NotEnclaveOwner(_) | Denied::NotTentacleOwner(_), _) => {
                format!("ask {}", self.names.owner?)
            }
            (Denied::State(State::Frozen), _) => match self.frozen_by() {
                " by an operator" => "an operator can lift the freeze".to_owned(),
                " by its owner" => format!("{owner} can lift the freeze"),
                _ => "it ends when the channel is back and the Kraken in it".to_owned(),
            },
            (Denied::State(_), _) => "try again in a moment".to_owned(),
            (Denied::Unbound, _) => "sign in first".to_owned(),
            (Denied::FrozenByOperator, _) => "an operator must lift the freeze first".to_owned(),
            (Denied::TooManyEnclaves, _) => "shut one down first, or give one away".to_owned(),
            (Denied::Stale, _) => "try again once the Kraken has seen the channel".to_owned(),
            (Denied::NoReason, _) => "give one with --reason".to_owned(),
            _ => return None,
        })
    }
}

const fn class_plural(class: Class) -> &'static str {
    match class {
        Class::Owner => "the owner",
        Class::Member => "members",
        Class::Other => "visitors",
    }
}

const fn verb(right: Right) -> &'static str {
    match right {
        Right::Read => "see",
        Right::Write => "change",
        Right::Execute => "run",
    }
}

/// What an action's phrase still needs.
enum Object {
    Tentacle,
    Enclave,
    Complete,
}

impl Action {
    const fn object(self) -> Object {
        use Action::{
            Apply, ApplyNew, Deprovision, Freeze, Info, List, Provision, Remove, Restart, Run, TentacleAudit,
            TentacleCompare, TentacleDescribe, TentacleEvents, TentacleHealth, TentacleHistory, TentacleList,
            TentacleLogs, TentacleSetMode, TentacleStatus, TentacleTighten, TentacleTransfer, Transfer,
            TriggerRun, Unfreeze,
        };
        match self {
            TentacleList | TentacleStatus | TentacleDescribe | TentacleLogs | TentacleEvents
            | TentacleHistory | TentacleCompare | TentacleHealth | TentacleAudit | Run | Restart | Apply
            | Remove | ApplyNew | TentacleSetMode | TentacleTighten | TentacleTransfer | TriggerRun => {
                Object::Tentacle
            }
            Info | List | Freeze | Unfreeze | Deprovision | Transfer | Provision => Object::Enclave,
            _ => Object::Complete,
        }
    }

    /// What the action is, as words after "may".
    #[must_use]
    pub const fn phrase(self) -> &'static str {
        match self {
            Self::Provision => "make",
            Self::Info | Self::List => "see",
            Self::Members => "see who belongs to the enclave",
            Self::Waiting => "see what waits for the enclave's owner",
            Self::Why => "ask why",
            Self::TentacleList | Self::TentacleStatus | Self::TentacleHealth => "see",
            Self::TentacleDescribe => "see all of",
            Self::TentacleLogs => "read the logs of",
            Self::TentacleEvents => "read the events of",
            Self::TentacleHistory => "read the history of",
            Self::TentacleCompare => "compare versions of",
            Self::TentacleAudit => "audit",
            Self::Run | Self::TriggerRun => "run",
            Self::Restart => "restart",
            Self::Apply | Self::ApplyNew => "deploy",
            Self::Remove => "remove",
            Self::TentacleSetMode => "set the mode of",
            Self::TentacleTighten => "tighten the mode of",
            Self::TentacleTransfer => "give away",
            Self::AddMember => "add members",
            Self::RemoveMember => "remove members",
            Self::SetMode => "set the enclave's mode",
            Self::TightenMode => "tighten the enclave's mode",
            Self::OpenEnrollment => "let members in without approval",
            Self::CloseEnrollment => "require approval of members",
            Self::RaiseQuota => "raise the enclave's quota",
            Self::LowerQuota => "lower the enclave's quota",
            Self::SetDrift => "say what becomes of what somebody changed past the server",
            Self::WaiveReview => "let changes run without a review",
            Self::RequireReview => "require a review of changes",
            Self::Rename => "change the name that is shown for the channel",
            Self::Transfer => "give away",
            Self::SetSecret => "set secrets",
            Self::ApproveReach => "approve new reach",
            Self::Freeze => "freeze",
            Self::Unfreeze => "unfreeze",
            Self::Deprovision => "shut down",
            Self::ChannelReport => "report channel facts",
            Self::ChannelMap => "read the channel map",
            Self::Notices => "deliver notices",
            Self::Whoami => "ask who they are",
            Self::Bind => "bind a Slack account",
            Self::Unlink => "end the binding of a Slack account",
            Self::Accept => "accept an offer",
            Self::AskToJoin => "ask to join",
            Self::Trail => "read the trail",
            Self::Revoke => "revoke",
            Self::Reown => "give tentacles to the enclave's owner",
            Self::Repair => "repair drift",
            Self::ClusterProfile => "see the platform",
            Self::ClusterSummary => "see a summary of the platform",
            Self::ConfirmRestore => "confirm a restore",
        }
    }
}

#[cfg(test)]
mod tests;
