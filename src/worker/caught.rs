//! Panics as errors: a bug in one part keeps no other part from its work.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::Poll;

use crate::store::StoreError;

/// Runs a part of a worker's work; a panic in it is an error like any other. What it was
/// at in the database is rolled back.
pub(super) async fn caught<T>(
    part: &'static str,
    work: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    let mut work = Box::pin(work);
    poll_fn(move |cx| {
        let polled = catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(cx)));
        polled.unwrap_or_else(|_| Poll::Ready(Err(StoreError::BrokeOff(part))))
    })
    .await
}
