//! People in an enclave: how they are shown, and whom a text means.

use crate::backend::Backend;
use crate::call::Call;
use crate::gate::Look;
use crate::store::{EnclaveRecord, PersonId, Rights, Verdict, frozen_by};
use jiff::Timestamp;
use policy::{Class, Preset, Standing, describe};
use wire::tools::enclave::{EnclaveInfoAnswer, PersonIn};
use wire::{Failure, FailureCode};

/// A class in one word, for people.
pub(super) const fn class_word(class: Class) -> &'static str {
    match class {
        Class::Owner => "owner",
        Class::Member => "member",
        Class::Other => "visitor",
    }
}

/// What the caller is in the enclave.
pub(super) fn caller_word(call: &Call, look: &Look<'_>, record: &EnclaveRecord) -> String {
    let class = || class_word(look.facts_of(record).standing.class());
    if call.operator().is_some() { "operator" } else { class() }.to_owned()
}

/// Somebody who is in an enclave or in its channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Somebody {
    pub(crate) shown: String,
    pub(crate) account: Option<String>,
    pub(crate) person: Option<PersonId>,
    pub(crate) standing: Standing,
}

impl Somebody {
    /// Both sides of them, as the owner's verdict keeps them.
    pub(super) fn verdict(&self, allowed: bool) -> Verdict {
        Verdict { allowed, account: self.account.clone(), person: self.person.clone() }
    }
}

/// Everybody who is in the enclave or in its channel: the owner first, then members, then visitors.
pub(crate) fn everybody(record: &EnclaveRecord, rights: &Rights) -> Vec<Somebody> {
    let now = Timestamp::now();
    let mut people: Vec<Somebody> = Vec::new();
    if let Some(channel) = &record.channel {
        for (account, entry) in &channel.people {
            let person = rights.person_of(&channel.team, account).cloned();
            let standing = record.standing(person.as_ref(), Some(account), now);
            people.push(Somebody {
                shown: entry.shown.clone(),
                account: Some(account.clone()),
                person,
                standing,
            });
        }
    }
    let named = record.named.iter().chain([&record.owner]);
    for person in named {
        if people.iter().all(|somebody| somebody.person.as_ref() != Some(person)) {
            let account = record.team().and_then(|team| rights.account_of(person, team)).map(str::to_owned);
            let standing = record.standing(Some(person), account.as_deref(), now);
            let shown = rights.shown(person).to_owned();
            people.push(Somebody { shown, account, person: Some(person.clone()), standing });
        }
    }
    people.sort_by(|a, b| b.standing.class().cmp(&a.standing.class()).then_with(|| a.shown.cmp(&b.shown)));
    people
}

/// Whom `text` means: a Slack user (`U…`, also as `<@U…>`), a subject, an e-mail address, or a name, the first alone will
/// do, that only one has.
///
/// People choose their names: one that looks like a mention or an address must not stand in for whom it looks like. So
/// what has the form of an account means that account, here or not, and a name counts only where nobody is named beyond
/// doubt.
pub(super) fn resolve(text: &str, record: &EnclaveRecord, rights: &Rights) -> Result<Somebody, Failure> {
    let text = text.trim();
    let text = text.strip_prefix("<@").and_then(|text| text.strip_suffix('>')).unwrap_or(text);
    let text = text.strip_prefix('@').unwrap_or(text);
    if let Some(team) = record.team().filter(|_| is_account(text)) {
        let person = rights.person_of(team, text).cloned();
        return Ok(somebody(Some(text.to_owned()), person, record, rights));
    }
    let mut found = everybody(record, rights);
    found.retain(|here| {
        let person = here.person.as_ref();
        let called = !text.contains('@') && is_called(&here.shown, text);
        called || person.is_some_and(|person| is_identified(person, text, rights))
    });
    let named = PersonId { issuer: record.owner.issuer.clone(), subject: text.to_owned() };
    if rights.knows(&named) && found.iter().all(|here| here.person.as_ref() != Some(&named)) {
        let account = record.team().and_then(|team| rights.account_of(&named, team)).map(str::to_owned);
        found.push(somebody(account, Some(named), record, rights));
    }
    match (found.pop(), found.pop()) {
        (Some(one), None) => Ok(one),
        (Some(_), Some(_)) => {
            Err(Failure::new(FailureCode::Invalid, format!("more than one person here is called `{text}`"))
                .with_remedy("name the Slack account"))
        }
        (None, _) => {
            Err(Failure::new(FailureCode::NotFound, format!("nobody called `{text}` is known here"))
                .with_remedy("mention them, let them sign in once, or invite their e-mail address"))
        }
    }
}

