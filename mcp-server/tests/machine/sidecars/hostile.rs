//! Images that are not there, not what their digest says, or made to get out of their folder: nothing is made of them.

use super::layout::{Layer, Layout, blown_up, digest, skippable};
use super::{asker, shell, sidecar, with};
use crate::server::{Server, Walls};
use serde_json::{Value, json};
use std::fs;
use tar::EntryType;

/// How a deploy with this image is refused, of which nothing is left.
async fn refused(server: &Server, image: &Value) -> String {
    let failure = server.approved("asker", &asker(&sidecar(image, &shell(), ""))).await.unwrap_err();
    let images = fs::read_dir(server.machine_dir().join("images")).unwrap().count();
    assert_eq!((images, server.left().folders.len()), (0, 0), "{failure:?}");
    failure.message
}

fn of(layout: &Layout, layer: Layer) -> Value {
    layout.image(&[layout.add("layer.v1.tar+gzip", &layer.gzip())], &json!({}))
}

#[tokio::test]
async fn an_image_that_is_not_there_is_refused_before_anybody_is_asked() {
    let layout = Layout::new();
    let server = with(Walls::Bwrap, &layout).await;
    let image = json!({"digest": format!("sha256:{}", "0".repeat(64))});
    for tool in ["wf_apply", "reach_observe"] {
        let files = asker(&sidecar(&image, &shell(), ""));
        let args = json!({"enclave": crate::caller::ENCLAVE, "name": "asker", "files": files});
        let failure = server.call(tool, args).await.unwrap_err();
        assert!(failure.message.contains("is not on this machine"), "{failure:?}");
        let remedy = failure.remedy.unwrap_or_default();
        let command = "skopeo copy --all --preserve-digests docker://r.example/team/shell@sha256:0";
        assert!(remedy.contains(command) && remedy.contains(" oci:/"), "{remedy}");
    }
}

#[tokio::test]
async fn what_leads_out_of_an_image_is_refused() {
    let layout = Layout::new();
    let server = with(Walls::Bwrap, &layout).await;
    let outside = tempfile::tempdir().unwrap();
    let canary = outside.path().join("canary");
    fs::write(&canary, "alive").unwrap();
    let (out, at) = (outside.path().to_str().unwrap().to_owned(), canary.to_str().unwrap().to_owned());
    let layers = [
        Layer::new().file("../../../escaped", 0o644, b"x"),
        Layer::new().file(&format!("a/../../../../../../../../..{at}"), 0o644, b"x"),
        Layer::new().link(EntryType::Symlink, "out", &out).file("out/canary", 0o644, b"x"),
        Layer::new().link(EntryType::Symlink, "out", "../../../..").file("out/escaped", 0o644, b"x"),
        Layer::new().link(EntryType::Link, "hard", &at),
        Layer::new().link(EntryType::Link, "hard", "../../groups.json"),
        Layer::new().link(EntryType::Symlink, "out", &out).link(EntryType::Link, "hard", "out/canary"),
        Layer::new().file("a/b", 0o644, b"").file("a/.wh...", 0o644, b""),
    ];
    for (number, layer) in layers.into_iter().enumerate() {
        let told = refused(&server, &of(&layout, layer)).await;
        assert!(told.contains("the image of the sidecar `shell`: "), "{number}: {told}");
    }
    // What hides something is not led out either: there is nothing of that name within.
    let hides = Layer::new().link(EntryType::Symlink, "out", &out).file("out/.wh.canary", 0o644, b"");
    let all = Layer::new().link(EntryType::Symlink, "out2", &out).file("out2/.wh..wh..opq", 0o644, b"");
    for layer in [hides, all] {
        let _ =
            server.approved("asker", &asker(&sidecar(&of(&layout, layer), &shell(), ""))).await.unwrap_err();
    }
    assert_eq!(fs::read_to_string(&canary).unwrap(), "alive");
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 1);
}

