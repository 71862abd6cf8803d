//! `wf_compare`: what is different between two versions of a tentacle: code, reach and settings.

use super::wf_list::named;
use super::{About, Effect, Handler, Repeat};
use crate::call::Call;
use crate::gate::{Authorized, act, unavailable};
use crate::kept_source::{self, Files};
use crate::progress::Progress;
use crate::server::Server;
use policy::Action;
use wire::tools::history::{WfCompare, WfCompareAnswer, WfCompareArgs};
use wire::{Failure, FailureCode};
use workflow::Reach;

/// The fewest characters of a hash that name a version.
const FEWEST: usize = 4;

impl Handler for WfCompare {
    const ABOUT: About = About {
        title: "Compare two versions",
        description: "What is different between two versions of a tentacle: its files, what it reaches, its settings. When nothing \
                      is said, between the running version and the one before. The sources of the last 10 are kept.",
        effect: Effect::Reads,
        repeat: Repeat::Resumes,
    };
    const ACTIONS: &'static [Action] = &[Action::TentacleCompare];

    async fn handle(
        server: &Server,
        call: &Call,
        args: WfCompareArgs,
        _: &Progress,
    ) -> Result<WfCompareAnswer, Failure> {
        let look = server.gate.look(call).await?;
        let grant = look.tentacle::<act::TentacleCompare>(named(args.enclave)?.as_ref(), &args.name)?;
        let versions = server.store.versions(&grant).await.map_err(|error| unavailable(&error))?;
        let running = grant.target().tentacle.as_ref().map(|tentacle| tentacle.version.as_str());
        let history = History { server, grant: &grant, versions };
        let to = match args.to.as_deref() {
            Some(to) => history.meant(to).await?,
            None => meant(running.unwrap_or_default(), &history.versions)?.to_owned(),
        };
        let from = match args.from.as_deref() {
            Some(from) => history.meant(from).await?,
            None => before(&to, &history.versions)?.to_owned(),
        };
        let (old, new) = (history.source(&from).await?, history.source(&to).await?);
        let (from_number, to_number) = (history.number(&from).await?, history.number(&to).await?);
        let (read_old, read_new) = (kept_source::workflow(&old)?, kept_source::workflow(&new)?);
        let (reach_old, reach_new) = (Reach::of(&read_old), Reach::of(&read_new));
        let (files, truncated) = kept_source::files(&old, &new);
        let enclave = grant.target().record.name.clone();
        Ok(WfCompareAnswer {
            name: args.name,
            namespace: enclave.clone(),
            enclave,
            from,
            from_number,
            to,
            to_number,
            files,
            reach_added: words(&reach_new.beyond(&reach_old)),
            reach_removed: words(&reach_old.beyond(&reach_new)),
            params: kept_source::params(&read_old, &read_new),
            truncated,
        })
    }
}

/// The versions of one tentacle.
struct History<'a> {
    server: &'a Server,
    grant: &'a Authorized<act::TentacleCompare>,
    /// Those whose source is kept, the newest first.
    versions: Vec<String>,
}

impl History<'_> {
    /// The one version that is meant: by number, or by the beginning of its hash.
    async fn meant(&self, text: &str) -> Result<String, Failure> {
        let Some(number) = number(text) else { return meant(text, &self.versions).map(str::to_owned) };
        let found =
            self.server.store.numbered(self.grant, number).await.map_err(|error| unavailable(&error))?;
        found.ok_or_else(|| {
            Failure::new(FailureCode::NotFound, format!("there is no version {number} on record"))
                .with_remedy("the list of versions names those that are")
        })
    }

    async fn number(&self, version: &str) -> Result<Option<u64>, Failure> {
        let found = self.server.store.number_of(self.grant, version).await;
        Ok(found.map_err(|error| unavailable(&error))?.and_then(|number| u64::try_from(number).ok()))
    }

    async fn source(&self, version: &str) -> Result<Files, Failure> {
        let kept =
            self.server.store.source(self.grant, version).await.map_err(|error| unavailable(&error))?;
        let gone =
            || Failure::new(FailureCode::Conflict, format!("the source of `{version}` is not kept any more"));
        kept.ok_or_else(gone)
    }
}

/// The number that `3` or `v3` is. Without the letter it has three digits at most: more could be the beginning of a hash.
fn number(text: &str) -> Option<i64> {
    match text.strip_prefix('v') {
        Some(number) => number.parse().ok(),
        None if text.len() < FEWEST => text.parse().ok(),
        None => None,
    }
}

fn words(reach: &Reach) -> Vec<String> {
    reach.iter().map(ToString::to_string).collect()
}

/// The one version whose hash begins so.
fn meant<'v>(text: &str, versions: &'v [String]) -> Result<&'v str, Failure> {
    let bare = |version: &str| version.strip_prefix("sha256:").unwrap_or(version).to_owned();
    let wanted = bare(text);
    let mut found = versions.iter().filter(|version| bare(version).starts_with(&wanted));
    let enough = wanted.len() >= FEWEST;
    match (found.next().filter(|_| enough), found.next()) {
        (Some(one), None) => Ok(one),
        (Some(_), Some(_)) => {
            Err(Failure::new(FailureCode::Invalid, format!("more than one version begins with `{wanted}`"))
                .with_remedy("give more of its hash"))
        }
        (None, _) => {
            let what = format!("the source of a version `{text}` is not kept");
            Err(Failure::new(FailureCode::Conflict, what)
                .with_remedy(format!("these are kept: {}", versions.join(", "))))
        }
    }
}

/// The version that was deployed before this one.
fn before<'v>(version: &str, versions: &'v [String]) -> Result<&'v str, Failure> {
    let older = versions.iter().skip_while(|kept| *kept != version).nth(1);
    older.map(String::as_str).ok_or_else(|| {
        Failure::new(FailureCode::Conflict, "there is no version before it whose source is kept")
    })
}
