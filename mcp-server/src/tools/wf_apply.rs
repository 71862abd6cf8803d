//! `wf_apply`: deploys a tentacle from its source. Everything else is derived here.

use super::{About, Effect, Handler, Repeat, bounds};
use crate::approval;
use crate::backend::{BackendError, Deployed, Rehearsed, Version};
use crate::call::Call;
use crate::carrier;
use crate::gate::act::Apply;
use crate::gate::target::OnTentacle;
use crate::gate::{Authorized, Changing, Effect as Begun, unavailable};
use crate::progress::Progress;
use crate::review::{Cleared, Finding};
use crate::rollout::{self, Source};
use crate::server::Server;
use crate::store::{Initiator, StoreError, Tx, Wanted};
use policy::{Action, Preset};
use state_repo::Layout;
use std::sync::Arc;
use wire::tools::approval::ApprovalAsked;
use wire::tools::tentacle::{FixturesPassed, SourceCommit, WfApply, WfApplyAnswer, WfApplyArgs};
use wire::{Failure, FailureCode};
use workflow::{EnclaveName, Reach};

impl Handler for WfApply {
    const ABOUT: About = About {
        title: "Deploy a tentacle",
        description: "Deploys a tentacle: where there is a state repo, from the `commit` that is named, else from its source in the \
                      call (`files`: workflow.yaml and nodes). The server derives the sandbox from \
                      the contract; the version before serves until the new one is ready and has passed its fixtures. What it newly reaches needs the owner's \
                      approval first: then `status` is `needs_approval`, and `approval.page`, where it is there, is the \
                      address to give to the owner. `dry_run` only checks, and takes `files` in any case.",
        effect: Effect::Changes,
        repeat: Repeat::Resumes,
    };
    const ACTIONS: &'static [Action] = &[Action::Apply, Action::ApplyNew];

    async fn handle(
        server: &Server,
        call: &Call,
        args: WfApplyArgs,
        progress: &Progress,
    ) -> Result<WfApplyAnswer, Failure> {
        let named = super::wf_list::named(args.enclave.clone())?;
        let given = Given::of(server, call, named.as_ref(), &args).await?;
        let (change, grant) = server.gate.change(call).await?.deploy(named.as_ref(), &args.name).await?;
        let target = grant.target();
        let mut changing = change.decided();
        // Nobody is asked to approve what could not be deployed then.
        let taken = |source: Source| {
            let takes = server.backend.takes(&source.version.sandbox);
            takes.map(|()| source).map_err(BackendError::into_failure)
        };
        let (source, finding) = given.source(&args, target);
        let source = room(target).and(source).and_then(taken);
        let (source, initiator) = match (source, call.initiator()) {
            (Ok(source), Some(initiator)) => (source, initiator),
            (Err(failure), _) => return Err(changing.failed(failure).await),
            (_, None) => {
                let failure = Failure::new(FailureCode::Denied, "only a person deploys");
                return Err(changing.failed(failure).await);
            }
        };
        progress.step(1, 2, "its files are checked: the new version is being started").await;
        let cleared = match Cleared::by(&target.record, &source, &finding) {
            Err(failure) if !args.dry_run => return Err(changing.failed(failure).await),
            cleared => cleared,
        };
        let needs = Needs::of(changing.tx(), &grant, &source).await.map_err(|error| unavailable(&error))?;
        let asked = Asked { grant: &grant, source: &source, asker: &initiator, needs: &needs };
        let did = match asked.next(server, &mut changing, args.dry_run).await? {
            Next::Refuse(failure) => return Err(changing.failed(failure).await),
            Next::Answer(did) => {
                let another = match (&did, &source.commit) {
                    (Did::Nothing, Some(commit)) => changing.tx().put_commit(&grant, commit).await,
                    _ => Ok(false),
                };
                let another = another.map_err(|error| unavailable(&error))?;
                changing.done().await?;
                if another {
                    server.follow(&grant, &target.record.name).await;
                }
                did
            }
            Next::Deploy => {
                let cleared = match cleared {
                    Ok(cleared) => cleared,
                    Err(failure) => return Err(changing.failed(failure).await),
                };
                let effect = asked.begin(changing).await?;
                let deployed = rollout::deploy((server, call), &grant, effect, cleared, &initiator).await?;
                progress.step(2, 2, "it is ready").await;
                server.follow(&grant, &target.record.name).await;
                Did::Deploy(deployed)
            }
        };
        Ok(answer(server, target, &source, &needs, did))
    }
}

