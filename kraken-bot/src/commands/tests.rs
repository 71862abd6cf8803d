//! What each command can answer, for the snapshot.

use super::*;
use crate::asked::Stop;
use crate::command::Lately;
use crate::live::shown::Shown as Progress;
use crate::reply::refusal;
use crate::slack::envelope::Card;
use crate::state::StateStop;
use crate::tests::{
    Shown, compared, deployed, entry, history as past, info, message, run as ran, sample, tentacle, version,
    with, words,
};
use crate::working_copy::WorkingCopyError;
use deploy::{committed, reviewed};
use serde_json::{Value, json};
use state_repo::{Committed, Conflict, Leak, RemoteError, StateError, Versions};
use status::layers::{self, Layers};
use std::path::Path;
use uuid::Uuid;
use wire::client::Told;
use wire::step::{NodeState, NodeStep};
use wire::tools::state::StateWord;
use wire::{Failure, FailureCode};
use workflow::scaffold::Scaffold;
use workflow::{EnclaveName, TentacleName};

fn hello() -> TentacleName {
    "hello".parse().unwrap()
}

fn prices() -> EnclaveName {
    "prices".parse().unwrap()
}

fn told(stop: Stop) -> String {
    match stop {
        Stop::Told(words) => words,
        Stop::Refused(failure) => refusal(&failure),
        other => panic!("{other}"),
    }
}

pub(crate) fn all() -> Vec<Shown> {
    let groups =
        [enclave(), people(), modes(), files(), deploys(), runs(), tentacles(), what_failed(), oneself()];
    groups.into_iter().flatten().collect()
}

