//! Repositories that somebody made to harm whoever reads them: refused, and nothing of them is ever run.

use crate::archived::{archived, back, give_up};
use crate::git::{HELLO, Team, change, git};
use crate::raw::{
    Entry, FILE, FOLDER, LINK, SUBMODULE, blob, commit, commit_of, entry, folder, root, tentacle,
};
use crate::served::Served;
use git2::{Oid, Repository};
use state_repo::{AtCommit, Base, CommitId, Hostile, Mirror, ProposalBranch, Reviewed, StateError};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

/// What a refusal must be.
type Is = fn(&StateError) -> bool;

/// What makes the root of a repository.
type Made = fn(&Repository) -> Oid;

fn beside(repo: &Repository, more: &[Entry]) -> Oid {
    root(repo, FOLDER, tentacle(repo, more))
}

fn text(repo: &Repository) -> Oid {
    blob(repo, b"touch canary\n")
}

fn named(repo: &Repository, name: impl Into<Vec<u8>>) -> Oid {
    beside(repo, &[entry(FILE, name, text(repo))])
}

/// A folder of hooks and settings, as git has them.
fn own(repo: &Repository) -> Oid {
    let config = blob(repo, b"[core]\n\tfsmonitor = touch canary\n\thooksPath = hooks\n");
    let hooks = folder(repo, &[entry("100755", "post-checkout", text(repo))]);
    folder(repo, &[entry(FILE, "config", config), entry(FOLDER, "hooks", hooks)])
}

/// Folders in folders, each ten times the same: a few objects, and 10^10 files.
fn bomb(repo: &Repository) -> Oid {
    let mut inner = folder(repo, &[entry(FILE, "a", text(repo))]);
    for _ in 0..10 {
        let entries: Vec<Entry> = (0..10).map(|index| entry(FOLDER, format!("d{index}"), inner)).collect();
        inner = folder(repo, &entries);
    }
    inner
}

fn deep(repo: &Repository) -> Oid {
    (0..200).fold(text(repo), |inner, depth| {
        folder(repo, &[entry(if depth == 0 { FILE } else { FOLDER }, "d", inner)])
    })
}

macro_rules! is {
    ($pattern:pat) => {
        |error| matches!(error, StateError::HostileRepository($pattern))
    };
}

