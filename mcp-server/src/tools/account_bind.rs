//! `account_bind`: the end of a sign-in. The Slack account that asked is bound to the identity that signed in.

use super::{About, Effect, Handler, Repeat};
use crate::call::Call;
use crate::gate::act;
use crate::progress::Progress;
use crate::server::Server;
use crate::store::{AccountId, BindError};
use policy::Action;
use wire::assertion::Kind;
use wire::tools::person::{AccountBind, AccountBindAnswer, SlackAccount};
use wire::{Failure, FailureCode, Nothing};

impl Handler for AccountBind {
    const ABOUT: About = About {
        title: "Bind a Slack account",
        description: "Ends a sign-in in Slack: binds the Slack account to the identity, when the issuer's verified e-mail \
                      address is the one that Slack has for the account.",
        effect: Effect::Changes,
        repeat: Repeat::Resumes,
    };
    const ACTIONS: &'static [Action] = &[Action::Bind];

    async fn handle(
        server: &Server,
        call: &Call,
        _: Nothing,
        _: &Progress,
    ) -> Result<AccountBindAnswer, Failure> {
        let change = server.gate.change(call).await?;
        let (change, grant) = change.itself::<act::Bind>().await?;
        let mut changing = change.decided();
        let (Some(person), Some(via)) =
            (call.person(), call.via.as_ref().filter(|via| via.kind == Kind::SignIn))
        else {
            let failure = Failure::new(
                FailureCode::Invalid,
                "an account is bound by signing in to the Kraken in Slack",
            );
            return Err(changing.failed(failure).await);
        };
        // The address proves that both accounts are the same person's. It is looked at now and never again.
        if person.verified_email.is_none() || person.verified_email != via.user.email {
            let failure = Failure::new(FailureCode::Denied, "the address that you signed in with is not the one of this Slack account")
                .with_remedy("sign in with the account that has the same verified e-mail address, or ask an operator to bind them");
            return Err(changing.failed(failure).await);
        }
        let account = AccountId { team: via.team.clone(), user: via.user.id.clone() };
        let bound = changing
            .tx()
            .bind(&grant, &account, &person.id)
            .await
            .map_err(|error| crate::gate::unavailable(&error))?;
        match bound {
            Ok(created) => {
                changing.done().await?;
                Ok(AccountBindAnswer {
                    account: SlackAccount { team: account.team, user: account.user },
                    issuer: person.id.issuer.clone(),
                    subject: person.id.subject.clone(),
                    name: Some(person.shown().to_owned()),
                    created,
                })
            }
            Err(taken) => Err(changing.failed(refusal(taken)).await),
        }
    }
}

fn refusal(taken: BindError) -> Failure {
    let message = match taken {
        BindError::AccountTaken => "this Slack account is bound to another identity",
        BindError::PersonTaken => "you are signed in with another Slack account of this workspace already",
    };
    Failure::new(FailureCode::Denied, message).with_remedy("an operator can end the old binding")
}
