//! Faults of the connection itself, below HTTP.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use axum::body::{Bytes, HttpBody};
use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

/// A body that ends with an error, which makes the server cut the connection:
/// at once, before the head is sent, or after some bytes.
pub(super) struct Broken {
    bytes: Option<Bytes>,
    /// Makes the server write out what it has before the error comes.
    pauses: u8,
}

impl Broken {
    pub(super) fn at_once() -> Self {
        Self { bytes: None, pauses: 0 }
    }

    pub(super) fn after(bytes: Bytes) -> Self {
        Self { bytes: Some(bytes).filter(|bytes| !bytes.is_empty()), pauses: 2 }
    }
}

impl HttpBody for Broken {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, io::Error>>> {
        if let Some(bytes) = self.bytes.take() {
            return Poll::Ready(Some(Ok(http_body::Frame::data(bytes))));
        }
        if self.pauses > 0 {
            self.pauses -= 1;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Some(Err(io::Error::other("cut on purpose"))))
    }
}

/// What a connection sends behind the next answer.
#[derive(Debug, Clone, Default)]
pub(super) struct Postscript(Arc<Mutex<Option<Bytes>>>);

impl Postscript {
    pub(super) fn set(&self, bytes: Bytes) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(bytes);
    }

    fn take(&self) -> Option<Bytes> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Connected<IncomingStream<'_, Port>> for Postscript {
    fn connect_info(stream: IncomingStream<'_, Port>) -> Self {
        stream.io().postscript.clone()
    }
}

/// A listener whose connections can send a [`Postscript`].
pub(super) struct Port(pub(super) TcpListener);

impl Listener for Port {
    type Io = Wire;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Wire, SocketAddr) {
        let (stream, peer) = Listener::accept(&mut self.0).await;
        // Only a delay is lost when the system refuses.
        let _ = stream.set_nodelay(true);
        (Wire { stream, postscript: Postscript::default(), due: Bytes::new() }, peer)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

/// A connection that sends its postscript once the answer before it is out: the
/// server writes a small answer whole before it flushes.
pub(super) struct Wire {
    stream: TcpStream,
    postscript: Postscript,
    /// What the next flush sends. Taken over with a write only: a server may
    /// flush while it has no answer yet.
    due: Bytes,
}

impl Wire {
    fn written(&mut self, result: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if matches!(result, Poll::Ready(Ok(1..)))
            && let Some(due) = self.postscript.take()
        {
            self.due = due;
        }
        result
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.written(result)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write_vectored(context, buffers);
        self.written(result)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let wire = &mut *self;
        while !wire.due.is_empty() {
            let sent = ready!(Pin::new(&mut wire.stream).poll_write(context, &wire.due))?;
            wire.due = wire.due.slice(sent..);
        }
        Pin::new(&mut wire.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
