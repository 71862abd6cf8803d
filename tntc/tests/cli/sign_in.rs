//! Signing in, staying signed in, signing out.

use crate::program::{Program, finish};
use crate::stub::Stub;
use serde_json::json;
use std::os::unix::fs::PermissionsExt;

/// What `whoami` answers.
fn ana() -> serde_json::Value {
    json!({
        "kind": "person", "issuer": "i", "subject": "s-ana", "name": "Ana Sousa", "email": "ana@example.com",
        "client": "tntc", "accounts": [],
    })
}

#[tokio::test]
async fn a_person_signs_in_and_the_next_command_knows() {
    let stub = Stub::start().await;
    stub.issuer.story(|story| story.pending = 2);
    let program = stub.program();
    let login = program.ok(&["login"]).await;
    assert_eq!(login.out, format!("you are Ana Sousa (ana@example.com) at {}\n", stub.url));
    assert!(login.err.contains("BCDF-GHJK") && login.err.contains(&format!("{}/verify", stub.issuer.url)));
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&program.tokens()), mode(program.tokens().parent().unwrap())), (0o600, 0o700));
    stub.answers("whoami", ana());
    assert!(program.ok(&["whoami"]).await.out.contains("Ana Sousa"));
}

#[tokio::test]
async fn who_says_no_or_nothing_is_not_signed_in() {
    for (refusal, told) in
        [("access_denied", "refused on the issuer's page"), ("expired_token", "before the code ended")]
    {
        let stub = Stub::start().await;
        stub.issuer.story(|story| story.refusal = Some(refusal));
        let program = stub.program();
        let login = program.run(&["login"]).await;
        assert_eq!(login.code, 3, "{login:?}");
        assert!(login.err.contains(told), "{}", login.err);
        assert!(!program.tokens().exists());
    }
}

#[tokio::test]
async fn an_id_token_of_somebody_else_is_not_believed() {
    let stub = Stub::start().await;
    stub.issuer.story(|story| story.forged = true);
    let program = stub.program();
    let login = program.run(&["login"]).await;
    assert_eq!(login.code, 1, "{login:?}");
    assert!(login.err.contains("ID token does not hold"), "{}", login.err);
    assert!(!program.tokens().exists());
}

#[tokio::test]
async fn a_server_that_calls_itself_otherwise_gets_no_sign_in() {
    let stub = Stub::start().await;
    stub.calls_itself("https://other.example/mcp");
    let login = stub.program().run(&["login"]).await;
    assert_eq!(login.code, 1);
    assert!(login.err.contains("calls itself `https://other.example/mcp`"), "{}", login.err);
    assert_eq!(stub.issuer.story(|story| story.given), 0);
}

#[tokio::test]
async fn an_issuer_that_the_server_does_not_take_is_refused() {
    let stub = Stub::start().await;
    let login = stub.program().run(&["login", "--issuer", "https://evil.example"]).await;
    assert_eq!(login.code, 1);
    assert!(login.err.contains("not of `https://evil.example`"), "{}", login.err);
}

#[tokio::test]
async fn an_old_token_is_renewed_and_the_new_one_kept() {
    let stub = Stub::start().await;
    stub.issuer.story(|story| story.life = Some(1));
    let program = stub.signed_in().await;
    stub.answers("whoami", ana());
    stub.issuer.story(|story| story.life = Some(300));
    program.ok(&["whoami"]).await;
    program.ok(&["whoami"]).await;
    assert_eq!(stub.issuer.story(|story| story.renewed.clone()), ["refresh-1"]);
    assert_eq!(program.kept()["servers"][&stub.url]["refresh_token"], "refresh-2");
}

#[tokio::test]
async fn commands_at_the_same_time_use_a_refresh_token_once() {
    let stub = Stub::start().await;
    stub.issuer.story(|story| story.life = Some(1));
    let program = stub.signed_in().await;
    stub.answers("whoami", ana());
    stub.issuer.story(|story| story.life = Some(300));
    let runs = (0..6).map(|_| tokio::spawn(finish(program.command(&["whoami"]))));
    for run in runs.collect::<Vec<_>>() {
        let ran = run.await.unwrap();
        assert_eq!(ran.code, 0, "{ran:?}");
    }
    assert_eq!(stub.issuer.story(|story| story.renewed.clone()), ["refresh-1"]);
}