/// Every one of them, by what it is called when it is not refused.
fn all() -> Vec<(&'static str, Made, Is)> {
    vec![
        (
            "a link in the tentacle",
            |r| beside(r, &[entry(LINK, "out.ts", blob(r, b"/etc/passwd"))]),
            is!(Hostile::Link { .. }),
        ),
        (
            "a tentacle that is a link",
            |r| root(r, LINK, blob(r, b"../../../../etc")),
            is!(Hostile::Link { .. }),
        ),
        (
            "an enclave that is a link",
            |r| {
                let enclaves = folder(r, &[entry(LINK, "price-watch", blob(r, b"/"))]);
                folder(r, &[entry(FOLDER, "enclaves", enclaves)])
            },
            is!(Hostile::Link { .. }),
        ),
        (
            "a link for all enclaves",
            |r| folder(r, &[entry(LINK, "enclaves", blob(r, b"/"))]),
            is!(Hostile::Link { .. }),
        ),
        (
            "a submodule with a command",
            |r| {
                let modules = blob(r, b"[submodule \"x\"]\n\tpath = x\n\turl = ext::sh -c touch% canary\n\tupdate = !touch canary\n");
                beside(r, &[entry(FILE, ".gitmodules", modules), entry(SUBMODULE, "x", text(r))])
            },
            is!(Hostile::Submodule { .. }),
        ),
        ("a tentacle that is a submodule", |r| root(r, SUBMODULE, text(r)), is!(Hostile::Submodule { .. })),
        ("git's own folder", |r| beside(r, &[entry(FOLDER, ".git", own(r))]), is!(Hostile::GitFolder { .. })),
        (
            "the same in other letters",
            |r| beside(r, &[entry(FOLDER, ".GiT", own(r))]),
            is!(Hostile::GitFolder { .. }),
        ),
        (
            "its short name on Windows",
            |r| beside(r, &[entry(FOLDER, "git~1", own(r))]),
            is!(Hostile::GitFolder { .. }),
        ),
        (
            "the same with what macOS leaves out",
            |r| beside(r, &[entry(FOLDER, ".g\u{200c}it", own(r))]),
            is!(Hostile::GitFolder { .. }),
        ),
        ("a path with a newline", |r| named(r, "a\ntouch canary\n.ts"), is!(Hostile::Path { .. })),
        ("the folder above", |r| named(r, ".."), is!(Hostile::Name { .. })),
        ("this folder", |r| named(r, "."), is!(Hostile::Name { .. })),
        ("a name that is a path", |r| named(r, "../../../../tmp/x"), is!(Hostile::Name { .. })),
        ("a name that is no text", |r| named(r, b"\xff\xfe.ts".to_vec()), is!(Hostile::Name { .. })),
        ("a backslash", |r| named(r, "..\\..\\x"), is!(Hostile::Path { .. })),
        ("a flag for a name", |r| named(r, "--upload-pack=touch canary"), is!(Hostile::Path { .. })),
        ("a stream of Windows", |r| named(r, "a.ts:$DATA"), is!(Hostile::Path { .. })),
        (
            "100,000 files",
            |r| {
                let text = text(r);
                let entries: Vec<Entry> =
                    (0..100_000).map(|index| entry(FILE, format!("f{index:06}.ts"), text)).collect();
                beside(r, &[entry(FOLDER, "nodes", folder(r, &entries))])
            },
            is!(Hostile::TooMany { .. }),
        ),
        (
            "2,000 files in few folders",
            |r| {
                let text = text(r);
                let entries: Vec<Entry> =
                    (0..2_000).map(|index| entry(FILE, format!("f{index:06}.ts"), text)).collect();
                beside(r, &[entry(FOLDER, "nodes", folder(r, &entries))])
            },
            is!(Hostile::TooMany { .. }),
        ),
        (
            "a bomb of folders",
            |r| beside(r, &[entry(FOLDER, "b", bomb(r))]),
            is!(Hostile::TooMany { .. } | Hostile::Path { .. }),
        ),
        ("200 folders deep", |r| beside(r, &[entry(FOLDER, "d", deep(r))]), is!(Hostile::Path { .. })),
        (
            "a packed bomb",
            |r| beside(r, &[entry(FILE, "zeros.ts", blob(r, &vec![0; 200 * 1024 * 1024]))]),
            is!(Hostile::TooLarge { .. }),
        ),
        (
            "names that differ in letters' case",
            |r| beside(r, &[entry(FILE, "A.ts", text(r)), entry(FILE, "a.ts", text(r))]),
            |error| matches!(error, StateError::Bundle(_)),
        ),
        (
            "the same name twice",
            |r| beside(r, &[entry(FILE, "a.ts", text(r)), entry(FILE, "a.ts", blob(r, b"other"))]),
            |error| matches!(error, StateError::Bundle(_)),
        ),
        (
            "a tentacle in two ways of writing",
            |r| {
                let good = tentacle(r, &[]);
                let enclave = folder(r, &[entry(FOLDER, "Hello", good), entry(FOLDER, "hello", good)]);
                let enclaves = folder(r, &[entry(FOLDER, "price-watch", enclave)]);
                folder(r, &[entry(FOLDER, "enclaves", enclaves)])
            },
            is!(Hostile::SameName { .. }),
        ),
        (
            "a file that is no text",
            |r| beside(r, &[entry(FILE, "a.bin", blob(r, b"\xff\xd8\xff\x00"))]),
            is!(Hostile::NotText { .. }),
        ),
        (
            "a file that lies elsewhere",
            |r| {
                let pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n";
                beside(r, &[entry(FILE, "a.ts", blob(r, pointer))])
            },
            is!(Hostile::Elsewhere { .. }),
        ),
        ("a pipe", |r| beside(r, &[entry("10644", "pipe", text(r))]), is!(Hostile::Kind { .. })),
        ("a tentacle that is a file", |r| root(r, FILE, text(r)), is!(Hostile::Kind { .. })),
        ("a folder that is a file", |r| beside(r, &[entry(FOLDER, "nodes", text(r))]), |_| true),
    ]
}

