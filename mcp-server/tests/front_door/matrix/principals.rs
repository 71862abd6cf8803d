//! Who calls, and what is so of them.

use crate::app::App;
use policy::{Account, Bond, Scope};
use serde_json::Value;
use std::fmt;
use wire::assertion::Kind;
use wire::tools::channel::AccountClass;

/// A person, with the facts of where they stand in #price-watch.
#[derive(Debug, Clone, Copy)]
pub(super) struct Person {
    pub(super) name: &'static str,
    /// What the Kraken says of the account.
    pub(super) class: AccountClass,
    /// What the server knows of it.
    pub(super) account: Account,
    pub(super) bond: Bond,
    pub(super) owner: bool,
    pub(super) blocked: bool,
    pub(super) waits: bool,
    pub(super) owns_tentacle: bool,
}

/// A full member, approved.
const MEMBER: Person = Person {
    name: "ben",
    class: AccountClass::Full,
    account: Account::Full,
    bond: Bond::InChannel,
    owner: false,
    blocked: false,
    waits: false,
    owns_tentacle: false,
};

/// New members need approval here, and whoever is not named otherwise has none.
pub(super) const PEOPLE: [Person; 9] = [
    Person { name: "ana", owner: true, ..MEMBER },
    MEMBER,
    Person { name: "tom", owns_tentacle: true, ..MEMBER },
    Person { name: "remy", blocked: true, waits: true, ..MEMBER },
    Person { name: "dora", waits: true, ..MEMBER },
    Person { name: "gil", class: AccountClass::Guest, account: Account::Guest, waits: true, ..MEMBER },
    Person { name: "ext", class: AccountClass::External, account: Account::External, waits: true, ..MEMBER },
    Person { name: "cy", bond: Bond::NotInChannel, waits: true, ..MEMBER },
    Person { name: "nora", account: Account::Unbound, bond: Bond::NotInChannel, waits: true, ..MEMBER },
];

/// How somebody calls.
#[derive(Debug, Clone)]
pub(super) enum Caller {
    /// A person, with an MCP client.
    Client { person: Person, client: &'static str },
    /// A person, through the Kraken.
    Kraken { person: Person, kind: Kind },
    /// The Kraken itself.
    Relay,
    /// An operator, with or without a reason.
    Operator { token: String, scopes: Vec<Scope>, reason: bool },
}

pub(super) struct Principal {
    name: String,
    pub(super) caller: Caller,
}

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

const KINDS: [Kind; 7] =
    [Kind::Message, Kind::Click, Kind::Command, Kind::Dm, Kind::Home, Kind::Agent, Kind::SignIn];

/// Everybody, in every way to call. Writes the operators' entries.
pub(super) fn all(app: &App) -> Vec<Principal> {
    let mut all = vec![Principal { name: "the relay".to_owned(), caller: Caller::Relay }];
    for person in PEOPLE {
        for client in ["agents", "tntc"] {
            let name = format!("{} with {client}", person.name);
            all.push(Principal { name, caller: Caller::Client { person, client } });
        }
        for kind in KINDS {
            let name = format!("{} by {}", person.name, kind.name());
            all.push(Principal { name, caller: Caller::Kraken { person, kind } });
        }
    }
    all.extend(operators(app));
    all
}

/// An operator with all scopes, with none, and with each alone; each with a reason and without.
fn operators(app: &App) -> Vec<Principal> {
    let mut sets = vec![("all".to_owned(), Scope::ALL.to_vec()), ("none".to_owned(), Vec::new())];
    sets.extend(Scope::ALL.iter().map(|scope| (scope.name().to_owned(), vec![*scope])));
    let entries: Vec<(String, Vec<Scope>)> = sets
        .iter()
        .map(|(name, scopes)| (format!("operator-token-with-the-scope-{name}"), scopes.clone()))
        .collect();
    let with_default = (crate::app::OPERATOR, &Scope::ALL[..]);
    let written: Vec<(&str, &[Scope])> = entries
        .iter()
        .map(|(token, scopes)| (token.as_str(), scopes.as_slice()))
        .chain([with_default])
        .collect();
    app.break_glass(&written);
    let mut operators = Vec::new();
    for (token, scopes) in entries {
        for reason in [true, false] {
            let name = format!("{token}, reason {reason}");
            let caller = Caller::Operator { token: token.clone(), scopes: scopes.clone(), reason };
            operators.push(Principal { name, caller });
        }
    }
    operators
}

/// Every tool that anybody is shown, as it describes itself.
pub(crate) async fn tools(app: &App) -> Vec<Value> {
    let mut tools = app.tools(&app.agent("ana")).await;
    tools.extend(app.tools(&app.issuer.token("service-account-kraken-relay", "kraken-relay")).await);
    let known: Vec<Value> = tools.iter().map(|tool| tool["name"].clone()).collect();
    let operators = app.tools(crate::app::OPERATOR).await;
    tools.extend(operators.into_iter().filter(|tool| !known.contains(&tool["name"])));
    let known: Vec<&str> = tools.iter().map(|tool| tool["name"].as_str().unwrap()).collect();
    let declared = mcp_server::tool_actions();
    assert_eq!(known.len(), declared.len());
    assert!(declared.iter().all(|tool| known.contains(&tool.tool)), "{known:?}");
    tools
}