/// What a version needs before it may run.
struct Needs {
    /// What it reaches and the running version does not.
    new: Reach,
    /// Secrets that it may read, or that callers of its webhooks sign with, and that are not set.
    missing: Vec<String>,
    /// The folder in git that they can lie beside.
    in_git_at: Option<String>,
}

impl Needs {
    async fn of(tx: &mut Tx, grant: &Authorized<Apply>, source: &Source) -> Result<Self, StoreError> {
        let sandbox = &source.version.sandbox;
        let new = sandbox.reach.beyond(&tx.running_reach(grant).await?);
        let target = grant.target();
        let in_git_at = source.commit.as_ref().map(|_| Layout::tentacle(&target.record.name, &target.name));
        let missing = source.missing_secrets(tx, grant).await?;
        Ok(Self { new, missing, in_git_at })
    }

    fn refused(&self) -> Option<Failure> {
        let first = self.missing.first()?;
        let what = format!("it needs secrets that are not set: {}", self.missing.join(", "));
        let mut remedy = format!(
            "the enclave's owner sets each with `tntc secret set {first} -e <enclave>`, then deploy again"
        );
        if let Some(folder) = &self.in_git_at {
            let there = format!(
                "; or put it in git: `tntc secrets set {first} --in {folder}` in a clone, commit, push, and deploy that commit"
            );
            remedy.push_str(&there);
        }
        Some(Failure::new(FailureCode::Conflict, what).with_remedy(remedy))
    }
}

/// A deploy that is allowed, and everything that decides what becomes of it.
struct Asked<'a> {
    grant: &'a Authorized<Apply>,
    source: &'a Source,
    asker: &'a Initiator,
    needs: &'a Needs,
}

/// What comes next.
enum Next {
    Refuse(Failure),
    Answer(Did),
    Deploy,
}

impl Asked<'_> {
    async fn next(
        &self,
        server: &Server,
        changing: &mut Changing<'_>,
        dry_run: bool,
    ) -> Result<Next, Failure> {
        if dry_run {
            return Ok(Next::Answer(Did::Check));
        }
        let Version { hash, secrets, .. } = &self.source.version;
        let given = changing.tx().git_secrets(self.grant, hash).await.map_err(|error| unavailable(&error))?;
        if is_running(server, self.grant.target(), hash) && given == *secrets {
            return Ok(Next::Answer(Did::Nothing));
        }
        if let Some(question) = approval::missing(server, changing, self.grant, &self.wanted()).await? {
            return Ok(Next::Answer(Did::Ask(question)));
        }
        Ok(self.needs.refused().map_or(Next::Deploy, Next::Refuse))
    }

    /// Begins the deploy: the record of a new tentacle, the use of the approval and the effect are one transaction.
    async fn begin<'g>(&self, mut changing: Changing<'g>) -> Result<Begun<'g>, Failure> {
        let failed = |error: StoreError| unavailable(&error);
        let target = self.grant.target();
        if target.tentacle.is_none() {
            // A new tentacle is as open as its enclave is; a later deploy changes neither mode nor owner.
            let mode = target.record.mode.unwrap_or(Preset::Private.mode());
            changing.tx().put_tentacle(self.grant, &self.asker.person, mode).await.map_err(failed)?;
        }
        changing.tx().use_approval(self.grant, &self.wanted()).await.map_err(failed)?;
        let Version { hash, secrets, .. } = &self.source.version;
        changing.tx().put_git_secrets(self.grant, hash, secrets).await.map_err(failed)?;
        changing.begin(&self.source.payload).await
    }

    fn wanted(&self) -> Wanted<'_> {
        let Version { hash, sandbox, .. } = &self.source.version;
        let payload = &self.source.payload;
        Wanted { version: hash, reach: &sandbox.reach, new: &self.needs.new, asker: self.asker, payload }
    }
}

/// Whether there is room for it: one that is there already takes none.
fn room(target: &OnTentacle) -> Result<(), Failure> {
    match target.tentacle {
        Some(_) => Ok(()),
        None => bounds::one_more_tentacle(target.record.tentacles.len()),
    }
}

/// What is to be deployed, as far as it is known before the deploy is decided.
enum Given {
    /// It is in the call.
    InCall,
    /// What the state repo has of it, for this enclave, and whether it was reviewed.
    AtCommit(EnclaveName, Box<(Result<Source, Failure>, Finding)>),
    /// The call does not say it in the way that this server needs.
    Wrongly(Failure),
}

