//! What people are told by `up`: what is about to be done, where everything is, and what went wrong.

use super::child::Ended;
use super::world::{World, operator};
use crate::output::{plain, tell, write};
use anstyle::{AnsiColor, Style};
use std::path::{Path, PathBuf};
use std::time::Duration;

const BOLD: Style = Style::new().bold();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();

/// Says something on standard output. Where nobody reads it, there is nobody to tell that to.
fn say(text: &str) {
    let _ = write(&format!("{text}\n"));
}

fn warn(text: &str) {
    tell(&format!("{WARNING}note:{WARNING:#} {}", plain(text)));
}

/// The workspace's port is taken.
pub(super) fn beside(home: u16, other: u16) {
    warn(&format!(
        "port {home}, where your workspace lives, is taken by another program (`ss -ltnp` shows which).\n\
         People are known by the address where they sign in, so the workspace cannot move: under another address its \
         owners would be strangers to it.\n\
         It waits untouched and is back when the port is free. Until then this is a second, separate workspace at port \
         {other}."
    ));
}

/// The server's port is taken.
pub(super) fn server_moved(from: u16, to: u16) {
    warn(&format!(
        "port {from}, where the MCP server was, is taken by another program, so it is at port {to} now; tell your MCP \
         clients."
    ));
}

/// What is about to be done.
pub(super) fn beginning(world: &World) {
    let place = short(world.folder());
    say(&if world.is_old() {
        format!("{BOLD}Tentacular{BOLD:#}, from {place}")
    } else {
        format!(
            "{BOLD}Tentacular{BOLD:#}, new in {place}\n  making keys for the Kraken, the server and the page, and \
             emergency access for {}",
            operator()
        )
    });
}

/// A service is about to be started.
pub(super) fn starting(name: &str) {
    say(&format!("  starting {name}"));
}

/// Everything runs; `elsewhere` is the state folder where it was chosen by a flag, and `repo` the state repo.
pub(super) fn running(world: &World, elsewhere: Option<&Path>, repo: Option<&str>) {
    let page = world.page().unwrap_or_else(|| world.workspace());
    let program = program();
    let token = short(&world.path("break-glass-token"));
    say(&format!(
        "\nOpen this address; the secret in it lets your browser in:\n\n  {BOLD}{page}{BOLD:#}\n\n\
         MCP server   {server}/mcp\n\
         a token      {program} up token ana{there}     (or ben, cy, gil; good for five minutes)\n\
         as operator  export TENTACULAR_SERVER={server} TENTACULAR_BREAK_GLASS={token}\n             {program} enclave list\n\
         state        {state}\n\
         in git       git clone {repo}     (what the Kraken commits and the server deploys)\n\
         logs         {logs}\n\n\
         Ctrl-C ends all of it.",
        there = elsewhere.map_or_else(String::new, |folder| format!(" --state-dir {}", short(folder))),
        server = world.server(),
        state = short(world.folder()),
        repo = repo.map_or_else(|| short(&world.state_repo()).into(), plain),
        logs = short(&world.path("logs")),
    ));
}

/// A service died and will be started again.
pub(super) fn died(name: &str, ended: &Ended, pause: Duration) {
    let last = ended.last_words.last().map_or_else(String::new, |last| format!(" It said last: {last}"));
    warn(&format!("{name} {}; it is started again in {} s.{last}", ended.how, pause.as_secs()));
}

/// All of it is about to be ended.
pub(super) fn ending() {
    say("\nEnding …");
}

/// A service has ended.
pub(super) fn ended_one(name: &str, ended: &Ended) {
    say(&format!("  {name} {}", ended.how));
}

/// It was asked twice.
pub(super) fn at_once() {
    say("Ending at once.");
}

/// Nothing runs any more.
pub(super) fn ended() {
    say("Nothing runs any more; the next `tntc up` finds everything as it was.");
}

/// A path as a shell takes it, with `~` for the home folder.
fn short(path: &Path) -> String {
    let home = std::env::var_os("HOME").map(PathBuf::from).filter(|home| home.is_absolute());
    let below =
        home.and_then(|home| path.strip_prefix(home).ok().map(|below| format!("~/{}", below.display())));
    below.unwrap_or_else(|| path.display().to_string())
}

/// This program, as it was called.
fn program() -> String {
    std::env::args().next().unwrap_or_else(|| "tntc".to_owned())
}
