//! How many tokens of the model's may be used in a day: for the questions of one person, and of all people of one enclave. They are
//! counted as the model's API says, in the Kraken's own store.

use super::Where;
use super::model::Turn;
use crate::config::ModelArgs;
use crate::inbox::{Inbox, InboxError, now};
use sqlx::Row;
use std::fmt;

/// The seconds of a day.
const DAY: i64 = 24 * 3600;

/// How many days are remembered.
const REMEMBERED: i64 = 31;

/// What may be used in a day; zero is as much as anybody likes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Budget {
    person: u64,
    enclave: u64,
}

/// Whose budget it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Whose {
    /// That of a person, by their Slack account.
    Person(String),
    /// That of an enclave, by its name.
    Enclave(String),
}

impl fmt::Display for Whose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Person(account) => write!(f, "person/{account}"),
            Self::Enclave(name) => write!(f, "enclave/{name}"),
        }
    }
}

impl Whose {
    /// Everybody whose budget a question of `account` is taken from.
    pub(super) fn all(account: &str, at: &Where) -> Vec<Self> {
        let enclave = match at {
            Where::Enclave(standing) => Some(Self::Enclave(standing.name.to_string())),
            Where::Direct => None,
        };
        std::iter::once(Self::Person(account.to_owned())).chain(enclave).collect()
    }
}

impl Budget {
    pub(super) const fn new(args: &ModelArgs) -> Self {
        Self { person: args.model_tokens_per_person, enclave: args.model_tokens_per_enclave }
    }

    /// The first of these budgets that is used up today.
    pub(super) async fn used_up<'w>(
        &self,
        inbox: &Inbox,
        all: &'w [Whose],
    ) -> Result<Option<&'w Whose>, InboxError> {
        for whose in all {
            let most = match whose {
                Whose::Person(_) => self.person,
                Whose::Enclave(_) => self.enclave,
            };
            if most > 0 && inbox.used(today(now()), whose).await? >= most {
                return Ok(Some(whose));
            }
        }
        Ok(None)
    }
}

/// The day in days since 1970.
const fn today(now: i64) -> i64 {
    now.div_euclid(DAY)
}

/// The words for a budget that is used up; the first time of a day they say all of it.
pub(super) fn used_up(whose: &Whose, is_first: bool, now: i64) -> String {
    let whose = match whose {
        Whose::Person(_) => "What you can ask the model in a day",
        Whose::Enclave(_) => "What all people of this enclave together can ask the model in a day",
    };
    if !is_first {
        return format!("{whose} is still used up until midnight UTC. Commands work: say `help`.");
    }
    let hours = match DAY - now.rem_euclid(DAY) {
        left @ 3600.. => format!("{} h", left / 3600),
        left => format!("{} min", (left / 60).max(1)),
    };
    format!(
        "{whose} is used up. It begins anew at midnight UTC, in {hours}. Everything else works as always: {}.",
        super::WORKS
    )
}

impl Inbox {
    /// How many tokens were used on a day.
    async fn used(&self, day: i64, whose: &Whose) -> Result<u64, InboxError> {
        let row = sqlx::query("SELECT tokens FROM model_use WHERE day = $1 AND whose = $2")
            .bind(day)
            .bind(whose.to_string())
            .fetch_optional(self.pool())
            .await?;
        let Some(row) = row else { return Ok(0) };
        Ok(u64::try_from(row.try_get::<i64, _>("tokens")?).unwrap_or_default())
    }

    /// Writes down what the model answered and how many tokens that took: both or neither, so that none is counted twice.
    pub(super) async fn keep_answer(
        &self,
        (event, number): (&str, usize),
        turn: &Turn,
        tokens: u64,
        all: &[Whose],
    ) -> Result<(), InboxError> {
        let day = today(now());
        let mut transaction = self.pool().begin().await?;
        sqlx::query("INSERT INTO model_turn (event, number, content) VALUES ($1, $2, $3)")
            .bind(event)
            .bind(i64::try_from(number).unwrap_or(i64::MAX))
            .bind(serde_json::to_string(turn)?)
            .execute(&mut *transaction)
            .await?;
        for whose in all {
            sqlx::query(
                "INSERT INTO model_use (day, whose, tokens) VALUES ($1, $2, $3) \
                 ON CONFLICT (day, whose) DO UPDATE SET tokens = tokens + excluded.tokens",
            )
            .bind(day)
            .bind(whose.to_string())
            .bind(i64::try_from(tokens).unwrap_or(i64::MAX))
            .execute(&mut *transaction)
            .await?;
        }
        sqlx::query("DELETE FROM model_use WHERE day < $1")
            .bind(day - REMEMBERED)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Whether somebody is told today for the first time that a budget is used up.
    pub(super) async fn is_told_first(&self, account: &str, whose: &Whose) -> Result<bool, InboxError> {
        let key = format!("budget:{}:{whose}:{account}", today(now()));
        let is_first = self.is_said(&key).await?.is_none();
        if is_first {
            self.about_to_say(&key).await?;
            self.said(&key, "").await?;
        }
        Ok(is_first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_is_counted_for_all_whose_it_is_and_kept() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("state.db");
        let all = [Whose::Person("UANA".to_owned()), Whose::Enclave("tea".to_owned())];
        let others = [Whose::Person("UBEN".to_owned()), Whose::Enclave("ink".to_owned())];
        let budget = Budget { person: 100, enclave: 0 };
        let inbox = Inbox::open(&file).await.unwrap();
        let turn = Turn::Model { words: "Yes.".to_owned(), wishes: Vec::new() };
        inbox.keep_answer(("Ev1", 0), &turn, 99, &all).await.unwrap();
        assert_eq!(budget.used_up(&inbox, &all).await.unwrap(), None);
        // What is on disk already is not counted again.
        assert!(inbox.keep_answer(("Ev1", 0), &turn, 99, &all).await.is_err());
        inbox.keep_answer(("Ev1", 1), &turn, 1, &all).await.unwrap();
        drop(inbox);
        let inbox = Inbox::open(&file).await.unwrap();
        assert_eq!(budget.used_up(&inbox, &all).await.unwrap(), Some(&all[0]));
        assert_eq!(budget.used_up(&inbox, &others).await.unwrap(), None);
        let tight = Budget { person: 0, enclave: 100 };
        assert_eq!(tight.used_up(&inbox, &all).await.unwrap(), Some(&all[1]));
        assert_eq!(Budget { person: 0, enclave: 0 }.used_up(&inbox, &all).await.unwrap(), None);
        // The next day begins anew.
        assert_eq!(inbox.used(today(now()) + 1, &all[0]).await.unwrap(), 0);
    }

    #[test]
    fn it_is_said_when_it_begins_anew() {
        let whose = Whose::Person("UANA".to_owned());
        for (now, left) in [(0, "in 24 h"), (DAY * 7 - 3600, "in 1 h"), (DAY * 7 - 60, "in 1 min")] {
            assert!(used_up(&whose, true, now).contains(left), "{}", used_up(&whose, true, now));
        }
    }
}
