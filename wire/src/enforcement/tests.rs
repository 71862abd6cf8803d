use super::*;

/// The list as `docs/backends.md` shows it.
fn table() -> String {
    let shown = |held: &Held| match held {
        Held::Enforced(by) => by.clone().into_owned(),
        Held::Relies(by, on) => format!("{by}. **Unseen**: {on}"),
        Held::Gap(why) => format!("**Gap**: {why}"),
    };
    let walls = [Walls::Kubernetes, Walls::Runsc, Walls::Bwrap];
    let heads: Vec<&str> = walls.iter().map(|walls| walls.name()).collect();
    let mut table = format!("| property | {} |\n|---|---|---|---|\n", heads.join(" | "));
    for property in Property::ALL {
        let cells: Vec<String> = walls.iter().map(|walls| shown(&list::held(*walls, property))).collect();
        table.push_str(&format!("| {}: {} | {} |\n", property.name(), property.means(), cells.join(" | ")));
    }
    table
}

#[test]
fn the_document_shows_the_list_as_it_is() {
    let document =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/backends.md")).unwrap();
    let table = table();
    assert!(document.contains(&table), "docs/backends.md is to have this table:\n\n{table}");
    for sentence in Walls::ALL.iter().flat_map(|walls| walls.refuses()) {
        assert!(document.contains(sentence), "docs/backends.md is to say: {sentence}");
    }
    let simulator = Enforcement::of(Walls::Simulator).not_enforced();
    assert!(document.contains(&format!("The simulator: {}.", simulator.join("; "))), "{simulator:?}");
}

#[test]
fn every_property_is_listed_once_and_says_why_or_by_what() {
    let mut names: Vec<&str> = Property::ALL.iter().map(|property| property.name()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), Property::ALL.len());
    for walls in Walls::ALL {
        let enforcement = Enforcement::of(walls);
        let listed: Vec<Property> = enforcement.iter().map(|(property, _)| property).collect();
        assert_eq!(listed, Property::ALL);
        for (property, held) in enforcement.iter() {
            let (has_by, has_but) = (!held.by().is_empty(), !held.but().is_empty());
            let told = match held {
                Held::Enforced(_) => has_by && !has_but,
                Held::Relies(..) => has_by && has_but,
                Held::Gap(_) => !has_by && has_but,
            };
            assert!(told, "{walls:?} {property:?}");
        }
    }
}

#[test]
fn what_is_not_enforced_is_said_once_for_each_reason() {
    assert_eq!(
        Enforcement::of(Walls::Bwrap).without(Property::ProcessLimit, "no group counts them").not_enforced(),
        [
            "kernel: a tentacle calls this machine's own kernel, through a filter; a fault in what the filter lets through is a \
             way out",
            "processes: no group counts them",
        ]
    );
    assert_eq!(
        Enforcement::of(Walls::Simulator).not_enforced(),
        ["everything: it is a simulator, which runs no code"]
    );
    let nothing =
        Enforcement::nothing("machine", "tentacles do not run here: no sandbox").noting("no gateway");
    assert_eq!(nothing.not_enforced(), ["everything: tentacles do not run here: no sandbox", "no gateway"]);
    let told = Enforcement::of(Walls::Kubernetes).not_enforced();
    assert!(
        told.contains(
            &"open files, mapped memory: one process has no limit of its own: the sandbox's memory limit holds"
                .to_owned()
        )
    );
    assert!(told.iter().any(|told| told.starts_with("network, names: whether")), "{told:?}");
}
