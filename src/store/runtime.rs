//! The one asynchronous runtime, and requests that are made again when they fail on the way.

use std::error::Error;
use std::future::Future;
use std::io;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use object_store::client::{HttpError, HttpErrorKind};
use tokio::runtime::{Builder, Runtime};

use super::credentials::without_secrets;
use super::error::{Kind, StoreError};

/// How long a request is made again, unless `AUGMENT_STORE_PATIENCE` says otherwise, in seconds.
const PATIENCE: Duration = Duration::from_mins(1);

/// Threads that requests share: they wait for the network nearly all the time.
const THREADS: usize = 2;

/// How long a request is made again before it counts as failed.
pub(super) fn patience() -> Duration {
    let asked = std::env::var("AUGMENT_STORE_PATIENCE").ok();
    asked
        .and_then(|seconds| seconds.trim().parse().ok())
        .map_or(PATIENCE, Duration::from_secs)
}

/// The runtime, which starts when it is first asked for.
pub(super) fn runtime() -> io::Result<&'static Runtime> {
    static RUNTIME: OnceLock<Result<Runtime, String>> = OnceLock::new();
    let runtime = RUNTIME.get_or_init(|| {
        // Fails if there is one already, which serves as well.
        drop(rustls::crypto::ring::default_provider().install_default());
        Builder::new_multi_thread()
            .worker_threads(THREADS)
            .thread_name("store")
            .enable_all()
            .build()
            .map_err(|error| error.to_string())
    });
    runtime
        .as_ref()
        .map_err(|error| io::Error::other(error.clone()))
}

/// Makes a request and waits for its answer.
pub(super) fn wait<T, F: Future<Output = object_store::Result<T>>>(
    attempt: impl FnMut() -> F,
) -> io::Result<T> {
    runtime()?.block_on(persistently(attempt)).map_err(explain)
}

/// Makes a request again while it fails on the way. It must do no harm to do what it does twice.
pub(super) async fn persistently<T, F: Future<Output = object_store::Result<T>>>(
    mut attempt: impl FnMut() -> F,
) -> object_store::Result<T> {
    let begun = Instant::now();
    let mut pause = Duration::from_millis(100);
    loop {
        match attempt().await {
            Err(error) if was_on_the_way(&error) && begun.elapsed() < patience() => {
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(Duration::from_secs(5));
            }
            result => return result,
        }
    }
}

/// The errors behind `error`, that itself first.
fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error| (*error).source())
}

/// Whether the answer, or the way to it, was cut off. The store's own client makes requests again
/// that the server has refused for the moment, but not all of these.
fn was_on_the_way(error: &object_store::Error) -> bool {
    chain(error).any(|error| {
        error.downcast_ref::<HttpError>().is_some_and(|error| {
            // One that was never made will not be made a second time.
            !matches!(error.kind(), HttpErrorKind::Unknown) || chain(error).any(is_cut_off)
        })
    })
}

fn is_cut_off(error: &(dyn Error + 'static)) -> bool {
    let text = error.to_string();
    error.is::<io::Error>()
        || ["connection", "incomplete", "body"]
            .iter()
            .any(|word| text.contains(word))
}

/// What a store refused, in words, and without anything secret.
#[expect(
    clippy::needless_pass_by_value,
    reason = "it is what `map_err` hands over"
)]
pub(super) fn explain(error: object_store::Error) -> io::Error {
    use object_store::Error as Refusal;
    let text = said(&error);
    let kind = match &error {
        Refusal::NotFound { .. } => Kind::NotFound,
        Refusal::AlreadyExists { .. } => Kind::Exists,
        Refusal::Precondition { .. } | Refusal::NotModified { .. } => Kind::Changed,
        Refusal::PermissionDenied { .. } | Refusal::Unauthenticated { .. } => Kind::Refused,
        _ if chain(&error).any(<dyn Error>::is::<HttpError>) => Kind::Unreachable,
        // Listings have no errors of their own for these.
        _ if text.starts_with("the server answered 401") => Kind::Refused,
        _ if text.starts_with("the server answered 403") => Kind::Refused,
        _ if text.starts_with("the server answered 404") => Kind::NotFound,
        _ if text.starts_with("the server answered") => Kind::Other,
        _ => Kind::Settings,
    };
    let message = match kind {
        Kind::NotFound => format!("there is no such object ({text})"),
        Kind::Exists => "an object of this name exists".to_owned(),
        Kind::Changed => "the object was changed by something else".to_owned(),
        Kind::Unreachable => format!("the server cannot be reached: {text}"),
        _ => text,
    };
    let message = without_secrets(&message);
    StoreError { kind, message }.into()
}

/// What the server said, or else what stood in the way.
fn said(error: &object_store::Error) -> String {
    const STATUS: &str = "status code: ";
    let last = chain(error)
        .last()
        .map(ToString::to_string)
        .unwrap_or_default();
    let answer = last.split_once(STATUS).map(|(_, answer)| answer);
    let Some((status, body)) = answer.map(|answer| answer.split_once(": ").unwrap_or((answer, "")))
    else {
        return first_line(&last);
    };
    let element = |name: &str| {
        let (_, rest) = body.split_once(&format!("<{name}>"))?;
        let (text, _) = rest.split_once(&format!("</{name}>"))?;
        Some(text.trim().to_owned())
    };
    // Of an answer in XML no more is shown: it may repeat what was signed.
    let details = match (element("Code"), element("Message")) {
        (Some(code), Some(message)) => format!(": {code}: {message}"),
        (Some(one), None) | (None, Some(one)) => format!(": {one}"),
        (None, None) if body.trim_start().starts_with('<') || body.trim().is_empty() => {
            String::new()
        }
        (None, None) => format!(": {}", first_line(body)),
    };
    format!("the server answered {}{details}", status.trim())
}

fn first_line(text: &str) -> String {
    text.lines()
        .next()
        .unwrap_or_default()
        .chars()
        .take(300)
        .collect()
}