fn enclave() -> Vec<Shown> {
    let made = json!({
        "name": "prices", "status": "active", "quota_preset": "small", "owner": "Ana Sousa", "members": [],
        "mode": "rwxrwx---", "mode_meaning": "members can edit, visitors see nothing", "resources_created": [],
        "not_enforced": [],
    });
    let gap = json!({"not_enforced": ["memory is not limited"]});
    let had = json!({"before": {"name": "price-watch", "removed_on": "2026-03-09"}});
    let bad: Result<EnclaveName, _> = "Café!".parse();
    let gone = |count: u64| json!({"name": "prices", "deleted": true, "tentacles_removed": count});
    let state = |by: Value| json!({"name": "prices", "status": "active", "frozen_by": by});
    let report = |arrived: Value, gone: Value| json!({"taken": true, "arrived": arrived, "gone": gone});
    let words_of = [
        (StateWord::InSync, "what is in git runs"),
        (StateWord::NotDeployed, "it is in git, and does not run"),
        (StateWord::OtherSecrets, "its secrets in git are others than those that it runs with"),
        (StateWord::RemovedInGit, "it was removed in git and still runs"),
        (StateWord::ChangedByHand, "somebody changed it where it runs, with `kubectl-edit`"),
        (StateWord::Renamed, "in git it is called `tea`"),
    ];
    let entry_of =
        |(state, says): (StateWord, &str)| sample(json!({"name": "hello", "state": state, "says": says}));
    let mut lines: Vec<_> = words_of.into_iter().filter_map(|it| layers::apart(entry_of(it))).collect();
    lines.push(layers::in_work(hello()));
    lines.push(layers::draft(hello()));
    let apart = Layers { apart: lines, unknown: false };
    let unknown = Layers { unknown: true, ..Layers::default() };
    let no_tentacles: [wire::tools::tentacle::TentacleEntry; 0] = [];
    let offered = set_up::told(&with(made.clone(), had.clone()), Some(("E1", "UANA")));
    let offered = Card { text: offered.plain(), blocks: offered.blocks(None) };
    let used = crate::clicks::settled(&offered, "UANA").unwrap();
    vec![
        message("set up this channel", &set_up::told(&sample(made.clone()), None)),
        message(
            "set up this channel: it had an enclave before",
            &set_up::told(&with(made.clone(), had.clone()), None),
        ),
        message(
            "set up this channel: what it had can come back",
            &set_up::told(&with(made.clone(), had), Some(("E1", "UANA"))),
        ),
        message("set up this channel: what it had has come back", &used),
        message("the button for what it had", &bring_back::told(&prices(), &[hello()])),
        message("the button for what it had: there is nothing", &bring_back::told(&prices(), &[])),
        message(
            "set up this channel: something is not enforced",
            &set_up::told(&with(made, gap.clone()), None),
        ),
        words("set up this channel: its name cannot be an enclave's", set_up::no_name(&bad.unwrap_err())),
        message(
            "status: without tentacles",
            &status::enclave_told(&sample(info()), &no_tentacles, &Layers::default()),
        ),
        message(
            "status: three tentacles, frozen by all who can",
            &status::enclave_told(
                &with(
                    info(),
                    json!({"frozen_by": ["owner", "operator", "archive"], "not_enforced": ["memory is not limited"]}),
                ),
                &[
                    sample(tentacle()),
                    with(tentacle(), json!({"name": "tea", "ready": false, "description": ""})),
                    with(
                        tentacle(),
                        json!({"name": "milk", "ready": false, "version": "", "deployed_by": ""}),
                    ),
                ],
                &Layers::default(),
            ),
        ),
        message("status: nothing agrees", &status::enclave_told(&sample(info()), &no_tentacles, &apart)),
        message("status: git is away", &status::enclave_told(&sample(info()), &no_tentacles, &unknown)),
        message("freeze", &freeze::told(&prices())),
        message("unfreeze", &unfreeze::told(&sample(state(json!([]))))),
        message("unfreeze: an operator's freeze stays", &unfreeze::told(&sample(state(json!(["operator"]))))),
        message("set secret: asks", &set_secret::question(&"shop.key".parse().unwrap(), "Ev1")),
        message("set secret: not the owner", &set_secret::not_the_owner("Ana Sousa")),
        message(
            "set secret: done",
            &set_secret::told(&sample(json!({"enclave": "prices", "name": "shop.key", "status": "set"}))),
        ),
        words("set secret: the value is gone", set_secret::GONE),
        message("shut down: asks", &shut_down::question("prices", false, "Ev1")),
        message("shut down: another name was typed", &shut_down::question("prices", true, "Ev1")),
        message("shut down: done", &shut_down::told(&sample(gone(0)))),
        message("shut down: done, with a tentacle", &shut_down::told(&sample(gone(1)))),
        message("shut down: done, with several", &shut_down::told(&sample(gone(3)))),
        words("shut down: goes on", shut_down::words().going),
        words("shut down: has ended", shut_down::words().ended()),
        words("shut down: nobody knows", shut_down::words().lost()),
        message("sync: nothing new", &sync::told(&sample(report(json!([]), json!([]))))),
        message("sync: put right", &sync::told(&sample(report(json!(["Cy Lund"]), json!(["Ben Okafor"]))))),
        words("sync: Slack is away", sync::NO_SLACK),
        words("sync: the Kraken is not there", sync::NOT_HERE),
        message("transfer: asks", &transfer::question("UBEN", "Ev1")),
        message("transfer: offered", &transfer::offered_told(&prices(), "UBEN")),
        message(
            "transfer: taken",
            &transfer::told(&sample(json!({"enclave": "prices", "accepted": true, "from": "Ana Sousa"}))),
        ),
        message(
            "transfer: declined",
            &transfer::told(&sample(json!({"enclave": "prices", "accepted": false, "from": "Ana Sousa"}))),
        ),
    ]
}

