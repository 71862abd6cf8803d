//! `enclave_provision`: makes an enclave, in the channel that the call comes from or without one.

use super::people::{everybody, members};
use super::{About, Effect, Handler, Repeat, bounds, emergency};
use crate::call::Call;
use crate::gate::act::Provision;
use crate::gate::{Authorized, Changing, Found, unavailable};
use crate::lifecycle;
use crate::progress::Progress;
use crate::server::Server;
use crate::store::{
    AccountId, ChannelPersonRecord, ChannelRecord, NewEnclaveRecord, PersonId, Quota, StoreError,
};
use jiff::Timestamp;
use policy::{Action, Mode, Preset, describe, parse_mode};
use std::collections::BTreeMap;
use wire::tools::enclave::{EnclaveBefore, EnclaveProvision, EnclaveProvisionAnswer, EnclaveProvisionArgs};
use wire::{Failure, FailureCode};
use workflow::EnclaveName;

impl Handler for EnclaveProvision {
    const ABOUT: About = About {
        title: "Make an enclave",
        description: "Makes an enclave: a team's governed workspace. In a Slack channel it belongs to the channel, and whoever \
                      made the channel becomes its owner; elsewhere it has no channel and the caller owns it.",
        effect: Effect::Changes,
        repeat: Repeat::Resumes,
    };
    const ACTIONS: &'static [Action] = &[Action::Provision];

    async fn handle(
        server: &Server,
        call: &Call,
        mut args: EnclaveProvisionArgs,
        progress: &Progress,
    ) -> Result<EnclaveProvisionAnswer, Failure> {
        let name = name(call, &args)?;
        let sizes = Sizes::of(&args)?;
        args.members = bounds::people("members", &args.members)?;
        let _one_at_a_time = server.lifecycles.lock(name.as_str()).await;
        let (change, grant, found) = server.gate.change(call).await?.new_enclave(&name).await?;
        let mut changing = change.decided();
        let new = match (found, record(call, &args, sizes)) {
            (Found::Nothing, Ok(new)) => Some(new),
            (Found::Unfinished, Ok(Wanted::Made(_))) => None,
            (found, new) => return Err(changing.failed(refusal(&found, new.err(), &name)).await),
        };
        let before = before(&mut changing, &grant).await?;
        if let Some(new) = new {
            let new = match new {
                Wanted::Made(new) => new,
                Wanted::Offered(offer) => return let_found(server, changing, &grant, offer).await,
            };
            changing.tx().insert_enclave(&grant, &new).await.map_err(|error| unavailable(&error))?;
            tell_founding(&mut changing, &grant).await.map_err(|error| unavailable(&error))?;
        }
        let effect = changing.begin("").await?;
        let made = lifecycle::provision(server, &grant, effect, progress).await?;
        Ok(EnclaveProvisionAnswer { before, ..answer(server, &name, made).await? })
    }
}

/// What the channel had before. Only whoever may make it an enclave hears of it.
async fn before(
    changing: &mut Changing<'_>,
    grant: &Authorized<Provision>,
) -> Result<Option<EnclaveBefore>, Failure> {
    let call = changing.call();
    let Some((team, channel)) = call.channel() else { return Ok(None) };
    let before = changing.tx().enclave_before(grant, (team, &channel.id)).await;
    let before = before.map_err(|error| unavailable(&error))?;
    Ok(before.map(|(name, removed_on)| EnclaveBefore { name, removed_on: removed_on.to_string() }))
}

/// What is asked for: an enclave, or that somebody may make one.
enum Wanted {
    Made(NewEnclaveRecord),
    Offered(Founding),
}

/// Who may make which channel their enclave.
struct Founding {
    account: AccountId,
    channel: String,
    /// The channel's name, where it was said.
    shown: Option<String>,
}

