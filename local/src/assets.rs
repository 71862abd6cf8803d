//! The files that pages load: style, script, sign. They are part of the program, and no secret.

use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::header;

fn file(kind: &'static str, text: &'static str) -> Response {
    // Asked for each time: after an upgrade, an old style would be worse than the few bytes.
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-cache")], text).into_response()
}

/// The paths under `/assets`.
pub(crate) fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    let style = || async { file("text/css; charset=utf-8", include_str!("../assets/page.css")) };
    let blocks = || async { file("text/css; charset=utf-8", include_str!("../assets/message.css")) };
    let script = || async { file("text/javascript; charset=utf-8", include_str!("../assets/page.js")) };
    let mention = || async { file("text/javascript; charset=utf-8", include_str!("../assets/mention.js")) };
    let sign = || async { file("image/svg+xml", include_str!("../assets/sign.svg")) };
    Router::new()
        .route("/page.css", get(style))
        .route("/message.css", get(blocks))
        .route("/page.js", get(script))
        .route("/mention.js", get(mention))
        .route("/sign.svg", get(sign))
}