fn people() -> Vec<Shown> {
    let synced = |transfers: Value| json!({"name": "prices", "updated": [], "transfers": transfers, "enclave": info()});
    let passed = json!([{"tentacle_name": "tea", "from_owner": "Ben Okafor", "to_owner": "Ana Sousa", "success": true}]);
    let (ben, both) = (vec!["UBEN".to_owned()], vec!["UBEN".to_owned(), "UGIL".to_owned()]);
    let asked = |before: bool| json!({"enclave": "prices", "owner": "Ana Sousa", "asked_before": before});
    let decided = |allowed: bool| json!({"enclave": "prices", "person": "Gil Reis", "allowed": allowed});
    let denied = Failure::new(FailureCode::Denied, "you may not run `hello`")
        .with_remedy("the owner, Ana Sousa, can let you in");
    vec![
        message("members: for the owner", &members::told(&sample(info()))),
        message("members: for a member", &members::told(&with(info(), json!({"your_class": "member"})))),
        message("add", &add::told(&sample(synced(json!([]))), &both, &[])),
        message(
            "add: somebody could not be invited",
            &add::told(&sample(synced(json!([]))), &ben, &["<@UBEN>".to_owned()]),
        ),
        message("remove a person", &remove::told(&sample(synced(passed)), &ben)),
        message("remove several people", &remove::told(&sample(synced(json!([]))), &both)),
        message("changes need review", &review::told(&prices(), true)),
        message("changes need no review", &review::told(&prices(), false)),
        message("new members are welcome", &enrollment::told(&prices(), true)),
        message("new members need approval", &enrollment::told(&prices(), false)),
        message(
            "a refusal of somebody who may ask to be let in",
            &crate::slack::blocks::Message::new(refusal(&denied)).buttons(&[join::button()]),
        ),
        message("ask to join", &join::asked_told(&sample(asked(false)))),
        message("ask to join: again", &join::asked_told(&sample(asked(true)))),
        message("let in", &join::told(&sample(decided(true)), None)),
        message("let in, and brought into the channel", &join::told(&sample(decided(true)), Some(true))),
        message("let in, and not brought into it", &join::told(&sample(decided(true)), Some(false))),
        message("not let in", &join::told(&sample(decided(false)), None)),
    ]
}

fn modes() -> Vec<Shown> {
    let odd = json!({"mode": "rwxr-x--x", "preset": null, "mode_meaning": "members can see and run, visitors can run"});
    let set = |mode: &str| json!({"name": "hello", "enclave": "prices", "namespace": "prices", "before": "rwx------", "mode": mode});
    vec![
        message("set mode: for the owner", &choose_mode::enclave_told(&sample(info()))),
        message(
            "set mode: for a member",
            &choose_mode::enclave_told(&with(info(), json!({"your_class": "member"}))),
        ),
        message("set mode of a tentacle", &choose_mode::tentacle_told(&sample(tentacle()))),
        message(
            "set mode of a tentacle: no preset holds",
            &choose_mode::tentacle_told(&with(tentacle(), json!({"mode": "rwxr-x--x"}))),
        ),
        message("set mode PRESET", &set_mode::told(&sample(info()))),
        message("set mode: no preset holds", &set_mode::told(&with(info(), odd))),
        words("set mode: a slip", told(set_mode::known("member-edti", "set mode MODE").unwrap_err())),
        words(
            "set mode: nothing like a mode",
            told(set_mode::known("whatever", "set mode MODE").unwrap_err()),
        ),
        message("set size: for the owner", &set_size::present(&sample(info()))),
        message("set size: for a member", &set_size::present(&with(info(), json!({"your_class": "member"})))),
        message("set size to SIZE", &set_size::told(&sample(info()))),
        message(
            "set size: one that is not known here",
            &set_size::told(&with(info(), json!({"quota_preset": "huge"}))),
        ),
        words("set size: a slip", told(set_size::known("lareg").unwrap_err())),
        words("set size: nothing like a size", told(set_size::known("whatever").unwrap_err())),
        message("set mode of a tentacle to PRESET", &set_tentacle_mode::told(&sample(set("rwx------")))),
        message(
            "set mode of a tentacle: one of another release",
            &set_tentacle_mode::told(&sample(set("odd"))),
        ),
    ]
}

