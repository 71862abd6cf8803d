//! What waits in the inbox until the server or the issuer is back.

use super::Away;
use crate::inbox::{Inbox, InboxError, now};
use crate::slack::envelope::Incoming;
use sqlx::Row;

impl Inbox {
    /// It waits until `away` is back. Until then it can be taken back.
    pub(super) async fn wait_for_return(&self, seq: i64, away: Away) -> Result<(), InboxError> {
        sqlx::query(
            "UPDATE event SET waits_for = $1, begun_at = NULL, away_since = COALESCE(away_since, $2) \
             WHERE seq = $3 AND done_at IS NULL",
        )
        .bind(away.name())
        .bind(now())
        .bind(seq)
        .execute(self.pool())
        .await?;
        Ok(())
    }

    /// Whether anything waits for the server or the issuer.
    pub(super) async fn anything_waits(&self) -> Result<bool, InboxError> {
        let waits: Option<i64> =
            sqlx::query_scalar("SELECT 1 FROM event WHERE waits_for IN ($1, $2) AND done_at IS NULL LIMIT 1")
                .bind(Away::Server.name())
                .bind(Away::Issuer.name())
                .fetch_optional(self.pool())
                .await?;
        Ok(waits.is_some())
    }

    /// Whatever waited for it goes on.
    pub(super) async fn is_back(&self, away: Away) -> Result<(), InboxError> {
        let waits: Option<i64> =
            sqlx::query_scalar("SELECT 1 FROM event WHERE waits_for = $1 AND done_at IS NULL LIMIT 1")
                .bind(away.name())
                .fetch_optional(self.pool())
                .await?;
        if waits.is_some() {
            self.signed_in(away.name()).await?;
        }
        Ok(())
    }

    /// What news of `channel` wait for: what is asked there after them must not be done before they are told.
    pub(crate) async fn news_wait(&self, channel: &str, before: i64) -> Result<Option<Away>, InboxError> {
        for away in Away::ALL {
            let waits: Option<i64> = sqlx::query_scalar(
                "SELECT 1 FROM event WHERE channel = $1 AND fact > 0 AND waits_for = $2 AND done_at IS NULL \
                 AND seq < $3 LIMIT 1",
            )
            .bind(channel)
            .bind(away.name())
            .bind(before)
            .fetch_optional(self.pool())
            .await?;
            if waits.is_some() {
                return Ok(Some(away));
            }
        }
        Ok(None)
    }

    /// Gives up what people asked that has waited since before then; answers what it was. News are never given up.
    pub(super) async fn waited_since_before(&self, then: i64) -> Result<Vec<Incoming>, InboxError> {
        let rows = sqlx::query(
            "SELECT seq, content FROM event WHERE away_since < $1 AND fact = 0 AND done_at IS NULL \
             AND waits_for IN ($2, $3)",
        )
        .bind(then)
        .bind(Away::Server.name())
        .bind(Away::Issuer.name())
        .fetch_all(self.pool())
        .await?;
        let mut given_up = Vec::with_capacity(rows.len());
        for row in &rows {
            given_up.push(serde_json::from_str(&row.try_get::<String, _>("content")?)?);
            self.done(row.try_get("seq")?).await?;
        }
        Ok(given_up)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::slack::envelope::What;

    fn of(id: &str, what: What) -> Incoming {
        Incoming { id: id.into(), team: "T1".into(), channel: "C1".into(), what, at: None }
    }

    fn asked() -> What {
        let said = serde_json::json!({
            "user": "UANA", "text": "run hello", "ts": "1.1", "thread": "1.1", "direct": false,
        });
        What::Said(serde_json::from_value(said).unwrap())
    }

    #[tokio::test]
    async fn what_people_asked_is_let_go_once_and_news_never_are() {
        let dir = tempfile::tempdir().unwrap();
        let inbox = Inbox::open(&dir.path().join("state.db")).await.unwrap();
        inbox.receive(&of("Ev1", What::Left("UBEN".into()))).await.unwrap();
        inbox.receive(&of("Ev2", asked())).await.unwrap();
        // What was asked waits for the news before it, until those wait themselves.
        let mut open = Vec::new();
        for id in ["Ev1", "Ev2"] {
            let mut now = inbox.open_events().await.unwrap();
            assert_eq!(now.iter().map(|it| it.incoming.id.as_str()).collect::<Vec<_>>(), [id]);
            inbox.wait_for_return(now[0].seq, Away::Server).await.unwrap();
            open.append(&mut now);
        }
        assert_eq!(inbox.open_events().await.unwrap(), []);
        assert_eq!(inbox.news_wait("C1", open[1].seq).await.unwrap(), Some(Away::Server));
        assert_eq!(inbox.news_wait("C2", open[1].seq).await.unwrap(), None);

        assert_eq!(inbox.waited_since_before(now()).await.unwrap(), []);
        let given_up = inbox.waited_since_before(now() + 1).await.unwrap();
        assert_eq!(given_up.iter().map(|it| it.id.as_str()).collect::<Vec<_>>(), ["Ev2"]);
        assert_eq!(inbox.waited_since_before(now() + 1).await.unwrap(), []);

        inbox.is_back(Away::Issuer).await.unwrap();
        assert_eq!(inbox.open_events().await.unwrap(), []);
        inbox.is_back(Away::Server).await.unwrap();
        let left: Vec<String> =
            inbox.open_events().await.unwrap().into_iter().map(|it| it.incoming.id).collect();
        assert_eq!(left, ["Ev1"]);
    }
}
