//! How each service is started: its flags, its files, and what shows that it works.

use super::Plan;
use crate::up::child::Order;
use crate::up::ready::Proof;
use crate::up::repo::User;
use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

/// A service: how it is started, and what shows that it works.
#[derive(Debug)]
pub(super) struct Service {
    pub(super) order: Order,
    pub(super) proof: Proof,
}

/// All of them, each after those that it needs.
pub(super) fn all(plan: &Plan<'_>) -> Vec<Service> {
    vec![workspace(plan), server(plan), kraken(plan)]
}

/// The flags of one service.
struct Flags(Vec<OsString>);

impl Flags {
    /// `serve --parent …`, and the service's own name.
    fn of(service: &str) -> Self {
        let parent = std::process::id().to_string();
        Self(["serve", "--parent", &parent, service].map(OsString::from).into())
    }

    fn text(mut self, flag: &str, value: impl Into<OsString>) -> Self {
        self.0.extend([OsString::from(flag), value.into()]);
        self
    }

    fn path(self, flag: &str, value: impl AsRef<Path>) -> Self {
        self.text(flag, value.as_ref().as_os_str())
    }
}

fn order(plan: &Plan<'_>, name: &'static str, flags: Flags, grace: u64) -> Order {
    Order {
        name,
        arguments: flags.0,
        variables: Vec::new(),
        log: plan.world.path(&format!("logs/{}.log", name.trim_start_matches("the ").to_lowercase())),
        verbose: plan.verbose,
        grace: Duration::from_secs(grace),
    }
}

fn workspace(plan: &Plan<'_>) -> Service {
    let world = plan.world;
    let flags = Flags::of("workspace")
        .text("--bind", format!("127.0.0.1:{}", world.ports().workspace))
        .path("--state-dir", world.path("workspace"))
        .path("--secret-file", world.path("page-secret"))
        .path("--hand-over", world.path("kraken"))
        .text("--page-redirect", format!("{}/approve/callback", world.server()));
    let flags = match plan.slack_http {
        Some(port) => flags.text("--request-url", format!("http://127.0.0.1:{port}/slack/events")),
        None => flags,
    };
    let discovery = format!("{}/.well-known/openid-configuration", world.issuer());
    Service { order: order(plan, "the workspace", flags, 6), proof: Proof::Answers(discovery) }
}

/// The flags of the state repo, with the service's own copy of it in `copy`.
fn from_git(plan: &Plan<'_>, flags: Flags, user: User, copy: &str) -> Flags {
    let address = plan.repo.address(plan.world);
    let mut flags = flags.text("--state-repo", address).path("--state-dir", plan.world.path(copy));
    flags.0.extend(plan.repo.flags(user));
    flags
}

fn server(plan: &Plan<'_>) -> Service {
    let world = plan.world;
    let mut store = OsString::from("sqlite:");
    store.push(world.path("server/store.sqlite"));
    let flags = Flags::of("mcp-server")
        .text("--bind", format!("127.0.0.1:{}", world.ports().server))
        .text("--public-url", world.server())
        .text("--oidc-issuer", world.issuer())
        .text("--mcp-client", "agents")
        .text("--page-client", "page")
        .path("--kraken-keys", world.path("server/kraken-keys.json"))
        .path("--signing-key-file", world.path("server/signing-key.pem"))
        .path("--trail-heads-dir", world.path("heads"))
        .path("--break-glass-file", world.path("server/break-glass.json"))
        .path("--secrets-key-file", world.path("server/secrets-key"))
        .text("--store", store)
        .text("--backend", "machine")
        .path("--machine-dir", world.path("machine"))
        .path("--engine-dir", plan.engine)
        // The gateway is in this very program.
        .path("--egress", std::env::current_exe().unwrap_or_default());
    let mut flags = from_git(plan, flags, User::Server, "server/state-repo")
        .path("--state-age-key", world.path("server/state-age-key"));
    flags.0.extend(plan.egress.iter().cloned());
    let mut order = order(plan, "the server", flags, 15);
    order.variables = plan.programs.variables().collect();
    Service { order, proof: Proof::Answers(format!("{}/readyz", world.server())) }
}

fn kraken(plan: &Plan<'_>) -> Service {
    let world = plan.world;
    let flags = Flags::of("kraken-bot")
        .text("--server-url", world.server())
        .text("--oidc-issuer", world.issuer())
        .text("--slack-api-url", format!("{}/api", world.workspace()))
        .path("--relay-secret-file", world.path("kraken/relay-secret"))
        .path("--slack-bot-token-file", world.path("kraken/slack-bot-token"))
        .path("--signing-key-file", world.path("kraken/signing-key.pem"))
        .path("--age-key-file", world.path("kraken/age-key"))
        .path("--state", world.path("kraken/state.sqlite"))
        .path("--work-dir", world.path("tentacles"));
    let mut flags = from_git(plan, flags, User::Kraken, "kraken/state-repo");
    flags.0.extend(plan.model.iter().cloned());
    let (flags, proof) = match plan.slack_http {
        Some(port) => {
            let at = format!("127.0.0.1:{port}");
            let proof = Proof::Answers(format!("http://{at}/healthz"));
            let secret = world.path("kraken/slack-signing-secret");
            (flags.text("--slack-http-bind", at).path("--slack-signing-secret-file", secret), proof)
        }
        None => {
            (flags.path("--slack-app-token-file", world.path("kraken/slack-app-token")), Proof::Connected)
        }
    };
    Service { order: order(plan, "the Kraken", flags, 10), proof }
}