fn files() -> Vec<Shown> {
    let written = Scaffold::Hello.files(&hello());
    let lost = |error| told(new::not_written(error));
    vec![
        message("new", &new::told(&hello(), &written, Path::new("/home/ana/tentacles/prices/hello"))),
        words("new: there are files already", lost(WorkingCopyError::AlreadyThere(hello()))),
        words("deploy: there are no files", lost(WorkingCopyError::NotThere(hello()))),
        words(
            "deploy: a file that cannot be",
            lost(WorkingCopyError::File("a.png".into(), "it is not UTF-8 text")),
        ),
        words("deploy: a link", lost(WorkingCopyError::File("a".into(), "it is a link, not a file"))),
        words("deploy: an odd name", lost(WorkingCopyError::File("a".into(), "its name is not UTF-8"))),
        words("deploy: too much", lost(WorkingCopyError::TooMuch(hello()))),
        words(
            "new, deploy: the disk fails",
            lost(WorkingCopyError::Disk(std::io::Error::other("it is full"))),
        ),
    ]
}

fn deploys() -> Vec<Shown> {
    let fixtures = |passed: u64, drift: Value| json!({"fixtures": {"passed": passed, "drift": drift}});
    let reach = ["it may send to api.example.com on port 443", "code of package left-pad is part of it"];
    let many: Vec<String> =
        (0..60).map(|number| format!("code of package {number:060} is part of it")).collect();
    let question = |changes: Value, page: Value| {
        json!({
            "approval": {"id": Uuid::nil(), "changes": changes, "owner": "Ana Sousa", "page": page, "expires_at": "2026-07-01T09:30:00Z"},
            "missing_secrets": ["shop-token"],
        })
    };
    let decided = |approved: bool| {
        sample(json!({
            "approval": Uuid::nil(), "enclave": "prices", "tentacle": "hello", "version": "sha256:1f2e3d4c5b6a",
            "approved": approved, "asked_by": "Ben Okafor", "asked_by_you": false, "changes": reach,
        }))
    };
    let leak = |path: &str, line: usize| Leak { path: path.to_owned(), line, kind: "a token of GitHub" };
    let a_commit = Committed {
        commit: "1f2e3d4c5b6a1f2e3d4c5b6a1f2e3d4c5b6a1f2e".parse().unwrap(),
        at: "2026-07-01T09:30:00Z".parse().unwrap(),
        summary: "hello: change nodes/hello.ts".to_owned(),
        author: "Ana Sousa".to_owned(),
    };
    let conflict = |files: usize| Conflict {
        files: (1..=files)
            .map(|number| Versions {
                path: format!("nodes/hello{number}.ts"),
                theirs: Some(b"one <way>".to_vec()),
                ours: (number == 1).then(|| b"another".to_vec()),
            })
            .collect(),
    };
    let refused = Failure::new(FailureCode::Invalid, "the test `empty` failed").with_remedy("change it");
    let proposed = |state: &str| {
        json!({
            "enclave": "prices", "name": "hello", "number": 12, "url": "https://github.example/team/state/pull/12",
            "title": "hello: change nodes/hello.ts", "state": state, "head": "1f2e3d4c", "approved_by": [], "wants_changes": [],
            "checks": {"are": "absent"}, "missing": "nobody else has approved its newest commit",
        })
    };
    let approved = json!({"approved_by": ["ben"], "checks": {"are": "passed"}, "missing": null});
    let away = StateError::Remote(RemoteError::Unreachable("connection refused".to_owned()));
    vec![
        words("deploy: no enclave", deploy::NO_ENCLAVE),
        words("deploy: goes on", deploy::words(&hello()).going),
        words("deploy: has ended", deploy::words(&hello()).ended()),
        message("deploy: done", &deploy::told(&sample(deployed()))),
        message("deploy: a test passed", &deploy::told(&with(deployed(), fixtures(1, json!([]))))),
        message(
            "deploy: tests passed, one differs, and something is not enforced",
            &deploy::told(&with(
                deployed(),
                json!({
                    "fixtures": {"passed": 3, "drift": ["`empty` answers more than it expects"]},
                    "not_enforced": ["memory is not limited"],
                }),
            )),
        ),
        message("deploy: in git", &committed::from_git(&sample(deployed()), &a_commit)),
        message(
            "deploy: at GitHub",
            &committed::from_git(
                &sample(with(
                    deployed(),
                    json!({"commit_page": "https://github.com/team/state/commit/1f2e3d4c"}),
                )),
                &a_commit,
            ),
        ),
        words("deploy: it was removed in git", committed::removed(&hello())),
        words("deploy: the copy fails", committed::NO_COPY),
        words("deploy: it has secrets", committed::leaked(&[leak("nodes/hello.ts", 3), leak("notes.md", 1)])),
        words("deploy: both sides changed a file", committed::in_conflict(&conflict(1))),
        words("deploy: both sides changed three", committed::in_conflict(&conflict(3))),
        words("deploy: committed and refused", committed::committed_and_refused(&refused, &a_commit.summary)),
        words("deploy: both sides changed many", committed::in_conflict(&conflict(5))),
        words("deploy: git is away", told(committed::not_carried(&StateStop::Repo(away)))),
        message("deploy: nothing new", &deploy::told(&with(deployed(), json!({"status": "unchanged"})))),
        message(
            "deploy: the owner must approve",
            &deploy::told(&with(
                deployed(),
                question(json!(reach), json!("https://server.example/approve/1")),
            )),
        ),
        message(
            "deploy: more to approve than fits",
            &deploy::told(&with(deployed(), question(json!(many), Value::Null))),
        ),
        message("deploy: waits for a review", &reviewed::standing(&sample(proposed("open")))),
        message(
            "deploy: waits for a review, and checks are running",
            &reviewed::standing(&with(proposed("open"), json!({"checks": {"are": "running"}}))),
        ),
        message(
            "deploy: one wants something changed",
            &reviewed::standing(&with(
                proposed("open"),
                json!({
                    "approved_by": ["ben"], "wants_changes": ["cleo"], "checks": {"are": "failed", "which": ["tntc", "lint"]},
                    "missing": "cleo wants something changed",
                }),
            )),
        ),
        message(
            "deploy: approved, and not merged yet",
            &reviewed::standing(&with(proposed("open"), approved.clone())),
        ),
        message(
            "deploy: reviewed and merged",
            &reviewed::standing(&with(proposed("merged"), approved.clone())),
        ),
        message(
            "deploy: done after a review",
            &deploy::told(&sample(deployed())).note(reviewed::from(&with(proposed("merged"), approved))),
        ),
        message(
            "deploy: approved, and nobody knows whose it is",
            &reviewed::standing(&with(
                proposed("open"),
                json!({"approved_by": ["ben"], "missing": "GitHub does not know whose its commits are"}),
            )),
        ),
        message("deploy: a review has ended", &reviewed::standing(&sample(proposed("closed")))),
        words("deploy: the change was given up", reviewed::given_up(&sample(proposed("closed")))),
        message("approve: done", &approve::told(&decided(true))),
        message("refuse: done", &approve::told(&decided(false))),
        message("the card, approved", &approve::settled(&decided(true), "Ana Sousa")),
        message("the card, refused", &approve::settled(&decided(false), "Ana Sousa")),
    ]
}

