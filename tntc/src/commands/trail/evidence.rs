//! What a check of the trail rests on: records, signed heads, and keys; from files, or from the server.

use super::keys::Keys;
use super::{TrailError, line};
use crate::caller::Connection;
use crate::failed::Failed;
use crate::metadata::Metadata;
use crate::pages;
use crate::server::Server;
use crate::web::Web;
use jsonwebtoken::jwk::JwkSet;
use serde_json::Value;
use std::path::Path;
use wire::tools::trail::{TrailTail, TrailTailAnswer, TrailTailArgs};
use wire::trail::{Head, read_head};

/// Records and heads as they were found.
#[derive(Debug, Default)]
pub(super) struct Evidence {
    pub(super) records: Vec<Value>,
    pub(super) heads: Vec<Head>,
    /// Lines that are no records, and heads that do not hold: each with its place.
    pub(super) unreadable: Vec<String>,
}

impl Evidence {
    /// Reads files: a record a line, a head a line.
    pub(super) fn of_files(records: &Path, heads: &Path, keys: &Keys) -> Result<Self, TrailError> {
        let mut found = Self::default();
        for (place, text) in lines(records)? {
            match line::read(&text) {
                Ok(record) => found.records.push(record),
                Err(error) => found.unreadable.push(format!("{place}: it is no record: {error}")),
            }
        }
        for (place, jws) in lines(heads)? {
            found.add_head(place, &jws, keys);
        }
        Ok(found)
    }

    /// Asks the server for all of it.
    pub(super) async fn of_server(connection: &Connection, keys: &Keys) -> Result<Self, Failed> {
        let mut found = Self::default();
        let heads = each_page(connection, |records| {
            found.records.extend(records);
            Ok(())
        })
        .await?;
        for (index, jws) in heads.iter().enumerate() {
            found.add_head(format!("head {}", index + 1), jws, keys);
        }
        Ok(found)
    }

    fn add_head(&mut self, place: String, jws: &str, keys: &Keys) {
        match read_head(jws.trim(), |kid| keys.get(kid)) {
            Ok(head) => self.heads.push(head),
            Err(error) => self.unreadable.push(format!("{place}: {error}")),
        }
    }
}

/// Gives each page of the whole trail to `take`; answers the heads that were signed before the first.
pub(super) async fn each_page(
    connection: &Connection,
    mut take: impl FnMut(Vec<Value>) -> Result<(), Failed>,
) -> Result<Vec<String>, Failed> {
    let args = TrailTailArgs { export: true, ..TrailTailArgs::default() };
    let mut first: Option<Vec<String>> = None;
    pages::each::<TrailTail, Failed>(connection, args, |page| {
        let TrailTailAnswer { records, heads, .. } = page;
        // What the first heads sign for is in the pages; later ones may sign for records that came after their page.
        first.get_or_insert(heads);
        take(records)
    })
    .await?;
    Ok(first.unwrap_or_default())
}

/// The keys that the server publishes, as they are.
pub(super) async fn published_keys(server: &Server) -> Result<(JwkSet, String), Failed> {
    let web = Web::new()?;
    let place = Metadata::of(server, &web).await?.keys(server)?.to_owned();
    Ok((web.json(&place).await?, place))
}

/// The keys in a file.
pub(super) fn keys_in(path: &Path) -> Result<Keys, TrailError> {
    let place = path.display().to_string();
    let text = read(path)?;
    let set = serde_json::from_str(&text)
        .map_err(|error| TrailError::Keys { place: place.clone(), detail: error.to_string() })?;
    Keys::read(set, &place)
}

/// The lines of a file that are not empty, each with its place.
fn lines(path: &Path) -> Result<Vec<(String, String)>, TrailError> {
    let text = read(path)?;
    let numbered = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    Ok(numbered.map(|(index, line)| (format!("{}:{}", path.display(), index + 1), line.to_owned())).collect())
}

fn read(path: &Path) -> Result<String, TrailError> {
    std::fs::read_to_string(path).map_err(|error| TrailError::Io { path: path.to_owned(), error })
}
