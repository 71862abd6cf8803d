//! A repository by SSH: the real `sshd` with git's own programs behind it, and hosts that are not who they should be.

use crate::git::{Team, change, git, main_branch, put};
use crate::sshd::{Sshd, key, public, run};
use state_repo::{Credentials, Mirror, Place, RemoteError, RepoAddress, StateError, WorkingClone};
use std::io::Read as _;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

fn at(sshd: &Sshd, path: &Path) -> RepoAddress {
    sshd.address(path).parse().unwrap()
}

/// What a service is started with: a key, and what is known of hosts.
fn opens(team: &Team, key: &Path, known: &str) -> std::io::Result<Credentials> {
    let hosts = team.dir.path().join("known_hosts");
    std::fs::write(&hosts, known).unwrap();
    Credentials::read(key, Some(&hosts))
}

fn mirror(team: &Team, name: &str, address: RepoAddress, opens: Credentials) -> Mirror {
    let place = Place { address, branch: main_branch(), credentials: Some(opens) };
    Mirror::open(&team.dir.path().join(name), place).unwrap()
}

fn refused(mirror: &Mirror) -> RemoteError {
    let refused = match mirror.fetch() {
        Err(StateError::Remote(refused)) => Ok(refused),
        other => Err(other),
    };
    refused.unwrap()
}

#[test]
fn what_goes_over_http_goes_over_ssh() {
    let team = Team::new();
    let sshd = Sshd::start(team.dir.path(), "sshd", "");
    let kraken = team.dir.path().join("kraken");
    let open = |name: &str, known: &str| {
        mirror(&team, name, at(&sshd, &team.bare()), opens(&team, &kraken, known).unwrap())
    };
    // Two services, and somebody with plain git between their looks.
    let (one, two) = (open("one", &sshd.known()), open("two", &sshd.known()));
    one.fetch().unwrap();
    two.fetch().unwrap();
    let first = one.publish(&change("one", &[("enclaves/a/one/x.md", "x")]), None).unwrap();
    assert_eq!(team.head(), first.commit);
    let clone = team.clone_of("plain");
    put(&clone, "enclaves/a/plain/x.md", &"plain\n".repeat(20_000));
    git(&clone, &["add", "."]);
    git(&clone, &["commit", "--quiet", "-m", "plain"]);
    git(&clone, &["push", "--quiet", "origin", "main"]);
    // It lost the race, and its commit goes on top.
    two.publish(&change("two", &[("enclaves/a/two/x.md", "x")]), None).unwrap();
    assert_eq!(team.subjects(), ["two", "plain", "one", "begin"]);
    git(&team.bare(), &["fsck", "--strict"]);
    // Somebody's own clone, whose origin is by SSH: `tntc state push`.
    let origin = at(&sshd, &team.bare()).to_string();
    git(&clone, &["remote", "set-url", "origin", &origin]);
    put(&clone, "enclaves/a/plain/y.md", "y");
    let mine = WorkingClone::discover(&clone).unwrap();
    mine.commit("mine", None).unwrap();
    let keyless = mine.push(None, None).unwrap_err();
    assert!(matches!(keyless, StateError::Remote(RemoteError::NoKey)), "{keyless:?}");
    assert!(mine.push(Some(opens(&team, &kraken, &sshd.known()).unwrap()), None).unwrap().1);
    assert_eq!(team.subjects()[0], "mine");
    // A name that `ssh-keygen -H` has hidden is found too.
    let hosts = team.dir.path().join("hashed");
    std::fs::write(&hosts, sshd.known()).unwrap();
    run(Command::new("ssh-keygen").args(["-q", "-H", "-f"]).arg(&hosts));
    let hashed = std::fs::read_to_string(&hosts).unwrap();
    assert!(hashed.starts_with("|1|"), "{hashed}");
    open("three", &hashed).fetch().unwrap();
}

#[test]
fn pushes_that_lose_the_race_are_made_again() {
    const EACH: usize = 6;
    let team = Team::new();
    let sshd = Sshd::start(team.dir.path(), "sshd", "MaxStartups 100");
    let kraken = team.dir.path().join("kraken");
    let opened = opens(&team, &kraken, &sshd.known()).unwrap();
    std::thread::scope(|scope| {
        for who in ["one", "two", "three"] {
            let mirror = mirror(&team, who, at(&sshd, &team.bare()), opened.clone());
            scope.spawn(move || {
                for turn in 0..EACH {
                    let path = format!("enclaves/{who}/t{turn}/workflow.yaml");
                    mirror.publish(&change(&format!("{who} {turn}"), &[(&path, "x")]), None).unwrap();
                }
            });
        }
    });
    assert_eq!(team.subjects().len(), 3 * EACH + 1);
    assert_eq!(git(&team.bare(), &["rev-list", "--merges", "main"]), "");
}

