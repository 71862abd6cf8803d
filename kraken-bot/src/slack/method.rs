//! Every method of Slack's that the Kraken calls, and every event that it hears, each with the scopes that it needs. There is no
//! way to call another: `deploy/slack/manifest.yaml` asks for exactly these, and a test compares.

/// A method of the Web API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    AssistantThreadsSetStatus,
    AuthTest,
    ChatAppendStream,
    ChatPostEphemeral,
    ChatPostMessage,
    ChatStartStream,
    ChatStopStream,
    ChatUpdate,
    ConversationsHistory,
    ConversationsInfo,
    ConversationsInvite,
    ConversationsMembers,
    ConversationsOpen,
    ConversationsReplies,
    UsersConversations,
    UsersInfo,
    UsersList,
    ViewsOpen,
    ViewsPublish,
}

const SEES: &[&str] = &["channels:read", "groups:read", "im:read"];
const READS: &[&str] = &["channels:history", "groups:history", "im:history"];

impl Method {
    /// All of them.
    #[cfg(test)]
    const ALL: [Self; 19] = [
        Self::AssistantThreadsSetStatus,
        Self::AuthTest,
        Self::ChatAppendStream,
        Self::ChatPostEphemeral,
        Self::ChatPostMessage,
        Self::ChatStartStream,
        Self::ChatStopStream,
        Self::ChatUpdate,
        Self::ConversationsHistory,
        Self::ConversationsInfo,
        Self::ConversationsInvite,
        Self::ConversationsMembers,
        Self::ConversationsOpen,
        Self::ConversationsReplies,
        Self::UsersConversations,
        Self::UsersInfo,
        Self::UsersList,
        Self::ViewsOpen,
        Self::ViewsPublish,
    ];

    /// Its name, and the scopes that it needs here.
    const fn needs(self) -> (&'static str, &'static [&'static str]) {
        match self {
            Self::AssistantThreadsSetStatus => ("assistant.threads.setStatus", &["chat:write"]),
            Self::AuthTest => ("auth.test", &[]),
            Self::ChatAppendStream => ("chat.appendStream", &["chat:write"]),
            Self::ChatPostEphemeral => ("chat.postEphemeral", &["chat:write"]),
            Self::ChatPostMessage => ("chat.postMessage", &["chat:write"]),
            Self::ChatStartStream => ("chat.startStream", &["chat:write"]),
            Self::ChatStopStream => ("chat.stopStream", &["chat:write"]),
            Self::ChatUpdate => ("chat.update", &["chat:write"]),
            Self::ConversationsHistory => ("conversations.history", READS),
            Self::ConversationsInfo => ("conversations.info", SEES),
            Self::ConversationsInvite => {
                ("conversations.invite", &["channels:write.invites", "groups:write.invites"])
            }
            Self::ConversationsMembers => ("conversations.members", SEES),
            Self::ConversationsOpen => ("conversations.open", &["im:write"]),
            Self::ConversationsReplies => ("conversations.replies", READS),
            Self::UsersConversations => ("users.conversations", SEES),
            // The address is what tells people apart from accounts of the same name.
            Self::UsersInfo => ("users.info", &["users:read", "users:read.email"]),
            Self::UsersList => ("users.list", &["users:read"]),
            Self::ViewsOpen => ("views.open", &[]),
            Self::ViewsPublish => ("views.publish", &[]),
        }
    }

    /// Its name.
    pub(crate) const fn name(self) -> &'static str {
        self.needs().0
    }
}

/// The events that are heard, as an app subscribes to them.
#[cfg(test)]
const EVENTS: &[(&str, &str)] = &[
    // It needs no scope.
    ("app_home_opened", ""),
    ("app_mention", "app_mentions:read"),
    ("app_uninstalled", ""),
    ("channel_archive", "channels:read"),
    ("channel_deleted", "channels:read"),
    ("channel_id_changed", "channels:read"),
    ("channel_left", "channels:read"),
    ("channel_rename", "channels:read"),
    ("channel_shared", "channels:read"),
    ("channel_unarchive", "channels:read"),
    ("channel_unshared", "channels:read"),
    ("group_archive", "groups:read"),
    ("group_deleted", "groups:read"),
    ("group_left", "groups:read"),
    ("group_rename", "groups:read"),
    ("group_unarchive", "groups:read"),
    ("member_joined_channel", "channels:read"),
    ("member_left_channel", "channels:read"),
    ("message.channels", "channels:history"),
    ("message.groups", "groups:history"),
    ("message.im", "im:history"),
    ("tokens_revoked", ""),
    ("user_change", "users:read"),
];

