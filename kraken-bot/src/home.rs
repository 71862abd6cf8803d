//! App Home: what a person has here, at a glance, with one call of the server.

use crate::asked::user;
use crate::inbox::Open;
use crate::kraken::Kraken;
use crate::server::{CallError, Origin};
use crate::sessions::SessionError;
use crate::sign_in;
use crate::slack::blocks::{Button, Message, code, escape};
use crate::slack::envelope::{AtHome, Deed};
use crate::talk::Became;
use std::sync::Arc;
use wire::FailureCode;
use wire::assertion::Kind;
use wire::tools::enclave::{EnclaveEntry, EnclaveList, EnclaveListAnswer, EnclaveListArgs};

/// The buttons, by what the event that reads them knows.
pub(crate) const SIGN_IN: &str = "home_sign_in";
pub(crate) const SIGN_OUT: &str = "home_sign_out";
pub(crate) const AGAIN: &str = "home_again";

/// The most enclaves that are shown.
const MOST: usize = 50;

/// Shows a person's Home, after what they did there.
pub(crate) async fn show(kraken: &Arc<Kraken>, open: &Open, home: &AtHome) -> Became {
    let (message, became) = match seen(kraken, open, home).await {
        Ok(seen) => seen,
        Err(why) => (troubled(why), Became::Done),
    };
    match kraken.slack.publish(&home.user, &message).await {
        Ok(()) => became,
        Err(error) if error.is_final() => {
            tracing::warn!(%error, "a Home tab cannot be shown");
            became
        }
        Err(error) => {
            tracing::warn!(%error, "a Home tab could not be shown; trying again");
            Became::Again
        }
    }
}

/// Shows that a sign-in that was begun there came to nothing.
pub(crate) async fn sign_in_failed(kraken: &Kraken, person: &str, why: &str) {
    if let Err(error) = kraken.slack.publish(person, &signed_out(Some(why))).await {
        tracing::warn!(%error, "a Home tab could not be shown");
    }
}

/// What is told when it is not known who somebody is.
pub(crate) const FORGETFUL: &str = "I cannot tell who you are at the moment. Try again in a minute.";

/// What is told when the issuer is away.
pub(crate) const NO_ISSUER: &str =
    "The place where you sign in does not answer at the moment. Try again in a minute.";

/// What is told when the server is away.
pub(crate) const NO_SERVER: &str =
    "The server does not answer at the moment, so I cannot show your enclaves. Look again in a minute.";

/// What is to be seen, or why it cannot be told.
async fn seen(kraken: &Arc<Kraken>, open: &Open, home: &AtHome) -> Result<(Message, Became), &'static str> {
    let forgetful = |error: &dyn std::fmt::Display| {
        tracing::error!(%error, "who somebody is at Home is not known");
        FORGETFUL
    };
    if home.deed == Deed::SignOut {
        kraken.sessions.end(&home.user).await.map_err(|error| forgetful(&error))?;
    }
    let unknown = |error| match error {
        SessionError::Issuer(error) => {
            tracing::warn!(%error, "a session could not be renewed");
            NO_ISSUER
        }
        other => forgetful(&other),
    };
    let session = kraken.sessions.of(&home.user).await.map_err(unknown)?;
    let Some(session) = session else {
        let going_on = kraken.sessions.going_on(&home.user).await.map_err(|error| forgetful(&error))?;
        if home.deed != Deed::SignIn && going_on.is_none() {
            return Ok((signed_out(None), Became::Done));
        }
        let flow = match sign_in::begin_for(kraken, open.seq, &home.user).await {
            Ok(flow) => flow,
            Err(stop) => {
                kraken.inbox.signed_in(&home.user).await.map_err(|error| forgetful(&error))?;
                tracing::error!(error = %stop, "a sign-in could not be begun");
                return Ok((signed_out(Some(NO_ISSUER)), Became::Done));
            }
        };
        return Ok((sign_in::card(&flow), Became::Waits));
    };
    let account = kraken.slack.account(&home.user).await.map_err(|error| forgetful(&error))?;
    let origin = Origin {
        kind: Kind::Home,
        team: open.incoming.team.clone(),
        channel: None,
        user: user(&account, None),
        event: open.incoming.id.clone(),
    };
    let (args, server, origin) = (&EnclaveListArgs::default(), &kraken.server, &origin);
    let list = |session| async move { server.call::<EnclaveList>(&session, origin, args, None).await };
    match kraken.sessions.by(&home.user, session, list).await.map_err(unknown)? {
        Ok(list) => Ok((told(&list), Became::Done)),
        Err(CallError::Unauthorized) => Ok((signed_out(None), Became::Done)),
        Err(CallError::Refused(failure)) if failure.code == FailureCode::SignInRequired => {
            Ok((signed_out(None), Became::Done))
        }
        Err(CallError::Refused(failure)) => Ok((troubled(&crate::reply::refusal(&failure)), Became::Done)),
        Err(CallError::Away(_, detail) | CallError::NoAnswer(detail)) => {
            tracing::error!(detail, "a Home tab has no answer");
            Ok((troubled(NO_SERVER), Became::Done))
        }
    }
}

