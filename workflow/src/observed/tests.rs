use super::*;
use crate::reach::{Contact, Reach};
use crate::sandbox::{Facts, derive};

const TWO: &str = r#"
name: buyer
version: "1.0"
triggers: [{type: manual}]
nodes:
  ask: {path: nodes/ask.ts, description: Asks, uses: [shop]}
  tell: {path: nodes/tell.ts, description: Tells}
contract:
  version: "1"
  dependencies:
    shop: {protocol: https, host: shop.example, auth: {type: api-token, secret: shop.key}}
    db: {protocol: postgresql, host: db.example, database: d, user: u}
"#;

const ONE: &str = r#"
name: buyer
version: "1.0"
triggers: [{type: manual}]
nodes:
  ask: {path: nodes/ask.ts, description: Asks}
"#;

fn read(text: &str) -> Workflow {
    Workflow::parse(text.as_bytes()).unwrap()
}

/// `node by name protocol host port`, with `-` for what is not there.
fn attempt(line: &str) -> Attempt {
    let words: Vec<&str> = line.split(' ').collect();
    let word = |at: usize| Some(words[at].to_owned()).filter(|word| word != "-");
    Attempt {
        node: words[0].to_owned(),
        by: words[1].to_owned(),
        name: word(2),
        protocol: word(3),
        host: word(4),
        port: word(5).map(|port| port.parse().unwrap()),
        allowed: false,
        reason: None,
    }
}

fn attempts(lines: &[&str]) -> Vec<Attempt> {
    lines.iter().map(|line| attempt(line)).collect()
}

#[test]
fn the_smallest_contract_is_what_was_asked_for_and_no_more() {
    let asked = attempts(&[
        "tell fetch - https canary.example 443",
        "tell fetch - https canary.example 443",
        "ask ctx.fetch tea http www.tea.example 8080",
        "tell fetch - http www.tea.example 8080",
        "ask Deno.connect - tcp canary.example 7000",
        "tell ctx.fetch books - - -",
        "tell Deno.connect - tcp db.example 5432",
        "tell ctx.secret shop.key - - -",
        "ask fetch - https shop.example 443",
    ]);
    let workflow = read(TWO);
    let proposal = Proposal::of(&workflow, &asked);
    let lines = proposal.lines(&workflow);
    assert_eq!(
        lines,
        [
            "nodes:",
            "  ask:",
            "    uses: [canary-2, shop, tea]",
            "  tell:",
            "    uses: [books, canary, db, shop, tea]",
            "contract:",
            "  dependencies:",
            "    books: {protocol: https, host: \"?\"}",
            "    canary: {protocol: https, host: canary.example}",
            "    canary-2: {protocol: tcp, host: canary.example, port: 7000}",
            "    tea: {protocol: http, host: www.tea.example, port: 8080}",
        ]
    );
    assert_eq!(proposal.without_host().map(PartName::as_str).collect::<Vec<_>>(), ["books"]);
    let shop: PartName = "shop".parse().unwrap();
    assert_eq!(proposal.findings[8], Finding::Waits(shop.clone()));
    assert_eq!(proposal.findings[7], Finding::Lacks(shop));
}

#[test]
fn a_single_node_needs_no_uses_and_a_first_contract_its_version() {
    let workflow = read(ONE);
    let proposal = Proposal::of(&workflow, &attempts(&["ask fetch - https 7up.example 443"]));
    let lines = proposal.lines(&workflow);
    let expected = [
        "contract:",
        "  version: \"1\"",
        "  dependencies:",
        "    host-7up: {protocol: https, host: 7up.example}",
    ];
    assert_eq!(lines, expected);
    let with_them = format!("{ONE}{}\n", lines.join("\n"));
    assert_eq!(
        Proposal::of(&read(&with_them), &attempts(&["ask fetch - https 7up.example 443"])).lines(&workflow),
        [""; 0]
    );
    assert_eq!(Proposal::of(&workflow, &[]).lines(&workflow), [""; 0]);
}

