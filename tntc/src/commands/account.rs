//! `tntc account …`: Slack accounts and the identities that they are bound to.

use super::{Context, Effect};
use crate::failed::Failed;
use crate::output::View;
use clap::Subcommand;
use std::str::FromStr;
use wire::tools::person::{
    AccountBind, AccountBindAnswer, AccountBindArgs, AccountUnlink, AccountUnlinkAnswer, AccountUnlinkArgs,
    SlackAccount,
};

/// What can be done about Slack accounts.
#[derive(Debug, Subcommand)]
pub(crate) enum AccountCommand {
    /// Bind a Slack account to an identity that has signed in, where no address proves that they are one person's; for operators
    Bind(Bind),
    /// End the binding of a Slack account; of your own when none is named
    Unlink(Unlink),
}

impl AccountCommand {
    pub(crate) async fn run(&self, context: &Context) -> Result<(), Failed> {
        match self {
            Self::Bind(command) => command.run(context).await,
            Self::Unlink(command) => command.run(context).await,
        }
    }
}

/// A Slack account, as it is typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Account(pub(crate) SlackAccount);

impl FromStr for Account {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (team, user) = text.split_once('/').unwrap_or_default();
        if team.starts_with('T') && user.starts_with(['U', 'W']) {
            return Ok(Self(SlackAccount { team: team.to_owned(), user: user.to_owned() }));
        }
        Err("a Slack account is written as workspace/user, such as `T024BE7LD/U024BE7LH`")
    }
}

/// Which account, and whose it is.
#[derive(Debug, clap::Args)]
pub(crate) struct Bind {
    /// The Slack account: workspace/user
    account: Account,
    /// The identity's stable subject at its issuer
    subject: String,
    /// The issuer of the identity
    #[arg(long, value_name = "URL")]
    identity_issuer: String,
}

impl Bind {
    async fn run(&self, context: &Context) -> Result<(), Failed> {
        let args = AccountBindArgs {
            account: Some(self.account.0.clone()),
            issuer: Some(self.identity_issuer.clone()),
            subject: Some(self.subject.clone()),
        };
        let answer = context.call::<AccountBind>(Effect::Writes, &args).await?;
        Ok(context.output.show(&answer, bound)?)
    }
}

fn bound(done: &AccountBindAnswer) -> View {
    let who = done.name.as_deref().unwrap_or(&done.subject);
    let how = if done.created { "is bound to" } else { "was bound already to" };
    View::new().verdict(true, format!("{}/{} {how} {who}", done.account.team, done.account.user))
}

/// Which account.
#[derive(Debug, clap::Args)]
pub(crate) struct Unlink {
    /// The Slack account: workspace/user; only an operator names one that is not their own
    account: Option<Account>,
}

impl Unlink {
    async fn run(&self, context: &Context) -> Result<(), Failed> {
        let args = AccountUnlinkArgs { account: self.account.clone().map(|account| account.0) };
        let answer = context.call::<AccountUnlink>(Effect::Writes, &args).await?;
        Ok(context.output.show(&answer, unlinked)?)
    }
}

fn unlinked(done: &AccountUnlinkAnswer) -> View {
    let mut view = View::new();
    for account in &done.accounts {
        view = view.verdict(true, format!("{}/{} is bound to nobody now", account.team, account.user));
    }
    for enclave in &done.passed_on {
        view = view.line(format!("what they owned in {enclave} is its owner's now"));
    }
    view
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_read_or_refused() {
        let read: Account = "T1/UANA".parse().unwrap();
        assert_eq!((read.0.team.as_str(), read.0.user.as_str()), ("T1", "UANA"));
        for odd in ["", "UANA", "T1/", "UANA/T1", "T1/ana"] {
            assert!(odd.parse::<Account>().is_err(), "{odd}");
        }
    }
}
