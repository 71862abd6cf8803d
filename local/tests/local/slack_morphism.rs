//! The Rust SDK that the bot uses, with its own types.

use std::sync::Arc;

use secrecy::ExposeSecret;
use serde_json::json;
use slack_morphism::prelude::*;
use tokio::sync::mpsc;

use crate::app::{App, PATIENCE};

type Connector = SlackClientHyperConnector<
    hyper_rustls::HttpsConnector<hyper_util::client::legacy::connect::HttpConnector>,
>;

fn client(app: &App) -> SlackClient<Connector> {
    let _installed_before = rustls::crypto::ring::default_provider().install_default();
    let https =
        hyper_rustls::HttpsConnectorBuilder::new().with_webpki_roots().https_or_http().enable_http1().build();
    let api = format!("{}/api", app.base);
    SlackClient::new(SlackClientHyperConnector::with_connector(https).with_slack_api_url(&api))
}

fn token(text: &str) -> SlackApiToken {
    SlackApiToken::new(text.into())
}

fn text(words: &str) -> SlackMessageContent {
    SlackMessageContent::new().with_text(words.into())
}

#[tokio::test]
async fn its_methods_understand_the_answers() {
    let app = App::start().await;
    let (client, token) = (client(&app), token(app.bot_token()));
    let session = client.open_session(&token);
    let channel: SlackChannelId = app.channel("price-watch").await.into();
    let ana: SlackUserId = app.user("ana").await.into();

    let me = session.auth_test().await.unwrap();
    assert_eq!(me.user.as_deref(), Some("kraken"));
    let team = session.team_info(&SlackApiTeamInfoRequest::new()).await.unwrap();
    assert_eq!(team.team.id, me.team_id);
    let bot = session
        .bots_info(&SlackApiBotsInfoRequest::new().with_bot(me.bot_id.unwrap().to_string()))
        .await
        .unwrap();
    assert_eq!(bot.bot.name, "Kraken");
    let list = session.conversations_list(&SlackApiConversationsListRequest::new()).await.unwrap();
    assert_eq!(list.channels.len(), 3);
    let info =
        session.conversations_info(&SlackApiConversationsInfoRequest::new(channel.clone())).await.unwrap();
    assert_eq!(info.channel.creator, Some(ana.clone()));
    let members = SlackApiConversationsMembersRequest::new().with_channel(channel.clone());
    assert_eq!(session.conversations_members(&members).await.unwrap().members.len(), 4);

    let posted =
        session.chat_post_message(&SlackApiChatPostMessageRequest::new(channel.clone(), text("hi"))).await;
    let ts = posted.unwrap().ts;
    let reply =
        SlackApiChatPostMessageRequest::new(channel.clone(), text("below")).with_thread_ts(ts.clone());
    session.chat_post_message(&reply).await.unwrap();
    let whisper = SlackApiChatPostEphemeralRequest::new(channel.clone(), ana.clone(), text("psst"));
    session.chat_post_ephemeral(&whisper).await.unwrap();
    let update = SlackApiChatUpdateRequest::new(channel.clone(), text("ho"), ts.clone());
    session.chat_update(&update).await.unwrap();
    let link = SlackApiChatGetPermalinkRequest::new(channel.clone(), ts.clone());
    assert!(session.chat_get_permalink(&link).await.unwrap().permalink.as_str().starts_with(&app.base));
    let history = SlackApiConversationsHistoryRequest::new().with_channel(channel.clone());
    let history = session.conversations_history(&history).await.unwrap();
    assert_eq!(history.messages[0].content.text.as_deref(), Some("ho"));
    let replies = SlackApiConversationsRepliesRequest::new(channel.clone(), ts.clone());
    assert_eq!(session.conversations_replies(&replies).await.unwrap().messages.len(), 2);
    let eyes = SlackReactionName::new("eyes".into());
    let add = SlackApiReactionsAddRequest::new(channel.clone(), eyes.clone(), ts.clone());
    session.reactions_add(&add).await.unwrap();
    let remove =
        SlackApiReactionsRemoveRequest::new(eyes).with_channel(channel.clone()).with_timestamp(ts.clone());
    session.reactions_remove(&remove).await.unwrap();
    session.chat_delete(&SlackApiChatDeleteRequest::new(channel, ts)).await.unwrap();

    let user = session.users_info(&SlackApiUsersInfoRequest::new(ana.clone())).await.unwrap().user;
    assert_eq!(user.profile.unwrap().email.unwrap().to_string(), "ana@example.com");
    assert_eq!(session.users_list(&SlackApiUsersListRequest::new()).await.unwrap().members.len(), 5);
    let by_mail = SlackApiUsersLookupByEmailRequest::new(EmailAddress("ben@example.com".into()));
    assert_eq!(session.users_lookup_by_email(&by_mail).await.unwrap().user.name.as_deref(), Some("ben"));
    let home = SlackView::Home(SlackHomeView::new(vec![SlackDividerBlock::new().into()]));
    session.views_publish(&SlackApiViewsPublishRequest::new(ana.clone(), home)).await.unwrap();
}

