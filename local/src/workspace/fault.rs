//! Why a request to the workspace is refused, in Slack's words.

/// An error of the Web API. Its text is Slack's code for it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Fault {
    #[error("not_authed")]
    NotAuthed,
    #[error("invalid_auth")]
    InvalidAuth,
    #[error("not_allowed_token_type")]
    NotAllowedTokenType,
    /// Names the scope that would do.
    #[error("missing_scope")]
    MissingScope(&'static str),
    #[error("unknown_method")]
    UnknownMethod,
    /// Says after how many seconds to come back.
    #[error("ratelimited")]
    RateLimited(u64),
    #[error("invalid_arguments")]
    InvalidArguments(Vec<String>),
    #[error("invalid_json")]
    InvalidJson,
    #[error("invalid_form_data")]
    InvalidFormData,
    #[error("invalid_post_type")]
    InvalidPostType,
    #[error("internal_error")]
    Internal,

    #[error("invalid_cursor")]
    InvalidCursor,
    #[error("invalid_limit")]
    InvalidLimit,
    #[error("invalid_ts_oldest")]
    InvalidTsOldest,
    #[error("invalid_ts_latest")]
    InvalidTsLatest,
    #[error("invalid_types")]
    InvalidTypes,

    #[error("channel_not_found")]
    ChannelNotFound,
    #[error("not_in_channel")]
    NotInChannel,
    #[error("is_archived")]
    IsArchived,
    #[error("already_archived")]
    AlreadyArchived,
    #[error("not_archived")]
    NotArchived,
    #[error("method_not_supported_for_channel_type")]
    NotForThisChannelType,
    #[error("restricted_action")]
    RestrictedAction,
    #[error("cant_archive_general")]
    CantArchiveGeneral,
    #[error("cant_leave_general")]
    CantLeaveGeneral,
    #[error("cant_kick_from_general")]
    CantKickFromGeneral,
    #[error("cant_kick_self")]
    CantKickSelf,
    #[error("cant_invite_self")]
    CantInviteSelf,
    #[error("already_in_channel")]
    AlreadyInChannel,
    #[error("no_user")]
    NoUser,
    #[error("name_taken")]
    NameTaken,
    #[error("invalid_name_required")]
    InvalidNameRequired,
    #[error("invalid_name_maxlength")]
    InvalidNameMaxLength,
    #[error("invalid_name_specials")]
    InvalidNameSpecials,
    #[error("too_long")]
    TooLong,

    #[error("user_not_found")]
    UserNotFound,
    #[error("users_not_found")]
    UsersNotFound,
    #[error("user_is_restricted")]
    UserIsRestricted,
    #[error("user_not_in_channel")]
    UserNotInChannel,
    #[error("users_list_not_supplied")]
    UsersListNotSupplied,
    #[error("too_many_users")]
    TooManyUsers,
    #[error("bot_not_found")]
    BotNotFound,

    #[error("message_not_found")]
    MessageNotFound,
    #[error("thread_not_found")]
    ThreadNotFound,
    #[error("invalid_thread_ts")]
    InvalidThreadTs,
    #[error("cannot_reply_to_message")]
    CannotReplyToMessage,
    #[error("no_text")]
    NoText,
    #[error("msg_too_long")]
    MsgTooLong,
    /// Says what is wrong with each.
    #[error("invalid_blocks")]
    InvalidBlocks(Vec<String>),
    #[error("invalid_blocks_format")]
    InvalidBlocksFormat,
    #[error("invalid_attachments")]
    InvalidAttachments,
    #[error("invalid_metadata_format")]
    InvalidMetadataFormat,
    #[error("missing_recipient_user_id")]
    MissingRecipientUserId,
    #[error("missing_recipient_team_id")]
    MissingRecipientTeamId,
    #[error("invalid_chunks")]
    InvalidChunks,
    #[error("message_not_in_streaming_state")]
    MessageNotInStreamingState,
    #[error("streaming_state_conflict")]
    StreamingStateConflict,
    #[error("cant_update_message")]
    CantUpdateMessage,
    #[error("cant_delete_message")]
    CantDeleteMessage,

    #[error("invalid_name")]
    InvalidName,
    #[error("already_reacted")]
    AlreadyReacted,
    #[error("no_reaction")]
    NoReaction,
    #[error("bad_timestamp")]
    BadTimestamp,

    #[error("invalid_trigger_id")]
    InvalidTriggerId,
    #[error("expired_trigger_id")]
    ExpiredTriggerId,
    #[error("exchanged_trigger_id")]
    ExchangedTriggerId,
    #[error("not_found")]
    ViewNotFound,
    #[error("hash_conflict")]
    HashConflict,
    #[error("duplicate_external_id")]
    DuplicateExternalId,
    #[error("push_limit_reached")]
    PushLimitReached,
    #[error("view_too_large")]
    ViewTooLarge,

    #[error("used_url")]
    UsedUrl,
    #[error("expired_url")]
    ExpiredUrl,
}

impl Fault {
    /// A required argument was not sent.
    pub(crate) fn missing(argument: &str) -> Self {
        Self::InvalidArguments(vec![format!("[ERROR] missing required field: {argument}")])
    }

    /// What Slack adds in `response_metadata.messages`.
    pub(crate) fn messages(&self) -> &[String] {
        match self {
            Self::InvalidArguments(messages) | Self::InvalidBlocks(messages) => messages,
            _ => &[],
        }
    }
}
