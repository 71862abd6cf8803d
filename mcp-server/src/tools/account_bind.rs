//! `account_bind`: the end of a sign-in. The Slack account that asked is bound to the identity that signed in; or an operator
//! binds the two on record, where no address proves that they are one person's.

use super::{About, Effect, Handler, Repeat, emergency};
use crate::call::Call;
use crate::gate::{act, unavailable};
use crate::identity::{NotOne, OnePerson};
use crate::progress::Progress;
use crate::server::Server;
use crate::store::{AccountId, BindError, PersonId, Rights, StoreError, Tx};
use policy::Action;
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
        let one = match meant(call, &args, &rights) {
            Ok(one) => one,
            Err(not_one) => {
                if matches!(not_one, NotOne::OtherAccount | NotOne::OtherAddress) {
                    warn_the_other(changing.tx(), call).await.map_err(failed)?;
                }
                return Err(changing.failed(refused(not_one)).await);
            }
        };
        match changing.tx().bind(&grant, &one).await.map_err(failed)? {
            Ok(created) => {
                let (account, person) = (one.account().clone(), one.person());
                if created {
                    let (whose, to) = (emergency::shown(&account, &rights), rights.shown(person));
                    let did = format!("bound the Slack account of {whose} to the identity {to}");
                    let told = emergency::tell(&mut changing, &rights, (&account, Some(person)), &did).await;
                    told.map_err(failed)?;
                }
                changing.done().await?;
                Ok(AccountBindAnswer {
                    account: SlackAccount { team: account.team, user: account.user },
                    name: Some(rights.shown(person).to_owned()),
                    issuer: person.issuer.clone(),
                    subject: person.subject.clone(),
                    created,
                })
            }
            Err(taken) => {
                warn_the_other(changing.tx(), call).await.map_err(failed)?;
                Err(changing.failed(refusal(taken)).await)
            }
        }
    }
}

/// The two sides of a sign-in, or what an operator names.
fn meant(call: &Call, args: &AccountBindArgs, rights: &Rights) -> Result<OnePerson, NotOne> {
    if call.operator().is_none() {
        return OnePerson::by_sign_in(call);
    }
    let (Some(account), Some(issuer), Some(subject)) = (&args.account, &args.issuer, &args.subject) else {
        return Err(NotOne::Unnamed);
    };
    let account = AccountId { team: account.team.clone(), user: account.user.clone() };
    let person = PersonId { issuer: issuer.clone(), subject: subject.clone() };
    OnePerson::by_operator(call, rights, account, person)
}

/// Whoever signed in for another's Slack account is told so at their own: the one that is bound to them, else the one that the issuer
/// says they signed in with, else the one that has their verified address. They may have followed a link that was not meant for them.
async fn warn_the_other(tx: &mut Tx, call: &Call) -> Result<(), StoreError> {
    let (Some(person), Some(via)) = (call.person(), &call.via) else { return Ok(()) };
    let told = format!(
        "Somebody signed in with your identity for the Slack account of {}, and was refused; nothing has changed. If you followed a \
         link that {} got, that was theirs alone. If it was not you, change your password.",
        via.user.name, via.user.name
    );
    let bound = tx.account_of(&person.id, &via.team).await?;
    let claimed = person.slack.as_ref().filter(|slack| slack.team == via.team).map(|slack| &slack.user);
    match (bound.or_else(|| claimed.cloned()), &person.verified_email) {
        (Some(own), _) if own != via.user.id => {
            tx.notify_account(&AccountId { team: via.team.clone(), user: own }, &told).await
        }
        (None, Some(address)) if via.user.email.as_ref() != Some(address) => {
            tx.notify_address(&via.team, address, &told).await
        }
        _ => Ok(()),
    }
}

/// The two are not proven to be one person's.
fn refused(not_one: NotOne) -> Failure {
    let (code, what, remedy) = match not_one {
        NotOne::NoSignIn => {
            let what = "an account is bound by signing in to the Kraken in Slack";
            return Failure::new(FailureCode::Invalid, what);
        }
        NotOne::OtherAccount => (
            FailureCode::Denied,
            "you signed in with another Slack account than this one",
            "sign in with this one, or ask an operator to bind them",
        ),
        NotOne::OtherAddress => (
            FailureCode::Denied,
            "the address that you signed in with is not the one of this Slack account",
            "sign in with the account that has the same verified e-mail address, or ask an operator to bind them",
        ),
        NotOne::Unnamed => (
            FailureCode::Invalid,
            "which Slack account is to be bound to which identity was not said",
            "name the account's workspace and user, and the identity's issuer and subject",
        ),
        NotOne::Unknown => (
            FailureCode::NotFound,
            "nobody with that issuer and subject has signed in yet",
            "let them sign in once, with `tntc login` or in Slack",
        ),
    };
    Failure::new(code, what).with_remedy(remedy)
}

fn refusal(taken: BindError) -> Failure {
    let message = match taken {
        BindError::AccountTaken => "this Slack account is bound to another identity",
        BindError::PersonTaken => "you are signed in with another Slack account of this workspace already",
    };
    Failure::new(FailureCode::Denied, message).with_remedy("an operator can end the old binding")
}