impl Given {
    /// Fetches what is named, for those alone who may deploy: that is asked first, and again when the deploy is decided,
    /// because no transaction is held open while the state repo answers.
    async fn of(
        server: &Server,
        call: &Call,
        named: Option<&EnclaveName>,
        args: &WfApplyArgs,
    ) -> Result<Self, Failure> {
        let invalid = |what: &str| Failure::new(FailureCode::Invalid, what);
        let Some(state) = &server.state else {
            return Ok(match &args.commit {
                None => Self::InCall,
                Some(_) => Self::Wrongly(
                    invalid("this server has no state repo, so that no commit can be deployed")
                        .with_remedy("send the source as `files`: `tntc deploy --from-disk` does"),
                ),
            });
        };
        // A dry run only checks: nothing of what is in it comes to run.
        if args.dry_run && args.commit.is_none() {
            return Ok(Self::InCall);
        }
        let Some(commit) =
            args.commit.as_deref().filter(|_| args.files.is_empty() && args.manifests.is_empty())
        else {
            return Ok(Self::Wrongly(
                invalid("deploys come from the state repo here, and files in the call are not taken").with_remedy(
                    "commit the tentacle there and push, then name the commit: `tntc deploy` in a clone of it does both checks",
                ),
            ));
        };
        let (change, grant) = server.gate.change(call).await?.deploy(named, &args.name).await?;
        let record = Arc::clone(&grant.target().record);
        drop(change);
        let source = match args.dry_run {
            // Of an older commit it is asked before it is brought back, and its secrets of then are not.
            true => state.source_brought_back(commit, &record.name, &args.name).await,
            false => state.source(commit, &record.name, &args.name).await,
        };
        // Checking needs no review, and what cannot be deployed anyway none either.
        let found = source.as_ref().ok().filter(|_| !args.dry_run).and_then(|source| source.commit.as_ref());
        let finding = match found {
            Some(commit) => Finding::of(server, &record, &args.name, &commit.id).await,
            None => Finding::Unknown,
        };
        Ok(Self::AtCommit(record.name.clone(), Box::new((source, finding))))
    }

    fn source(self, args: &WfApplyArgs, target: &OnTentacle) -> (Result<Source, Failure>, Finding) {
        let enclave = &target.record.name;
        let source = match self {
            Self::InCall => in_call(args, enclave),
            Self::Wrongly(failure) => Err(failure),
            Self::AtCommit(of, found) if of == *enclave => return *found,
            Self::AtCommit(..) => Err(Failure::new(
                FailureCode::Conflict,
                "the channel's enclave became another in the meantime",
            )),
        };
        (source, Finding::Unknown)
    }
}

/// The source that came with the call.
fn in_call(args: &WfApplyArgs, enclave: &EnclaveName) -> Result<Source, Failure> {
    if args.manifests.is_empty() {
        return Source::read(enclave, &args.name, &args.files);
    }
    if !args.files.is_empty() {
        let what = "there are `files` and `manifests`: give one of the two";
        return Err(Failure::new(FailureCode::Invalid, what));
    }
    Source::of_original(enclave, &args.name, carrier::read(enclave, &args.name, &args.manifests)?)
}

/// What was done.
enum Did {
    Check,
    Nothing,
    Ask(ApprovalAsked),
    Deploy(Deployed),
}

/// Whether exactly this content runs already, made as it would be made now.
fn is_running(server: &Server, target: &OnTentacle, hash: &str) -> bool {
    let same = target.tentacle.as_ref().is_some_and(|tentacle| tentacle.version == hash);
    let state = server.backend.state(target);
    same && state.ready && state.current
}

fn answer(server: &Server, target: &OnTentacle, source: &Source, needs: &Needs, did: Did) -> WfApplyAnswer {
    let (status, did, approval) = match did {
        Did::Check => ("checked", Deployed::default(), None),
        Did::Nothing => ("unchanged", Deployed::default(), None),
        Did::Ask(asked) => ("needs_approval", Deployed::default(), Some(asked)),
        Did::Deploy(deployed) => ("deployed", deployed, None),
    };
    let enclave = target.record.name.clone();
    WfApplyAnswer {
        name: target.name.clone(),
        namespace: enclave.clone(),
        enclave,
        status: status.to_owned(),
        approval,
        new_reach: needs.new.iter().map(ToString::to_string).collect(),
        missing_secrets: needs.missing.clone(),
        ignored: source.ignored.clone(),
        version: source.version.hash.clone(),
        applied: did.applied,
        created: did.created,
        updated: did.updated,
        deleted: did.deleted,
        fixtures: did.rehearsed.map(|Rehearsed { passed, drift }| FixturesPassed { passed, drift }),
        source: SourceCommit::told(source.commit.as_ref()),
        commit: source.commit.clone(),
        commit_page: server.page_of(source.commit.as_ref()),
        not_enforced: server.backend.enforces().not_enforced(),
    }
}
