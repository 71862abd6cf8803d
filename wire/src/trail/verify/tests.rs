use super::super::{Decision, Entry, Lost, Outcome, OutcomeResult, Record, Who};
use super::*;
use jiff::Timestamp;
use uuid::Uuid;

/// A chain of `length` records of one writer.
fn chain(writer: &str, length: u64) -> Vec<Record> {
    let mut records: Vec<Record> = Vec::new();
    for seq in 1..=length {
        let prev = records.last().map_or_else(|| GENESIS.to_owned(), |last| last.hash().unwrap());
        let entry = match seq % 3 {
            0 => Entry::Lost(Lost { count: seq }),
            1 => Entry::Decision(Box::new(Decision {
                who: Who { kind: "person".into(), issuer: None, subject: Some("ana".into()), client: None },
                tool: "enclave_info".into(),
                action: "enclave.info".into(),
                enclave: Some("price-watch".into()),
                object: None,
                allowed: true,
                reason: "mode".into(),
                because: None,
                via: None,
                arguments_sha256: String::new(),
            })),
            _ => Entry::Outcome(Outcome { result: OutcomeResult::Done, reason: None }),
        };
        let at = Timestamp::from_millisecond(1_790_000_000_000 + i64::try_from(seq).unwrap()).unwrap();
        records.push(Record { v: VERSION, writer: writer.into(), seq, prev, at, id: Uuid::nil(), entry });
    }
    records
}

fn head(record: &Record) -> Head {
    Head { writer: record.writer.clone(), seq: record.seq, hash: record.hash().unwrap(), at: record.at }
}

fn json(records: &[Record]) -> Vec<Value> {
    records.iter().map(|record| serde_json::to_value(record).unwrap()).collect()
}

fn faults(records: &[Record], heads: &[Head]) -> Vec<(u64, Wrong)> {
    verify(&json(records), heads).faults.into_iter().map(|fault| (fault.seq, fault.what)).collect()
}

#[test]
fn an_untouched_trail_holds() {
    let records = [chain("a", 9), chain("b", 4)].concat();
    let report = verify(&json(&records), &[head(&records[6]), head(&records[12])]);
    assert!(report.holds(), "{report:?}");
    assert_eq!(report.writers["a"], WriterReport { records: 9, covered: 7 });
    assert_eq!(report.writers["b"], WriterReport { records: 4, covered: 4 });
}

#[test]
fn every_single_change_is_found() {
    let whole = chain("a", 12);
    let heads = [head(&whole[11])];
    for place in 0..whole.len() {
        let mut changed = whole.clone();
        changed[place].at = Timestamp::UNIX_EPOCH;
        assert!(!faults(&changed, &heads).is_empty(), "changed {place}");
        let mut removed = whole.clone();
        removed.remove(place);
        assert!(!faults(&removed, &heads).is_empty(), "removed {place}");
        let mut cut = whole.clone();
        cut.truncate(place);
        assert_eq!(faults(&cut, &heads), [(12, Wrong::CutOff)], "cut at {place}");
        if place > 0 {
            let mut swapped = whole.clone();
            swapped.swap(place - 1, place);
            assert!(!faults(&swapped, &heads).is_empty(), "swapped {place}");
        }
    }
}

#[test]
fn a_chain_that_was_written_anew_is_found_by_its_head() {
    let whole = chain("a", 6);
    let heads = [head(&whole[5])];
    let mut forged = chain("a", 6);
    forged[2].id = Uuid::from_u128(7);
    for place in 3..6 {
        let prev = forged[place - 1].hash().unwrap();
        forged[place].prev = prev;
    }
    assert_eq!(faults(&forged, &heads), [(6, Wrong::Head)]);
}

#[test]
fn a_writer_whose_whole_chain_is_gone_is_found() {
    let whole = chain("a", 3);
    assert_eq!(faults(&chain("b", 2), &[head(&whole[2])]), [(3, Wrong::CutOff)]);
}

#[test]
fn an_unknown_version_is_not_passed_over() {
    let mut records = chain("a", 1);
    records[0].v = 2;
    assert_eq!(faults(&records, &[]), [(1, Wrong::Version)]);
}

#[test]
fn a_field_that_was_added_is_found() {
    let records = chain("a", 2);
    let mut raw = json(&records);
    raw[0].as_object_mut().unwrap().insert("note".into(), "nothing to see".into());
    assert!(!verify(&raw, &[head(&records[1])]).holds());
}
