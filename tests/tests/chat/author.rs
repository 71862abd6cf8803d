//! A newcomer's tentacle: made from a scaffold, tested, put to work, changed until it reaches a shop, broken and mended.

use crate::reach::{shop, with_shop, write};
use crate::said::{alone, aloud, founder, greeted};
use crate::secret::form;
use tests::Home;

const SCAFFOLDS: [&str; 4] = ["hello", "price-monitor", "digest", "webhook-to-slack"];

#[tokio::test]
async fn every_scaffold_is_valid_passes_its_tests_and_can_be_drawn() {
    let home = Home::default();
    let within = home.path().display().to_string();
    for scaffold in SCAFFOLDS {
        let (name, folder) = (format!("my-{scaffold}"), format!("{within}/my-{scaffold}"));
        let made = home.tntc(&["new", &name, "-s", scaffold, "--within", &within]).await;
        assert_eq!(made.code, Some(0), "{made:?}");
        let again = home.tntc(&["new", &name, "-s", scaffold, "--within", &within]).await;
        assert!(again.code == Some(1) && again.err.contains("is there already"), "{again:?}");
        let valid = home.tntc(&["validate", &folder]).await;
        assert!(valid.code == Some(0) && valid.out.contains("can be deployed"), "{valid:?}");
        let tested = home.tntc(&["test", &folder, "-o", "json"]).await;
        let reports: serde_json::Value = serde_json::from_str(&tested.out).unwrap();
        let summary = reports.as_array().unwrap().last().unwrap();
        assert_eq!(
            (tested.code, &summary["success"], &summary["withoutFixture"]),
            (Some(0), &true.into(), &0.into())
        );
        let drawn = home.tntc(&["visualize", &folder]).await;
        assert!(drawn.out.contains("flowchart LR") && drawn.out.contains("trigger-manual"), "{drawn:?}");
        let drawn = home.tntc(&["visualize", "--svg", &folder]).await;
        assert!(drawn.out.starts_with("<svg") && drawn.out.trim_end().ends_with("</svg>"), "{drawn:?}");
        let schema = std::fs::read(format!("{folder}/params.schema.json")).unwrap();
        let schema: serde_json::Value = serde_json::from_slice(&schema).unwrap();
        assert_eq!(
            (&schema["type"], &schema["title"]),
            (&"object".into(), &format!("Settings of {name}").into())
        );
        let readme = std::fs::read_to_string(format!("{folder}/README.md")).unwrap();
        assert!(readme.starts_with(&format!("# {name}\n")), "{readme}");
    }
    // What fails is told, and where.
    let fixture = format!("{within}/my-hello/tests/fixtures/hello.json");
    std::fs::write(&fixture, r#"{"input": {}, "expected": {"greeting": "Good morning"}}"#).unwrap();
    let tested = home.tntc(&["test", &format!("{within}/my-hello")]).await;
    assert_eq!(tested.code, Some(1));
    assert!(tested.out.contains("✗ hello.json") && tested.out.contains("Good morning"), "{tested:?}");
}

/// Each as it is written, put to work by its owner with what its README tells her to do first.
#[tokio::test]
async fn every_scaffold_is_put_to_work_and_runs() {
    let home = Home::default();
    let up = home.up().await;
    let ana = founder(&up).await;
    greeted(&ana.asks("run hello").await);
    for secret in ["github.webhook_secret", "slack.hook"] {
        let thread = form(&ana, secret).await;
        ana.submits("/services/T0/B0/made-up").await;
        aloud(&ana.hears(&thread, 2).await[1], &["is set"]);
    }
    let told: [(&str, &[&str], &str); 3] = [
        ("price-monitor", &[], "time to buy tea"),
        ("digest", &["it runs by the clock: 0 8 * * MON-FRI (Europe/Berlin)"], ""),
        (
            "webhook-to-slack",
            &[
                "send connects to hooks.slack.com:443",
                "send reads the secret slack.hook",
                "its webhook pushes",
            ],
            "somebody is trying this out",
        ),
    ];
    for (scaffold, reach, said) in told {
        let name = format!("my-{scaffold}");
        aloud(
            &ana.asks(&format!("new {name} from {scaffold}")).await,
            &["is written:", "params.schema.json"],
        );
        let thread = ana.says(&format!("@kraken deploy {name}")).await;
        let mut answers = ana.hears(&thread, 1).await;
        if !reach.is_empty() {
            aloud(&answers[0], reach);
            ana.presses(&thread, "Approve").await;
            answers = ana.hears(&thread, 2).await;
        }
        aloud(answers.last().unwrap(), &[&format!("{name} is deployed.")]);
        aloud(&ana.asks(&format!("run {name}")).await, &[said, &format!("{name} answered after")]);
    }
}

#[tokio::test]
async fn a_newcomers_price_monitor_comes_to_reach_a_shop() {
    let home = Home::default();
    let port = shop().await;
    let up = with_shop(&home).await;
    let ana = founder(&up).await;
    aloud(&ana.asks("new monitor from price-monitor").await, &["monitor is written:", "nodes/judge.ts"]);
    aloud(&ana.asks("deploy monitor").await, &["monitor is deployed.", "4 tests of its own passed"]);
    aloud(&ana.asks("run monitor").await, &["time to buy tea"]);

    // It asks a shop that the contract lacks: what is to be added is said.
    let node = "export default async (ctx) => ({ tea: (await (await ctx.fetch('shop', '/price')).json()).price });\n";
    write(&up, "monitor/nodes/prices.ts", node).await;
    let lacks = ["fails its own fixtures", "prices.json", "shop", "contract.dependencies"];
    alone(&ana.asks("deploy monitor").await, &lacks);
    aloud(&ana.asks("run monitor").await, &["time to buy tea"]);

    let folder = up.folder().join("tentacles/price-watch/monitor");
    let workflow = std::fs::read_to_string(folder.join("workflow.yaml")).unwrap();
    let workflow = workflow.replace("# uses: [shop]", "uses: [shop] #");
    write(&up, "monitor/workflow.yaml", &workflow).await;
    alone(&ana.asks("deploy monitor").await, &["workflow.yaml:", "shop", "contract"]);
    let fixture = r#"{"input": {}, "responses": {"shop": {"GET /price": {"body": {"price": 3.2}}}}, "expected": {"tea": 3.2}}"#;
    write(&up, "monitor/tests/fixtures/prices.json", fixture).await;
    let contract = format!(
        "contract:\n  version: '1'\n  dependencies:\n    shop: {{protocol: http, host: shop.example, port: {port}}}\n"
    );
    write(&up, "monitor/workflow.yaml", &format!("{workflow}{contract}")).await;
    let thread = ana.says("@kraken deploy monitor").await;
    let reach = format!("prices connects to shop.example:{port}");
    aloud(&ana.hears(&thread, 1).await[0], &[&reach]);
    ana.presses(&thread, "Approve").await;
    aloud(&ana.hears(&thread, 2).await[1], &["monitor is deployed."]);
    aloud(&ana.asks("run monitor").await, &["time to buy tea"]);

    // Broken, and mended.
    write(&up, "monitor/nodes/judge.ts", "export default () => { throw new Error('no judgement') };\n").await;
    alone(&ana.asks("deploy monitor").await, &["fails its own fixtures", "judge.json", "no judgement"]);
    aloud(&ana.asks("run monitor").await, &["time to buy tea"]);
    for case in ["judge.json", "judge.dear.json"] {
        let fixture = r#"{"input": {}, "expected": "all is well"}"#;
        write(&up, &format!("monitor/tests/fixtures/{case}"), fixture).await;
    }
    write(&up, "monitor/nodes/judge.ts", "export default () => 'all is well';\n").await;
    aloud(&ana.asks("deploy monitor").await, &["monitor is deployed."]);
    aloud(&ana.asks("run monitor").await, &["all is well"]);
    let versions = ana.asks("versions monitor").await;
    aloud(
        &versions,
        &["monitor, its versions:", "3. ", "by Ana Sousa", "It runs now.", "compare monitor 2 and 3"],
    );
    let different = ana.asks("compare 1 and 3 of monitor").await;
    alone(
        &different,
        &["monitor, from version 1 to version 3:", &format!("newly: {reach}"), "-export", "+export"],
    );
    alone(&ana.asks("compare monitor 1 and 9").await, &["There is no version 9 on record"]);
}