/// Lets somebody make a channel their enclave, which they do themselves: by that they accept it.
async fn let_found(
    server: &Server,
    mut changing: Changing<'_>,
    grant: &Authorized<Provision>,
    offer: Founding,
) -> Result<EnclaveProvisionAnswer, Failure> {
    let failed = |error: StoreError| unavailable(&error);
    let call = changing.call();
    let tx = changing.tx();
    if tx.enclave_of(&offer.account.team, &offer.channel).await.map_err(failed)?.is_some() {
        let taken = Failure::new(FailureCode::Conflict, "that channel has an enclave already");
        return Err(changing.failed(taken).await);
    }
    let rights = server.store.rights().await.map_err(failed)?;
    let who = emergency::shown(&offer.account, &rights);
    let shown = offer.shown.as_deref().unwrap_or(&offer.channel);
    let later = call.emergency(&format!("let {who} make this channel an enclave")).unwrap_or_default();
    tx.let_found(grant, call, (&offer.account, &offer.channel), &later).await.map_err(failed)?;
    let did = format!("let {who} make the channel {shown} an enclave");
    let told = format!(
        "You may make the channel {shown} an enclave, which you will own. Say `@kraken set up this channel` in it within a day; \
         until then there is none. {}",
        call.emergency("let you do so").unwrap_or_default()
    );
    tx.notify_account(&offer.account, &told).await.map_err(failed)?;
    let person = rights.person_of(&offer.account.team, &offer.account.user);
    emergency::tell(&mut changing, &rights, (&offer.account, person), &did).await.map_err(failed)?;
    changing.done().await?;
    Ok(EnclaveProvisionAnswer {
        name: grant.target().name.clone(),
        status: "offered".to_owned(),
        quota_preset: String::new(),
        owner: offer.account.user,
        members: Vec::new(),
        mode: String::new(),
        mode_meaning: String::new(),
        resources_created: Vec::new(),
        not_enforced: Vec::new(),
        before: None,
    })
}

/// The channel of an enclave that an operator let somebody make hears of it when there is one.
async fn tell_founding(changing: &mut Changing<'_>, grant: &Authorized<Provision>) -> Result<(), StoreError> {
    let tx = changing.tx();
    let Some(record) = tx.enclave(&grant.target().name).await? else { return Ok(()) };
    let Some(channel) = &record.channel else { return Ok(()) };
    match tx.founding_told(&channel.team, &channel.id).await? {
        Some(told) => tx.notify(&record, &told).await,
        None => Ok(()),
    }
}

#[derive(Debug, Clone, Copy)]
struct Sizes {
    mode: Mode,
    quota: Quota,
}

impl Sizes {
    fn of(args: &EnclaveProvisionArgs) -> Result<Self, Failure> {
        let invalid = |message: String| Failure::new(FailureCode::Invalid, message);
        let mode = match args.default_mode.as_deref() {
            Some(text) => parse_mode(text).map_err(|error| invalid(error.to_string()))?,
            None => Preset::default().mode(),
        };
        let quota = match args.quota_preset.as_deref() {
            Some(text) => Quota::named(text)
                .ok_or_else(|| invalid(format!("`{text}` is no size: use `small`, `medium` or `large`")))?,
            None => Quota::Medium,
        };
        Ok(Self { mode, quota })
    }
}

/// The name that is wanted, else the channel's.
fn name(call: &Call, args: &EnclaveProvisionArgs) -> Result<EnclaveName, Failure> {
    if let Some(name) = &args.name {
        return Ok(name.clone());
    }
    let Some((_, channel)) = call.channel() else {
        return Err(Failure::new(FailureCode::Invalid, "an enclave without a channel needs a `name`"));
    };
    channel.name.parse().map_err(|error: workflow::NameError| {
        Failure::new(FailureCode::Invalid, format!("the channel's name cannot be an enclave's name: {error}"))
            .with_remedy("choose one: `set up this channel as my-enclave`")
    })
}

