//! What is asked for, read once.

use crate::store::{Enrollment, Quota};
use crate::tools::bounds;
use policy::{Mode, parse_mode};
use wire::tools::enclave::EnclaveSyncArgs;
use wire::{Failure, FailureCode};

/// The fields that are to change.
pub(super) struct Wanted {
    pub(super) add: Vec<String>,
    pub(super) remove: Vec<String>,
    pub(super) mode: Option<Mode>,
    pub(super) enrollment: Option<Enrollment>,
    pub(super) quota: Option<Quota>,
    pub(super) shown: Option<String>,
    pub(super) freeze: Option<bool>,
}

impl Wanted {
    pub(super) fn of(args: &EnclaveSyncArgs) -> Result<Self, Failure> {
        let invalid = |message: String| Failure::new(FailureCode::Invalid, message);
        if args.new_owner.is_some() {
            let what = "an enclave is given away by an offer that the other accepts";
            return Err(Failure::new(FailureCode::Invalid, what)
                .with_remedy("say `transfer to @ben` to the Kraken in the channel"));
        }
        args.new_channel_name.as_deref().map_or(Ok(()), bounds::channel_name)?;
        let wanted = Self {
            add: bounds::people("add_members", &args.add_members)?,
            remove: bounds::people("remove_members", &args.remove_members)?,
            mode: args
                .new_mode
                .as_deref()
                .map(parse_mode)
                .transpose()
                .map_err(|error| invalid(error.to_string()))?,
            enrollment: known(args.new_enrollment.as_deref(), Enrollment::named, "use `open` or `approval`")?,
            quota: known(args.new_quota_preset.as_deref(), Quota::named, "use `small`, `medium` or `large`")?,
            shown: args.new_channel_name.clone(),
            freeze: known(args.new_status.as_deref(), frozen_word, "use `frozen` or `active`")?,
        };
        if wanted.fields().is_empty() {
            return Err(nothing_named());
        }
        Ok(wanted)
    }

    /// The names of the fields that are to change.
    pub(super) fn fields(&self) -> Vec<&'static str> {
        let fields = [
            (!self.add.is_empty() || !self.remove.is_empty(), "members"),
            (self.mode.is_some(), "mode"),
            (self.enrollment.is_some(), "enrollment"),
            (self.quota.is_some(), "quota_preset"),
            (self.shown.is_some(), "channel_name"),
            (self.freeze.is_some(), "status"),
        ];
        fields.into_iter().filter(|(named, _)| *named).map(|(_, name)| name).collect()
    }
}

fn frozen_word(word: &str) -> Option<bool> {
    match word {
        "frozen" => Some(true),
        "active" => Some(false),
        _ => None,
    }
}

fn known<T>(
    text: Option<&str>,
    read: impl Fn(&str) -> Option<T>,
    use_these: &str,
) -> Result<Option<T>, Failure> {
    let read = |text: &str| {
        read(text)
            .ok_or_else(|| Failure::new(FailureCode::Invalid, format!("`{text}` is not known: {use_these}")))
    };
    text.map(read).transpose()
}

/// A call that names no field.
pub(super) fn nothing_named() -> Failure {
    Failure::new(FailureCode::Invalid, "nothing to change was named")
}