#[tokio::test]
async fn a_sign_in_that_ended_is_said_to_have_ended() {
    let stub = Stub::start().await;
    stub.issuer.story(|story| story.life = Some(1));
    let program = stub.signed_in().await;
    let other = stub.signed_in().await;
    drop(other);
    let whoami = program.run(&["whoami"]).await;
    assert_eq!(whoami.code, 3, "{whoami:?}");
    assert!(
        whoami.err.contains("your sign-in has ended") && whoami.err.contains("tntc login"),
        "{}",
        whoami.err
    );
}

#[tokio::test]
async fn signing_out_ends_it_here_and_at_the_issuer() {
    let stub = Stub::start().await;
    let program = stub.signed_in().await;
    let logout = program.ok(&["logout", "-o", "json"]).await;
    assert_eq!(logout.json(), json!({"server": stub.url, "was_signed_in": true, "revoked": true}));
    assert_eq!(stub.issuer.story(|story| story.revoked.clone()), ["refresh-1"]);
    assert!(!std::fs::read_to_string(program.tokens()).unwrap().contains("refresh-1"));
    let whoami = program.run(&["whoami"]).await;
    assert_eq!(whoami.code, 3);
    assert!(whoami.err.contains("you are not signed in"), "{}", whoami.err);
    assert!(program.ok(&["logout"]).await.out.contains("were not signed in"));
}

#[tokio::test]
async fn an_issuer_that_cannot_revoke_is_said_to() {
    let stub = Stub::start().await;
    stub.issuer.story(|story| story.revokes = false);
    let program = stub.signed_in().await;
    assert!(program.ok(&["logout"]).await.out.contains("offers no way to end a sign-in early"));
}

#[tokio::test]
async fn signing_out_without_the_issuer_still_forgets() {
    let stub = Stub::start().await;
    let program = stub.signed_in().await;
    let text = std::fs::read_to_string(program.tokens()).unwrap();
    let elsewhere = text.replace(&stub.issuer.url, "http://127.0.0.1:1/oidc");
    program.write("state/tentacular/tokens.json", &elsewhere);
    let logout = program.run(&["logout"]).await;
    assert_eq!(logout.code, 1);
    assert!(logout.err.contains("forgotten here, but the issuer could not be told"), "{}", logout.err);
    assert!(!std::fs::read_to_string(program.tokens()).unwrap().contains("refresh-1"));
}

#[tokio::test]
async fn tokens_that_others_can_read_are_not_used() {
    let stub = Stub::start().await;
    let program = stub.signed_in().await;
    std::fs::set_permissions(program.tokens(), std::fs::Permissions::from_mode(0o644)).unwrap();
    let whoami = program.run(&["whoami"]).await;
    assert_eq!(whoami.code, 1);
    assert!(whoami.err.contains("chmod 600"), "{}", whoami.err);
    assert!(stub.calls().is_empty());
}

#[tokio::test]
async fn a_token_that_the_server_does_not_take_asks_for_a_new_sign_in() {
    let stub = Stub::start().await;
    let program = stub.signed_in().await;
    let text = std::fs::read_to_string(program.tokens()).unwrap();
    program.write("state/tentacular/tokens.json", &text.replace("access.of.1", "access.of.9"));
    let whoami = program.run(&["whoami"]).await;
    assert_eq!(whoami.code, 3, "{whoami:?}");
    assert!(whoami.err.contains("tntc login"), "{}", whoami.err);
}

#[tokio::test]
async fn what_cannot_be_reached_has_a_code_of_its_own() {
    let program = Program::new(Some("http://127.0.0.1:1"));
    let login = program.run(&["login"]).await;
    assert_eq!(login.code, 4, "{login:?}");
    assert!(login.err.contains("cannot be reached"), "{}", login.err);
    let token = program.write("token", "break-glass-token-of-olga-with-every-scope");
    let list = program.run(&["enclave", "list", "--break-glass", token.to_str().unwrap()]).await;
    assert_eq!(list.code, 4, "{list:?}");
}