#[tokio::test]
async fn what_is_altered_or_too_much_is_refused() {
    let layout = Layout::new();
    let server = with(Walls::Bwrap, &layout).await;
    let good = Layer::new().file("bin/x", 0o755, b"x").gzip();
    let blob = layout.add("layer.v1.tar+gzip", &good);
    let image = layout.image(std::slice::from_ref(&blob), &json!({}));
    fs::write(layout.blob(digest(&blob)), Layer::new().file("bin/x", 0o755, b"y").gzip()).unwrap();
    let told = refused(&server, &image).await;
    assert!(told.contains("is not what its digest says"), "{told}");

    // A small one that says it is large, and one whose holes are said to be and are not.
    let told = refused(&server, &of(&layout, Layer::new().claiming(EntryType::Regular, 3 << 30))).await;
    assert!(told.contains("it has more than 2147483648 bytes"), "{told}");
    let told = refused(&server, &of(&layout, Layer::new().claiming(EntryType::GNUSparse, 1 << 40))).await;
    assert!(told.contains("cannot be unpacked"), "{told}");
    let deep = Layer::new().file(&"d/".repeat(49), 0o644, b"").gzip();
    let deep = layout.add("layer.v1.tar+gzip", &deep);
    let told = refused(&server, &layout.image(&[deep], &json!({}))).await;
    assert!(told.contains("it has more than 32 folders within each other"), "{told}");
    let told = refused(&server, &layout.image(&[layout.add("layer.v1.tar+xz", b"")], &json!({}))).await;
    assert!(told.contains("layer.v1.tar+xz`, which is not understood here"), "{told}");
    let many = layout.add("layer.v1.tar", &Layer::new().tar());
    let told = refused(&server, &layout.image(&vec![many; 129], &json!({}))).await;
    assert!(told.contains("it has more than 128 layers"), "{told}");
    let none = layout
        .add("index.v1+json", br#"{"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}"#);
    let told = refused(&server, &none).await;
    assert!(told.contains("it has nothing for linux/"), "{told}");
}

/// Small layers that would be large, need a lot of memory, or end before they should.
#[tokio::test]
async fn what_zstd_blows_up_is_refused() {
    let layout = Layout::new();
    let server = with(Walls::Bwrap, &layout).await;
    let of = |bytes: &[u8]| layout.image(&[layout.add("layer.v1.tar+zstd", bytes)], &json!({}));
    // A device of 1.5 GiB, which is passed over and not written, and one more.
    let device = |bytes: u64| Layer::new().claiming(EntryType::Char, bytes).tar()[..512].to_vec();
    let (window, gib) = (0x58, 1 << 30);
    let half = |bytes: u64| blown_up(&device(bytes), usize::try_from(bytes >> 17).unwrap(), window);
    let (first, second) = (half(3 * gib / 2), half(gib));
    assert!(first.len() + second.len() < 100_000);
    let told = refused(&server, &of(&[first, second].concat())).await;
    assert!(told.contains("it has more than 2147483648 bytes"), "{told}");
    // A frame may look back 3.75 TiB.
    let told = refused(&server, &of(&blown_up(&[0; 512], 1, 0xff))).await;
    assert!(told.contains("cannot be unpacked"), "{told}");
    // One that ends within a block, one that says more is to be passed over than there is, and none at all.
    let whole = Layer::new().file("bin/x", 0o755, &[7; 4096]).zstd();
    let claims = [&skippable(b"")[..4], &[0xff; 4], b"x"].concat();
    for broken in [&whole[..whole.len() / 4], &claims, b"not a frame"] {
        let told = refused(&server, &of(broken)).await;
        assert!(told.contains("cannot be unpacked"), "{told}");
    }
}

/// The same image as Docker calls it, and its layers as builders compress them.
#[tokio::test]
async fn kinds_of_images_and_layers() {
    let layout = Layout::new();
    let server = with(Walls::Bwrap, &layout).await;
    let busybox = fs::read(crate::server::program("TENTACULAR_TEST_BUSYBOX")).unwrap();
    let docker = |packed: &str, bytes: &[u8]| {
        layout.add_as(&format!("application/vnd.docker.image.rootfs.diff.tar{packed}"), bytes)
    };
    let layers =
        || (Layer::new().file("bin/busybox", 0o755, &busybox), Layer::new().file("etc/word", 0o644, b"well"));
    let images = [
        layout.image(
            &[
                layout.add("layer.v1.tar+zstd", &layers().0.zstd()),
                layout.add("layer.v1.tar+zstd", &layers().1.zstd()),
            ],
            &json!({}),
        ),
        layout.of_docker(&[docker(".gzip", &layers().0.gzip()), docker("", &layers().1.tar())], &json!({})),
        layout.of_docker(
            &[docker(".zstd", &layers().0.zstd()), docker(".gzip", &layers().1.gzip())],
            &json!({}),
        ),
    ];
    for image in images {
        server.approved("asker", &asker(&sidecar(&image, &shell(), ""))).await.unwrap();
        let ran = server.run_tentacle("asker", json!({"script": "cat /etc/word"})).await.unwrap();
        assert_eq!(ran["output"]["outputs"]["ask"], "well", "{ran}");
    }
}

/// Layers lie over each other: a later one hides what an earlier one has, devices are left out, and what the walls put into its
/// place is a real folder whatever the image has there.
#[tokio::test]
async fn layers_lie_over_each_other() {
    let layout = Layout::new();
    let busybox = fs::read(crate::server::program("TENTACULAR_TEST_BUSYBOX")).unwrap();
    let below = Layer::new()
        .file("usr/bin/busybox", 0o6755, &busybox)
        .link(EntryType::Symlink, "bin", "/usr/bin")
        .file("etc/gone", 0o600, b"x")
        .file("etc/kept", 0o600, b"kept")
        .file("var/a", 0o644, b"x")
        .link(EntryType::Symlink, "tmp", "/etc")
        .link(EntryType::Symlink, "shared", "../../../../../..")
        .entry((EntryType::Char, 0o666), "etc/device", "", &[]);
    let above = Layer::new()
        .file("etc/.wh.gone", 0o644, b"")
        .file("var/.wh..wh..opq", 0o644, b"")
        .file("var/b", 0o644, b"b")
        .link(EntryType::Link, "etc/same", "etc/kept");
    let layers = [layout.add("layer.v1.tar", &below.tar()), layout.add("layer.v1.tar+gzip", &above.gzip())];
    let config = json!({"Entrypoint": ["busybox", "nc", "-ll", "-p"], "Cmd": ["9000"], "Env": ["OF_IMAGE=yes"], "WorkingDir": "/etc"});
    let image = layout.image(&layers, &config);
    let server = with(Walls::Bwrap, &layout).await;
    // The image's program, and the contract's arguments for it.
    let args = json!(["9000", "-e", "/bin/busybox", "sh", "-c", super::SHELL]);
    let with_args = sidecar(&image, &json!([]), &format!(", args: {args}")).replace("command: [], ", "");
    server.approved("asker", &asker(&with_args)).await.unwrap();
    let script = "pwd; echo $OF_IMAGE; ls /etc /var; cat same; ls -ld /tmp /shared | cut -c 1-4";
    let ran = server.run_tentacle("asker", json!({"script": script})).await.unwrap();
    let expected = "/etc\nyes\n/etc:\nkept\nsame\n\n/var:\nb\nkeptdrwx\ndrwx";
    assert_eq!(ran["output"]["outputs"]["ask"], expected, "{ran}");
}
