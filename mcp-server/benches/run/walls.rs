//! What the walls cost by themselves: a program in them, and the same program behind the plain tool that builds them.

use super::server::{Walls, engine, program};
use super::{at, sorted};
use mcp_server::SandboxKind;
use mcp_server::backend::{Alone, Laid, Tools};
use std::process::{Command, Stdio};
use std::time::Instant;
use workflow::{ENVIRONMENT, Limits};

const STARTS: usize = 30;

/// Deno, which says one word. It is first output and end at once: the program ends as soon as it has said it.
const SAYS: [&str; 2] = ["eval", "console.log('here')"];

/// From the start to what it says and its end, in turns with the plain tool. Both see what they see for reading alone, are their own
/// user, and have no network; ours is held by control groups, by a filter of system calls and by limits besides. It is given both
/// processors, because what a share of one makes of a program is not what its walls cost.
pub(super) async fn alone(walls: Walls) {
    let folder = tempfile::tempdir().unwrap();
    let (code, plan) = (folder.path().join("code"), folder.path().join("plan.json"));
    std::fs::create_dir(&code).unwrap();
    std::fs::write(&plan, "{}").unwrap();
    let laid = Laid { engine: engine(), code, plan, modules: None };
    let kind = match walls {
        Walls::Bwrap => SandboxKind::Bwrap,
        Walls::Runsc => SandboxKind::Runsc,
    };
    let tools = Tools {
        sandbox: kind,
        deno: program("TENTACULAR_DENO"),
        runsc: Some(program("TENTACULAR_RUNSC")),
        bwrap: Some(program("TENTACULAR_BWRAP")),
    };
    let own = Alone::open(&folder.path().join("own"), &tools).await.unwrap();
    let limits = Limits { cpu_millis: 2_000, ..Limits::default() };
    let words = |deno: &str| [&[deno], &SAYS[..]].concat().into_iter().map(str::to_owned).collect::<Vec<_>>();
    let (mut ours, mut plain) = (Vec::new(), Vec::new());
    for number in 0..STARTS + 3 {
        let began = Instant::now();
        let said = own.run(&laid, &limits, words("/bin/deno")).await.unwrap();
        let took = began.elapsed().as_secs_f64() * 1e3;
        assert_eq!(said.stdout, b"here\n", "{}", String::from_utf8_lossy(&said.stderr));
        let beside = behind_the_tool(walls);
        if number >= 3 {
            ours.push(took);
            plain.push(beside);
        }
    }
    own.end().await;
    let (ours, plain) = (at(&sorted(ours), 50), at(&sorted(plain), 50));
    println!(
        r#"{{"name":"a program that says one word in our walls","walls":"{}","value":{ours:.1},"unit":"ms","behind_the_plain_tool_ms":{plain:.1},"times_that":{:.2}}}"#,
        walls.name(),
        ours / plain,
    );
}

/// Deno behind the plain tool.
pub(super) fn plain(walls: Walls) -> Command {
    let mut command = match walls {
        Walls::Bwrap => {
            let mut bwrap = Command::new(program("TENTACULAR_BWRAP"));
            bwrap.args(["--unshare-all", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"]);
            bwrap
        }
        Walls::Runsc => {
            let mut runsc = Command::new(program("TENTACULAR_RUNSC"));
            runsc.args(["--network=none", "--ignore-cgroups", "do"]);
            runsc
        }
    };
    // What Deno does for itself is to be the same.
    command.arg(program("TENTACULAR_DENO")).env_clear().envs(ENVIRONMENT);
    command
}

/// How many milliseconds it takes there to say the word.
fn behind_the_tool(walls: Walls) -> f64 {
    let mut command = plain(walls);
    command.args(SAYS).stdin(Stdio::null()).stderr(Stdio::piped());
    let began = Instant::now();
    let ended = command.output().unwrap();
    let took = began.elapsed().as_secs_f64() * 1e3;
    assert_eq!(ended.stdout, b"here\n", "{}", String::from_utf8_lossy(&ended.stderr));
    took
}
