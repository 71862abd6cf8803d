//! Every method of Slack's that the Kraken calls, and every event that it hears, each with the scopes that it needs. There is no
//! way to call or to hear another: `deploy/slack/manifest.yaml` asks for exactly these, and a test compares.

const SEES: &[&str] = &["channels:read", "groups:read", "im:read"];
const READS: &[&str] = &["channels:history", "groups:history", "im:history"];

/// Makes the methods from one table: its name here, Slack's name, and the scopes that it needs here.
macro_rules! methods {
    ($($method:ident = $name:literal needs $scopes:expr;)*) => {
        /// A method of the Web API.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Method { $($method,)* }

        impl Method {
            /// All of them.
            #[cfg(test)]
            const ALL: &[Self] = &[$(Self::$method,)*];

            /// Its name, and the scopes that it needs here.
            const fn needs(self) -> (&'static str, &'static [&'static str]) {
                match self { $(Self::$method => ($name, $scopes),)* }
            }
        }
    };
}

methods! {
    AssistantThreadsSetStatus = "assistant.threads.setStatus" needs &["chat:write"];
    AuthTest = "auth.test" needs &[];
    ChatAppendStream = "chat.appendStream" needs &["chat:write"];
    ChatPostEphemeral = "chat.postEphemeral" needs &["chat:write"];
    ChatPostMessage = "chat.postMessage" needs &["chat:write"];
    ChatStartStream = "chat.startStream" needs &["chat:write"];
    ChatStopStream = "chat.stopStream" needs &["chat:write"];
    ChatUpdate = "chat.update" needs &["chat:write"];
    ConversationsHistory = "conversations.history" needs READS;
    ConversationsInfo = "conversations.info" needs SEES;
    ConversationsInvite = "conversations.invite" needs &["channels:write.invites", "groups:write.invites"];
    ConversationsMembers = "conversations.members" needs SEES;
    ConversationsOpen = "conversations.open" needs &["im:write"];
    ConversationsReplies = "conversations.replies" needs READS;
    UsersConversations = "users.conversations" needs SEES;
    // The address is what tells people apart from accounts of the same name.
    UsersInfo = "users.info" needs &["users:read", "users:read.email"];
    UsersList = "users.list" needs &["users:read"];
    UsersLookupByEmail = "users.lookupByEmail" needs &["users:read.email"];
    ViewsOpen = "views.open" needs &[];
    ViewsPublish = "views.publish" needs &[];
}

impl Method {
    /// Its name.
    pub(crate) const fn name(self) -> &'static str {
        self.needs().0
    }
}

/// Makes the events from one table: its name here, Slack's `type`, and what an app subscribes to for it, each with its scope.
macro_rules! events {
    ($($event:ident = $kind:literal by $($subscription:literal needs $scope:literal),+;)*) => {
        /// A type of event that is heard. No other is read: what each means, `envelope` says of all of these.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum Event { $($event,)* }

        impl Event {
            /// The one of this `type`.
            pub(super) fn of(kind: &str) -> Option<Self> {
                match kind { $($kind => Some(Self::$event),)* _ => None }
            }
        }

        /// The events as an app subscribes to them, each with its scope, which may be none.
        #[cfg(test)]
        const EVENTS: &[(&str, &str)] = &[$($(($subscription, $scope),)+)*];
    };
}

events! {
    AppHomeOpened = "app_home_opened" by "app_home_opened" needs "";
    AppMention = "app_mention" by "app_mention" needs "app_mentions:read";
    AppUninstalled = "app_uninstalled" by "app_uninstalled" needs "";
    ChannelArchive = "channel_archive" by "channel_archive" needs "channels:read";
    ChannelDeleted = "channel_deleted" by "channel_deleted" needs "channels:read";
    ChannelIdChanged = "channel_id_changed" by "channel_id_changed" needs "channels:read";
    ChannelLeft = "channel_left" by "channel_left" needs "channels:read";
    ChannelRename = "channel_rename" by "channel_rename" needs "channels:read";
    ChannelShared = "channel_shared" by "channel_shared" needs "channels:read";
    ChannelUnarchive = "channel_unarchive" by "channel_unarchive" needs "channels:read";
    ChannelUnshared = "channel_unshared" by "channel_unshared" needs "channels:read";
    GroupArchive = "group_archive" by "group_archive" needs "groups:read";
    GroupDeleted = "group_deleted" by "group_deleted" needs "groups:read";
    GroupLeft = "group_left" by "group_left" needs "groups:read";
    GroupRename = "group_rename" by "group_rename" needs "groups:read";
    GroupUnarchive = "group_unarchive" by "group_unarchive" needs "groups:read";
    MemberJoinedChannel = "member_joined_channel" by "member_joined_channel" needs "channels:read";
    MemberLeftChannel = "member_left_channel" by "member_left_channel" needs "channels:read";
    Message = "message" by
        "message.channels" needs "channels:history",
        "message.groups" needs "groups:history",
        "message.im" needs "im:history";
    TokensRevoked = "tokens_revoked" by "tokens_revoked" needs "";
    UserChange = "user_change" by "user_change" needs "users:read";
}

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
