use super::*;
use workflow::scaffold;

/// A new tentacle on disk.
fn hello() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for file in scaffold::hello(&"hello".parse().unwrap()) {
        write(&dir, file.path, &file.text);
    }
    dir
}

fn write(dir: &tempfile::TempDir, path: &str, text: impl AsRef<[u8]>) {
    let path = dir.path().join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn refused(dir: &tempfile::TempDir) -> String {
    match Folder::read(dir.path()).and_then(|folder| folder.texts()) {
        Ok(_) => panic!("it was taken"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn a_new_tentacle_is_read_whole() {
    let folder = Folder::read(hello().path()).unwrap();
    assert_eq!(folder.workflow.name.as_str(), "hello");
    let texts = folder.texts().unwrap();
    assert!(texts.contains_key("workflow.yaml") && texts.contains_key("nodes/hello.ts"));
}

#[test]
fn hidden_files_stay_at_home() {
    let dir = hello();
    let before = Folder::read(dir.path()).unwrap().bundle.content_hash();
    write(&dir, ".env", "PASSWORD=1");
    write(&dir, ".git/config", "[remote]");
    write(&dir, "nodes/.secrets.yaml", "a: b");
    let after = Folder::read(dir.path()).unwrap();
    assert_eq!(after.bundle.content_hash(), before);
    assert!(after.texts().unwrap().keys().all(|path| !path.contains("/.") && !path.starts_with('.')));
}

/// `tntc state status` compares the folder as it lies on the disk with what is committed.
#[test]
fn what_lies_beside_a_tentacle_is_no_difference_to_what_is_committed() {
    let dir = tempfile::tempdir().unwrap();
    let author = state_repo::Author { name: "Ana".to_owned(), email: "ana@team.example".to_owned() };
    let root = dir.path().join("state");
    state_repo::init(&root, &author).unwrap();
    let settings = fs::read_to_string(root.join(".git/config")).unwrap();
    fs::write(root.join(".git/config"), settings + "[user]\n\tname = Ana\n\temail = ana@team.example\n")
        .unwrap();
    let (enclave, tentacle) = ("price-watch".parse().unwrap(), "hello".parse().unwrap());
    let put = |path: &str, text: &str| write(&dir, &format!("state/enclaves/price-watch/hello/{path}"), text);
    for file in scaffold::hello(&tentacle) {
        put(file.path, &file.text);
    }
    let clone = state_repo::WorkingClone::discover(&root).unwrap();
    let folder = clone.folder(&enclave, &tentacle);
    let same = || {
        let disk = Folder::bundle(&folder).unwrap().content_hash();
        Some(disk) == clone.committed(&enclave, &tentacle).unwrap()
    };
    assert!(!same());
    clone.commit("hello", None).unwrap();
    assert!(same());
    for path in [
        "scratch/x.ts",
        "nodes/scratch/x.ts",
        "node_modules/x/index.js",
        "nodes/hello.ts~",
        "hello.swp",
        "nodes/.hello.ts.swp",
        ".env",
        ".DS_Store",
        ".secrets/shop.yaml",
    ] {
        put(path, "export const x = 1;\n");
        assert!(same(), "{path}");
        let again = clone.commit("again", None);
        assert!(matches!(again, Err(state_repo::StateError::Nothing)), "{path}: {again:?}");
        assert!(same(), "{path}");
    }
    put("nodes/more.ts", "export const x = 1;\n");
    assert!(!same());
    clone.commit("more", None).unwrap();
    assert!(same());
}

#[test]
fn links_are_not_followed() {
    let dir = hello();
    std::os::unix::fs::symlink("/etc/hostname", dir.path().join("nodes/host.ts")).unwrap();
    assert!(refused(&dir).contains("host.ts` is a link"));
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    let dir = hello();
    let text = fs::read_to_string(dir.path().join("workflow.yaml")).unwrap();
    write(&dir, "workflow.yaml", text + "\nbogus: 1\n");
    let told = refused(&dir);
    assert!(told.starts_with("workflow.yaml:") && told.contains("bogus"), "{told}");
}

#[test]
fn what_is_no_text_is_named() {
    let dir = hello();
    write(&dir, "logo.png", [0x89, 0x50, 0x00, 0xff]);
    assert!(refused(&dir).starts_with("`logo.png` is not a text"));
}

#[test]
fn a_folder_without_end_is_not_read_to_its_end() {
    let dir = hello();
    for number in 0..=2 * Bundle::MOST_FILES {
        write(&dir, &format!("more/{number}.txt"), "");
    }
    assert!(refused(&dir).contains("holds more than a tentacle can"));
    let large = hello();
    write(&large, "large.txt", vec![b'a'; Bundle::MOST_BYTES + 1]);
    assert!(refused(&large).contains("large.txt` holds more"));
}

#[test]
fn what_is_not_there_is_named() {
    assert!(matches!(Folder::read(Path::new("/nonexistent/hello")), Err(FolderError::Io { .. })));
}
