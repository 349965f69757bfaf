//! The body of a publish call, which leaves only as long as the call is cleared:
//! a connection may take its time, and this machine may sleep or stall meanwhile.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use crate::domain::Clearance;

/// Asks once more when the connection is there. Without its body the platform
/// cannot take the call for whole.
pub(super) struct ClearedBody {
    bytes: Option<Bytes>,
    clearance: Clearance,
}

impl ClearedBody {
    pub(super) fn new(bytes: Vec<u8>, clearance: Clearance) -> Self {
        Self { bytes: Some(bytes.into()), clearance }
    }
}

impl Body for ClearedBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let Some(bytes) = self.bytes.take() else { return Poll::Ready(None) };
        Poll::Ready(Some(match self.clearance.is_good() {
            true => Ok(Frame::data(bytes)),
            false => Err(io::Error::other("too much time had passed since it was cleared")),
        }))
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
    }
}
