//! A server's front door, and everything that a test needs to knock at it: tokens, assertions, calls.

use crate::app::{OPERATOR, until};
use crate::issuer::{Issuer, TestKey};
use crate::rpc::{Extras, Reply};
use crate::sign_in::IssuersPage;
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;
use wire::assertion::{Assertion, Channel, Kind, User, sign};
use wire::tools::channel::AccountClass;
use wire::{Failure, canonical};

/// The door of one server.
#[derive(Clone)]
pub(crate) struct Door {
    pub(crate) url: String,
    pub(crate) issuer: Issuer,
    /// Where people sign in with a browser.
    pub(crate) issuers_page: IssuersPage,
    pub(crate) kraken: TestKey,
    pub(crate) http: reqwest::Client,
}

impl Door {
    pub(crate) fn new(issuer: Issuer, issuers_page: IssuersPage, kraken: TestKey) -> Self {
        let http = reqwest::Client::builder().no_proxy().tcp_nodelay(true).build().unwrap();
        Self { url: String::new(), issuer, issuers_page, kraken, http }
    }

    pub(crate) async fn until_ready(&self) {
        until("the server becomes ready", async || self.status_of("/readyz").await == Some(200)).await;
    }

    /// The status of an open page, where something answers.
    pub(crate) async fn status_of(&self, path: &str) -> Option<u16> {
        let answer = self.http.get(format!("{}{path}", self.url)).send().await;
        answer.ok().map(|answer| answer.status().as_u16())
    }

    /// Calls a tool with a token and nothing else.
    pub(crate) async fn call(&self, token: &str, tool: &str, args: Value) -> Result<Value, Failure> {
        self.call_with(token, tool, args, Extras::default()).await
    }

    /// Calls a tool as an operator, with a reason.
    pub(crate) async fn operate(&self, tool: &str, args: Value) -> Result<Value, Failure> {
        let extras = Extras { reason: Some("the owner is on holiday".to_owned()), ..Extras::default() };
        self.call_with(OPERATOR, tool, args, extras).await
    }

    pub(crate) async fn call_with(
        &self,
        token: &str,
        tool: &str,
        args: Value,
        extras: Extras,
    ) -> Result<Value, Failure> {
        match self.tool(token, tool, &args, &extras).await {
            Reply::Answer(value) => Ok(value),
            Reply::Refused(failure) => Err(failure),
            Reply::NoTool(message) => panic!("{tool}: {message}"),
        }
    }

    /// A person's token of the client for MCP clients.
    pub(crate) fn agent(&self, person: &str) -> String {
        self.issuer.token(person, "agents")
    }

    /// The Kraken, in a channel that `creator` made.
    pub(crate) fn channel(&self, id: &str, name: &str, creator: &str) -> InChannel<'_> {
        let channel = Channel { id: id.to_owned(), name: name.to_owned(), creator: creator.to_owned() };
        InChannel { door: self, channel }
    }

    /// The relay's report of who is in a channel.
    pub(crate) async fn report(&self, channel: &str, people: &[(&str, &str)]) -> Value {
        let members: Vec<Value> = people
            .iter()
            .map(|(name, class)| json!({"user": account(name), "class": class, "name": name}))
            .collect();
        let args =
            json!({"team": "T1", "channel": channel, "observed_at": Timestamp::now(), "members": members});
        self.relay("channel_report", args).await.unwrap()
    }

    pub(crate) async fn relay(&self, tool: &str, args: Value) -> Result<Value, Failure> {
        let token = self.issuer.token("service-account-kraken-relay", "kraken-relay");
        self.call(&token, tool, args).await
    }

    /// What waits to be told to one person, by their Slack user, or in channels (`null`).
    pub(crate) async fn told(&self, user: impl Into<Value>) -> Vec<Value> {
        let (user, waiting) = (user.into(), self.relay("notices", json!({})).await.unwrap());
        let mut told = waiting["notices"].as_array().unwrap().clone();
        told.retain(|notice| notice["user"] == user);
        told
    }

    /// Signs somebody in from Slack: binds their account.
    pub(crate) async fn sign_in(&self, person: &str) -> Result<Value, Failure> {
        self.send(person, "account_bind", json!({}), &self.signing_in(person)).await
    }

    /// What the Kraken states at the end of a sign-in.
    pub(crate) fn signing_in(&self, person: &str) -> Assertion {
        let mut said = self.assertion(person, "account_bind", &json!({}));
        said.kind = Kind::SignIn;
        said.user.email = Some(format!("{person}@example.com"));
        said
    }

    /// What the Kraken states about one call, in a direct message.
    pub(crate) fn assertion(&self, person: &str, tool: &str, args: &Value) -> Assertion {
        let now = Timestamp::now().as_second();
        let name = person.to_owned();
        Assertion {
            aud: "tentacular".to_owned(),
            iat: now,
            exp: now + 60,
            jti: Uuid::now_v7(),
            kind: Kind::Dm,
            team: "T1".to_owned(),
            channel: None,
            user: User { id: account(person), class: AccountClass::Full, name, email: None },
            event: Uuid::now_v7().to_string(),
            person_issuer: self.issuer.url.clone(),
            person_subject: person.to_owned(),
            tool: tool.to_owned(),
            arguments_sha256: canonical::sha256(args).unwrap(),
        }
    }

    /// Signs a statement as the Kraken does.
    pub(crate) fn signed(&self, said: &Assertion) -> String {
        sign(said, &self.kraken.private, &self.kraken.kid).unwrap()
    }

    /// Sends a call of the Kraken with exactly this statement.
    pub(crate) async fn send(
        &self,
        person: &str,
        tool: &str,
        args: Value,
        said: &Assertion,
    ) -> Result<Value, Failure> {
        let extras = Extras { assertion: Some(self.signed(said)), ..Extras::default() };
        self.call_with(&self.issuer.token(person, "kraken"), tool, args, extras).await
    }
}

/// The Kraken in one channel.
pub(crate) struct InChannel<'a> {
    door: &'a Door,
    channel: Channel,
}

impl InChannel<'_> {
    /// The server that it is said to.
    pub(crate) fn door(&self) -> &Door {
        self.door
    }

    /// `person` says something here that becomes this call.
    pub(crate) async fn say(&self, person: &str, tool: &str, args: Value) -> Result<Value, Failure> {
        let said = self.assertion(person, tool, &args);
        self.door.send(person, tool, args, &said).await
    }

    /// `person` clicks a button here that becomes this call.
    pub(crate) async fn click(&self, person: &str, tool: &str, args: Value) -> Result<Value, Failure> {
        let said = Assertion { kind: Kind::Click, ..self.assertion(person, tool, &args) };
        self.door.send(person, tool, args, &said).await
    }

    /// What the Kraken states about it.
    pub(crate) fn assertion(&self, person: &str, tool: &str, args: &Value) -> Assertion {
        let said = self.door.assertion(person, tool, args);
        Assertion { channel: Some(self.channel.clone()), kind: Kind::Message, ..said }
    }
}

/// The Slack account of somebody: `U` and the name.
pub(crate) fn account(person: &str) -> String {
    format!("U{}", person.to_ascii_uppercase())
}
