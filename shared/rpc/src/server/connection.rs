//! A connection that came in.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Sleep;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};
use tonic::transport::server::Connected;

use super::places::Place;

/// Bytes with which every client begins (HTTP/2, RFC 9113, 3.4).
const PREFACE: usize = 24;

/// Who is at the other end.
#[derive(Clone, Debug)]
pub(super) enum Peer {
    /// This process or this machine: nobody shows a certificate.
    Near,
    /// Whoever came in by TLS, and the DNS names of the certificate that they have shown; none where they have none.
    Secure(Arc<[String]>),
}

/// A connection that can be cut: the hard end of a drain.
pub(super) struct Connection {
    wire: Wire,
    cut: Pin<Box<WaitForCancellationFutureOwned>>,
    /// Until the peer has begun to speak: when it must have.
    silent: Option<Silence>,
    peer: Peer,
    _place: Option<Place>,
}

struct Silence {
    over: Pin<Box<Sleep>>,
    heard: usize,
}

pub(super) enum Wire {
    Tcp(TcpStream),
    Tls(Box<niva_tls::Incoming>),
    Memory(DuplexStream),
}

impl Connection {
    /// From this process.
    pub(super) fn memory(wire: DuplexStream, cut: &CancellationToken) -> Self {
        let cut = Box::pin(cut.clone().cancelled_owned());
        Self { wire: Wire::Memory(wire), cut, silent: None, peer: Peer::Near, _place: None }
    }

    /// From a network; it must begin to speak within `patience`.
    pub(super) fn net(
        wire: Wire,
        peer: Peer,
        place: Place,
        patience: Duration,
        cut: &CancellationToken,
    ) -> Self {
        let cut = Box::pin(cut.clone().cancelled_owned());
        let silent = Some(Silence { over: Box::pin(tokio::time::sleep(patience)), heard: 0 });
        Self { wire, cut, silent, peer, _place: Some(place) }
    }

    /// Fails once the connection is cut, and wakes the task when it is.
    fn alive(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        match self.cut.as_mut().poll(cx) {
            Poll::Ready(()) => Err(io::ErrorKind::ConnectionAborted.into()),
            Poll::Pending => Ok(()),
        }
    }

    /// Fails once the peer has been silent for too long, and wakes the task when it has.
    fn speaks(&mut self, heard: usize, cx: &mut Context<'_>) -> io::Result<()> {
        let Some(silence) = &mut self.silent else { return Ok(()) };
        silence.heard += heard;
        if silence.heard >= PREFACE {
            self.silent = None;
            return Ok(());
        }
        match silence.over.as_mut().poll(cx) {
            Poll::Ready(()) => Err(io::ErrorKind::TimedOut.into()),
            Poll::Pending => Ok(()),
        }
    }
}

impl Connected for Connection {
    type ConnectInfo = Peer;

    fn connect_info(&self) -> Peer {
        self.peer.clone()
    }
}

impl AsyncRead for Connection {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.alive(cx)?;
        let before = buf.filled().len();
        let read = match &mut this.wire {
            Wire::Tcp(wire) => Pin::new(wire).poll_read(cx, buf),
            Wire::Tls(wire) => Pin::new(wire).poll_read(cx, buf),
            Wire::Memory(wire) => Pin::new(wire).poll_read(cx, buf),
        };
        this.speaks(buf.filled().len() - before, cx)?;
        read
    }
}

impl AsyncWrite for Connection {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.alive(cx)?;
        match &mut this.wire {
            Wire::Tcp(wire) => Pin::new(wire).poll_write(cx, buf),
            Wire::Tls(wire) => Pin::new(wire).poll_write(cx, buf),
            Wire::Memory(wire) => Pin::new(wire).poll_write(cx, buf),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.alive(cx)?;
        match &mut this.wire {
            Wire::Tcp(wire) => Pin::new(wire).poll_write_vectored(cx, bufs),
            Wire::Tls(wire) => Pin::new(wire).poll_write_vectored(cx, bufs),
            Wire::Memory(wire) => Pin::new(wire).poll_write_vectored(cx, bufs),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match &self.wire {
            Wire::Tcp(wire) => wire.is_write_vectored(),
            Wire::Tls(wire) => wire.is_write_vectored(),
            Wire::Memory(wire) => wire.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.alive(cx)?;
        match &mut this.wire {
            Wire::Tcp(wire) => Pin::new(wire).poll_flush(cx),
            Wire::Tls(wire) => Pin::new(wire).poll_flush(cx),
            Wire::Memory(wire) => Pin::new(wire).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().wire {
            Wire::Tcp(wire) => Pin::new(wire).poll_shutdown(cx),
            Wire::Tls(wire) => Pin::new(wire).poll_shutdown(cx),
            Wire::Memory(wire) => Pin::new(wire).poll_shutdown(cx),
        }
    }
}