fn runs() -> Vec<Shown> {
    let failed = json!({"success": false, "output": {"errors": {"fetch": "the shop did not answer"}}});
    let silent = json!({"success": false, "output": {}});
    let odd = json!({"success": false, "output": {"errors": {"fetch": 1}}});
    let many: Vec<Value> = (0..40).map(|number| json!({"price": number})).collect();
    let step = |node: &str, state| Told {
        message: String::new(),
        step: Some(NodeStep { node: node.into(), state }),
    };
    let later = |seconds| tokio::time::Instant::now() + std::time::Duration::from_secs(seconds);
    let deploying = Progress::new(deploy::words(&hello()).going);
    let mut progress = Progress::new(run::words(&hello()).going);
    let failed_once = |again| NodeState::Failed { error: "the shop did not answer".into(), again };
    progress.hear(step("fetch", NodeState::Finished { duration_ms: 312 }));
    progress.hear(step("parse", NodeState::Started { attempt: 1 }));
    progress.hear(step("ask", NodeState::Started { attempt: 2 }));
    progress.hear(step("look", failed_once(true)));
    progress.hear(step("store", failed_once(false)));
    progress.hear(step("tell", NodeState::Skipped));
    progress.hear(Told { message: "waiting for a free place".into(), step: None });
    let mut long = Progress::new(run::words(&hello()).going);
    (0..42).for_each(|node| long.hear(step(&format!("n{node}"), NodeState::Skipped)));
    vec![
        words("run: goes on", run::words(&hello()).going),
        message("run: goes on, node by node", &progress.message_at(later(12))),
        message("deploy: goes on for a while", &deploying.message_at(later(125))),
        message("run: goes on, with more nodes than fit", &long.message()),
        words("run: has ended", run::words(&hello()).ended()),
        words("run: nobody knows", run::words(&hello()).lost()),
        message("run: answered", &run::told(&sample(ran()))),
        message("run: answered nothing", &run::told(&with(ran(), json!({"output": {}})))),
        message(
            "run: answered more than fits",
            &run::told(&with(
                ran(),
                json!({"output": {"outputs": {"a": {"found": many, "ok": true, "late": false}}}, "duration_ms": 125_000}),
            )),
        ),
        message("run: failed", &run::told(&with(ran(), failed))),
        message("run: failed without a word", &run::told(&with(ran(), silent))),
        message("run: failed with what is no text", &run::told(&with(ran(), odd))),
    ]
}

