//! Random histories, the same each time.

use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestCaseError, TestRng, TestRunner};
use std::cell::RefCell;
use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

/// How histories are tried.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tries {
    /// How many.
    pub(crate) cases: u32,
    /// How many side by side.
    pub(crate) at_once: usize,
    /// How many shorter ones are looked for that fail as one did.
    pub(crate) shorter: u32,
}

/// Tries histories; whoever tries one after the other keeps something from one to the next. After the first that fails no more are
/// begun.
///
/// # Errors
/// Says which history fails, and how.
pub(crate) fn each<T: Strategy<Value = Vec<S>>, S: Debug, K: Default>(
    steps: impl Fn() -> T + Sync,
    Tries { cases, at_once, shorter }: Tries,
    history: impl Fn(&mut K, &[S]) + Sync,
) -> Result<(), String> {
    let (begun, failed) = (AtomicU32::new(0), Mutex::new(None));
    let next = || {
        let number = begun.fetch_add(1, Ordering::Relaxed);
        (number < cases && failed.lock().unwrap().is_none()).then_some(number)
    };
    let tries = || {
        let (mut making, mut trying) = (runner(shorter), runner(shorter));
        let (steps, kept) = (steps(), RefCell::new(K::default()));
        // They cannot be handed over: each makes the same ones, and tries those whose turn is its own.
        let mut all = (0..cases).map(|_| steps.new_tree(&mut making).unwrap());
        let mut made = 0;
        while let Some(number) = next() {
            let Some(tree) = all.nth((number - made) as usize) else { return };
            made = number + 1;
            let ran = trying.run_one(tree, |steps| caught(|| history(&mut kept.borrow_mut(), &steps)));
            if let Err(why) = ran {
                failed.lock().unwrap().get_or_insert(format!("history {number}: {why}"));
            }
        }
    };
    thread::scope(|scope| (0..at_once).for_each(|_| drop(scope.spawn(tries))));
    failed.into_inner().unwrap().map_or(Ok(()), Err)
}

fn runner(shorter: u32) -> TestRunner {
    let config =
        ProptestConfig { failure_persistence: None, max_shrink_iters: shorter, ..ProptestConfig::default() };
    TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
}

fn caught(history: impl FnOnce()) -> Result<(), TestCaseError> {
    catch_unwind(AssertUnwindSafe(history)).map_err(|why| {
        let text = why.downcast_ref::<String>().cloned();
        TestCaseError::fail(text.unwrap_or_else(|| "it panicked".to_owned()))
    })
}