/// Whether this text names somebody: the name that they are shown by, the address, or the subject.
pub(super) fn goes_by(person: &PersonId, text: &str, rights: &Rights) -> bool {
    is_called(rights.shown(person), text) || is_identified(person, text, rights)
}

fn is_identified(person: &PersonId, text: &str, rights: &Rights) -> bool {
    person.subject == text || rights.email(person) == Some(text)
}

/// Whether somebody who is shown so is called so.
fn is_called(shown: &str, text: &str) -> bool {
    let first = shown.split_whitespace().next().unwrap_or_default();
    [shown, first].iter().any(|name| name.eq_ignore_ascii_case(text))
}

/// Whether `text` has the form of a Slack user.
fn is_account(text: &str) -> bool {
    text.len() > 1
        && text.starts_with(['U', 'W'])
        && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

/// Somebody by account, by identity or by both.
fn somebody(
    account: Option<String>,
    person: Option<PersonId>,
    record: &EnclaveRecord,
    rights: &Rights,
) -> Somebody {
    let standing = record.standing(person.as_ref(), account.as_deref(), Timestamp::now());
    let in_channel = account.as_deref().and_then(|account| record.account_shown(account));
    let known = || person.as_ref().map(|person| rights.shown(person));
    let shown = in_channel.or_else(known).or(account.as_deref()).unwrap_or_default().to_owned();
    Somebody { shown, account, person, standing }
}

/// The names of those who belong to an enclave, the owner first.
pub(super) fn members(people: &[Somebody]) -> Vec<String> {
    people
        .iter()
        .filter(|somebody| somebody.standing.class() != Class::Other)
        .map(|somebody| somebody.shown.clone())
        .collect()
}

/// All that is known of an enclave, for one who is `yours` there.
pub(super) fn info(
    record: &EnclaveRecord,
    yours: String,
    rights: &Rights,
    backend: &dyn Backend,
) -> EnclaveInfoAnswer {
    let people = everybody(record, rights);
    let channel = record.channel.as_ref();
    let mode = record.mode;
    EnclaveInfoAnswer {
        name: record.name.clone(),
        id: Some(record.id),
        status: record.state.name().to_owned(),
        frozen_by: frozen_by(record.frozen),
        owner: rights.shown(&record.owner).to_owned(),
        owner_sub: record.owner.subject.clone(),
        mode: mode.map_or_else(|| "unreadable".to_owned(), |mode| mode.to_string()),
        preset: mode.and_then(Preset::of).map(|preset| preset.name().to_owned()),
        mode_meaning: mode.map_or_else(|| "the mode cannot be read, which denies".to_owned(), describe),
        enrollment: record.enrollment.name().to_owned(),
        drift: record.drift.name().to_owned(),
        review: record.review.name().to_owned(),
        your_class: yours,
        platform: channel.map(|_| "slack".to_owned()).unwrap_or_default(),
        channel_id: channel.map(|channel| channel.id.clone()).unwrap_or_default(),
        channel_name: channel.map(|channel| channel.name.clone()).unwrap_or_default(),
        quota_preset: record.quota.name().to_owned(),
        created_at: record.created_at,
        updated_at: record.updated_at,
        members: members(&people),
        people: people.into_iter().map(shown).collect(),
        joins: Vec::new(),
        invitations: Vec::new(),
        exo_services: Vec::new(),
        tentacle_count: record.tentacles.len() as u64,
        backend: backend.name().to_owned(),
        not_enforced: backend.enforces().not_enforced().into_iter().chain(backend.drift(record)).collect(),
    }
}

fn shown(somebody: Somebody) -> PersonIn {
    PersonIn {
        name: somebody.shown,
        account: somebody.account,
        class: class_word(somebody.standing.class()).to_owned(),
        because: somebody.standing.visitor_because().map(|because| because.told().to_owned()),
    }
}
