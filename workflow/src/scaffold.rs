//! The files of a new tentacle.

use crate::name::TentacleName;

/// A file to begin with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScaffoldFile {
    /// Where it lies in the tentacle's folder.
    pub path: &'static str,
    /// What is in it.
    pub text: String,
}

/// What a new tentacle begins as. Each is a whole tentacle: it passes its own tests, deploys, and runs as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scaffold {
    /// One node, no dependencies.
    Hello,
    /// Nodes that feed each other, settings, and what to add to reach a shop.
    PriceMonitor,
    /// Runs by the clock, and puts the work of nodes side by side together.
    Digest,
    /// Runs by a call from outside, with a secret, and sends on what it was told.
    WebhookToSlack,
}

/// The name that the templates have, which makes them valid files as they are.
const NAME: &str = "my-tentacle";

/// Templates: where each file lies, and what is in it.
type Templates = &'static [(&'static str, &'static str)];

/// What is the same for all. The types are the engine's own, so that an editor knows what the engine does.
const COMMON: Templates = &[
    ("deno.json", include_str!("../scaffold/deno.json")),
    ("tentacular.d.ts", include_str!("../../engine/types.ts")),
];

macro_rules! templates {
    ($folder:literal: $($path:literal),+ $(,)?) => {
        &[$(($path, include_str!(concat!("../scaffold/", $folder, "/", $path)))),+]
    };
}

const HELLO: Templates = templates!("hello":
    "README.md", "nodes/hello.ts", "params.schema.json", "tests/fixtures/hello.json", "workflow.yaml",
);

const PRICE_MONITOR: Templates = templates!("price-monitor":
    "README.md", "nodes/judge.ts", "nodes/prices.ts", "params.schema.json", "tests/fixtures/judge.dear.json",
    "tests/fixtures/judge.json", "tests/fixtures/prices.json", "workflow.yaml",
);

const DIGEST: Templates = templates!("digest":
    "README.md", "nodes/birthdays.ts", "nodes/days.ts", "nodes/digest.ts", "params.schema.json",
    "tests/fixtures/birthdays.json", "tests/fixtures/days.json", "tests/fixtures/digest.json", "workflow.yaml",
);

const WEBHOOK_TO_SLACK: Templates = templates!("webhook-to-slack":
    "README.md", "nodes/send.ts", "nodes/words.ts", "params.schema.json", "tests/fixtures/send.json",
    "tests/fixtures/send.quiet.json", "tests/fixtures/words.json", "workflow.yaml",
);

impl Scaffold {
    /// Every scaffold, the simplest first.
    pub const ALL: [Self; 4] = [Self::Hello, Self::PriceMonitor, Self::Digest, Self::WebhookToSlack];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hello => "hello",
            Self::PriceMonitor => "price-monitor",
            Self::Digest => "digest",
            Self::WebhookToSlack => "webhook-to-slack",
        }
    }

    /// What it is, in one sentence.
    #[must_use]
    pub const fn description(self) -> &'static str {
        match self {
            Self::Hello => "greets whoever asks: one node, reaches nothing",
            Self::PriceMonitor => {
                "compares prices with what one wants to pay: two nodes, settings, reaches nothing yet"
            }
            Self::Digest => "tells each morning what is coming up: runs by the clock, reaches nothing",
            Self::WebhookToSlack => {
                "tells a Slack channel about pushes to GitHub: a webhook, a secret, one host"
            }
        }
    }

    /// The scaffold of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scaffold| scaffold.name() == name)
    }

    /// Its files for a tentacle of this name, in the order of their paths.
    #[must_use]
    pub fn files(self, name: &TentacleName) -> Vec<ScaffoldFile> {
        let own = match self {
            Self::Hello => HELLO,
            Self::PriceMonitor => PRICE_MONITOR,
            Self::Digest => DIGEST,
            Self::WebhookToSlack => WEBHOOK_TO_SLACK,
        };
        let fill = |(path, text): &(&'static str, &str)| ScaffoldFile {
            path,
            text: text.replace(NAME, name.as_str()),
        };
        let mut files: Vec<ScaffoldFile> = COMMON.iter().chain(own).map(fill).collect();
        files.sort_by_key(|file| file.path);
        files
    }
}

/// A tentacle that greets: one node, no dependencies. It deploys and runs as it is.
#[must_use]
pub fn hello(name: &TentacleName) -> Vec<ScaffoldFile> {
    Scaffold::Hello.files(name)
}