fn tentacles() -> Vec<Shown> {
    let last = json!({
        "last_run": {"started_at": "2026-07-01T09:30:00Z", "duration_ms": 312, "success": true, "by": "Ben Okafor"},
        "in_flight": 1, "deployed_by": "Ben Okafor",
    });
    let failed = json!({
        "last_run": {"started_at": "2026-07-01T09:30:00Z", "duration_ms": 312, "success": false, "by": "Ben Okafor"},
        "in_flight": 2, "ready": false, "not_enforced": ["memory is not limited"],
    });
    let logs = |lines: Value, truncated: bool| {
        sample(json!({
            "name": "hello", "enclave": "prices", "namespace": "prices", "pod": "", "container": "", "lines": lines,
            "truncated": truncated,
        }))
    };
    let runs = |runs: Value, cursor: Value| {
        sample(json!({
            "name": "hello", "enclave": "prices", "namespace": "prices", "runs": runs, "deploys": [], "next_cursor": cursor,
        }))
    };
    let deploys = |deploys: Value, cursor: Value| {
        sample(json!({
            "name": "hello", "enclave": "prices", "namespace": "prices", "runs": [], "deploys": deploys, "next_cursor": cursor,
        }))
    };
    let failed_deploy = version(0, "not in git", false);
    let back = |put_back: Value| json!({"name": "hello", "enclave": "prices", "namespace": "prices", "version": "sha256:1f2e3d4c", "put_back": put_back});
    let several = json!([
        past("succeeded", None),
        past("failed", Some("the shop did not answer")),
        past("missed", None),
        past("skipped", None)
    ]);
    vec![
        message("status of a tentacle: never run", &status::tentacle_told(&sample(tentacle()))),
        message(
            "status of a tentacle: never deployed to its end",
            &status::tentacle_told(&with(tentacle(), json!({"version": "", "deployed_by": ""}))),
        ),
        message("status of a tentacle: has run", &status::tentacle_told(&with(tentacle(), last))),
        message("status of a tentacle: failed", &status::tentacle_told(&with(tentacle(), failed))),
        message("logs: none", &logs::told(&hello(), &logs(json!([]), false))),
        message("logs", &logs::told(&hello(), &logs(json!(["09:30:00 hello: greeting Ana"]), false))),
        message(
            "logs: one line of more",
            &logs::told(&hello(), &logs(json!(["09:30:00 hello: greeting Ana"]), true)),
        ),
        message("logs: more than fits", &logs::told(&hello(), &logs(json!(["one", "two"]), true))),
        message("versions: none", &versions::told(&hello(), &deploys(json!([]), Value::Null))),
        message(
            "versions: one",
            &versions::told(&hello(), &deploys(json!([version(1, "not in git", true)]), Value::Null)),
        ),
        message(
            "versions: more than fit",
            &versions::told(
                &hello(),
                &deploys(
                    json!([
                        version(5, "hello: greet in the morning", false),
                        version(4, "hello: look twice a day.", true),
                        failed_deploy,
                        version(3, "not in git", false),
                    ]),
                    json!("c"),
                ),
            ),
        ),
        message("put back", &put_back::told(&sample(back(json!(["one"]))))),
        message("put back: nothing was different", &put_back::told(&sample(back(json!([]))))),
        words("roll back: no git", roll_back::NO_GIT),
        words("roll back: somebody works on the files", roll_back::IN_WORK),
        words("roll back: not on record", roll_back::not_on_record(&hello(), 3)),
        words(
            "roll back: it needs secrets",
            roll_back::lacks_secrets(3, &["shop.key".to_owned(), "db.password".to_owned()]),
        ),
        words("roll back: it was not in git", roll_back::not_in_git(3)),
        message("compare: the same", &compare::told(&with(compared(), json!({"from": "sha256:b"})))),
        message("compare", &compare::told(&sample(compared()))),
        message(
            "compare: nothing new is reached, and it is long",
            &compare::told(&with(
                compared(),
                json!({"reach_added": [], "reach_removed": [], "params": [], "truncated": true, "from_number": null}),
            )),
        ),
        message("history: none", &history::told(&hello(), &runs(json!([]), Value::Null))),
        message("history", &history::told(&hello(), &runs(several.clone(), Value::Null))),
        message("history: more than fits", &history::told(&hello(), &runs(several, json!("c")))),
        message(
            "give",
            &give::told(
                &sample(
                    json!({"name": "hello", "enclave": "prices", "namespace": "prices", "from": "Ana Sousa", "to": "Ben Okafor"}),
                ),
                "UBEN",
            ),
        ),
        message("remove a tentacle: asks", &remove_tentacle::question(&hello(), "Ev1")),
        message("remove a tentacle: done", &remove_tentacle::told(&hello())),
    ]
}

