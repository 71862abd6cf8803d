//! What `triggers` may say, what it is told when it says it wrongly, and what an owner approves of it.

use std::time::Duration;
use workflow::{Reach, Scheme, Trigger, TriggerKind, Workflow};

fn parse(triggers: &str) -> Result<Workflow, Vec<String>> {
    let text = format!(
        "name: hello\nversion: 1.0\nnodes:\n  a: {{path: a.ts, description: A}}\ntriggers:\n{triggers}"
    );
    let told = |problems: workflow::Problems| {
        problems.to_string().lines().map(|line| line.replace("workflow.yaml:", "")).collect()
    };
    Workflow::parse(text.as_bytes()).map_err(told)
}

fn triggers(text: &str) -> Vec<Trigger> {
    parse(text).unwrap().triggers
}

fn wrong(text: &str) -> Vec<String> {
    match parse(text) {
        Ok(workflow) => panic!("was taken: {workflow:?}"),
        Err(told) => told,
    }
}

fn reach(text: &str) -> Reach {
    Reach::of(&parse(text).unwrap())
}

#[test]
fn a_schedule_has_a_time_zone_and_manners() {
    let read = triggers(
        "  - {type: cron, schedule: 0 9 * * MON-FRI, timezone: Europe/Berlin, overlap: allow, catchUp: true, jitter: 30s}\n  \
         - {type: cron, schedule: '@hourly'}\n",
    );
    let [TriggerKind::Cron(full), TriggerKind::Cron(bare)] = [&read[0].kind, &read[1].kind] else { panic!() };
    assert_eq!(full.schedule.to_string(), "0 9 * * MON-FRI (Europe/Berlin)");
    assert_eq!((full.overlap, full.catch_up, full.jitter), (true, true, Duration::from_secs(30)));
    assert_eq!(bare.schedule.to_string(), "@hourly (UTC)");
    assert_eq!((bare.overlap, bare.catch_up, bare.jitter), (false, false, Duration::ZERO));
}

#[test]
fn a_webhook_has_a_secret_and_a_signature() {
    let read = triggers(
        "  - {type: webhook, provider: github, event: push, actions: [opened]}\n  \
         - {type: webhook, path: /orders, secret: shop.hook}\n  \
         - {type: webhook, provider: github, path: /x, secret: other.hook}\n",
    );
    let hooks: Vec<_> = read
        .iter()
        .map(|trigger| match &trigger.kind {
            TriggerKind::Webhook(hook) => (trigger.name.as_str(), hook.scheme, hook.secret.as_str()),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(
        hooks,
        [
            ("webhook", Scheme::Github, "github.webhook_secret"),
            ("webhook-2", Scheme::Timed, "shop.hook"),
            ("webhook-3", Scheme::Github, "other.hook"),
        ]
    );
}

#[test]
fn every_trigger_has_a_name_and_a_given_one_comes_first() {
    let names =
        |text: &str| triggers(text).into_iter().map(|trigger| trigger.name.to_string()).collect::<Vec<_>>();
    let cron = "  - {type: cron, schedule: '* * * * *'}\n";
    let called = "  - {type: cron, schedule: '* * * * *', name: cron-2}\n";
    let manual = "  - {type: manual}\n";
    assert_eq!(names(&format!("{cron}{called}{cron}{manual}")), ["cron", "cron-2", "cron-3", "manual"]);
    assert_eq!(names(&format!("{manual}{manual}")), ["manual", "manual-2"]);
}

#[test]
fn what_is_wrong_is_told_where_it_is_wrong() {
    let cases = [
        ("cron, schedule: '* * * *'", "6:28: trigger[0]: schedule \"* * * *\" cannot be used: "),
        ("cron, schedule: '99 * * * *'", "6:28: trigger[0]: schedule \"99 * * * *\" cannot be used: "),
        (
            "cron, schedule: 0 0 31 2 *",
            "6:28: trigger[0]: schedule \"0 0 31 2 *\" cannot be used: it is never due (five fields: minute, hour, day \
             of month, month, day of week)",
        ),
        (
            "cron, schedule: '* * * * *', timezone: Europe/Berln",
            "6:51: trigger[0]: timezone \"Europe/Berln\" is not in the IANA database (such as Europe/Berlin), did you \
             mean \"Europe/Berlin\"?",
        ),
        ("cron, timezone: UTC", "6:5: trigger[0]: cron trigger requires schedule"),
        (
            "cron, schedule: '* * * * *', overlap: skp",
            "6:50: trigger[0]: invalid overlap \"skp\" (must be allow or skip, did you mean \"skip\"?)",
        ),
        (
            "cron, schedule: '* * * * *', catchUp: yes",
            "6:50: trigger[0]: invalid catchUp \"yes\" (must be true or false)",
        ),
        (
            "cron, schedule: '* * * * *', jitter: 1h",
            "6:49: trigger[0]: jitter must be a number of seconds or minutes from 1s to 600s, such as 30s or 2m, got: \
             \"1h\"",
        ),
        ("webhook, path: /x", "6:5: trigger[0]: webhook trigger requires secret"),
        ("webhook, secret: a.b", "6:5: trigger[0]: webhook trigger requires path or provider"),
        (
            "webhook, provider: gitlab",
            "6:31: trigger[0]: invalid provider \"gitlab\" (must be github; any other service signs with a timestamp: \
             give a path instead)",
        ),
        ("webhook, path: /x, secret: hook", "6:39: trigger[0]: secret must be service.key, got: \"hook\""),
        ("manual, timezone: UTC", "6:20: trigger[0]: timezone has no meaning for a manual trigger"),
    ];
    for (given, expected) in cases {
        let told = wrong(&format!("  - {{type: {given}}}\n"));
        assert!(told.len() == 1 && told[0].starts_with(expected), "{given}: {told:#?}");
    }
    assert_eq!(
        wrong("  - {type: x}\n  - {type: queue, subject: x, secret: a.b}\n").split_off(1),
        [
            "7:5: trigger[1]: queue triggers are not supported yet: they need the message queue",
            "7:31: trigger[1]: secret has no meaning for a queue trigger",
        ]
    );
}

#[test]
fn what_lets_others_in_or_acts_by_itself_is_approved() {
    let base = reach("  - {type: cron, schedule: 0 9 * * *}\n  - {type: webhook, path: /x, secret: a.b}\n");
    assert_eq!(
        base.to_string(),
        "it runs by the clock: 0 9 * * * (UTC)\nit is run by whoever calls its webhook webhook with a timed signature by a.b"
    );
    let changed = |text: &str| reach(text).beyond(&base).iter().count();
    let same = "  - {type: cron, schedule: 0 9 * * *, jitter: 1m, overlap: allow}\n  - {type: webhook, path: /y, secret: a.b}\n";
    assert_eq!(changed(same), 0);
    for other in [
        "  - {type: cron, schedule: 0 9 * * *, timezone: Asia/Tokyo}\n",
        "  - {type: cron, schedule: 1 9 * * *}\n",
        "  - {type: webhook, path: /x, secret: a.c}\n",
        "  - {type: webhook, provider: github, secret: a.b}\n",
        "  - {type: webhook, path: /x, secret: a.b, name: open}\n",
    ] {
        assert_eq!(changed(other), 1, "{other}");
    }
    let read: Reach = serde_json::from_str(&serde_json::to_string(&base).unwrap()).unwrap();
    assert_eq!(read, base);
}
