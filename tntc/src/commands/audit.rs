//! `tntc audit`: what is amiss with what is really there.

use super::{Context, Effect};
use crate::cli::InEnclave;
use crate::failed::Failed;
use crate::output::{View, words};
use crate::pages::each;
use serde::Serialize;
use wire::tools::audit::{
    AuditAnswer, AuditArgs, AuditFinding, AuditNetpol, AuditPart, AuditPsa, AuditRbac, AuditResources,
    AuditResourcesAnswer, AuditResourcesArgs,
};
use wire::{EnclaveRef, Page};
use workflow::TentacleName;

/// What to look at.
#[derive(Debug, clap::Args)]
pub(crate) struct Audit {
    /// One tentacle: all that is there of it, compared with its source. The whole enclave when left out
    name: Option<TentacleName>,
    #[command(flatten)]
    within: InEnclave,
}

/// The audits of an enclave.
#[derive(Debug, Serialize)]
struct Whole {
    network: AuditAnswer,
    pods: AuditAnswer,
    rights: AuditAnswer,
    shares: AuditAnswer,
}

impl Audit {
    pub(crate) async fn run(&self, context: &Context) -> Result<(), Failed> {
        let enclave = EnclaveRef::from(self.within.enclave.clone());
        if let Some(name) = &self.name {
            let args = AuditResourcesArgs {
                enclave,
                workflow_name: Some(name.clone()),
                expected: None,
                page: Page::default(),
            };
            let answer = context.call::<AuditResources>(Effect::Reads, &args).await?;
            context.output.show(&answer, one)?;
            return verdict(answer.overall == "pass");
        }
        let whole = Whole::of(context, &enclave).await?;
        context.output.show(&whole, all)?;
        verdict(whole.parts().iter().all(|(_, part)| part.compliant))
    }
}

/// The answer has been shown; scripts hear of it by the exit code.
fn verdict(good: bool) -> Result<(), Failed> {
    if good { Ok(()) } else { Err(Failed::Bad("something is amiss, or could not be looked at".to_owned())) }
}

impl Whole {
    async fn of(context: &Context, enclave: &EnclaveRef) -> Result<Self, Failed> {
        let connection = context.connect(Effect::Reads).await?;
        let args = AuditArgs { enclave: enclave.clone(), page: Page::default() };
        let mut network = Vec::new();
        each::<AuditNetpol, Failed>(&connection, args.clone(), |page| keep(&mut network, page.audit)).await?;
        let mut pods = Vec::new();
        each::<AuditPsa, Failed>(&connection, args.clone(), |page| keep(&mut pods, page)).await?;
        let mut rights = Vec::new();
        each::<AuditRbac, Failed>(&connection, args, |page| keep(&mut rights, page)).await?;
        let mut shares = Vec::new();
        let args = AuditResourcesArgs { enclave: enclave.clone(), ..AuditResourcesArgs::default() };
        each::<AuditResources, Failed>(&connection, args, |page| keep(&mut shares, page.audit)).await?;
        connection.close().await;
        Ok(Self {
            network: joined(network)?,
            pods: joined(pods)?,
            rights: joined(rights)?,
            shares: joined(shares)?,
        })
    }

    fn parts(&self) -> [(&'static str, &AuditAnswer); 4] {
        [("network", &self.network), ("pods", &self.pods), ("rights", &self.rights), ("shares", &self.shares)]
    }
}

fn keep(pages: &mut Vec<AuditAnswer>, page: AuditAnswer) -> Result<(), Failed> {
    pages.push(page);
    Ok(())
}

/// All pages as one answer.
fn joined(pages: Vec<AuditAnswer>) -> Result<AuditAnswer, Failed> {
    let mut pages = pages.into_iter();
    let first = pages.next().ok_or_else(|| Failed::Bad("the server answered nothing".to_owned()))?;
    Ok(pages.fold(first, |mut all, page| {
        all.findings.extend(page.findings);
        all.next_cursor = None;
        all
    }))
}

fn all(whole: &Whole) -> View {
    whole.parts().into_iter().fold(View::new(), |view, (name, part)| view.joined(of(name, part)))
}

fn of(name: &str, told: &AuditAnswer) -> View {
    let found = words::count(told.total, "finding", "findings");
    let looked = words::list(&told.looked_at);
    let view = View::new().verdict(told.compliant, format!("{name}: {found}, of {looked}"));
    let view = told.findings.iter().fold(view, finding);
    let view = told.unseen.iter().fold(view, |view, what| view.line(format!("  not looked at: {what}")));
    let view = told.beyond.iter().fold(view, |view, what| view.line(format!("  never seen: {what}")));
    if told.others_left_out {
        return view.line("  left out: what is amiss with tentacles that you may not see");
    }
    view
}

fn finding(view: View, finding: &AuditFinding) -> View {
    let AuditFinding { severity, object, message, remediation, .. } = finding;
    view.line(format!("  {severity}: {message} ({object})")).line(format!("    mend it: {remediation}"))
}

fn one(told: &AuditResourcesAnswer) -> View {
    let part = |name: &'static str, part: &Option<AuditPart>| {
        part.as_ref().map(|part| [name.to_owned(), part.status.clone(), part.details.clone()])
    };
    let secrets = told.secrets.as_ref().map(|secrets| {
        let missing = secrets.missing.iter().map(|name| format!("{name} is not set"));
        let extra = secrets.extra.iter().map(|name| format!("{name} is not expected"));
        let told: Vec<String> = missing.chain(extra).collect();
        ["secrets".to_owned(), secrets.status.clone(), words::list(&told)]
    });
    let rows = [part("network", &told.network_policy), secrets, part("schedules", &told.cron_jobs)];
    let passes = told.overall == "pass";
    let verdict = if passes { "it is as its source says" } else { "it is not as its source says" };
    let view =
        View::new().verdict(passes, verdict).table(["PART", "IS", "WHY"], rows.into_iter().flatten(), "");
    told.audit.findings.iter().fold(view, finding)
}
