use super::*;
use proptest::prelude::*;

fn of(text: &str) -> Vec<String> {
    imports(text).into_iter().map(|import| import.specifier).collect()
}

#[test]
fn every_way_to_import_is_seen() {
    let text = r#"
import a from "m1";
import * as b from 'm2';
import { c, from as d } from "m3";
import type { E } from "m4";
import "m5"; import from from "m6"
import f, { g } from "m7" with { type: "json" };
export { h } from "m8";
export * from "m9";
export * as i from "m10";
export type { J } from "m11";
const k = await import("m12");
const l = import(`m13`);
export default async () => { if (true) { return (await import( /* now */ "m14" )).x; } };
const t = `${await import("m15")} and ${`${import('m16')}`} import "no"`;
import {
  m, // import n from "no"
} from "m17";
"#;
    let wanted: Vec<String> = (1..=17).map(|number| format!("m{number}")).collect();
    assert_eq!(of(text), wanted);
}

#[test]
fn what_only_looks_like_an_import_is_none() {
    let text = r#"
// import a from "no";
/* import b from "no"; */
const c = 'import d from "no"';
const e = `import f from "no"`;
const g = /import h from "no"/.test(x) / 2;
const i = /["'`]/;
x.import("no"); x.from("no");
const j = { import: "no", from: "no" };
export const from = "no";
export default "no";
export type K = "no";
export interface L { from: "no" }
export function m() { return "no"; }
const n = import.meta.url; const o = "no";
import(p); import("no" + q);
"#;
    // a name that is put together is not known, and its beginning is taken for one
    assert_eq!(of(text), ["no"]);
}

#[test]
fn a_place_is_told_by_line_and_column() {
    let found = imports("\n  import a from \"ä\"; import b from \"m\";");
    let places: Vec<String> = found.iter().map(|import| import.at.to_string()).collect();
    assert_eq!(places, ["2:17", "2:36"]);
}

#[test]
fn depth_is_no_matter() {
    for text in ["(", "{", "[", "`${", "import(", "/*", "\"", "/["] {
        let _ = imports(&text.repeat(300_000));
    }
}

proptest! {
    #[test]
    fn nothing_makes_it_fail(text in "[\\PC\n`$\\{\\}/\\\\\"'imporexft ]{0,200}") {
        let _ = imports(&text);
    }
}
