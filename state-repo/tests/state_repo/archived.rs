//! An enclave that was given up, and its tentacles that come back.

use crate::git::{Team, change, git};
use state_repo::{Archived, Author, BroughtBack, GivenUp, Mirror, Published, StateError, Trailers};
use std::collections::BTreeSet;
use workflow::{EnclaveName, TentacleName};

const ON: jiff::civil::Date = jiff::civil::date(2026, 3, 9);

fn author(name: &str) -> Author {
    Author { name: name.to_owned(), email: format!("{name}@team.example") }
}

pub(crate) fn give_up(
    mirror: &Mirror,
    enclave: &str,
    request: &str,
) -> Result<Option<Published>, StateError> {
    let enclave = enclave.parse().unwrap();
    mirror.give_up(&GivenUp { enclave, on: ON, by: author("server"), request: request.to_owned() })
}

pub(crate) fn archived(enclave: &str) -> Archived {
    Archived { enclave: enclave.parse().unwrap(), on: ON }
}

pub(crate) fn back(
    enclave: &str,
    into: &EnclaveName,
    tentacles: &[TentacleName],
    request: &str,
) -> BroughtBack {
    BroughtBack {
        from: archived(enclave),
        into: into.clone(),
        tentacles: tentacles.iter().cloned().collect::<BTreeSet<_>>(),
        author: author("ana"),
        committer: author("kraken"),
        trailers: Trailers { request: Some(request.to_owned()), ..Trailers::default() },
    }
}

fn files(team: &Team) -> Vec<String> {
    git(&team.bare(), &["ls-tree", "-r", "--name-only", "main"]).lines().map(str::to_owned).collect()
}

#[test]
fn what_was_archived_comes_back_once_and_what_is_there_stays() {
    let team = Team::new();
    let mirror = team.mirror("copy");
    // Two of one day: the newest counts.
    give_up(&mirror, "price-watch", "r-1").unwrap().unwrap();
    let later = [
        ("enclaves/price-watch/enclave.yaml", "of the old one\n"),
        ("enclaves/price-watch/hello/workflow.yaml", "name: hello\nversion: 9\n"),
        ("enclaves/price-watch/hello/.env.example", "beside\n"),
        ("enclaves/price-watch/tea/workflow.yaml", "name: tea\n"),
    ];
    mirror.publish(&change("later", &later), None).unwrap();
    give_up(&mirror, "price-watch", "r-2").unwrap().unwrap();
    let into: EnclaveName = "prices".parse().unwrap();
    mirror.publish(&change("anew", &[("enclaves/prices/tea/workflow.yaml", "newer\n")]), None).unwrap();
    let missing = mirror.archived(&archived("price-watch"), &into).unwrap();
    assert_eq!(missing.iter().map(TentacleName::as_str).collect::<Vec<_>>(), ["hello"]);
    // Nobody is asked about what was not decided on: `tea` was not, and nothing is moved without a name.
    assert!(
        mirror
            .bring_back(&back("price-watch", &into, &["tea".parse().unwrap()], "r-3"), None)
            .unwrap()
            .is_empty()
    );
    let asked = back("price-watch", &into, &missing, "r-4");
    assert_eq!(mirror.bring_back(&asked, None).unwrap(), missing);
    assert_eq!(
        files(&team),
        [
            "archive/price-watch-2026-03-09-2/enclave.yaml",
            "archive/price-watch-2026-03-09-2/tea/workflow.yaml",
            "archive/price-watch-2026-03-09/hello/workflow.yaml",
            "enclaves/prices/hello/.env.example",
            "enclaves/prices/hello/workflow.yaml",
            "enclaves/prices/tea/workflow.yaml",
        ]
    );
    let moved = git(&team.bare(), &["show", "main:enclaves/prices/hello/workflow.yaml"]);
    assert_eq!(moved, "name: hello\nversion: 9\n");
    assert_eq!(git(&team.bare(), &["show", "main:enclaves/prices/tea/workflow.yaml"]), "newer\n");
    assert_eq!(git(&team.bare(), &["log", "-1", "--format=%an|%cn", "main"]).trim(), "ana|kraken");
    let head = team.head();
    // The same request once more, as after a crash, says the same and commits nothing; another one finds nothing.
    assert_eq!(mirror.bring_back(&asked, None).unwrap(), missing);
    assert!(mirror.archived(&archived("price-watch"), &into).unwrap().is_empty());
    assert!(mirror.bring_back(&back("price-watch", &into, &missing, "r-5"), None).unwrap().is_empty());
    assert_eq!(team.head(), head);
    git(&team.bare(), &["fsck", "--strict"]);
    // Where there is no commit yet there is no archive.
    assert!(Team::empty().mirror("copy").archived(&archived("price-watch"), &into).unwrap().is_empty());
}
