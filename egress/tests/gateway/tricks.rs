//! Every trick to reach something else. After each the canary has got nothing, and a neighbour is served.

use crate::house::{House, client_hello};
use wire::pass::Speaks;

/// What is tried: bytes after the pass, with the ports of the shop and the canary put in.
struct Trick {
    name: &'static str,
    speaks: Speaks,
    bytes: &'static str,
}

const fn trick(name: &'static str, speaks: Speaks, bytes: &'static str) -> Trick {
    Trick { name, speaks, bytes }
}

use Speaks::{Http, Raw, Tls};

/// Refused with an answer. `{shop}` is the declared host with its port, `{canary}` the canary's port.
const REFUSED: [Trick; 55] = [
    trick(
        "another host",
        Tls,
        "CONNECT evil.example:{canary} HTTP/1.1\r\nHost: evil.example:{canary}\r\n\r\n",
    ),
    trick(
        "another port",
        Tls,
        "CONNECT shop.example:{canary} HTTP/1.1\r\nHost: shop.example:{canary}\r\n\r\n",
    ),
    trick("an address", Raw, "CONNECT 127.0.0.1:{canary} HTTP/1.1\r\nHost: 127.0.0.1:{canary}\r\n\r\n"),
    trick(
        "the declared host's address",
        Raw,
        "CONNECT 127.0.0.1:{port} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n",
    ),
    trick("decimal", Raw, "CONNECT 2130706433:{canary} HTTP/1.1\r\nHost: 2130706433:{canary}\r\n\r\n"),
    trick("hexadecimal", Raw, "CONNECT 0x7f000001:{canary} HTTP/1.1\r\nHost: 0x7f000001:{canary}\r\n\r\n"),
    trick("octal", Raw, "CONNECT 0177.0.0.1:{canary} HTTP/1.1\r\nHost: 0177.0.0.1:{canary}\r\n\r\n"),
    trick("short", Raw, "CONNECT 127.1:{canary} HTTP/1.1\r\nHost: 127.1:{canary}\r\n\r\n"),
    trick(
        "mapped",
        Raw,
        "CONNECT [::ffff:127.0.0.1]:{canary} HTTP/1.1\r\nHost: [::ffff:127.0.0.1]:{canary}\r\n\r\n",
    ),
    trick("localhost", Raw, "CONNECT localhost:{canary} HTTP/1.1\r\nHost: localhost:{canary}\r\n\r\n"),
    trick(
        "a trailing dot",
        Raw,
        "CONNECT shop.example.:{port} HTTP/1.1\r\nHost: shop.example.:{port}\r\n\r\n",
    ),
    trick("metadata", Raw, "CONNECT 169.254.169.254:80 HTTP/1.1\r\nHost: 169.254.169.254:80\r\n\r\n"),
    trick(
        "a password",
        Raw,
        "CONNECT shop.example@evil.example:{canary} HTTP/1.1\r\nHost: evil.example:{canary}\r\n\r\n",
    ),
    trick("no port", Raw, "CONNECT shop.example HTTP/1.1\r\nHost: shop.example\r\n\r\n"),
    trick("port zero", Raw, "CONNECT shop.example:0 HTTP/1.1\r\nHost: shop.example:0\r\n\r\n"),
    trick("a port beyond", Raw, "CONNECT shop.example:65536 HTTP/1.1\r\nHost: shop.example:65536\r\n\r\n"),
    trick(
        "a tunnel that says another host",
        Raw,
        "CONNECT {shop} HTTP/1.1\r\nHost: evil.example:{port}\r\n\r\n",
    ),
    trick("no Host", Raw, "CONNECT {shop} HTTP/1.1\r\n\r\n"),
    trick(
        "a request that says another host",
        Http,
        "GET http://{shop}/ HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    ),
    trick("two hosts", Http, "GET http://{shop}/ HTTP/1.1\r\nHost: {shop}\r\nHost: evil.example\r\n\r\n"),
    trick(
        "an absolute address elsewhere",
        Http,
        "GET http://evil.example:{canary}/ HTTP/1.1\r\nHost: {shop}\r\n\r\n",
    ),
    trick("a path alone", Http, "GET / HTTP/1.1\r\nHost: {shop}\r\n\r\n"),
    trick("https without a tunnel", Http, "GET https://{shop}/ HTTP/1.1\r\nHost: {shop}\r\n\r\n"),
    trick("another scheme", Http, "GET ftp://{shop}/ HTTP/1.1\r\nHost: {shop}\r\n\r\n"),
    trick("names and passwords", Http, "GET http://a:b@{shop}/ HTTP/1.1\r\nHost: {shop}\r\n\r\n"),
    trick("plain http to an https host", Tls, "GET http://{shop}/ HTTP/1.1\r\nHost: {shop}\r\n\r\n"),
    trick("unspecified", Raw, "CONNECT 0.0.0.0:{canary} HTTP/1.1\r\nHost: 0.0.0.0:{canary}\r\n\r\n"),
    trick("zero", Raw, "CONNECT 0:{canary} HTTP/1.1\r\nHost: 0:{canary}\r\n\r\n"),
    trick("IPv6 loopback", Raw, "CONNECT [::1]:{canary} HTTP/1.1\r\nHost: [::1]:{canary}\r\n\r\n"),
    trick("IPv6 unspecified", Raw, "CONNECT [::]:{canary} HTTP/1.1\r\nHost: [::]:{canary}\r\n\r\n"),
    trick("a zone", Raw, "CONNECT [fe80::1%25lo]:{canary} HTTP/1.1\r\nHost: [fe80::1%25lo]:{canary}\r\n\r\n"),
    trick(
        "mapped in hexadecimal",
        Raw,
        "CONNECT [::ffff:7f00:1]:{canary} HTTP/1.1\r\nHost: [::ffff:7f00:1]:{canary}\r\n\r\n",
    ),
    trick(
        "letters of another script",
        Raw,
        "CONNECT sh\u{43e}p.example:{port} HTTP/1.1\r\nHost: {shop}\r\n\r\n",
    ),
    trick(
        "those letters in punycode",
        Raw,
        "CONNECT xn--shp-vmc.example:{port} HTTP/1.1\r\nHost: xn--shp-vmc.example:{port}\r\n\r\n",
    ),
    trick(
        "an encoded dot",
        Raw,
        "CONNECT shop%2eexample:{port} HTTP/1.1\r\nHost: shop%2eexample:{port}\r\n\r\n",
    ),
    trick("a name below", Raw, "CONNECT a.{shop} HTTP/1.1\r\nHost: a.{shop}\r\n\r\n"),
    trick("a name around", Raw, "CONNECT {shop}.evil.example:{canary} HTTP/1.1\r\nHost: {shop}\r\n\r\n"),
    trick("a tunnel to a path", Raw, "CONNECT http://{shop}/ HTTP/1.1\r\nHost: {shop}\r\n\r\n"),
    trick(
        "a Host with another port",
        Http,
        "GET http://{shop}/ HTTP/1.1\r\nHost: shop.example:{canary}\r\n\r\n",
    ),
    trick("a Host without its port", Http, "GET http://{shop}/ HTTP/1.1\r\nHost: shop.example\r\n\r\n"),
    trick(
        "a Host with a trailing dot",
        Http,
        "GET http://{shop}/ HTTP/1.1\r\nHost: shop.example.:{port}\r\n\r\n",
    ),
    trick("a list of Hosts", Http, "GET http://{shop}/ HTTP/1.1\r\nHost: {shop}, evil.example\r\n\r\n"),
    trick("two slashes", Http, "GET http:////{shop}/ HTTP/1.1\r\nHost: {shop}\r\n\r\n"),
    trick("a backslash", Http, "GET http://evil.example\\@{shop}/ HTTP/1.1\r\nHost: {shop}\r\n\r\n"),
    trick(
        "lengths in a list",
        Http,
        "POST http://{shop}/ HTTP/1.1\r\nHost: {shop}\r\nContent-Length: 1, 2\r\n\r\nxx",
    ),
    trick("a bare line feed", Http, "GET http://{shop}/\nHost: {shop}\r\n\r\n"),
    trick("HTTP/0.9", Http, "GET http://{shop}/\r\n\r\n"),
    trick("TLS to the gateway", Raw, "\u{16}\u{3}\u{1}\0\u{5}hello\r\n\r\n"),
    trick(
        "two lengths",
        Http,
        "POST http://{shop}/ HTTP/1.1\r\nHost: {shop}\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
    ),
    trick(
        "an odd length",
        Http,
        "POST http://{shop}/ HTTP/1.1\r\nHost: {shop}\r\nContent-Length: +1\r\n\r\nx",
    ),
    trick(
        "an odd encoding",
        Http,
        "POST http://{shop}/ HTTP/1.1\r\nHost: {shop}\r\nTransfer-Encoding: chunked, x\r\n\r\n0\r\n\r\n",
    ),
    trick(
        "a line that is folded",
        Http,
        "GET http://{shop}/ HTTP/1.1\r\nHost: {shop}\r\nX: a\r\n evil\r\n\r\n",
    ),
    trick("garbage", Raw, "\0\u{1}\u{2}\u{3}\r\n\r\n"),
    trick("the preface of HTTP/2", Raw, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    trick("a space before a colon", Http, "GET http://{shop}/ HTTP/1.1\r\nHost : {shop}\r\n\r\n"),
];

#[tokio::test]
async fn what_is_not_declared_is_refused_in_every_way_to_write_it() {
    let house = House::open().await;
    house.names.set("evil.example", &[&["127.0.0.1"]]);
    house.names.set("localhost", &[&["127.0.0.1"]]);
    for number in ["2130706433", "0x7f000001", "0177.0.0.1", "127.1", "shop.example."] {
        house.names.set(number, &[&["127.0.0.1"]]);
    }
    for Trick { name, speaks, bytes } in REFUSED {
        let bytes = bytes
            .replace("{shop}", &format!("shop.example:{}", house.shop.port))
            .replace("{port}", &house.shop.port.to_string())
            .replace("{canary}", &house.canary.port.to_string());
        let told = house.tries(speaks, bytes.as_bytes()).await;
        let refused = ["HTTP/1.1 40", "HTTP/1.1 50"].iter().any(|status| told.starts_with(status));
        // HTTP/2 is not answered in HTTP/1.1.
        assert!(refused || told.is_empty() && name == "the preface of HTTP/2", "{name}: {told}");
        assert_eq!((house.canary.visits(), house.shop.visits()), (0, 0), "{name}");
    }
    neighbour(&house).await;
}

/// Somebody else is served.
async fn neighbour(house: &House) {
    let mut pass = house.pass(Speaks::Raw);
    pass.tentacle = "another/tentacle".to_owned();
    let mut client = house.client(&pass).await;
    client.tunnel(&format!("shop.example:{}", house.shop.port)).await;
    client.send(b"neighbour\r\n\r\n").await;
    assert!(client.rest().await.ends_with("shop"));
}

#[tokio::test]
async fn first_words_that_name_another_host_go_nowhere() {
    let house = House::open().await;
    let hello = client_hello("evil.example");
    let by_number = client_hello("127.0.0.1");
    let plain = b"GET / HTTP/1.1\r\nHost: shop.example\r\n\r\n".to_vec();
    let ssh = b"SSH-2.0-OpenSSH_9.2\r\n".to_vec();
    let endless = vec![0x16; 64 * 1024];
    for (name, words) in
        [("another", hello), ("none", by_number), ("plain", plain), ("ssh", ssh), ("endless", endless)]
    {
        let mut client = house.client(&house.pass(Speaks::Tls)).await;
        client.tunnel(&format!("shop.example:{}", house.shop.port)).await;
        client.send(&words).await;
        assert_eq!(client.rest().await, "", "{name}");
        assert_eq!(house.shop.got(), "", "{name}");
    }
    let record = house.recorded("evil.example").await;
    assert!(record.contains("\"refused\""), "{record}");
    neighbour(&house).await;
}

#[tokio::test]
async fn a_name_that_changes_between_look_and_use_is_looked_at_once() {
    let house = House::open().await;
    let mut pass = house.pass(Speaks::Raw);
    pass.private = vec!["127.0.0.1/32".parse().unwrap()];
    // First an address that is open, then one that is not: only the first is ever asked for.
    house.names.set("shop.example", &[&["127.0.0.1"], &["127.0.0.2"]]);
    let mut client = house.client(&pass).await;
    client.tunnel(&format!("shop.example:{}", house.shop.port)).await;
    client.send(b"x\r\n\r\n").await;
    assert!(client.rest().await.ends_with("shop"));
    // And one bad address among good ones spoils the name.
    for bad in ["127.0.0.2", "10.0.0.1", "169.254.169.254", "::1", "::ffff:169.254.169.254", "fd00:ec2::254"]
    {
        house.names.set("shop.example", &[&["127.0.0.1", bad]]);
        let mut client = house.client(&pass).await;
        let target = format!("shop.example:{}", house.shop.port);
        client.send(format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n").as_bytes()).await;
        let told = client.rest().await;
        assert!(told.starts_with("HTTP/1.1 403 ") && told.contains("resolves to"), "{bad}: {told}");
    }
}

#[tokio::test]
async fn without_the_operators_flag_this_machine_never_opens() {
    let house = House::with(egress::Bounds { allow_loopback: false, ..crate::house::bounds() }).await;
    let target = format!("shop.example:{}", house.shop.port);
    let bytes = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n");
    let told = house.tries(Speaks::Raw, bytes.as_bytes()).await;
    assert!(told.contains("this machine itself"), "{told}");
    assert_eq!(house.shop.got(), "");
}

#[tokio::test]
async fn a_head_that_is_too_large_is_refused_before_anybody_is_asked() {
    let house = House::open().await;
    let target = house.target();
    let many: String = (0..200).map(|count| format!("x-{count}: 1\r\n")).collect();
    for (name, headers) in [
        ("many headers", many),
        ("a long header", format!("x: {}\r\n", "x".repeat(64 * 1024))),
        ("a long name", format!("{}: x\r\n", "x".repeat(64 * 1024))),
    ] {
        let bytes = format!("GET http://{target}/ HTTP/1.1\r\nHost: {target}\r\n{headers}\r\n");
        let told = house.tries(Speaks::Http, bytes.as_bytes()).await;
        assert!(told.starts_with("HTTP/1.1 4"), "{name}: {told}");
    }
    let long = format!("{}.example:443", "x".repeat(300));
    let bytes = format!("CONNECT {long} HTTP/1.1\r\nHost: {long}\r\n\r\n");
    assert!(house.tries(Speaks::Raw, bytes.as_bytes()).await.starts_with("HTTP/1.1 400 "));
    assert_eq!(house.shop.visits(), 0);
    neighbour(&house).await;
}

#[tokio::test]
async fn a_redirect_is_the_clients_own_business() {
    let house = House::open().await;
    house.names.set("evil.example", &[&["127.0.0.1"]]);
    let target = house.target();
    for place in [format!("http://evil.example:{}/", house.canary.port), "http://169.254.169.254/".to_owned()]
    {
        house.shop.answers(&format!("HTTP/1.1 302 Found\r\nlocation: {place}\r\ncontent-length: 0\r\n\r\n"));
        let bytes = format!("GET http://{target}/ HTTP/1.1\r\nHost: {target}\r\n\r\n");
        let told = house.tries(Speaks::Http, bytes.as_bytes()).await;
        assert!(told.starts_with("HTTP/1.1 302 ") && told.contains(&place), "{told}");
        // Following it is a request of its own.
        let host = place.trim_start_matches("http://").trim_end_matches('/');
        let next = format!("GET {place} HTTP/1.1\r\nHost: {host}\r\n\r\n");
        assert!(house.tries(Speaks::Http, next.as_bytes()).await.starts_with("HTTP/1.1 403 "));
    }
    assert_eq!((house.canary.visits(), house.shop.visits()), (0, 2));
}

#[tokio::test]
async fn a_second_request_on_one_connection_is_looked_at_anew() {
    let house = House::open().await;
    house.names.set("evil.example", &[&["127.0.0.1"]]);
    let (shop, canary) =
        (format!("shop.example:{}", house.shop.port), format!("evil.example:{}", house.canary.port));
    let both = format!(
        "GET http://{shop}/ HTTP/1.1\r\nHost: {shop}\r\n\r\nGET http://{canary}/ HTTP/1.1\r\nHost: {canary}\r\n\r\n"
    );
    let told = house.tries(Speaks::Http, both.as_bytes()).await;
    assert!(told.starts_with("HTTP/1.1 200 ") && told.contains("HTTP/1.1 403 "), "{told}");
    // A length and chunks at once: the chunks count, and what hides behind the length is no request to anybody.
    let hidden = format!(
        "POST http://{shop}/ HTTP/1.1\r\nHost: {shop}\r\nContent-Length: 100\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET http://{canary}/ HTTP/1.1\r\nHost: {canary}\r\n\r\n"
    );
    house.tries(Speaks::Http, hidden.as_bytes()).await;
    assert_eq!(house.canary.got(), "");
    assert!(!house.shop.got().contains("evil.example"), "{}", house.shop.got());
}

#[tokio::test]
async fn nobody_comes_in_without_a_pass_of_ours() {
    let house = House::open().await;
    let good = wire::pass::sign(&house.pass(Speaks::Raw), &house.key).unwrap();
    let foreign = wire::pass::sign(&house.pass(Speaks::Raw), &house.other_key).unwrap();
    let parts: Vec<&str> = good.split('.').collect();
    let altered = format!("{}.{}x.{}", parts[0], parts[1], parts[2]);
    let unsigned = format!("{}.{}.", parts[0], parts[1]);
    let assertion =
        house.signed_as(wire::assertion::TYPE, &serde_json::to_value(house.pass(Speaks::Raw)).unwrap());
    let mut expired = serde_json::to_value(house.pass(Speaks::Raw)).unwrap();
    expired["exp"] = 1.into();
    let expired = house.signed_as(wire::pass::TYPE, &expired);
    let request =
        format!("CONNECT shop.example:{0} HTTP/1.1\r\nHost: shop.example:{0}\r\n\r\n", house.shop.port);
    for preface in [
        format!("PASS {foreign}\r\n"),
        format!("PASS {altered}\r\n"),
        format!("PASS {unsigned}\r\n"),
        format!("PASS {assertion}\r\n"),
        format!("PASS {expired}\r\n"),
        format!("pass {good}\r\n"),
        format!("PASS {good}\n"),
        format!("PASS  {good}\r\n"),
        "PASS \r\n".to_owned(),
        String::new(),
        format!("PASS {}\r\n", "x".repeat(100_000)),
    ] {
        let mut client = house.stranger().await;
        client.send(format!("{preface}{request}").as_bytes()).await;
        let told = client.rest().await;
        assert!(told.starts_with("HTTP/1.1 407 "), "{preface:.40}: {told}");
        let reason = "it does not begin with a pass that is good here\n";
        assert!(told.ends_with(reason), "{preface:.40}: {told}");
    }
    assert_eq!(house.shop.visits(), 0);
}
