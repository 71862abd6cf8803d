//! The methods of the Web API that bots use. Others are refused as unknown.

use serde_json::Value;

use super::api::args::Args;
use super::fault::Fault;
use super::id::UserId;
use super::shape::user::Email;
use super::state::State;
use super::turn::Turn;
use crate::config::Addresses;

mod about;
mod assistant;
mod chat;
mod conversations;
mod reactions;
mod stream;
mod users;
mod views;

/// Which token a method takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Token {
    /// The bot's, `xoxb-…`.
    Bot,
    /// The app's, `xapp-…`.
    App,
    /// None.
    None,
}

/// What a method may do.
#[derive(Clone, Copy)]
pub(crate) enum Run {
    /// Look.
    Read(fn(&State, &Call<'_>) -> Result<Value, Fault>),
    /// Change.
    Write(fn(&mut Turn<'_>, &Call<'_>) -> Result<Value, Fault>),
    /// Give out the address of a connection.
    Connect,
}

/// A method by name.
pub(crate) struct Method {
    pub(crate) name: &'static str,
    pub(crate) token: Token,
    /// Any of these scopes is enough; none named, none needed.
    pub(crate) scopes: &'static [&'static str],
    pub(crate) run: Run,
}

/// A call of the bot's.
pub(crate) struct Call<'a> {
    pub(crate) args: &'a Args,
    pub(crate) addresses: &'a Addresses,
    /// Whether the bot may see e-mail addresses.
    pub(crate) email: Email,
}

impl Call<'_> {
    /// Who calls.
    pub(crate) fn caller(state: &State) -> UserId {
        state.app.user.clone()
    }
}

/// The scopes that the bot's token has.
pub(crate) const BOT_SCOPES: &[&str] = &[
    "app_mentions:read",
    "channels:history",
    "channels:join",
    "channels:manage",
    "channels:read",
    "channels:write.invites",
    "channels:write.topic",
    "chat:write",
    "commands",
    "groups:history",
    "groups:read",
    "groups:write",
    "im:history",
    "im:read",
    "im:write",
    "reactions:read",
    "reactions:write",
    "team:read",
    "users:read",
    "users:read.email",
];

const fn read(
    name: &'static str,
    scopes: &'static [&'static str],
    run: fn(&State, &Call<'_>) -> Result<Value, Fault>,
) -> Method {
    Method { name, token: Token::Bot, scopes, run: Run::Read(run) }
}

const fn write(
    name: &'static str,
    scopes: &'static [&'static str],
    run: fn(&mut Turn<'_>, &Call<'_>) -> Result<Value, Fault>,
) -> Method {
    Method { name, token: Token::Bot, scopes, run: Run::Write(run) }
}

const SEE: &[&str] = &["channels:read", "groups:read", "im:read"];
const HISTORY: &[&str] = &["channels:history", "groups:history", "im:history"];
const MANAGE: &[&str] = &["channels:manage", "groups:write"];
const OPEN: &[&str] = &["im:write", "channels:manage", "groups:write"];
const INVITE: &[&str] = &["channels:write.invites", "channels:manage", "groups:write"];
const TOPIC: &[&str] = &["channels:write.topic", "channels:manage", "groups:write"];
const SAY: &[&str] = &["chat:write"];
const PEOPLE: &[&str] = &["users:read"];
/// Without it, e-mail addresses are left out.
pub(crate) const EMAIL: &[&str] = &["users:read.email"];

/// All of them.
static METHODS: &[Method] = &[
    Method { name: "api.test", token: Token::None, scopes: &[], run: Run::Read(about::api_test) },
    Method { name: "apps.connections.open", token: Token::App, scopes: &[], run: Run::Connect },
    read("auth.test", &[], about::auth_test),
    read("bots.info", PEOPLE, about::bots_info),
    read("team.info", &["team:read"], about::team_info),
    write("chat.postMessage", SAY, chat::post_message),
    write("chat.postEphemeral", SAY, chat::post_ephemeral),
    write("chat.update", SAY, chat::update),
    write("chat.delete", SAY, chat::delete),
    write("chat.startStream", SAY, stream::start),
    write("chat.appendStream", SAY, stream::append),
    write("chat.stopStream", SAY, stream::stop),
    read("chat.getPermalink", &[], chat::get_permalink),
    read("conversations.list", SEE, conversations::read::list),
    read("conversations.info", SEE, conversations::read::info),
    read("conversations.members", SEE, conversations::read::members),
    read("conversations.history", HISTORY, conversations::history::history),
    read("conversations.replies", HISTORY, conversations::history::replies),
    write("conversations.open", OPEN, conversations::write::open),
    write("conversations.create", MANAGE, conversations::write::create),
    write("conversations.invite", INVITE, conversations::write::invite),
    write("conversations.kick", MANAGE, conversations::write::kick),
    write("conversations.join", &["channels:join"], conversations::write::join),
    write("conversations.leave", MANAGE, conversations::write::leave),
    write("conversations.rename", MANAGE, conversations::write::rename),
    write("conversations.archive", MANAGE, conversations::write::archive),
    write("conversations.unarchive", MANAGE, conversations::write::unarchive),
    write("conversations.setTopic", TOPIC, conversations::write::set_topic),
    read("users.info", PEOPLE, users::info),
    read("users.list", PEOPLE, users::list),
    read("users.lookupByEmail", EMAIL, users::lookup_by_email),
    read("users.conversations", SEE, users::conversations),
    write("assistant.threads.setStatus", SAY, assistant::set_status),
    write("reactions.add", &["reactions:write"], reactions::add),
    write("reactions.remove", &["reactions:write"], reactions::remove),
    read("reactions.get", &["reactions:read"], reactions::get),
    write("views.open", &[], views::open),
    write("views.push", &[], views::push),
    write("views.update", &[], views::update),
    write("views.publish", &[], views::publish),
];

/// The method of this name.
pub(crate) fn find(name: &str) -> Option<&'static Method> {
    METHODS.iter().find(|method| method.name == name)
}