/// Settings and hooks that would leave a canary if anything of git's were run here.
fn trap(bare: &Path, canary: &Path) {
    let touch = format!("touch {}", canary.display());
    for name in [
        "post-checkout",
        "post-merge",
        "pre-receive",
        "update",
        "post-update",
        "reference-transaction",
        "post-rewrite",
    ] {
        let hook = bare.join("hooks").join(name);
        std::fs::write(&hook, format!("#!/bin/sh\n{touch}\n")).unwrap();
        std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    for key in [
        "core.fsmonitor",
        "core.sshCommand",
        "core.gitProxy",
        "core.editor",
        "diff.external",
        "filter.x.clean",
        "filter.x.smudge",
        "uploadpack.packObjectsHook",
        "credential.helper",
    ] {
        git(bare, &["config", key, &format!("!{touch}")]);
    }
    git(bare, &["config", "core.hooksPath", &bare.join("hooks").display().to_string()]);
}

fn read(team: &Team, made: CommitId) -> Result<AtCommit, StateError> {
    team.mirror("copy").tentacle(made, &"price-watch".parse().unwrap(), &"hello".parse().unwrap())
}

#[test]
fn each_hostile_repository_is_refused_and_nothing_of_it_is_run() {
    let all = all();
    assert!(all.len() >= 25, "{}", all.len());
    for (name, made, is) in all {
        let team = Team::empty();
        let canary = team.dir.path().join("canary");
        trap(&team.bare(), &canary);
        let commit = {
            let repo = Repository::open_bare(team.bare()).unwrap();
            let root = made(&repo);
            CommitId::from(commit(&repo, root))
        };
        let refused = read(&team, commit);
        let refused = refused.map(|at| at.files()).expect_err(name);
        assert!(is(&refused), "{name}: {refused:?}");
        let told = refused.to_string();
        assert!(!told.contains('\u{1b}') && told.len() < 4_000, "{name}: {told}");
        assert!(
            matches!(refused, StateError::Bundle(_) | StateError::Git(_)) || refused.next().is_some(),
            "{name}"
        );
        assert!(!canary.exists(), "{name} was run");
    }
}

/// Where others work while all of it is there.
const TEA: &str = "enclaves/other/tea/workflow.yaml";

/// What lies at a path of the branch.
fn lies_at(team: &Team, path: &str) -> Option<Oid> {
    let repo = Repository::open_bare(team.bare()).unwrap();
    let tree = repo.find_commit(team.head().to_string().parse().unwrap()).unwrap().tree().unwrap();
    let object = tree.get_path(Path::new(path)).ok()?;
    (object.filemode() == 0o040_000).then_some(object.id())
}

/// Every kind of write beside what is hostile: a new file, two versions of one, and what others have reviewed.
fn others_work(mirror: &Mirror) -> Result<(), StateError> {
    let first = mirror.publish(&change("tea", &[(TEA, "a: 1\n\n\n\nb: 1\n")]), None)?.commit;
    mirror.publish(&change("a", &[(TEA, "a: 2\n\n\n\nb: 1\n")]), None)?;
    let of_an_older = |path: &str, text: &str| state_repo::Change {
        base: Base::At(first),
        ..change("of an older one", &[(path, text)])
    };
    mirror.publish(&of_an_older(TEA, "a: 1\n\n\n\nb: 2\n"), None)?;
    let of = ("other".parse().unwrap(), "tea".parse().unwrap());
    let newest = mirror.newest(&of.0, &of.1)?.tentacle.unwrap();
    assert_eq!(newest.files()["workflow.yaml"], "a: 2\n\n\n\nb: 2\n");
    let branch = ProposalBranch::new(&of.0, &of.1, "1").unwrap();
    let proposed = change("proposed", &[("enclaves/other/tea/nodes/a.ts", "a\n")]);
    let head = mirror.propose(&proposed, &branch, None)?.commit;
    mirror.publish(&change("meanwhile", &[("enclaves/other/tea/README.md", "x\n")]), None)?;
    let merged_as = mirror.publish(&proposed, None)?.commit;
    let (reference, commits) = (format!("refs/heads/{}", branch.name()), vec![head]);
    let reviewed = Reviewed { reference, head, merged_as, commits };
    assert!(mirror.stands_on(merged_as, (&of.0, &of.1), &reviewed)?.is_some());
    Ok(())
}

#[test]
fn what_is_hostile_stops_nobody_s_writing_and_goes_to_the_archive_and_back_as_it_is() {
    for (name, made, _) in all() {
        // That one no repository takes: whoever would send it cannot read it.
        if name == "a folder that is a file" {
            continue;
        }
        let team = Team::empty();
        let canary = team.dir.path().join("canary");
        trap(&team.bare(), &canary);
        {
            let repo = Repository::open_bare(team.bare()).unwrap();
            let root = made(&repo);
            commit(&repo, root);
        }
        let mirror = team.mirror("copy");
        others_work(&mirror).expect(name);
        let (enclave, hello) =
            (lies_at(&team, "enclaves/price-watch"), lies_at(&team, "enclaves/price-watch/hello"));
        assert_eq!(
            give_up(&mirror, "price-watch", "r-1").expect(name).is_some(),
            enclave.is_some(),
            "{name}"
        );
        assert_eq!(lies_at(&team, "enclaves/price-watch"), None, "{name}");
        assert_eq!(lies_at(&team, "archive/price-watch-2026-03-09"), enclave, "{name}");
        let into = "prices".parse().unwrap();
        let missing = mirror.archived(&archived("price-watch"), &into).expect(name);
        assert_eq!(missing.iter().any(|tentacle| tentacle.as_str() == "hello"), hello.is_some(), "{name}");
        let asked = back("price-watch", &into, &missing, "r-2");
        assert_eq!(mirror.bring_back(&asked, None).expect(name), missing, "{name}");
        assert_eq!(lies_at(&team, "enclaves/prices/hello"), hello, "{name}");
        // Somebody else's way there and back, with all of it beside them.
        give_up(&mirror, "other", "r-3").expect(name).unwrap();
        let tea = mirror.archived(&archived("other"), &into).expect(name);
        assert_eq!(mirror.bring_back(&back("other", &into, &tea, "r-4"), None).expect(name), tea, "{name}");
        assert!(lies_at(&team, "enclaves/prices/tea").is_some(), "{name}");
        assert!(!canary.exists(), "{name} was run");
    }
}

/// Beside the enclaves and what is archived, and not only in them.
#[test]
fn a_name_that_git_would_not_write_stays_where_somebody_put_it() {
    for name in [".git", "..", "."] {
        let team = Team::empty();
        {
            let repo = Repository::open_bare(team.bare()).unwrap();
            let odd = |repo: &Repository| folder(repo, &[entry(FOLDER, name, own(repo))]);
            let (enclaves, archive) = (odd(&repo), odd(&repo));
            let root = [
                entry(FOLDER, name, own(&repo)),
                entry(FOLDER, "archive", archive),
                entry(FOLDER, "enclaves", enclaves),
            ];
            let root = folder(&repo, &root);
            commit(&repo, root);
        }
        let mirror = team.mirror("copy");
        others_work(&mirror).expect(name);
        give_up(&mirror, "other", "r-1").expect(name).unwrap();
        let into = "prices".parse().unwrap();
        let tea = mirror.archived(&archived("other"), &into).expect(name);
        assert_eq!(mirror.bring_back(&back("other", &into, &tea, "r-2"), None).expect(name), tea);
        let repo = Repository::open_bare(team.bare()).unwrap();
        for within in ["", "enclaves", "archive"] {
            let tree = repo.find_commit(team.head().to_string().parse().unwrap()).unwrap().tree().unwrap();
            let tree = if within.is_empty() {
                tree
            } else {
                repo.find_tree(tree.get_name(within).unwrap().id()).unwrap()
            };
            assert!(tree.iter().any(|entry| entry.name_bytes() == name.as_bytes()), "{within}/{name}");
        }
    }
}

#[test]
fn a_good_tentacle_among_traps_is_read_as_it_is() {
    let team = Team::empty();
    let canary = team.dir.path().join("canary");
    trap(&team.bare(), &canary);
    let made = {
        let repo = Repository::open_bare(team.bare()).unwrap();
        let attributes = blob(&repo, b"* filter=x ident export-subst text eol=crlf\n");
        let secrets = folder(&repo, &[entry(FILE, "x.enc.yaml", text(&repo))]);
        let root = beside(
            &repo,
            &[
                entry(FILE, ".gitattributes", attributes),
                entry(FOLDER, ".secrets", secrets),
                entry("100755", "README.md", blob(&repo, b"$Id$ $Format:%H$\r\n")),
            ],
        );
        let made = commit(&repo, root);
        // Beside it: names that would be flags, and one that is no text.
        repo.reference("refs/heads/--upload-pack=touch canary".trim_end_matches(" canary"), made, true, "")
            .unwrap();
        std::fs::write(team.bare().join("refs/heads").join("-x"), format!("{made}\n")).unwrap();
        CommitId::from(made)
    };
    for address in [team.address(), Served::start(&team, None).address()] {
        let copy = team.mirror_of("copy", address);
        let at = copy.tentacle(made, &"price-watch".parse().unwrap(), &"hello".parse().unwrap()).unwrap();
        let files = at.files();
        assert_eq!(files.keys().collect::<Vec<_>>(), ["README.md", "workflow.yaml"]);
        assert_eq!(
            files["README.md"], "$Id$ $Format:%H$\n",
            "no filter has a say, and line endings are Unix's"
        );
        assert_eq!(files["workflow.yaml"], HELLO);
        let same = files.into_iter().map(|(path, text)| (path, text.into_bytes()));
        assert_eq!(at.hash(), workflow::Bundle::new(same).unwrap().content_hash());
        assert!(!canary.exists());
    }
}

/// What a commit says of itself is shown to people, in cards that ask them for something.
#[test]
fn words_that_would_show_another_text_are_shown_without_what_does_that() {
    let team = Team::empty();
    let made = {
        let repo = Repository::open_bare(team.bare()).unwrap();
        let root = beside(&repo, &[]);
        let who = "\u{1b}[2K\u{202e}neB\u{202c}\u{200b} <a@a.example> 1800000000 +0000";
        let words =
            format!("author {who}\ncommitter {who}\n\nfine\u{2066}\u{1b}]0;x\u{7} \r\nApproved by Ana\n");
        CommitId::from(commit_of(&repo, root, &words))
    };
    let committed = read(&team, made).unwrap().committed;
    assert_eq!(
        (committed.author.as_str(), committed.summary.as_str()),
        ("[2KneB", "fine]0;x Approved by Ana")
    );
}

/// A time that is none, an author who is nobody, bytes that are no text, and lines that are none.
#[test]
fn a_commit_that_says_nonsense_of_itself_is_told_or_refused_and_never_more() {
    let team = Team::empty();
    let words = [
        "author A <a@a.example> 99999999999999999999 +0000\ncommitter A <a@a.example> 1 +0000\n\nx\n",
        "author A <a@a.example> -1 +9999\ncommitter A <a@a.example> -1 +9999\n\nx\n",
        "author <> 1 +0000\ncommitter <> 1 +0000\n\nx\n",
        "author A\ncommitter A\n\nx\n",
        "committer A <a@a.example> 1 +0000\n\nx\n",
        "encoding utf-7\nauthor A <a@a.example> 1 +0000\ncommitter A <a@a.example> 1 +0000\n\n\u{0}x\n",
        "parent 0000000000000000000000000000000000000001\nauthor A <a@a.example> 1 +0000\ncommitter A <a@a.example> 1 +0000\n\nx\n",
        "",
    ];
    for (number, words) in words.into_iter().enumerate() {
        let made = {
            let repo = Repository::open_bare(team.bare()).unwrap();
            let root = beside(&repo, &[]);
            CommitId::from(commit_of(&repo, root, words))
        };
        let copy = team.mirror(&format!("copy{number}"));
        match copy.tentacle(made, &"price-watch".parse().unwrap(), &"hello".parse().unwrap()) {
            Ok(at) => {
                assert!(at.committed.author.len() < 80 && !at.committed.summary.contains('\0'), "{words}")
            }
            Err(error) => {
                assert!(matches!(error, StateError::Git(_) | StateError::Remote(_)), "{words}: {error:?}")
            }
        }
    }
}

#[test]
fn a_branch_that_is_no_commit_is_refused() {
    let team = Team::empty();
    let id = {
        let repo = Repository::open_bare(team.bare()).unwrap();
        blob(&repo, b"x")
    };
    std::fs::write(team.bare().join("refs/heads/main"), format!("{id}\n")).unwrap();
    assert!(matches!(team.mirror("copy").fetch(), Err(StateError::Git(_))));
    assert!(matches!(read(&team, CommitId::from(id)), Err(StateError::Git(_))));
}