fn button(action: &'static str, label: &'static str, style: Option<&'static str>) -> Button {
    Button { action, label, value: action.to_owned(), style }
}

pub(crate) fn signed_out(why: Option<&str>) -> Message {
    let message = match why {
        Some(why) => Message::new(why),
        None => Message::new(
            "*You are not signed in.* I act under your name only, so I need to know who you are.",
        ),
    };
    message
        .buttons(&[button(SIGN_IN, "Sign in", Some("primary"))])
        .note("Once you are, this page shows your enclaves, how they are, and what waits for you.")
}

pub(crate) fn troubled(why: &str) -> Message {
    Message::new(why).buttons(&[button(AGAIN, "Look again", None)])
}

pub(crate) fn told(list: &EnclaveListAnswer) -> Message {
    let mut message = Message::new("*What needs you*");
    let waiting: Vec<String> = list.enclaves.iter().flat_map(waits).collect();
    message = message.line(if waiting.is_empty() {
        "Nothing waits for you.".to_owned()
    } else {
        waiting.join("\n")
    });
    message = message.line("*Your enclaves*");
    if list.enclaves.is_empty() {
        message = message.line(
            "You have none yet. Make a channel, invite me there with `/invite @kraken`, and say `@kraken set up this channel`.",
        );
    }
    for entry in list.enclaves.iter().take(MOST) {
        message = message.line(enclave(entry));
    }
    if list.enclaves.len() > MOST || list.next_cursor.is_some() {
        message = message.note("There are more: send me `enclaves` as a direct message.");
    }
    message
        .buttons(&[button(AGAIN, "Look again", None), button(SIGN_OUT, "Sign out", None)])
        .note("You are signed in. In a channel, mention me or say `/kraken help`.")
}

/// What waits for the owner of an enclave.
fn waits(entry: &EnclaveEntry) -> Vec<String> {
    let reach = match entry.approvals_waiting {
        0 => None,
        1 => Some("a tentacle would newly reach something, and asks you first".to_owned()),
        count => Some(format!("{count} deploys would newly reach something, and ask you first")),
    };
    let joins = match entry.joins_waiting {
        0 => None,
        1 => Some("somebody asks to be let in; the card is in our direct messages".to_owned()),
        count => Some(format!("{count} people ask to be let in; the cards are in our direct messages")),
    };
    let is_archived = entry.your_class == "owner" && entry.frozen_by.iter().any(|by| by == "archive");
    let archived = is_archived.then(|| {
        let name = &entry.name;
        format!(
            "its channel is archived, so nothing changes there; to go on, unarchive it and invite me back, and to end it, have \
             `tntc enclave deprovision {name}` said"
        )
    });
    [archived, reach, joins]
        .into_iter()
        .flatten()
        .map(|what| format!("• {}: {what}.", place(entry)))
        .collect()
}

/// The channel, where there is one, else the name.
fn place(entry: &EnclaveEntry) -> String {
    match entry.channel_id.as_str() {
        "" => code(&entry.name),
        channel => format!("<#{channel}>"),
    }
}