fn what_failed() -> Vec<Shown> {
    let at = |text: &str| text.parse::<jiff::Timestamp>().unwrap();
    let asking = |lately, offset| failed::Asking {
        lately,
        time: (at("2026-06-30T18:00:00Z"), at("2026-07-01T18:00:00Z")),
        offset,
    };
    let run = |outcome: &str, error: Option<&str>| sample(past(outcome, error));
    let failure = || run("failed", Some("the shop did not answer"));
    let health =
        |name: &str, status: &str, reason: &str| -> (EnclaveName, wire::tools::health::HealthEntry) {
            (prices(), sample(json!({"name": name, "status": status, "reason": reason})))
        };
    let looked = |all: Vec<(&str, Vec<wire::tools::history::RunEntry>)>| {
        let mut looked = failed::Looked::default();
        for (name, runs) in all {
            looked.take((prices(), name.parse().unwrap()), runs, asking(Lately::Day, 0).time);
        }
        looked
    };
    let well = looked(vec![("hello", vec![run("succeeded", None)])]);
    let idle = looked(vec![("hello", vec![])]);
    let mut missed = looked(vec![
        ("hello", vec![run("missed", None), failure(), failure(), run("succeeded", None)]),
        ("tea", vec![run("missed", None)]),
        ("ink", vec![failure()]),
    ]);
    (missed.left_out, missed.hidden) = (40, 3);
    missed.odd =
        vec![health("tea", "red", "it does not start"), health("oil", "amber", "its trigger is off")];
    missed.since = vec![(hello(), at("2026-07-01T09:30:00Z"))];
    let mut several = looked(vec![("hello", vec![run("succeeded", None), failure()]), ("tea", vec![])]);
    several.hidden = 1;
    let hidden = failed::Looked { hidden: 2, ..failed::Looked::default() };
    let many: Vec<String> = (0..30).map(|number| format!("t{number}")).collect();
    let many = looked(many.iter().map(|name| (name.as_str(), vec![failure()])).collect());
    let told = |looked: &failed::Looked, lately, offset, direct| {
        failed::told(looked, asking(lately, offset), direct)
    };
    vec![
        message("what failed: nothing is there", &told(&looked(vec![]), Lately::Day, 0, false)),
        message("what failed: nothing that may be seen", &told(&hidden, Lately::Day, 0, false)),
        message("what failed: nothing", &told(&well, Lately::Day, 0, false)),
        message("what failed today: nothing has run", &told(&idle, Lately::Today, 0, false)),
        message("what failed yesterday, in a channel", &told(&several, Lately::Yesterday, 0, false)),
        message("what failed last night, in a direct message", &told(&missed, Lately::LastNight, 7200, true)),
        message("what failed: more than fits", &told(&many, Lately::Day, 0, true)),
    ]
}

