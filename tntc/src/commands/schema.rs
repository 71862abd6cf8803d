//! `tntc schema`.

use crate::failed::Failed;
use crate::output;
use workflow::schema::SCHEMA;

/// Nothing more needs to be said.
#[derive(Debug, clap::Args)]
pub(crate) struct Schema {}

impl Schema {
    /// It is JSON, in whatever format answers are asked for.
    pub(crate) fn run(&self) -> Result<(), Failed> {
        Ok(output::write(SCHEMA)?)
    }
}
