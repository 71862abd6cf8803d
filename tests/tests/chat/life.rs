//! The life of `tntc up`: it can be ended in any way, leaves nothing behind, and the next one finds everything.

use crate::said::{alone, founder, greeted};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use tests::{Home, Process, Up, until};

/// Waits until none of these runs any more.
async fn all_gone(processes: &[Process]) {
    until("nothing runs any more", async || {
        let left: Vec<String> = processes.iter().filter(|it| it.is_alive()).map(Process::told).collect();
        left.is_empty().then_some(())
    })
    .await;
}

/// The port at the end of an address.
fn port(address: &str) -> u16 {
    address.rsplit_once(':').unwrap().1.parse().unwrap()
}

async fn ends_well(mut up: Up) {
    let processes = up.processes();
    assert_eq!(up.interrupt().await, Some(0), "{}", up.said());
    assert!(up.has_said("the next `tntc up` finds everything as it was"), "{}", up.said());
    all_gone(&processes).await;
}

#[tokio::test]
async fn killed_it_leaves_no_process_and_the_next_finds_everything() {
    let home = Home::default();
    let mut up = home.up().await;
    let ana = founder(&up).await;
    greeted(&ana.asks("run hello").await);
    let (page, processes) = (up.page().to_owned(), up.processes());
    // The services and, below the server, the sandbox of `hello`.
    assert!(processes.len() > 4, "{processes:?}");
    up.kill().await;
    all_gone(&processes).await;
    assert_eq!(Process::naming(&home.state()), []);

    let up = home.up().await;
    assert_eq!(up.page(), page);
    let again = up.person("ana").await;
    assert!(again.channel().await.len() >= 4, "the channel is as it was");
    // She is still signed in: this is her answer, and no card.
    greeted(&again.asks("run hello").await);
    ends_well(up).await;
    assert_eq!(Process::naming(&home.state()), []);
}

#[tokio::test]
async fn a_second_one_is_told_where_the_first_is() {
    let home = Home::default();
    let up = home.up().await;
    let second = home.tntc(&["up", "--state-dir", home.state().to_str().unwrap()]).await;
    assert_eq!(second.code, Some(1), "{second:?}");
    assert!(second.err.contains("it runs already") && second.err.contains(up.page()), "{second:?}");
    ends_well(up).await;
}

#[tokio::test]
async fn ports_that_are_taken_are_not_used_and_that_is_said() {
    let home = Home::default();
    let up = home.up().await;
    let ana = founder(&up).await;
    drop(ana);
    let (page, workspace, server) = (up.page().to_owned(), port(up.workspace()), port(up.server()));
    ends_well(up).await;

    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, server)).unwrap();
    let up = home.up().await;
    assert!(up.has_said(&format!("port {server}, where the MCP server was, is taken")), "{}", up.said());
    assert_eq!((up.page(), port(up.server()) == server), (page.as_str(), false));
    greeted(&up.person("ana").await.asks("run hello").await);
    ends_well(up).await;
    drop(taken);

    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, workspace)).unwrap();
    let up = home.up().await;
    assert!(up.has_said(&format!("port {workspace}, where your workspace lives, is taken")), "{}", up.said());
    assert!(up.has_said("a second, separate workspace"), "{}", up.said());
    let beside = up.operator(&["enclave", "list"]).await;
    assert!(!beside.out.contains("price-watch"), "{beside:?}");
    ends_well(up).await;
    drop(taken);

    let up = home.up().await;
    assert_eq!(up.page(), page);
    greeted(&up.person("ana").await.asks("run hello").await);
    ends_well(up).await;
}

#[tokio::test]
async fn a_service_that_dies_is_started_again() {
    let home = Home::default();
    let up = home.up().await;
    let ana = founder(&up).await;
    for (service, name) in
        [("kraken-bot", "the Kraken"), ("mcp-server", "the server"), ("workspace", "the workspace")]
    {
        let before = up.service(service).await;
        before.kill();
        let told = format!("{name} was killed by signal 9; it is started again in 1 s.");
        until(&told, async || up.has_said(&told).then_some(())).await;
        until("another one runs", async || (up.service(service).await != before).then_some(())).await;
        up.answers().await;
        greeted(&ana.asks("run hello").await);
    }
    ends_well(up).await;
}

#[tokio::test]
async fn whoever_signs_in_after_the_issuer_has_changed_its_key_is_known() {
    let home = Home::default();
    let up = home.up().await;
    let ana = up.person("ana").await;
    // The Kraken knows the issuer's keys from now on.
    alone(&ana.asks_and_signs_in("whoami").await, &["This channel has no enclave yet."]);
    std::fs::remove_file(key_of_the_issuer(up.folder())).unwrap();
    let before = up.service("workspace").await;
    before.kill();
    until("another one runs", async || (up.service("workspace").await != before).then_some(())).await;
    up.answers().await;
    let ben = up.person("ben").await;
    alone(&ben.asks_and_signs_in("whoami").await, &["This channel has no enclave yet."]);
}

/// Where the issuer of a workspace has its signing key.
fn key_of_the_issuer(folder: &Path) -> PathBuf {
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            match entry.file_type().unwrap().is_dir() {
                true => folders.push(entry.path()),
                false if entry.file_name() == "issuer-key.pem" => return entry.path(),
                false => {}
            }
        }
    }
    panic!("the issuer has no key");
}