fn oneself() -> Vec<Shown> {
    let me = json!({
        "kind": "person", "issuer": "i", "subject": "s", "name": "Ana Sousa", "email": "ana@example.com", "client": "kraken",
        "accounts": [],
    });
    let standing = json!({"enclave": {"name": "prices", "class": "owner", "told": "you are the owner of `prices`", "may_ask_to_join": false}});
    let nobody = json!({"name": null, "email": null});
    let yes = json!({
        "action": "run", "allowed": true, "verdict": "you may run `hello`",
        "steps": ["you are a member of `prices`", "its mode lets members run"],
    });
    let no = json!({"action": "run", "allowed": false, "verdict": "you may not run `hello`", "steps": [], "remedy": "the owner, Ana Sousa, can let you in"});
    let help = |direct, has_model| match help::run(direct, has_model) {
        Answer::Aloud(told) | Answer::Whisper(told) => told,
        Answer::Shown => crate::slack::blocks::Message::new("nothing, which is wrong"),
    };
    let of_another: Value = with(entry(), json!({"name": "teas", "your_class": "member"}));
    let entries: Vec<wire::tools::enclave::EnclaveEntry> = vec![sample(entry()), sample(of_another)];
    vec![
        message("help, in a channel", &help(false, false)),
        message("help, in a channel, where there is a model", &help(false, true)),
        message("help, in a direct message", &help(true, false)),
        message("help, in a direct message, where there is a model", &help(true, true)),
        message("whoami, in a channel", &whoami::told(&with(me.clone(), standing), false)),
        message("whoami, where there is no enclave", &whoami::told(&sample(me.clone()), false)),
        message("whoami, in a direct message, without a name", &whoami::told(&with(me, nobody), true)),
        message("why: yes", &why::told(&sample(yes))),
        message("why: no", &why::told(&sample(no))),
        message("enclaves", &enclaves::told(&entries)),
        message("enclaves: none", &enclaves::told(&[])),
        message("logout", &logout::told(true)),
        message("logout: not signed in", &logout::told(false)),
        message("unlink: in a direct message", &unlink::question("e")),
        message("unlink", &unlink::told(&sample(json!({"accounts": [], "passed_on": []})))),
        message(
            "unlink: what they owned",
            &unlink::told(&sample(json!({"accounts": [], "passed_on": ["prices", "teas"]}))),
        ),
    ]
}
