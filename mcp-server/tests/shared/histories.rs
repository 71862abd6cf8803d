//! Random histories, the same each time.

use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestCaseError, TestRng, TestRunner};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Tries so many histories, one after the other; where one fails, so many shorter ones that fail as well are looked for.
///
/// # Errors
/// Says which history fails, and how.
pub(crate) fn each<S: std::fmt::Debug>(
    steps: &impl Strategy<Value = Vec<S>>,
    (cases, shorter): (u32, u32),
    history: impl Fn(&[S]),
) -> Result<(), String> {
    let config = ProptestConfig {
        cases,
        failure_persistence: None,
        max_shrink_iters: shorter,
        ..ProptestConfig::default()
    };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let ran = runner.run(steps, |steps| {
        catch_unwind(AssertUnwindSafe(|| history(&steps))).map_err(|why| {
            let text = why.downcast_ref::<String>().cloned();
            TestCaseError::fail(text.unwrap_or_else(|| "it panicked".to_owned()))
        })
    });
    ran.map_err(|why| why.to_string())
}
