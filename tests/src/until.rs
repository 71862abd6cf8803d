//! Looks until something is so.

use std::time::Duration;

/// Longer than anything takes, however busy the machine is.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// How often it is looked.
const AGAIN: Duration = Duration::from_millis(50);

/// Looks until there is something, and answers it.
///
/// # Panics
/// When there is nothing within [`PATIENCE`].
pub async fn until<T>(what: &str, look: impl AsyncFnMut() -> Option<T>) -> T {
    until_within(PATIENCE, what, look).await
}

/// The same with another patience.
///
/// # Panics
/// When there is nothing within it.
pub(crate) async fn until_within<T>(
    patience: Duration,
    what: &str,
    mut look: impl AsyncFnMut() -> Option<T>,
) -> T {
    let mut tick = tokio::time::interval(AGAIN);
    let found = async {
        loop {
            tick.tick().await;
            if let Some(found) = look().await {
                return found;
            }
        }
    };
    match tokio::time::timeout(patience, found).await {
        Ok(found) => found,
        Err(_) => panic!("not within {} s: {what}", patience.as_secs()),
    }
}
