//! Buttons that do something dangerous: each is for one person, lives for ten minutes and works once. What is known of them
//! is kept, so that this holds across a restart.

use crate::inbox::{Inbox, InboxError, now};
use sqlx::Row;

/// How long such a button lives, in seconds.
const LIVES: i64 = 600;

/// What is told of one that is over.
pub(crate) const OVER: &str = "This button is over: it was used, or ten minutes have passed. Ask me again.";

impl Inbox {
    /// Notes a button for `account` about something; the same event asks for the same button.
    pub(crate) async fn make_button(
        &self,
        event: &str,
        account: &str,
        about: &str,
    ) -> Result<(), InboxError> {
        sqlx::query(
            "INSERT INTO button (id, account, about, made_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        )
        .bind(event)
        .bind(account)
        .bind(about)
        .bind(now())
        .execute(self.pool())
        .await?;
        sqlx::query("DELETE FROM button WHERE made_at < $1")
            .bind(now() - 7 * 24 * 3600)
            .execute(self.pool())
            .await?;
        Ok(())
    }

    /// What a button is about, as long as `account` may press it; `event` is where it was used, if it was.
    pub(crate) async fn button(
        &self,
        id: &str,
        account: &str,
        event: &str,
    ) -> Result<Option<String>, InboxError> {
        let found = sqlx::query(
            "SELECT about FROM button WHERE id = $1 AND account = $2 AND made_at > $3 \
             AND (used_by IS NULL OR used_by = $4)",
        )
        .bind(id)
        .bind(account)
        .bind(now() - LIVES)
        .bind(event)
        .fetch_optional(self.pool())
        .await?;
        Ok(found.map(|row| row.try_get("about")).transpose()?)
    }

    /// Whose a button is; `None` when there is none of that id.
    pub(crate) async fn whose_button(&self, id: &str) -> Result<Option<String>, InboxError> {
        let found = sqlx::query("SELECT account FROM button WHERE id = $1")
            .bind(id)
            .fetch_optional(self.pool())
            .await?;
        Ok(found.map(|row| row.try_get("account")).transpose()?)
    }

    /// Uses a button up, for this event: `false` when it was over.
    pub(crate) async fn use_button(&self, id: &str, account: &str, event: &str) -> Result<bool, InboxError> {
        let used = sqlx::query(
            "UPDATE button SET used_by = $4 WHERE id = $1 AND account = $2 \
             AND (used_by = $4 OR (used_by IS NULL AND made_at > $3))",
        )
        .bind(id)
        .bind(account)
        .bind(now() - LIVES)
        .bind(event)
        .execute(self.pool())
        .await?;
        Ok(used.rows_affected() == 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_button_is_for_one_person_and_ten_minutes_and_once() {
        let dir = tempfile::tempdir().unwrap();
        let inbox = Inbox::open(&dir.path().join("state.db")).await.unwrap();
        for id in ["e1", "e2"] {
            inbox.make_button(id, "UANA", "prices").await.unwrap();
        }
        assert_eq!(inbox.button("e1", "UANA", "").await.unwrap().as_deref(), Some("prices"));
        assert_eq!(inbox.button("e1", "UBEN", "").await.unwrap(), None);
        assert!(!inbox.use_button("e1", "UBEN", "c1").await.unwrap());
        // The same press may be worked on twice; another one may not.
        for _ in 0..2 {
            assert!(inbox.use_button("e1", "UANA", "c1").await.unwrap());
        }
        assert!(!inbox.use_button("e1", "UANA", "c2").await.unwrap());
        assert_eq!(inbox.button("e1", "UANA", "c2").await.unwrap(), None);
        let older = "UPDATE button SET made_at = made_at - 600";
        sqlx::query(older).execute(inbox.pool()).await.unwrap();
        assert!(!inbox.use_button("e2", "UANA", "c3").await.unwrap());
        assert_eq!(inbox.button("e2", "UANA", "c3").await.unwrap(), None);
    }
}
