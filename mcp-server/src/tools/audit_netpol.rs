//! `audit_netpol`: whether the network of an enclave is as closed as it was made.

use super::audits::audited;
use super::{About, Effect, Handler, Repeat};
use crate::backend::Audit;
use crate::call::Call;
use crate::progress::Progress;
use crate::server::Server;
use policy::Action;
use wire::Failure;
use wire::tools::audit::{AuditArgs, AuditNetpol, AuditNetpolAnswer};

impl Handler for AuditNetpol {
    const ABOUT: About = About {
        title: "Audit an enclave's network",
        description: "Looks at what really gets in and out of an enclave, whoever made it so, and says what is amiss and which \
                      command mends it.",
        effect: Effect::Reads,
        repeat: Repeat::Resumes,
    };
    const ACTIONS: &'static [Action] = &[Action::List, Action::TentacleAudit];

    async fn handle(
        server: &Server,
        call: &Call,
        args: AuditArgs,
        _: &Progress,
    ) -> Result<AuditNetpolAnswer, Failure> {
        let (audited, visible) = audited(server, call, args.enclave, Audit::Network).await?;
        let open = |rule: &str| audited.findings.iter().any(|finding| finding.rule == rule);
        let default_deny =
            !open("default-deny-missing") && !open("default-deny-changed") && audited.unseen.is_empty();
        Ok(AuditNetpolAnswer { audit: visible.answer(audited, &args.page)?, default_deny })
    }
}
