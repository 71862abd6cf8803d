//! One call from its beginning to its end, which is when nothing holds it any more: then it is written down, once.

use crate::counted::Count;
use crate::permit::Wanted;
use crate::record::{Record, Records, Verdict};
use crate::refusal::Refusal;
use jiff::Timestamp;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Instant;
use wire::pass::Pass;

/// A call that goes on.
#[derive(Debug)]
pub(crate) struct Call {
    /// `None` where there is nothing to write down.
    record: Mutex<Option<Record>>,
    /// The bytes at the host's end.
    count: OnceLock<Arc<Count>>,
    records: Records,
    began: Instant,
}

impl Call {
    /// A call by whoever has this pass, or has none.
    pub(crate) fn begin(records: &Records, pass: Option<&Pass>) -> Arc<Self> {
        let record = Record {
            time: Timestamp::now(),
            tentacle: pass.map(|pass| pass.tentacle.clone()).unwrap_or_default(),
            version: pass.map(|pass| pass.version.to_string()).unwrap_or_default(),
            host: String::new(),
            port: 0,
            address: None,
            verdict: Verdict::Allowed,
            reason: String::new(),
            bytes_out: 0,
            bytes_in: 0,
            duration_ms: 0,
        };
        let record = Mutex::new(Some(record));
        Arc::new(Self { record, count: OnceLock::new(), records: records.clone(), began: Instant::now() })
    }

    /// It goes there.
    pub(crate) fn wants(&self, wanted: &Wanted) {
        self.change(|record| (record.host, record.port) = (wanted.host.clone(), wanted.port));
    }

    /// It has come there.
    pub(crate) fn reaches(&self, address: IpAddr, count: &Arc<Count>) {
        self.change(|record| record.address = Some(address));
        // A call reaches one host.
        let _ = self.count.set(Arc::clone(count));
    }

    /// It is refused.
    pub(crate) fn refused(&self, why: &Refusal, observe: bool) {
        self.change(|record| {
            record.verdict = why.verdict(observe);
            record.reason = why.to_string();
        });
    }

    /// It was only the way to calls that are written down by themselves.
    pub(crate) fn forget(&self) {
        *self.record.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn change(&self, change: impl FnOnce(&mut Record)) {
        let mut record = self.record.lock().unwrap_or_else(PoisonError::into_inner);
        record.as_mut().map(change);
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        let record = self.record.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        let Some(mut record) = record else { return };
        if let Some(count) = self.count.get() {
            (record.bytes_out, record.bytes_in) = (count.written(), count.read());
        }
        record.duration_ms = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.records.write(record);
    }
}
