//! Effects outside the store that were allowed and are not finished.

use super::record::PersonId;
use super::tx::{holdable, now};
use super::{Filed, Store, StoreError, Tx};
use policy::Action;
use sqlx::Row;
use sqlx::any::AnyRow;
use uuid::Uuid;
use workflow::EnclaveName;

/// For whom an effect is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Initiator {
    pub(crate) person: PersonId,
    /// The client that the request came through.
    pub(crate) client: String,
    /// The name to show.
    pub(crate) shown: String,
    /// The agent that chose it; empty where none said that it did.
    pub(crate) agent: String,
}

/// An effect that was allowed and has no outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OpenEffect {
    pub(crate) id: Uuid,
    pub(crate) action: Action,
    pub(crate) filed: Filed,
    /// The tentacle, where it is about one; else empty.
    pub(crate) object: String,
    pub(crate) initiator: Option<Initiator>,
    /// What it takes to finish it.
    pub(crate) payload: String,
}

impl Tx {
    /// The effect begins, at the hand of `writer`.
    pub(crate) async fn open_effect(&mut self, writer: &str, effect: &OpenEffect) -> Result<(), StoreError> {
        let initiator = effect.initiator.as_ref();
        let said = |of: fn(&Initiator) -> &str| initiator.map(of).unwrap_or_default();
        sqlx::query(
            "INSERT INTO open_effect (id, writer, action, enclave, enclave_id, object, issuer, subject, client, shown, \
             payload, interrupted, since, agent) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 0, $12, $13)",
        )
        .bind(effect.id.to_string())
        .bind(writer)
        .bind(effect.action.name())
        .bind(&effect.filed.enclave)
        .bind(&effect.filed.enclave_id)
        .bind(&effect.object)
        .bind(said(|initiator| &initiator.person.issuer))
        .bind(said(|initiator| &initiator.person.subject))
        .bind(said(|initiator| &initiator.client))
        .bind(holdable(said(|initiator| &initiator.shown)).into_owned())
        .bind(&effect.payload)
        .bind(now())
        .bind(said(|initiator| &initiator.agent))
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// The effect has ended.
    pub(crate) async fn close_effect(&mut self, id: Uuid) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM open_effect WHERE id = $1")
            .bind(id.to_string())
            .execute(self.connection())
            .await?;
        Ok(())
    }

    /// A restart has found the effect unfinished.
    pub(crate) async fn interrupt_effect(&mut self, id: Uuid) -> Result<(), StoreError> {
        sqlx::query("UPDATE open_effect SET interrupted = 1 WHERE id = $1")
            .bind(id.to_string())
            .execute(self.connection())
            .await?;
        Ok(())
    }

    /// Whether the effect is still one that a restart has found unfinished.
    pub(crate) async fn is_interrupted(&mut self, id: Uuid) -> Result<bool, StoreError> {
        let found = sqlx::query("SELECT id FROM open_effect WHERE id = $1 AND interrupted = 1")
            .bind(id.to_string())
            .fetch_optional(self.connection())
            .await?;
        Ok(found.is_some())
    }

    /// The effects in an enclave that `writer` is not at, the oldest first: interrupted ones, and those of other
    /// replicas, of which nobody knows whether they still live.
    pub(crate) async fn not_of(
        &mut self,
        writer: &str,
        enclave: &str,
    ) -> Result<Vec<OpenEffect>, StoreError> {
        let rows = sqlx::query(
            "SELECT id, action, enclave, enclave_id, object, issuer, subject, client, shown, agent, payload FROM open_effect \
             WHERE enclave = $1 AND (interrupted = 1 OR writer <> $2) ORDER BY since",
        )
        .bind(enclave)
        .bind(writer)
        .fetch_all(self.connection())
        .await?;
        rows.iter().filter_map(|row| read(row).transpose()).collect()
    }
}

impl Store {
    /// Effects that `writer` began and did not end, the oldest first: what a process left behind.
    pub(crate) async fn left_open(&self, writer: &str) -> Result<Vec<OpenEffect>, StoreError> {
        self.open_effects(writer, 0).await
    }

    /// Those that a restart has found, and that are still not finished.
    pub(crate) async fn interrupted(&self, writer: &str) -> Result<Vec<OpenEffect>, StoreError> {
        self.open_effects(writer, 1).await
    }

    /// What effects are open for in an enclave, whoever began them: a tentacle's name, or nothing for the enclave itself.
    pub(crate) async fn open_objects(&self, enclave: &EnclaveName) -> Result<Vec<String>, StoreError> {
        let rows = sqlx::query("SELECT object FROM open_effect WHERE enclave = $1")
            .bind(enclave.as_str())
            .fetch_all(self.pool())
            .await?;
        rows.iter().map(|row| Ok(row.try_get("object")?)).collect()
    }

    async fn open_effects(&self, writer: &str, interrupted: i64) -> Result<Vec<OpenEffect>, StoreError> {
        let rows = sqlx::query(
            "SELECT id, action, enclave, enclave_id, object, issuer, subject, client, shown, agent, payload FROM open_effect \
             WHERE writer = $1 AND interrupted = $2 ORDER BY since",
        )
        .bind(writer)
        .bind(interrupted)
        .fetch_all(self.pool())
        .await?;
        rows.iter().filter_map(|row| read(row).transpose()).collect()
    }
}

/// Reads a row; one that this program cannot have written is passed over and said, so that it does not keep the others
/// from being finished.
fn read(row: &AnyRow) -> Result<Option<OpenEffect>, StoreError> {
    let text = |column: &str| row.try_get::<String, _>(column);
    let (id, action) = (text("id")?, text("action")?);
    let (Ok(known_id), Some(known_action)) = (id.parse(), Action::named(&action)) else {
        tracing::error!(id, action, "an unfinished effect in the store cannot be read");
        return Ok(None);
    };
    let person = PersonId { issuer: text("issuer")?, subject: text("subject")? };
    let initiator =
        Initiator { person, client: text("client")?, shown: text("shown")?, agent: text("agent")? };
    Ok(Some(OpenEffect {
        id: known_id,
        action: known_action,
        filed: Filed { enclave: text("enclave")?, enclave_id: text("enclave_id")? },
        object: text("object")?,
        initiator: Some(initiator).filter(|initiator| !initiator.person.subject.is_empty()),
        payload: text("payload")?,
    }))
}
