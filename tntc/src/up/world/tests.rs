use super::*;
use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;

const PORTS: Ports = Ports { workspace: 20_001, server: 20_002 };

fn world(dir: &tempfile::TempDir) -> World {
    World::at(dir.path(), PORTS)
}

/// Every file with its mode and content.
fn files(folder: &Path) -> BTreeMap<PathBuf, (u32, Vec<u8>)> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            found.extend(files(&entry.path()));
        } else {
            let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
            found.insert(entry.path(), (mode, std::fs::read(entry.path()).unwrap()));
        }
    }
    found
}

#[test]
fn keys_are_made_once_and_nobody_else_can_read_them() {
    let dir = tempfile::tempdir().unwrap();
    let world = world(&dir);
    assert!(!world.is_old());
    world.prepare().unwrap();
    assert!(world.is_old());
    let first = files(world.folder());
    // Git makes its files as it likes, in a folder that nobody else can enter.
    let git = world.state_repo();
    let mode = std::fs::metadata(&git).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o700);
    let open = first.iter().filter(|(path, (mode, _))| !path.starts_with(&git) && *mode != 0o600);
    assert_eq!(open.map(|(path, _)| path).collect::<Vec<_>>(), [""; 0]);
    world.prepare().unwrap();
    let mut second = files(world.folder());
    // The entry's end is put off at each start; all else stays.
    let glass = world.path("server/break-glass.json");
    assert!(second.remove(&glass).is_some());
    assert_eq!(second, first.into_iter().filter(|(path, _)| *path != glass).collect());
}

#[test]
fn two_worlds_share_no_key() {
    let dir = tempfile::tempdir().unwrap();
    let other = World::at(dir.path(), Ports { workspace: 20_003, ..PORTS });
    for world in [&world(&dir), &other] {
        world.prepare().unwrap();
    }
    for name in [
        "page-secret",
        "kraken/signing-key.pem",
        "server/signing-key.pem",
        "kraken/age-key",
        "break-glass-token",
    ] {
        let read = |world: &World| std::fs::read(world.path(name)).unwrap();
        assert_ne!(read(&world(&dir)), read(&other), "{name}");
    }
}

#[test]
fn the_server_takes_the_keys_and_the_token() {
    let dir = tempfile::tempdir().unwrap();
    let world = world(&dir);
    world.prepare().unwrap();
    wire::signing::SigningKey::read(&world.path("server/signing-key.pem")).unwrap();
    let kraken = wire::signing::SigningKey::read(&world.path("kraken/signing-key.pem")).unwrap();
    let public: serde_json::Value =
        serde_json::from_slice(&std::fs::read(world.path("server/kraken-keys.json")).unwrap()).unwrap();
    assert_eq!(public, kraken.jwks());
    let token = std::fs::read_to_string(world.path("break-glass-token")).unwrap();
    let glass = mcp_server::identity::BreakGlass::new(world.path("server/break-glass.json"));
    assert_eq!(glass.find(token.trim()).unwrap().unwrap().operator, operator());
    let age = std::fs::read_to_string(world.path("kraken/age-key")).unwrap();
    assert!(age.starts_with("AGE-SECRET-KEY-1"));
}

#[test]
fn the_person_at_the_keyboard_may_do_all_that_an_operator_can() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("glass.json");
    std::fs::write(
        &file,
        r#"{"entries":[{"operator":"o","token_sha256":"","scopes":["none"],"not_after":"2100-01-01T00:00:00Z"}]}"#,
    )
    .unwrap();
    let error = mcp_server::identity::BreakGlass::new(file).find(&"x".repeat(32)).unwrap_err().to_string();
    let known = error.split("there are: ").nth(1).unwrap();
    assert_eq!(known.split(", ").collect::<Vec<_>>(), keys::SCOPES);
}
