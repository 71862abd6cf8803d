//! `audit_rbac`: whether nobody has rights in an enclave that they were not given.

use super::audits::audited;
use super::{About, Effect, Handler, Repeat};
use crate::backend::Audit;
use crate::call::Call;
use crate::progress::Progress;
use crate::server::Server;
use policy::Action;
use wire::Failure;
use wire::tools::audit::{AuditAnswer, AuditArgs, AuditRbac};

impl Handler for AuditRbac {
    const ABOUT: About = About {
        title: "Audit the rights in an enclave",
        description: "Looks at who may really do what in an enclave past the server, and says which rights nobody was to have, \
                      and which command takes them away.",
        effect: Effect::Reads,
        repeat: Repeat::Resumes,
    };
    const ACTIONS: &'static [Action] = &[Action::List, Action::TentacleAudit];

    async fn handle(
        server: &Server,
        call: &Call,
        args: AuditArgs,
        _: &Progress,
    ) -> Result<AuditAnswer, Failure> {
        let (audited, visible) = audited(server, call, args.enclave, Audit::Rights).await?;
        visible.answer(audited, &args.page)
    }
}
