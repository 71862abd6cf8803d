//! `tntc trail export`.

use super::TrailError;
use super::evidence::{each_page, published_keys};
use crate::commands::{Context, Effect};
use crate::failed::Failed;
use crate::output::{View, words};
use crate::private_file;
use serde::Serialize;
use serde_json::Value;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;
use wire::canonical;

/// Where to.
#[derive(Debug, clap::Args)]
pub(crate) struct Export {
    /// The folder for the files; made where it is not there
    #[arg(default_value = "trail")]
    dir: PathBuf,
    /// Replace the files of an earlier export
    #[arg(long)]
    force: bool,
}

/// What was written.
#[derive(Debug, Serialize)]
struct Exported {
    records: PathBuf,
    heads: PathBuf,
    keys: PathBuf,
    record_count: u64,
    head_count: u64,
}

impl Export {
    pub(crate) async fn run(&self, context: &Context) -> Result<(), Failed> {
        let file = |name: &str| self.dir.join(name);
        let (records, heads, keys) = (file("records.jsonl"), file("heads"), file("keys.json"));
        for path in [&records, &heads, &keys] {
            if path.exists() && !self.force {
                return Err(TrailError::Exists(path.clone()).into());
            }
        }
        let connection = context.connect(Effect::Reads).await?;
        let (set, _) = published_keys(context.server()?).await?;
        private_file::folder(&self.dir).map_err(TrailError::from)?;
        let mut sheet = Sheet::new(&records)?;
        let signed = each_page(&connection, |page| Ok(sheet.add(&page)?)).await?;
        connection.close().await;
        let record_count = sheet.finish()?;
        let lines: String = signed.iter().map(|jws| format!("{jws}\n")).collect();
        private_file::write(&heads, lines.as_bytes()).map_err(TrailError::from)?;
        let set = serde_json::to_vec_pretty(&set).map_err(crate::output::OutputError::from)?;
        private_file::write(&keys, &set).map_err(TrailError::from)?;
        let exported = Exported { records, heads, keys, record_count, head_count: signed.len() as u64 };
        Ok(context.output.show(&exported, view)?)
    }
}

fn view(exported: &Exported) -> View {
    let Exported { records, heads, keys, record_count, head_count } = exported;
    View::new()
        .values([
            ("Records", format!("{record_count} in {}", records.display())),
            ("Heads", format!("{}, {}", words::count(*head_count, "head", "heads"), heads.display())),
            ("Keys", keys.display().to_string()),
        ])
        .line(format!(
            "Check them with: tntc trail verify --records {} --heads {} --keys {}",
            records.display(),
            heads.display(),
            keys.display()
        ))
}

/// A file of records that appears when it is whole.
struct Sheet {
    path: PathBuf,
    file: BufWriter<NamedTempFile>,
    count: u64,
}

impl Sheet {
    fn new(path: &Path) -> Result<Self, TrailError> {
        let beside = path.parent().unwrap_or(Path::new("."));
        let file =
            NamedTempFile::new_in(beside).map_err(|error| TrailError::Io { path: path.to_owned(), error })?;
        Ok(Self { path: path.to_owned(), file: BufWriter::new(file), count: 0 })
    }

    /// Adds records in their canonical form, which is what was hashed.
    fn add(&mut self, records: &[Value]) -> Result<(), TrailError> {
        let path = &self.path;
        for record in records {
            let mut line = canonical::to_json(record)?;
            line.push(b'\n');
            self.file.write_all(&line).map_err(|error| TrailError::Io { path: path.clone(), error })?;
            self.count += 1;
        }
        Ok(())
    }

    fn finish(self) -> Result<u64, TrailError> {
        let Self { path, file, count } = self;
        let failed = |error| TrailError::Io { path: path.clone(), error };
        let file = file.into_inner().map_err(|error| failed(error.into_error()))?;
        file.as_file().sync_all().map_err(failed)?;
        file.persist(&path).map_err(|error| failed(error.error))?;
        Ok(count)
    }
}
