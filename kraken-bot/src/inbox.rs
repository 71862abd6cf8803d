//! The durable inbox: what Slack sent and what has been said. After a crash nothing is lost, and nothing said twice.

mod held;
mod order;
mod receiving;
mod reviewed;
mod spoken;

pub(crate) use held::Value;
pub(crate) use order::{Lane, Open, runnable};

use crate::slack::envelope::Incoming;
use jiff::Timestamp;
use sqlx::Row;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

/// How long what is done is remembered, in seconds: longer than Slack repeats an event.
const REMEMBERED: i64 = 3 * 24 * 3600;

/// How long a thread in which nobody asks anything more is remembered, in seconds.
const THREAD_REMEMBERED: i64 = 30 * 24 * 3600;

/// Why the inbox does not answer.
#[derive(Debug, thiserror::Error)]
pub enum InboxError {
    /// The file cannot be opened.
    #[error("the Kraken's memory cannot be opened: {0}")]
    File(#[from] std::io::Error),
    /// The database failed.
    #[error("the Kraken's memory does not answer: {0}")]
    Database(#[from] sqlx::Error),
    /// The schema could not be brought up to date.
    #[error("the Kraken's memory cannot be brought up to date: {0}")]
    Schema(#[from] sqlx::migrate::MigrateError),
    /// What was written down cannot be read.
    #[error("the Kraken's memory holds what cannot be read: {0}")]
    Content(#[from] serde_json::Error),
}

/// What is known of something that was to be said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Said {
    /// It is new.
    New,
    /// It was about to be said when the process ended: since then, in seconds since 1970.
    Perhaps(i64),
    /// It was said: there.
    Already(String),
}

/// The inbox.
#[derive(Debug, Clone)]
pub(crate) struct Inbox {
    pool: SqlitePool,
    /// What Slack tells is written down by a connection of its own: Slack waits for that, and it for none of those that work.
    receiving: SqlitePool,
    news: Arc<Notify>,
    held: held::Held,
}

impl Inbox {
    /// Opens the file, which nobody else may read: SQLite gives what it puts beside it the same mode.
    pub(crate) async fn open(path: &Path) -> Result<Self, InboxError> {
        OpenOptions::new().create(true).append(true).mode(0o600).open(path)?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(Duration::from_secs(10));
        let pool = SqlitePoolOptions::new().max_connections(4).connect_with(options.clone()).await?;
        sqlx::migrate!().run(&pool).await?;
        let receiving = SqlitePoolOptions::new().max_connections(1).connect_with(options).await?;
        Ok(Self { pool, receiving, news: Arc::new(Notify::new()), held: held::Held::default() })
    }

    /// The database, for what else must not be forgotten.
    pub(crate) fn pool(&self) -> &SqlitePool {
        &self.pool
    }

    /// Work on it begins; `false` when there is nothing to do any more.
    pub(crate) async fn begin(&self, seq: i64) -> Result<bool, InboxError> {
        let begun = sqlx::query("UPDATE event SET begun_at = $1 WHERE seq = $2 AND done_at IS NULL")
            .bind(now())
            .bind(seq)
            .execute(&self.pool)
            .await?;
        Ok(begun.rows_affected() == 1)
    }

    /// What is not done and waits for nothing but its turn, in the order in which it came. Facts are read by themselves, so that
    /// none is hidden by many messages, nor is one channel's message by another's. A fact waits for those before it in its channel, also
    /// while they wait for the server; only leaving does not. A message waits for the facts before it in its channel, unless one of them
    /// waits itself: then whoever asked is told what is away.
    pub(crate) async fn open_events(&self) -> Result<Vec<Open>, InboxError> {
        let mut rows = sqlx::query(
            "SELECT seq, channel, conversation, fact, content FROM event AS it \
             WHERE done_at IS NULL AND waits_for IS NULL AND fact > 0 AND (fact = 2 OR NOT EXISTS ( \
                 SELECT 1 FROM event AS earlier WHERE earlier.conversation = it.conversation AND earlier.seq < it.seq \
                 AND earlier.fact > 0 AND earlier.done_at IS NULL)) \
             ORDER BY fact DESC, seq LIMIT 1000",
        )
        .fetch_all(&self.pool)
        .await?;
        rows.extend(
            sqlx::query(
                "SELECT seq, channel, conversation, fact, content FROM ( \
                     SELECT seq, channel, conversation, fact, content, ROW_NUMBER() OVER (PARTITION BY channel ORDER BY seq) AS nth \
                     FROM event AS it WHERE done_at IS NULL AND waits_for IS NULL AND fact = 0 AND COALESCE(( \
                         SELECT MAX(news.waits_for IS NOT NULL) FROM event AS news WHERE news.conversation = it.channel \
                         AND news.seq < it.seq AND news.fact > 0 AND news.done_at IS NULL), 1)) \
                 WHERE nth <= 250 \
                 ORDER BY seq LIMIT 1000",
            )
            .fetch_all(&self.pool)
            .await?,
        );
        let mut open = Vec::with_capacity(rows.len());
        for row in &rows {
            let (seq, content): (i64, String) = (row.try_get("seq")?, row.try_get("content")?);
            let incoming = match serde_json::from_str(&content) {
                Ok(incoming) => incoming,
                Err(error) => {
                    // One that cannot be read must not hold up all others.
                    tracing::error!(%error, seq, "something that happened cannot be read, and is given up");
                    self.done(seq).await?;
                    self.wake();
                    continue;
                }
            };
            open.push(Open {
                seq,
                channel: row.try_get("channel")?,
                conversation: row.try_get("conversation")?,
                lane: Lane::numbered(row.try_get("fact")?),
                incoming,
            });
        }
        open.sort_by_key(|event| event.seq);
        Ok(open)
    }

    /// Waits until there may be something new.
    pub(crate) async fn news(&self) {
        self.news.notified().await;
    }

    /// Looks again at what waits.
    pub(crate) fn wake(&self) {
        self.news.notify_one();
    }

    /// It is done. What was asked is not kept.
    pub(crate) async fn done(&self, seq: i64) -> Result<(), InboxError> {
        sqlx::query("DELETE FROM model_turn WHERE event = (SELECT id FROM event WHERE seq = $1)")
            .bind(seq)
            .execute(&self.pool)
            .await?;
        sqlx::query("UPDATE event SET done_at = $1, content = '' WHERE seq = $2")
            .bind(now())
            .bind(seq)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// It waits until `account` has signed in.
    pub(crate) async fn wait_for_sign_in(&self, seq: i64, account: &str) -> Result<(), InboxError> {
        sqlx::query("UPDATE event SET waits_for = $1, begun_at = NULL WHERE seq = $2")
            .bind(account)
            .bind(seq)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Whatever waited for `account` goes on.
    pub(crate) async fn signed_in(&self, account: &str) -> Result<(), InboxError> {
        sqlx::query("UPDATE event SET waits_for = NULL WHERE waits_for = $1")
            .bind(account)
            .execute(&self.pool)
            .await?;
        self.wake();
        Ok(())
    }

    /// Whatever waits for a sign-in that is not going on goes on. News of reviews are written down, and wake what waits for them.
    pub(crate) async fn let_go_of_the_forgotten(&self) -> Result<(), InboxError> {
        sqlx::query(
            "UPDATE event SET waits_for = NULL \
             WHERE done_at IS NULL AND waits_for NOT IN (SELECT account FROM sign_in) \
             AND (review IS NULL OR waits_for <> review)",
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Whatever waited for `account` will not be done; answers what it was.
    pub(crate) async fn give_up(&self, account: &str) -> Result<Vec<Incoming>, InboxError> {
        let rows = sqlx::query(
            "UPDATE event SET done_at = $1 WHERE waits_for = $2 AND done_at IS NULL RETURNING content",
        )
        .bind(now())
        .bind(account)
        .fetch_all(&self.pool)
        .await?;
        let given_up =
            rows.iter().map(|row| Ok(serde_json::from_str(&row.try_get::<String, _>("content")?)?));
        let given_up = given_up.collect::<Result<Vec<_>, InboxError>>()?;
        sqlx::query("UPDATE event SET content = '' WHERE waits_for = $1 AND done_at IS NOT NULL")
            .bind(account)
            .execute(&self.pool)
            .await?;
        Ok(given_up)
    }

    /// About to say what `key` names: says whether that is new.
    pub(crate) async fn about_to_say(&self, key: &str) -> Result<Said, InboxError> {
        let inserted =
            sqlx::query("INSERT INTO post (key, ts, made_at) VALUES ($1, NULL, $2) ON CONFLICT DO NOTHING")
                .bind(key)
                .bind(now())
                .execute(&self.pool)
                .await?;
        if inserted.rows_affected() == 1 {
            return Ok(Said::New);
        }
        Ok(self.is_said(key).await?.unwrap_or(Said::New))
    }

    /// What is known of something that was perhaps to be said; `None` when it was not.
    pub(crate) async fn is_said(&self, key: &str) -> Result<Option<Said>, InboxError> {
        let row = sqlx::query("SELECT ts, made_at FROM post WHERE key = $1")
            .bind(key)
            .fetch_optional(&self.pool)
            .await?;
        let Some(row) = row else { return Ok(None) };
        let (ts, since): (Option<String>, i64) = (row.try_get("ts")?, row.try_get("made_at")?);
        Ok(Some(ts.map_or(Said::Perhaps(since), Said::Already)))
    }

    /// It was said: there.
    pub(crate) async fn said(&self, key: &str, ts: &str) -> Result<(), InboxError> {
        sqlx::query("UPDATE post SET ts = $1 WHERE key = $2").bind(ts).bind(key).execute(&self.pool).await?;
        Ok(())
    }

    /// It was not said, and will not be.
    pub(crate) async fn unsaid(&self, key: &str) -> Result<(), InboxError> {
        sqlx::query("DELETE FROM post WHERE key = $1 AND ts IS NULL").bind(key).execute(&self.pool).await?;
        Ok(())
    }

    /// Forgets what is long done.
    pub(crate) async fn forget_old(&self) -> Result<(), InboxError> {
        let before = now() - REMEMBERED;
        sqlx::query("DELETE FROM event WHERE done_at < $1").bind(before).execute(&self.pool).await?;
        sqlx::query("DELETE FROM post WHERE made_at < $1 AND ts IS NOT NULL")
            .bind(before)
            .execute(&self.pool)
            .await?;
        sqlx::query("DELETE FROM model_turn WHERE event NOT IN (SELECT id FROM event WHERE done_at IS NULL)")
            .execute(&self.pool)
            .await?;
        sqlx::query("DELETE FROM thread WHERE asked_at < $1")
            .bind(now() - THREAD_REMEMBERED)
            .execute(&self.pool)
            .await?;
        Ok(())
    }
}

/// Now, in seconds since 1970.
pub(crate) fn now() -> i64 {
    Timestamp::now().as_second()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::slack::envelope::{How, Said as Words, What};
    use std::os::unix::fs::PermissionsExt as _;

    fn said(id: &str, thread: &str) -> Incoming {
        let words = Words {
            user: "UANA".into(),
            text: "help".into(),
            ts: "1.1".into(),
            thread: thread.into(),
            direct: false,
            click: None,
            how: How::Spoken,
        };
        Incoming { id: id.into(), team: "T1".into(), channel: "C1".into(), what: What::Said(words), at: None }
    }

    async fn inbox() -> (tempfile::TempDir, Inbox) {
        let dir = tempfile::tempdir().unwrap();
        let inbox = Inbox::open(&dir.path().join("state.db")).await.unwrap();
        (dir, inbox)
    }

    #[tokio::test]
    async fn a_repeated_event_is_one_event_also_after_it_is_done() {
        let (_dir, inbox) = inbox().await;
        for _ in 0..4 {
            inbox.receive(&said("Ev1", "1.1")).await.unwrap();
        }
        let open = inbox.open_events().await.unwrap();
        assert_eq!(open.len(), 1);
        inbox.done(open[0].seq).await.unwrap();
        inbox.receive(&said("Ev1", "1.1")).await.unwrap();
        assert_eq!(inbox.open_events().await.unwrap(), []);
    }

    #[tokio::test]
    async fn a_fact_is_found_behind_a_thousand_messages_and_waits_for_those_before_it_in_its_channel() {
        let (_dir, inbox) = inbox().await;
        let fact = |id: &str, what: What| Incoming { what, ..said(id, "") };
        sqlx::query(
            "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 1500) \
             INSERT INTO event (id, channel, conversation, fact, content, received_at) \
             SELECT 'said' || n, 'C2', 'C2/1', 0, $1, 0 FROM numbers",
        )
        .bind(serde_json::to_string(&said("Ev", "1")).unwrap())
        .execute(&inbox.pool)
        .await
        .unwrap();
        inbox.receive(&fact("joined", What::Joined("UBEN".into()))).await.unwrap();
        inbox.receive(&fact("renamed", What::Renamed("prices".into()))).await.unwrap();
        inbox.receive(&fact("left", What::Left("UBEN".into()))).await.unwrap();
        inbox.receive(&said("asked", "1.1")).await.unwrap();
        let open = async || {
            let open = inbox.open_events().await.unwrap();
            let open = open.into_iter().filter(|it| it.channel == "C1");
            open.map(|it| (it.incoming.id, it.seq)).collect::<Vec<_>>()
        };
        let ids = async || open().await.into_iter().map(|(id, _)| id).collect::<Vec<_>>();
        assert_eq!(ids().await, ["joined", "left"]);
        sqlx::query("DELETE FROM event WHERE channel = 'C2'").execute(&inbox.pool).await.unwrap();
        assert_eq!(ids().await, ["joined", "left"]);
        // Also while it waits for the server.
        sqlx::query("UPDATE event SET waits_for = 'the server' WHERE id = 'joined'")
            .execute(&inbox.pool)
            .await
            .unwrap();
        assert_eq!(ids().await, ["left", "asked"], "whoever asked is told what the news wait for");
        inbox.done(open().await[0].1).await.unwrap();
        assert_eq!(ids().await, ["asked"]);
        inbox.signed_in("the server").await.unwrap();
        assert_eq!(ids().await, ["joined"]);
        inbox.done(open().await[0].1).await.unwrap();
        assert_eq!(ids().await, ["renamed"]);
    }

    #[tokio::test]
    async fn what_is_asked_is_found_behind_a_thousand_messages_of_another_channel() {
        let (_dir, inbox) = inbox().await;
        sqlx::query(
            "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 1500) \
             INSERT INTO event (id, channel, conversation, fact, content, received_at) \
             SELECT 'said' || n, 'C2', 'C2/' || n, 0, $1, 0 FROM numbers",
        )
        .bind(serde_json::to_string(&said("Ev", "1")).unwrap())
        .execute(&inbox.pool)
        .await
        .unwrap();
        inbox.receive(&said("asked", "1.1")).await.unwrap();
        let open = inbox.open_events().await.unwrap();
        assert_eq!(open.last().unwrap().incoming.id, "asked");
    }

    #[tokio::test]
    async fn what_waits_for_a_sign_in_goes_on_after_it_or_is_given_up() {
        let (_dir, inbox) = inbox().await;
        inbox.receive(&said("Ev1", "1.1")).await.unwrap();
        let seq = inbox.open_events().await.unwrap()[0].seq;
        inbox.wait_for_sign_in(seq, "UANA").await.unwrap();
        assert_eq!(inbox.open_events().await.unwrap(), []);
        inbox.signed_in("UANA").await.unwrap();
        assert_eq!(inbox.open_events().await.unwrap().len(), 1);
        inbox.wait_for_sign_in(seq, "UANA").await.unwrap();
        assert_eq!(inbox.give_up("UANA").await.unwrap(), [said("Ev1", "1.1")]);
        assert_eq!(inbox.open_events().await.unwrap(), []);
    }

    #[tokio::test]
    async fn what_is_taken_back_before_the_work_is_not_done() {
        let (_dir, inbox) = inbox().await;
        let (said, unsaid) = (
            said("said/C1/1.1", "1.1"),
            Incoming { id: "unsaid/C1/1.1".into(), what: What::Unsaid("1.1".into()), ..said("", "") },
        );
        inbox.receive(&said).await.unwrap();
        let seq = inbox.open_events().await.unwrap()[0].seq;
        // It waits for a sign-in: nothing was done yet.
        assert!(inbox.begin(seq).await.unwrap());
        inbox.wait_for_sign_in(seq, "UANA").await.unwrap();
        inbox.receive(&unsaid).await.unwrap();
        inbox.signed_in("UANA").await.unwrap();
        assert_eq!(inbox.open_events().await.unwrap(), []);
        assert!(!inbox.begin(seq).await.unwrap());
        // Slack may tell of it the other way round.
        let (_dir, other) = self::inbox().await;
        other.receive(&unsaid).await.unwrap();
        other.receive(&said).await.unwrap();
        assert_eq!(other.open_events().await.unwrap(), []);
    }

    #[tokio::test]
    async fn what_is_being_done_is_not_taken_back() {
        let (_dir, inbox) = inbox().await;
        inbox.receive(&said("said/C1/1.1", "1.1")).await.unwrap();
        assert!(inbox.begin(inbox.open_events().await.unwrap()[0].seq).await.unwrap());
        let unsaid =
            Incoming { id: "unsaid/C1/1.1".into(), what: What::Unsaid("1.1".into()), ..said("", "") };
        inbox.receive(&unsaid).await.unwrap();
        assert_eq!(inbox.open_events().await.unwrap().len(), 1);
    }

    #[tokio::test]
    async fn a_reply_is_written_down_in_threads_that_the_kraken_was_asked_in_alone() {
        let (_dir, inbox) = inbox().await;
        let reply = |id: &str, thread: &str| {
            let mut reply = said(id, thread);
            if let What::Said(words) = &mut reply.what {
                words.how = How::Overheard;
            }
            reply
        };
        inbox.receive(&reply("said/C1/1.2", "1.1")).await.unwrap();
        assert_eq!(inbox.open_events().await.unwrap(), []);
        inbox.receive(&said("said/C1/1.1", "1.1")).await.unwrap();
        inbox.receive(&reply("said/C1/1.3", "1.1")).await.unwrap();
        inbox.receive(&reply("said/C1/2.3", "2.1")).await.unwrap();
        assert_eq!(inbox.open_events().await.unwrap().len(), 2);
    }

    #[tokio::test]
    async fn one_that_cannot_be_read_holds_up_nobody() {
        let (_dir, inbox) = inbox().await;
        inbox.receive(&said("Ev1", "1.1")).await.unwrap();
        sqlx::query("UPDATE event SET content = 'of another release'").execute(&inbox.pool).await.unwrap();
        inbox.receive(&said("Ev2", "1.2")).await.unwrap();
        let open: Vec<String> =
            inbox.open_events().await.unwrap().into_iter().map(|open| open.incoming.id).collect();
        assert_eq!(open, ["Ev2"]);
    }

    #[tokio::test]
    async fn what_waits_for_a_sign_in_that_nobody_remembers_goes_on() {
        let (_dir, inbox) = inbox().await;
        inbox.receive(&said("Ev1", "1.1")).await.unwrap();
        let seq = inbox.open_events().await.unwrap()[0].seq;
        inbox.wait_for_sign_in(seq, "UANA").await.unwrap();
        let insert = "INSERT INTO sign_in (account, sealed, expires_at) VALUES ('UANA', x'00', 0)";
        sqlx::query(insert).execute(&inbox.pool).await.unwrap();
        inbox.let_go_of_the_forgotten().await.unwrap();
        assert_eq!(inbox.open_events().await.unwrap(), []);
        sqlx::query("DELETE FROM sign_in").execute(&inbox.pool).await.unwrap();
        inbox.let_go_of_the_forgotten().await.unwrap();
        assert_eq!(inbox.open_events().await.unwrap().len(), 1);
    }

    #[tokio::test]
    async fn nobody_else_may_read_the_file() {
        let (dir, inbox) = inbox().await;
        inbox.receive(&said("Ev1", "1.1")).await.unwrap();
        for entry in std::fs::read_dir(dir.path()).unwrap() {
            let entry = entry.unwrap();
            assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o077, 0, "{:?}", entry.path());
        }
    }

    #[tokio::test]
    async fn what_was_said_is_remembered_and_what_perhaps_was_said_too() {
        let (_dir, inbox) = inbox().await;
        assert_eq!(inbox.is_said("answer:Ev1").await.unwrap(), None);
        let before = now();
        assert_eq!(inbox.about_to_say("answer:Ev1").await.unwrap(), Said::New);
        let again = inbox.about_to_say("answer:Ev1").await.unwrap();
        assert!(matches!(again, Said::Perhaps(since) if (before..=now()).contains(&since)), "{again:?}");
        inbox.said("answer:Ev1", "1.2").await.unwrap();
        assert_eq!(inbox.about_to_say("answer:Ev1").await.unwrap(), Said::Already("1.2".to_owned()));
    }
}