#[test]
fn a_host_that_is_not_known_or_shows_another_key_is_told_nothing() {
    let team = Team::new();
    let sshd = Sshd::start(team.dir.path(), "sshd", "");
    let kraken = team.dir.path().join("kraken");
    let other = key(team.dir.path(), "other", "ed25519");
    let ask = |known: &str| {
        let opened = opens(&team, &kraken, known).unwrap();
        refused(&mirror(&team, "copy", at(&sshd, &team.bare()), opened))
    };
    let place = format!("[127.0.0.1]:{}", sshd.port);
    for unknown in [String::new(), format!("127.0.0.1 {}", sshd.host_key()), format!("* {}", sshd.host_key())]
    {
        assert_eq!(ask(&unknown), RemoteError::HostUnknown(place.clone()), "{unknown}");
    }
    let elliptic = key(team.dir.path(), "elliptic", "ecdsa");
    let changed = [
        format!("{place} {}", public(&other)),
        format!("{place} {}", public(&elliptic)),
        format!("{}@revoked {place} {}", sshd.known(), sshd.host_key()),
    ];
    for changed in &changed {
        assert_eq!(ask(changed), RemoteError::HostChanged(place.clone()), "{changed}");
    }
    let told = RemoteError::HostChanged(place).to_string();
    assert!(told.contains("shows another key"), "{told}");
    // Nobody has shown a key there.
    let log = std::fs::read_to_string(sshd.folder.join("log")).unwrap();
    assert!(!log.contains("Accepted") && !log.contains("Failed publickey"), "{log}");
    // Nothing was learnt, either: the file is as it was written.
    assert_eq!(std::fs::read_to_string(team.dir.path().join("known_hosts")).unwrap(), changed[2]);
    std::fs::remove_file(team.dir.path().join("known_hosts")).unwrap();
    let opened = opens(&team, &kraken, "").unwrap();
    std::fs::remove_file(team.dir.path().join("known_hosts")).unwrap();
    let gone = refused(&mirror(&team, "copy", at(&sshd, &team.bare()), opened));
    assert!(matches!(gone, RemoteError::KnownHosts(_)), "{gone:?}");
}

#[test]
fn a_key_that_opens_nothing_and_a_repository_that_is_not_there_are_told() {
    let team = Team::new();
    let sshd = Sshd::start(team.dir.path(), "sshd", "");
    let kraken = team.dir.path().join("kraken");
    let stranger = key(team.dir.path(), "stranger", "ed25519");
    let opened = opens(&team, &stranger, &sshd.known()).unwrap();
    let wrong = refused(&mirror(&team, "copy", at(&sshd, &team.bare()), opened));
    assert!(matches!(wrong, RemoteError::KeyRefused(_)), "{wrong:?}");
    let nowhere = at(&sshd, Path::new("/nowhere/state.git"));
    let gone = refused(&mirror(&team, "copy", nowhere, opens(&team, &kraken, &sshd.known()).unwrap()));
    assert_eq!(gone, RemoteError::NotThere);
    // Keys that are of no use are said so when they are read.
    let rsa = key(team.dir.path(), "rsa", "rsa");
    let told = opens(&team, &rsa, "").unwrap_err().to_string();
    assert!(told.contains("ssh-rsa") && told.contains("ssh-keygen -t ed25519"), "{told}");
    let closed = team.dir.path().join("closed");
    run(Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "hunter2", "-f"]).arg(&closed));
    assert!(opens(&team, &closed, "").unwrap_err().to_string().contains("passphrase"));
    assert!(Credentials::read(&kraken, None).unwrap_err().to_string().contains("known"));
    // Which flags go together.
    let hosts = team.dir.path().join("known_hosts");
    let read =
        |address: &str, file: Option<&Path>| Place::read(address, "main", file, Some(&hosts)).map(drop);
    assert!(read("git@git.example:s.git", None).unwrap_err().to_string().contains("--state-known-hosts"));
    assert!(read("https://git.example/s.git", Some(&kraken)).is_err());
    read("git@git.example:s.git", Some(&kraken)).unwrap();
    drop(sshd);
    let elsewhere: RepoAddress = "ssh://git@127.0.0.1:1/s.git".parse().unwrap();
    let away = refused(&mirror(&team, "copy", elsewhere, opens(&team, &kraken, "").unwrap()));
    assert!(matches!(away, RemoteError::Unreachable(_)), "{away:?}");
}

/// What a server does instead of git's program, and what is said of it.
#[test]
fn a_server_that_ends_or_talks_of_other_things_is_told() {
    let team = Team::new();
    let git_hosts = [
        ("echo 'ERROR: Repository not found.' >&2; exit 1", RemoteError::NotThere),
        ("echo 'ERROR: this key is read only' >&2; exit 1", RemoteError::Forbidden),
        ("echo 'out of disk' >&2; exit 3", RemoteError::Ended("out of disk".to_owned())),
        ("exit 0", RemoteError::Ended(String::new())),
    ];
    for (turn, (instead, expected)) in git_hosts.into_iter().enumerate() {
        let sshd = Sshd::start(team.dir.path(), &format!("sshd{turn}"), &format!("ForceCommand {instead}"));
        let opened = opens(&team, &team.dir.path().join("kraken"), &sshd.known()).unwrap();
        assert_eq!(refused(&mirror(&team, "copy", at(&sshd, &team.bare()), opened)), expected, "{instead}");
    }
    let sshd = Sshd::start(team.dir.path(), "endless", "ForceCommand yes");
    let opened = opens(&team, &team.dir.path().join("kraken"), &sshd.known()).unwrap();
    assert!(mirror(&team, "copy", at(&sshd, &team.bare()), opened).fetch().is_err());
}

/// A host that takes the connection and then says nothing: whoever asks is told, and goes on.
#[test]
fn a_server_that_stalls_is_given_up() {
    let team = Team::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let silent = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        // Until the other side has gone.
        let mut heard = Vec::new();
        let _ = stream.read_to_end(&mut heard);
        heard
    });
    let kraken = key(team.dir.path(), "kraken", "ed25519");
    let address: RepoAddress = format!("ssh://git@127.0.0.1:{port}/s.git").parse().unwrap();
    let given_up = refused(&mirror(&team, "copy", address, opens(&team, &kraken, "").unwrap()));
    assert_eq!(given_up, RemoteError::TooSlow);
    assert!(silent.join().unwrap().starts_with(b"SSH-2.0-"));
}
