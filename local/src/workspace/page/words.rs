//! What a person is told when the workspace refuses something.

use crate::workspace::fault::Fault;

/// A sentence for the fault.
pub(super) fn sentence(fault: &Fault) -> &'static str {
    match fault {
        Fault::IsArchived => "This channel is archived. Nothing can be said here until it is unarchived.",
        Fault::NotInChannel | Fault::UserNotInChannel => "You are not in this channel. Join it first.",
        Fault::ChannelNotFound => "There is no such channel, or it is not yours to see.",
        Fault::NoText => "Write something first.",
        Fault::MsgTooLong => "That is too long for one message.",
        Fault::AlreadyInChannel => "They are in this channel already.",
        Fault::CantInviteSelf => "You are here already.",
        Fault::CantKickSelf => "To go yourself, leave the channel.",
        Fault::UserNotFound | Fault::UsersNotFound | Fault::NoUser => "There is no such person.",
        Fault::UserIsRestricted | Fault::RestrictedAction => "Guests cannot do that.",
        Fault::CantLeaveGeneral | Fault::CantKickFromGeneral => {
            "Nobody leaves this channel: it is for everybody."
        }
        Fault::CantArchiveGeneral => "This channel cannot be archived: it is for everybody.",
        Fault::NameTaken => "That name is taken.",
        Fault::InvalidNameRequired => "A channel needs a name.",
        Fault::InvalidNameMaxLength => "That name is too long: 80 characters at most.",
        Fault::InvalidNameSpecials => "Use lower-case letters, digits, dashes and underscores.",
        Fault::TooLong => "That is too long.",
        Fault::MessageNotFound | Fault::ThreadNotFound | Fault::CannotReplyToMessage => {
            "That message is gone."
        }
        Fault::CantUpdateMessage => "Only who wrote a message can change it.",
        Fault::CantDeleteMessage => "Only who wrote a message can delete it.",
        Fault::AlreadyArchived => "This channel is archived already.",
        Fault::NotArchived => "This channel is not archived.",
        Fault::NotForThisChannelType => "That cannot be done in this conversation.",
        Fault::ViewNotFound => "That window is closed already.",
        Fault::InvalidName => "That is not an emoji.",
        Fault::AlreadyReacted | Fault::NoReaction => "Your reaction is as you want it already.",
        Fault::Internal => "That could not be saved. Look at the log of the workspace.",
        _ => "That did not work.",
    }
}

/// The app did not answer an interaction in time.
pub(super) const NO_ANSWER: &str = "The app did not answer in time. Is it running? Try again.";

/// The app is not there at all.
pub(super) const NOT_CONNECTED: &str =
    "The app is not connected. Messages wait for it; buttons and commands do not.";

/// A slash command that nobody has.
pub(super) const NO_SUCH_COMMAND: &str = "There is no such command. The app's own work here, and /invite.";

/// Somebody speaks to the app in a channel that it is not in.
pub(super) const NOT_HEARD: &str =
    "Kraken is not in this channel and does not hear you. Say /invite @kraken to bring it in.";
