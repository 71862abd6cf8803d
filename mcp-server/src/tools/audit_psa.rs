//! `audit_psa`: whether what runs in an enclave, or could, is held to what a tentacle is held to.

use super::audits::audited;
use super::{About, Effect, Handler, Repeat};
use crate::backend::Audit;
use crate::call::Call;
use crate::progress::Progress;
use crate::server::Server;
use policy::Action;
use wire::Failure;
use wire::tools::audit::{AuditAnswer, AuditArgs, AuditPsa};

impl Handler for AuditPsa {
    const ABOUT: About = About {
        title: "Audit an enclave's pods",
        description: "Looks at what really runs in an enclave and at what could, whoever put it there, and says what is held to \
                      less than a tentacle is, and which command mends it.",
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
        let (audited, visible) = audited(server, call, args.enclave, Audit::PodSecurity).await?;
        visible.answer(audited, &args.page)
    }
}