#[test]
fn what_no_contract_lets_through_is_said_and_not_proposed() {
    let asked = attempts(&[
        "ask Deno.connect - tcp 127.0.0.1 3128",
        "ask fetch - https 169.254.169.254 443",
        "ask fetch - http metadata.internal 80",
        "ask Deno.connect - tcp mail.example 25",
        "ask WebSocket - ws feed.example 80",
        "ask fetch - https evil.example},x:{ 443",
        "ask ctx.fetch __proto__ - - -",
        "ask ctx.secret other.key - - -",
        "nobody fetch - https shop.example 443",
        "ask fetch - gopher shop.example 443",
    ]);
    let workflow = read(ONE);
    let proposal = Proposal::of(&workflow, &asked);
    for (attempt, finding) in asked.iter().zip(&proposal.findings) {
        assert!(matches!(finding, Finding::Never(_)), "{attempt:?} {finding:?}");
    }
    assert_eq!(proposal.lines(&workflow), [""; 0]);
}

#[test]
fn what_was_not_asked_for_is_unused() {
    let workflow = read(TWO);
    let ask: PartName = "ask".parse().unwrap();
    let unused = |attempts: &[Attempt], carried: &[&str]| {
        let carried = carried.iter().map(|place| (*place).to_owned()).collect();
        workflow.unused_by(&ask, attempts, &carried).len()
    };
    assert_eq!(unused(&[], &["db.example:5432"]), 1);
    assert_eq!(unused(&attempts(&["tell ctx.fetch shop - - -"]), &[]), 1, "another node's");
    for used in
        ["ask ctx.fetch shop - - -", "ask ctx.secret shop.key - - -", "ask fetch - https shop.example 443"]
    {
        assert_eq!(unused(&attempts(&[used]), &[]), 0, "{used}");
    }
    assert_eq!(unused(&[], &["shop.example:443"]), 0);
}

#[test]
fn a_sandbox_is_held_to_what_was_approved() {
    let facts = || Facts {
        enclave: "price-watch".parse().unwrap(),
        version: format!("sha256:{}", "0".repeat(64)).parse().unwrap(),
    };
    let wide = TWO
        .replace("uses: [shop]", "uses: [shop, db]")
        .replace("description: Tells", "description: T, uses: [shop]");
    let sandbox = derive(&read(&wide), &facts()).unwrap();
    let approved = Reach::of(&read(TWO));
    let held = sandbox.within(&approved);
    let narrow = derive(&read(TWO), &facts()).unwrap();
    assert_eq!((&held.egress, &held.secrets, &held.reach), (&narrow.egress, &narrow.secrets, &narrow.reach));
    let walls = |sandbox: &crate::Sandbox| {
        sandbox.nodes.iter().map(|node| (node.egress.clone(), node.secrets.clone())).collect::<Vec<_>>()
    };
    assert_eq!(walls(&held), walls(&narrow));
    let nothing = sandbox.within(&Reach::default());
    assert!(nothing.egress.is_empty() && nothing.secrets.is_empty() && nothing.reach.is_empty());
    assert!(walls(&nothing).iter().all(|(egress, secrets)| egress.is_empty() && secrets.is_empty()));
    assert!(!nothing.dependencies.is_empty(), "code still hears what it lacks");
    let whole = sandbox.within(&sandbox.reach);
    assert_eq!((&whole.egress, walls(&whole)), (&sandbox.egress, walls(&sandbox)));
    let less = sandbox.without_secrets(&["shop.key".to_owned()]);
    assert!(less.secrets.is_empty() && walls(&less).iter().all(|(_, secrets)| secrets.is_empty()));
    assert!(
        approved.has(&Contact::Secret { node: "ask".parse().unwrap(), secret: "shop.key".parse().unwrap() })
    );
}