#[tokio::test]
async fn it_makes_and_ends_channels() {
    let app = App::start().await;
    let (client, token) = (client(&app), token(app.bot_token()));
    let session = client.open_session(&token);
    let ana: SlackUserId = app.user("ana").await.into();
    let open = SlackApiConversationsOpenRequest::new().with_users(vec![ana.clone()]);
    assert!(session.conversations_open(&open).await.unwrap().channel.id.to_string().starts_with('D'));
    let made =
        session.conversations_create(&SlackApiConversationsCreateRequest::new("made".into())).await.unwrap();
    let id = made.channel.id;
    session
        .conversations_invite(&SlackApiConversationsInviteRequest::new(id.clone(), vec![ana.clone()]))
        .await
        .unwrap();
    session
        .conversations_rename(&SlackApiConversationsRenameRequest::new(id.clone(), "other".into()))
        .await
        .unwrap();
    let topic = SlackApiConversationsSetTopicRequest::new(id.clone(), "a topic".into());
    session.conversations_set_topic(&topic).await.unwrap();
    session.conversations_kick(&SlackApiConversationsKickRequest::new(id.clone(), ana)).await.unwrap();
    session.conversations_archive(&SlackApiConversationsArchiveRequest::new(id.clone())).await.unwrap();
    let refused = session.conversations_join(&SlackApiConversationsJoinRequest::new(id)).await.unwrap_err();
    assert!(refused.to_string().contains("is_archived"), "{refused}");
    let random: SlackChannelId = app.channel("random").await.into();
    session.conversations_join(&SlackApiConversationsJoinRequest::new(random.clone())).await.unwrap();
    session.conversations_leave(&SlackApiConversationsLeaveRequest::new(random)).await.unwrap();
}

/// Where the callbacks send what they were called with.
struct Heard(mpsc::UnboundedSender<String>);

async fn told(
    event: SlackPushEventCallback,
    _: Arc<SlackClient<Connector>>,
    states: SlackClientEventsUserState,
) -> UserCallbackResult<()> {
    let word = match event.event {
        SlackEventCallbackBody::AppMention(mention) => {
            format!("mention {}", mention.content.text.unwrap_or_default())
        }
        SlackEventCallbackBody::Message(message) => {
            format!("message {}", message.content.and_then(|content| content.text).unwrap_or_default())
        }
        SlackEventCallbackBody::MemberJoinedChannel(joined) => format!("joined {}", joined.user),
        SlackEventCallbackBody::MemberLeftChannel(left) => format!("left {}", left.user),
        SlackEventCallbackBody::ChannelArchive(archived) => format!("archived {}", archived.channel),
        SlackEventCallbackBody::ChannelUnarchive(open) => format!("unarchived {}", open.channel),
        SlackEventCallbackBody::ChannelRename(renamed) => {
            format!("renamed {}", renamed.channel.name.unwrap_or_default())
        }
        SlackEventCallbackBody::ChannelCreated(created) => {
            format!("created {}", created.channel.name.unwrap_or_default())
        }
        SlackEventCallbackBody::AppHomeOpened(opened) => format!("home {}", opened.user),
        other => format!("other {other:?}"),
    };
    states.read().await.get_user_state::<Heard>().unwrap().0.send(word)?;
    Ok(())
}

async fn interacted(
    event: SlackInteractionEvent,
    _: Arc<SlackClient<Connector>>,
    states: SlackClientEventsUserState,
) -> UserCallbackResult<()> {
    let word = match event {
        SlackInteractionEvent::BlockActions(actions) => {
            format!("clicked {:?}", actions.actions.unwrap()[0].action_id)
        }
        other => format!("other {other:?}"),
    };
    states.read().await.get_user_state::<Heard>().unwrap().0.send(word)?;
    Ok(())
}

#[tokio::test]
async fn its_socket_mode_types_the_events() {
    let app = App::start().await;
    let (sender, mut words) = mpsc::unbounded_channel();
    let client = Arc::new(client(&app));
    let environment =
        Arc::new(SlackClientEventsListenerEnvironment::new(client).with_user_state(Heard(sender)));
    let callbacks =
        SlackSocketModeListenerCallbacks::new().with_push_events(told).with_interaction_events(interacted);
    let listener =
        SlackClientSocketModeListener::new(&SlackClientSocketModeConfig::new(), environment, callbacks);
    listener.listen_for(&token(app.credentials.app_token.expose_secret())).await.unwrap();
    listener.start().await;

    let mut wait_for = async |wanted: &str| {
        let found = async {
            loop {
                let word = words.recv().await.unwrap();
                assert!(!word.starts_with("other"), "{word}");
                if word.starts_with(wanted) {
                    return;
                }
            }
        };
        tokio::time::timeout(PATIENCE, found).await.unwrap_or_else(|_| panic!("{wanted} did not come"));
    };
    let (ana, channel) = (app.person("ana"), app.channel("price-watch").await);
    ana.say("price-watch", "@kraken help").await;
    wait_for("mention").await;
    app.person("cy").act("do/join", &[("channel", "price-watch")]).await;
    wait_for("joined").await;
    app.person("cy").act("do/leave", &[("channel", "price-watch")]).await;
    wait_for("left").await;
    ana.html("/home").await;
    wait_for("home").await;
    ana.act("do/create", &[("name", "new-one")]).await;
    wait_for("created new-one").await;
    let button =
        json!({ "type": "button", "action_id": "go", "text": { "type": "plain_text", "text": "Go" } });
    let blocks = json!([{ "type": "actions", "block_id": "b", "elements": [button] }]);
    let whisper = json!({ "channel": channel, "user": app.user("ana").await, "text": "x", "blocks": blocks });
    let ts = app.api("chat.postEphemeral", whisper).await["message_ts"].as_str().unwrap().to_owned();
    ana.act("click", &[("channel", "price-watch"), ("ts", &ts), ("click", "at/b/go")]).await;
    wait_for("clicked").await;
    ana.act("do/rename", &[("channel", "price-watch"), ("name", "prices")]).await;
    wait_for("renamed prices").await;
    ana.act("do/archive", &[("channel", "prices")]).await;
    wait_for("archived").await;
    ana.act("do/unarchive", &[("channel", "prices")]).await;
    wait_for("unarchived").await;
    listener.shutdown().await;
}