/// The record that would be written, from the signed facts and the token alone.
fn record(call: &Call, args: &EnclaveProvisionArgs, sizes: Sizes) -> Result<Wanted, Failure> {
    let Some(person) = call.person() else {
        return founding(args).map(Wanted::Offered);
    };
    if args.founder.is_some() {
        return Err(Failure::new(FailureCode::Denied, "only an operator lets somebody else make an enclave"));
    }
    let theirs =
        |given: &Option<String>, own: Option<&str>| given.as_deref().is_none_or(|given| Some(given) == own);
    if !theirs(&args.owner_sub, Some(&person.id.subject))
        || !theirs(&args.owner_email, person.verified_email.as_deref())
    {
        return Err(Failure::new(
            FailureCode::Denied,
            "an enclave belongs to whoever makes it: you cannot name another owner",
        ));
    }
    let signed = call.channel().map(|(_, channel)| channel.id.as_str());
    if args.channel_id.is_some() && args.channel_id.as_deref() != signed {
        return Err(Failure::new(
            FailureCode::Denied,
            "an enclave gets a channel only from within that channel",
        )
        .with_remedy("say `set up this channel` to the Kraken there"));
    }
    let channel = channel(call);
    if channel.is_some() && !args.members.is_empty() {
        return Err(Failure::new(
            FailureCode::Invalid,
            "the members of a channel's enclave come from the channel",
        ));
    }
    let issuer = &person.id.issuer;
    let named =
        args.members.iter().map(|subject| PersonId { issuer: issuer.clone(), subject: subject.clone() });
    Ok(Wanted::Made(NewEnclaveRecord {
        owner: person.id.clone(),
        mode: sizes.mode,
        quota: sizes.quota,
        channel,
        named: named.collect(),
    }))
}

/// Whom an operator lets make which channel their enclave.
fn founding(args: &EnclaveProvisionArgs) -> Result<Founding, Failure> {
    match (&args.founder, &args.channel_id) {
        (Some(account), Some(channel)) => Ok(Founding {
            account: AccountId { team: account.team.clone(), user: account.user.clone() },
            channel: channel.clone(),
            shown: args.channel_name.clone(),
        }),
        _ => Err(Failure::new(FailureCode::Invalid, "an operator owns no enclave, and makes none")
            .with_remedy("name the channel and the Slack account of whoever is to make it theirs")),
    }
}

/// The channel with the one person in it of whom it is known: the owner. The Kraken reports the others.
fn channel(call: &Call) -> Option<ChannelRecord> {
    let via = call.via.as_ref()?;
    let channel = via.channel.as_ref()?;
    let owner = ChannelPersonRecord { class: via.user.class, shown: via.user.name.clone() };
    let now = Timestamp::now();
    Some(ChannelRecord {
        team: via.team.clone(),
        id: channel.id.clone(),
        name: channel.name.clone(),
        creator: channel.creator.clone(),
        observed_at: now,
        heard_at: now,
        people: BTreeMap::from([(via.user.id.clone(), owner)]),
    })
}

fn refusal(found: &Found, wrong: Option<Failure>, name: &EnclaveName) -> Failure {
    let conflict = |message: String| Failure::new(FailureCode::Conflict, message);
    match (wrong, found) {
        (Some(wrong), _) => wrong,
        (None, Found::ChannelHas(other)) => {
            conflict(format!("this channel has an enclave already: `{other}`"))
        }
        (None, Found::Finished) => conflict(format!("`{name}` is set up already")),
        (None, _) => lifecycle::taken(name),
    }
}

async fn answer(
    server: &Server,
    name: &EnclaveName,
    made: Vec<String>,
) -> Result<EnclaveProvisionAnswer, Failure> {
    let rights = server.store.rights().await.map_err(|error| unavailable(&error))?;
    let gone = || Failure::new(FailureCode::Conflict, format!("`{name}` was made and removed again"));
    let record = rights.enclave(name).ok_or_else(gone)?;
    Ok(EnclaveProvisionAnswer {
        name: name.clone(),
        status: record.state.name().to_owned(),
        quota_preset: record.quota.name().to_owned(),
        owner: rights.shown(&record.owner).to_owned(),
        members: members(&everybody(record, &rights)),
        mode: record.mode.map(|mode| mode.to_string()).unwrap_or_default(),
        mode_meaning: record.mode.map(describe).unwrap_or_default(),
        resources_created: made,
        not_enforced: server.backend.enforces().not_enforced(),
        before: None,
    })
}
