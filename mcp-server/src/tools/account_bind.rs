//! `account_bind`: the end of a sign-in. The Slack account that asked is bound to the identity that signed in; or an operator
//! binds the two on record, where no address proves that they are one person's.

use super::{About, Effect, Handler, Repeat};
use crate::call::Call;
use crate::gate::{act, unavailable};
use crate::identity::Person;
use crate::progress::Progress;
use crate::server::Server;
use crate::store::{AccountId, BindError, PersonId, Rights, StoreError, Tx};
use policy::Action;
use wire::assertion::{Assertion, Kind};
use wire::tools::person::{AccountBind, AccountBindAnswer, AccountBindArgs, SlackAccount};
use wire::{Failure, FailureCode};

impl Handler for AccountBind {
    const ABOUT: About = About {
        title: "Bind a Slack account",
        description: "Ends a sign-in in Slack: binds the Slack account to the identity, when the issuer's verified e-mail \
                      address is the one that Slack has for the account. An operator names both.",
        effect: Effect::Changes,
        repeat: Repeat::Resumes,
    };
    const ACTIONS: &'static [Action] = &[Action::Bind];

    async fn handle(
        server: &Server,
        call: &Call,
        args: AccountBindArgs,
        _: &Progress,
    ) -> Result<AccountBindAnswer, Failure> {
        let failed = |error: StoreError| unavailable(&error);
        let change = server.gate.change(call).await?;
        let (change, grant) = change.itself::<act::Bind>().await?;
        let rights = server.store.rights().await.map_err(failed)?;
        let mut changing = change.decided();
        let (account, person) = match meant(call, &args, &rights) {
            Ok(meant) => meant,
            Err(failure) => return Err(changing.failed(failure).await),
        };
        if let (Some(signed_in), Some(via)) = (call.person(), &call.via)
            && !is_same(signed_in, via)
        {
            warn_the_other(changing.tx(), &person, via).await.map_err(failed)?;
            return Err(changing.failed(another(signed_in)).await);
        }
        match changing.tx().bind(&grant, &account, &person).await.map_err(failed)? {
            Ok(created) => {
                changing.done().await?;
                Ok(AccountBindAnswer {
                    account: SlackAccount { team: account.team, user: account.user },
                    name: Some(rights.shown(&person).to_owned()),
                    issuer: person.issuer,
                    subject: person.subject,
                    created,
                })
            }
            Err(taken) => {
                if let Some(via) = &call.via {
                    warn_the_other(changing.tx(), &person, via).await.map_err(failed)?;
                }
                Err(changing.failed(refusal(taken)).await)
            }
        }
    }
}

/// Whom and what it is about: the two sides of a sign-in, or what an operator names.
fn meant(call: &Call, args: &AccountBindArgs, rights: &Rights) -> Result<(AccountId, PersonId), Failure> {
    let invalid = |what: &str| Failure::new(FailureCode::Invalid, what);
    if let Some(person) = call.person() {
        let via = call.via.as_ref().filter(|via| via.kind == Kind::SignIn);
        let via = via.ok_or_else(|| invalid("an account is bound by signing in to the Kraken in Slack"))?;
        return Ok((AccountId { team: via.team.clone(), user: via.user.id.clone() }, person.id.clone()));
    }
    let (Some(account), Some(issuer), Some(subject)) = (&args.account, &args.issuer, &args.subject) else {
        return Err(invalid("which Slack account is to be bound to which identity was not said")
            .with_remedy("name the account's workspace and user, and the identity's issuer and subject"));
    };
    let person = PersonId { issuer: issuer.clone(), subject: subject.clone() };
    if !rights.knows(&person) {
        return Err(Failure::new(
            FailureCode::NotFound,
            "nobody with that issuer and subject has signed in yet",
        )
        .with_remedy("let them sign in once, with `tntc login` or in Slack"));
    }
    Ok((AccountId { team: account.team.clone(), user: account.user.clone() }, person))
}

/// Whether the two accounts are the same person's. Where the issuer says with which Slack account they signed in to it, that is
/// the answer; else it must have verified the very address that Slack has. It is looked at now and never again.
fn is_same(signed_in: &Person, via: &Assertion) -> bool {
    if let Some(slack) = &signed_in.slack {
        return slack.team == via.team && slack.user == via.user.id;
    }
    signed_in.verified_email.is_some() && signed_in.verified_email == via.user.email
}

/// Whoever signed in for another's Slack account is told so, where they have one of their own: they may have followed a link
/// that was not meant for them.
async fn warn_the_other(tx: &mut Tx, person: &PersonId, via: &Assertion) -> Result<(), StoreError> {
    match tx.account_of(person, &via.team).await? {
        Some(own) if own != via.user.id => {
            let told = format!(
                "Somebody signed in with your identity for the Slack account of {}, and was refused; nothing has changed. If \
                 you followed a link that {} got, that was theirs alone. If it was not you, change your password.",
                via.user.name, via.user.name
            );
            tx.notify_account(&AccountId { team: via.team.clone(), user: own }, &told).await
        }
        _ => Ok(()),
    }
}

/// The two are not proven to be one person's.
fn another(signed_in: &Person) -> Failure {
    if signed_in.slack.is_some() {
        let what = "you signed in with another Slack account than this one";
        return Failure::new(FailureCode::Denied, what)
            .with_remedy("sign in with this one, or ask an operator to bind them");
    }
    let what = "the address that you signed in with is not the one of this Slack account";
    Failure::new(FailureCode::Denied, what).with_remedy(
        "sign in with the account that has the same verified e-mail address, or ask an operator to bind them",
    )
}

fn refusal(taken: BindError) -> Failure {
    let message = match taken {
        BindError::AccountTaken => "this Slack account is bound to another identity",
        BindError::PersonTaken => "you are signed in with another Slack account of this workspace already",
    };
    Failure::new(FailureCode::Denied, message).with_remedy("an operator can end the old binding")
}