/// One enclave in a few lines.
fn enclave(entry: &EnclaveEntry) -> String {
    let health = match (entry.tentacles, entry.tentacles.saturating_sub(entry.tentacles_ready)) {
        (0, _) => "no tentacles that you can see".to_owned(),
        (1, 0) => "its tentacle is ready".to_owned(),
        (count, 0) => format!("all {count} tentacles are ready"),
        (1, _) => "its tentacle is *not ready*".to_owned(),
        (count, wanting) => format!("*{wanting} of {count} tentacles not ready*"),
    };
    let whose = match entry.your_class.as_str() {
        "owner" => "you own it".to_owned(),
        class => format!("you are its {class}, {} owns it", escape(&entry.owner)),
    };
    let last = entry.last_deploy.as_ref().map(|last| {
        format!("\nLast deploy: *{}*, {} ago, by {}.", last.tentacle, last.age, escape(&last.by))
    });
    let run = entry.newest_run.as_ref().map(|run| {
        let how = if run.success { "went well" } else { "*failed*" };
        format!("\nLast run: *{}*, {} ago, {how}.", run.tentacle, run.age)
    });
    let at = if entry.channel_id.is_empty() { String::new() } else { format!(" in {}", place(entry)) };
    let last = [last, run].map(Option::unwrap_or_default).concat();
    format!("*{}*{at} is {}: {health}; {whose}.{last}", entry.name, entry.status)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::slack::envelope::What;
    use crate::tests::world::{World, happened};
    use crate::tests::{entry as sample_entry, with};
    use wire::tools::enclave::{LastDeploy, NewestRun};

    fn entry(name: &str, tentacles: u64, ready: u64) -> EnclaveEntry {
        EnclaveEntry {
            name: name.parse().unwrap(),
            owner: "Ana <b>".into(),
            status: "active".into(),
            frozen_by: Vec::new(),
            platform: String::new(),
            channel_name: String::new(),
            created_at: jiff::Timestamp::UNIX_EPOCH,
            members: Vec::new(),
            mode: "rwx------".into(),
            your_class: "member".into(),
            channel_id: "C1".into(),
            tentacles,
            tentacles_ready: ready,
            last_deploy: Some(LastDeploy {
                tentacle: "hello".parse().unwrap(),
                by: "Ben".into(),
                age: "3m".into(),
            }),
            newest_run: Some(NewestRun {
                tentacle: "hello".parse().unwrap(),
                success: false,
                age: "1m".into(),
            }),
            approvals_waiting: 0,
            joins_waiting: 0,
        }
    }

    #[test]
    fn health_is_told_in_words() {
        let told = enclave(&entry("prices", 3, 2));
        assert_eq!(
            told,
            "*prices* in <#C1> is active: *1 of 3 tentacles not ready*; you are its member, Ana &lt;b&gt; owns it.\n\
             Last deploy: *hello*, 3m ago, by Ben.\nLast run: *hello*, 1m ago, *failed*."
        );
        assert!(enclave(&entry("prices", 2, 2)).contains("all 2 tentacles are ready"));
    }

    #[test]
    fn what_waits_for_the_owner_is_told() {
        let mut waiting = entry("prices", 1, 1);
        assert_eq!(waits(&waiting), Vec::<String>::new());
        (waiting.approvals_waiting, waiting.joins_waiting) = (1, 2);
        let told = waits(&waiting);
        assert_eq!(told.len(), 2);
        (waiting.status, waiting.frozen_by) = ("frozen".into(), vec!["archive".into()]);
        assert_eq!(waits(&waiting).len(), 2, "who does not own it can do nothing about it");
        waiting.your_class = "owner".into();
        assert!(waits(&waiting)[0].starts_with("• <#C1>: its channel is archived"));
        assert_eq!(told[1], "• <#C1>: 2 people ask to be let in; the cards are in our direct messages.");
    }

    /// What is published when Ana looks at her Home.
    async fn looked(world: &World) -> String {
        let at_home = AtHome { user: "UANA".into(), deed: Deed::Look };
        let incoming = happened("home/UANA/1", What::Home(at_home.clone()));
        world.kraken.inbox.receive(&incoming).await.unwrap();
        let open = world.kraken.inbox.open_events().await.unwrap().remove(0);
        assert_eq!(show(&world.kraken, &open, &at_home).await, Became::Done);
        world.heard("views.publish").pop().unwrap().to_string()
    }

    #[tokio::test]
    async fn a_token_that_is_taken_no_more_is_renewed_and_who_has_none_signs_in() {
        let world = World::new().await;
        world.around().tools.insert("enclave_list", |_| serde_json::json!({"enclaves": [sample_entry()]}));
        world.ana_has_signed_in().await;
        world.around().takes = Some("another");
        world.around().renews = Some("another");
        let shown = looked(&world).await;
        assert!(shown.contains("Your enclaves"), "{shown}");
        world.around().takes = Some("a third");
        world.around().renews = None;
        let shown = looked(&world).await;
        assert!(shown.contains("You are not signed in"), "{shown}");
    }

    #[tokio::test]
    async fn it_costs_one_call_of_the_server() {
        let world = World::new().await;
        world.ana_has_signed_in().await;
        world.around().tools.insert("enclave_list", |_| {
            let entries: Vec<serde_json::Value> = (0..50)
                .map(|number| with(sample_entry(), serde_json::json!({"name": format!("e{number}")})))
                .collect();
            serde_json::json!({"enclaves": entries})
        });
        let shown = looked(&world).await;
        assert!(shown.contains("*e0*") && shown.contains("*e49*"), "{shown}");
        let calls: Vec<String> = world.around().calls.iter().map(|(tool, _)| tool.clone()).collect();
        assert_eq!(calls, ["enclave_list"]);
    }

    #[test]
    fn an_empty_home_says_what_to_do_and_a_full_one_fits() {
        let empty = told(&EnclaveListAnswer { enclaves: Vec::new(), next_cursor: None });
        assert!(empty.plain().contains("@kraken set up this channel"));
        let many = (0..80).map(|number| entry(&format!("e{number}"), 1, 1)).collect();
        let full = told(&EnclaveListAnswer { enclaves: many, next_cursor: None });
        assert!(full.blocks(None).len() <= 100 && full.plain().contains("There are more"));
    }
}
