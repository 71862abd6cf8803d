//! An author's modules: pinned by one command, named with their pins where they are not, and there when it is tested.

use std::fs;
use tests::Home;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

const WORKFLOW: &str = "\
name: tea
version: \"1.0\"
triggers: [{type: manual}]
nodes:
  use: {path: nodes/use.ts, description: Doubles}
contract:
  version: \"1\"
  dependencies:
    twice: {protocol: jsr, host: \"@std/twice\", version: 0.3.0}
";

const CODE: &str = "import type { Context } from \"tentacular\";\nimport { twice } from \"jsr:@std/twice@^0.3.0\";\n\
                    export default (_: Context, { number }: { number: number }) => twice(number);\n";

const MODULE: &str = "export const twice = (number: number): number => number * 2;\n";
const LISTING: &str = r#"{"scope":"std","name":"twice","latest":"0.3.0","versions":{"0.3.0":{}}}"#;
const VERSION: &str = r#"{"manifest":{"/mod.ts":{"size":61,"checksum":"sha256-371abd94e50d39c316d9305694356c2b638c9adf747292d20c043304a6c8f919"}},"exports":{".":"./mod.ts"},"moduleGraph2":{}}"#;

/// A registry of JSR on this machine, with one package.
async fn registry() -> (u16, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let serving = tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut part = [0; 8192];
            let Ok(count @ 1..) = stream.read(&mut part).await else { continue };
            let asked = String::from_utf8_lossy(&part[..count]).into_owned();
            let page = match asked.split(' ').nth(1).unwrap_or_default() {
                "/@std/twice/meta.json" => LISTING,
                "/@std/twice/0.3.0_meta.json" => VERSION,
                "/@std/twice/0.3.0/mod.ts" => MODULE,
                _ => "",
            };
            let code = if page.is_empty() { "404 Not Found" } else { "200 OK" };
            let kind = if page == MODULE { "text/typescript" } else { "application/json" };
            let answer = format!(
                "HTTP/1.1 {code}\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{page}",
                page.len()
            );
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    (port, serving)
}

#[tokio::test]
async fn an_author_pins_what_the_code_imports_and_tests_it_without_a_network() {
    let home = Home::default();
    let (port, serving) = registry().await;
    let (url, cache) = (format!("http://127.0.0.1:{port}/"), home.path().join("deno").display().to_string());
    let variables = [("JSR_URL", url.as_str()), ("DENO_DIR", cache.as_str())];
    let folder = home.path().join("tea");
    let write = |path: &str, text: &str| {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write("workflow.yaml", WORKFLOW);
    write("nodes/use.ts", CODE);
    write("tests/fixtures/use.json", r#"{"input": {"number": 4}, "expected": 8}"#);
    let tntc = async |command: &str| home.tntc_with(&variables, &[command, folder.to_str().unwrap()]).await;

    let told = "nodes/use.ts:2:23: \"jsr:@std/twice@^0.3.0\" does not say which version: write \"jsr:@std/twice@0.3.0\"";
    let validated = tntc("validate").await;
    assert!(validated.code == Some(1) && validated.out.contains(told), "{validated:?}");
    write("nodes/use.ts", &CODE.replace('^', ""));
    let validated = tntc("validate").await;
    assert!(
        validated.out.contains("is not in deno.lock") && validated.out.contains("tntc lock"),
        "{validated:?}"
    );
    let locked = tntc("lock").await;
    assert!(locked.code == Some(0) && locked.out.contains("1 package is pinned"), "{locked:?}");
    let validated = tntc("validate").await;
    let reach = "code from a registry is part of it: jsr:@std/twice@0.3.0 (";
    assert!(validated.code == Some(0) && validated.out.contains(reach), "{validated:?}");

    serving.abort();
    let tested = tntc("test").await;
    assert!(tested.code == Some(0) && tested.out.contains("1 passed, 0 failed"), "{tested:?}");
    // A lock that pins something else is held to.
    let lock = fs::read_to_string(folder.join("deno.lock")).unwrap();
    let (before, digest) = lock.split_once("\"integrity\": \"").unwrap();
    write("deno.lock", &format!("{before}\"integrity\": \"{}{}", "0".repeat(8), &digest[8..]));
    let tested = tntc("test").await;
    assert!(tested.code == Some(1) && tested.out.contains("Integrity check failed"), "{tested:?}");
}
