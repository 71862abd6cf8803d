//! Long lists, page by page to their end.

use crate::caller::{CallerError, Connection};
use wire::Tool;
use wire::tools::audit::{AuditNetpol, AuditPsa, AuditRbac, AuditResources};
use wire::tools::cluster::HealthNodes;
use wire::tools::enclave::EnclaveList;
use wire::tools::pods::WfPods;
use wire::tools::tentacle::WfList;
use wire::tools::trail::TrailTail;

/// Why a list has no end.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PagesError {
    /// A page cannot be had.
    #[error(transparent)]
    Caller(#[from] CallerError),
    /// A page names itself as the next one.
    #[error("the server's list does not end: a page is followed by itself")]
    Circle,
}

/// A tool whose answer is one page of a list.
pub(crate) trait Paged: Tool {
    /// Asks for the page at `cursor`.
    fn turn(args: &mut Self::Args, cursor: String);
    /// Where the next page begins.
    fn next(answer: &Self::Answer) -> Option<&str>;
}

/// Tools whose arguments have a page, and whose answer, or a part of it, says where the next begins.
macro_rules! paged {
    ($($tool:ident $(. $part:ident)?,)+) => {
        $(impl Paged for $tool {
            fn turn(args: &mut Self::Args, cursor: String) {
                args.page.cursor = Some(cursor);
            }

            fn next(answer: &Self::Answer) -> Option<&str> {
                answer$(.$part)?.next_cursor.as_deref()
            }
        })+
    };
}

paged! {
    AuditNetpol.audit, AuditPsa, AuditRbac, AuditResources.audit, EnclaveList, HealthNodes, WfList, WfPods,
}

impl Paged for TrailTail {
    fn turn(args: &mut Self::Args, cursor: String) {
        args.cursor = Some(cursor);
    }

    fn next(answer: &Self::Answer) -> Option<&str> {
        answer.next_cursor.as_deref()
    }
}

/// Gives each page to `take`, in order.
pub(crate) async fn each<T, E>(
    connection: &Connection,
    mut args: T::Args,
    mut take: impl FnMut(T::Answer) -> Result<(), E>,
) -> Result<(), E>
where
    T: Paged,
    E: From<PagesError>,
{
    let mut last: Option<String> = None;
    loop {
        let answer = connection.call::<T>(&args).await.map_err(PagesError::from)?;
        let next = T::next(&answer).map(str::to_owned);
        take(answer)?;
        let Some(cursor) = next else { return Ok(()) };
        if last.as_ref() == Some(&cursor) {
            return Err(PagesError::Circle.into());
        }
        T::turn(&mut args, cursor.clone());
        last = Some(cursor);
    }
}
