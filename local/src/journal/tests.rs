use super::*;

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Sum(i64);

impl Replay for Sum {
    type Change = i64;

    fn apply(&mut self, change: &i64) {
        self.0 += change;
    }

    fn is_visible(change: &i64) -> bool {
        *change != 0
    }
}

async fn add(store: &Store<Sum>, number: i64) {
    let added: Result<(), ()> = store
        .write(|draft| {
            draft.make(number);
            Ok(())
        })
        .await
        .unwrap();
    assert_eq!(added, Ok(()));
}

#[tokio::test]
async fn what_was_written_is_found_again_and_only_the_torn_end_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sum.jsonl");
    let store = Store::<Sum>::open(&path).await.unwrap();
    add(&store, 4).await;
    add(&store, 5).await;
    drop(store);

    let mut bytes = std::fs::read(&path).unwrap();
    bytes.extend_from_slice(br#"{"changes":[100"#);
    std::fs::write(&path, bytes).unwrap();
    let store = Store::<Sum>::open(&path).await.unwrap();
    assert_eq!(*store.now(), Sum(9));
    add(&store, 1).await;
    drop(store);
    assert_eq!(*Store::<Sum>::open(&path).await.unwrap().now(), Sum(10));
}

#[tokio::test]
async fn a_refused_decision_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sum.jsonl");
    let store = Store::<Sum>::open(&path).await.unwrap();
    let refused: Result<(), &str> = store
        .write(|draft| {
            draft.make(7);
            Err("no")
        })
        .await
        .unwrap();
    assert_eq!(refused, Err("no"));
    assert_eq!(*store.now(), Sum(0));
    assert_eq!(std::fs::read(&path).unwrap(), b"");
}

#[tokio::test]
async fn a_damaged_line_is_named_and_nothing_is_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sum.jsonl");
    let text = "{\"changes\":[1]}\nnonsense\n{\"changes\":[1]}\n";
    std::fs::write(&path, text).unwrap();
    let error = Store::<Sum>::open(&path).await.err().unwrap();
    assert!(matches!(error, JournalError::Damaged { line: 2, .. }), "{error}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
}

#[tokio::test]
async fn a_long_file_becomes_one_line_with_the_same_sum() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sum.jsonl");
    std::fs::write(&path, "{\"changes\":[1,1]}\n".repeat(LINES_BEFORE_COMPACTION + 1)).unwrap();
    let store = Store::<Sum>::open(&path).await.unwrap();
    add(&store, 1).await;
    drop(store);
    assert_eq!(std::fs::read_to_string(&path).unwrap().lines().count(), 2);
    let expected = i64::try_from(2 * (LINES_BEFORE_COMPACTION + 1) + 1).unwrap();
    assert_eq!(*Store::<Sum>::open(&path).await.unwrap().now(), Sum(expected));
}

#[tokio::test]
async fn only_what_can_be_seen_wakes_who_looks() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::<Sum>::open(&folder.path().join("sum.jsonl")).await.unwrap();
    let (mut seen, mut all) = (store.watch(), store.watch_all());
    add(&store, 0).await;
    assert!(!seen.has_changed().unwrap() && all.has_changed().unwrap());
    add(&store, 2).await;
    assert!(seen.has_changed().unwrap());
    seen.mark_unchanged();
    all.mark_unchanged();
}

#[tokio::test]
async fn nobody_else_can_read_the_file() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sum.jsonl");
    let _store = Store::<Sum>::open(&path).await.unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}