/// The scope of the slash command `/kraken`.
#[cfg(test)]
const COMMANDS: &str = "commands";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::slack::{envelope, shortcut};
    use serde_json::{Value, json};
    use std::collections::BTreeSet;

    fn manifest() -> Value {
        serde_saphyr::from_str(include_str!("../../../deploy/slack/manifest.yaml")).unwrap()
    }

    fn listed(manifest: &Value, pointer: &str) -> BTreeSet<String> {
        let list = manifest.pointer(pointer).and_then(Value::as_array).unwrap();
        let words: BTreeSet<String> = list.iter().map(|word| word.as_str().unwrap().to_owned()).collect();
        assert_eq!(words.len(), list.len(), "{pointer} has something twice");
        words
    }

    #[test]
    fn the_manifest_asks_for_the_scopes_that_are_used_and_no_other() {
        let methods = Method::ALL.iter().flat_map(|method| method.needs().1).copied();
        let used: BTreeSet<String> = methods
            .chain(EVENTS.iter().map(|(_, scope)| *scope))
            .chain([COMMANDS])
            .filter(|scope| !scope.is_empty())
            .map(str::to_owned)
            .collect();
        assert_eq!(listed(&manifest(), "/oauth_config/scopes/bot"), used);
        assert_eq!(manifest().pointer("/oauth_config/scopes/user"), None);
        for shortcut in manifest().pointer("/features/shortcuts").and_then(Value::as_array).unwrap() {
            assert_eq!(shortcut["callback_id"], shortcut::CALLBACK);
        }
        let commands = manifest().pointer("/features/slash_commands").cloned().unwrap();
        assert_eq!(
            (commands[0]["command"].as_str(), commands.as_array().unwrap().len()),
            (Some("/kraken"), 1)
        );
    }

    #[test]
    fn every_fact_that_is_heard_is_told_of_in_the_documents() {
        let told = include_str!("../../../docs/membership.md");
        let facts = EVENTS.iter().map(|(event, _)| *event);
        let said = ["app_home_opened", "app_mention"];
        for fact in facts.filter(|event| !said.contains(event) && !event.starts_with("message.")) {
            assert!(told.contains(&format!("`{fact}`")), "{fact} is not in docs/membership.md");
        }
    }

    #[test]
    fn the_manifest_subscribes_to_what_is_heard_and_nothing_else() {
        let heard: BTreeSet<String> = EVENTS.iter().map(|(event, _)| (*event).to_owned()).collect();
        assert_eq!(listed(&manifest(), "/settings/event_subscriptions/bot_events"), heard);
        // Each is heard by the code that reads them.
        for (event, _) in EVENTS {
            let (kind, channel_type) = event.split_once('.').unwrap_or((event, "channel"));
            let channel_type = channel_type.trim_end_matches('s');
            let channel =
                if kind.ends_with("rename") { json!({"id": "C1", "name": "n"}) } else { json!("C1") };
            let user = if kind == "user_change" { json!({"id": "U1"}) } else { json!("U1") };
            let event = json!({
                "type": kind, "channel_type": channel_type, "channel": channel, "user": user, "ts": "1.1",
                "thread_ts": "1.0", "text": "help", "tab": "home", "new_channel_id": "C2",
                "tokens": {"bot": ["UKRAKEN"]},
            });
            let payload = json!({"event_id": "Ev1", "team_id": "T1", "event": event});
            assert!(envelope::incoming(&payload, "UKRAKEN").is_some(), "{payload}");
        }
        for unheard in ["reaction_added", "message", "channel_created", "team_join"] {
            let event = json!({"type": unheard, "channel": "C1", "user": "U1", "ts": "1.1"});
            let payload = json!({"event_id": "Ev1", "team_id": "T1", "event": event});
            assert!(envelope::incoming(&payload, "UKRAKEN").is_none(), "{payload}");
        }
    }
}
