//! Where connections come from: a TCP port, or this very process.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::stream::{self, BoxStream, StreamExt};
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};
use tonic::transport::server::Connected;

use crate::memory::MemoryListener;

/// Where to listen.
#[derive(Debug)]
pub enum Listen {
    /// A TCP address; port 0 takes a free one (see [`super::Running::address`]).
    Tcp(SocketAddr),
    /// This process.
    Memory(MemoryListener),
}

pub(super) type Incoming = BoxStream<'static, io::Result<Connection>>;

pub(super) fn memory(listener: MemoryListener, cut: CancellationToken) -> Incoming {
    stream::unfold((listener, cut), |(mut listener, cut)| async move {
        let connection = Connection::new(Wire::Memory(listener.accept().await?), &cut);
        Some((Ok(connection), (listener, cut)))
    })
    .boxed()
}

pub(super) fn tcp(listener: TcpListener, nodelay: bool, cut: CancellationToken) -> Incoming {
    stream::unfold((listener, cut), move |(listener, cut)| async move {
        loop {
            match listener.accept().await {
                Ok((wire, _)) => {
                    if let Err(error) = wire.set_nodelay(nodelay) {
                        tracing::debug!(%error, "a connection was gone before it was served");
                        continue;
                    }
                    return Some((Ok(Connection::new(Wire::Tcp(wire), &cut)), (listener, cut)));
                }
                Err(error) => {
                    // Out of file descriptors, most likely: without a pause this would spin.
                    tracing::warn!(%error, "cannot accept connections");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
        }
    })
    .boxed()
}

/// A connection that can be cut: the hard end of a drain.
pub(super) struct Connection {
    wire: Wire,
    cut: Pin<Box<WaitForCancellationFutureOwned>>,
}

enum Wire {
    Tcp(TcpStream),
    Memory(DuplexStream),
}

impl Connection {
    fn new(wire: Wire, cut: &CancellationToken) -> Self {
        Self { wire, cut: Box::pin(cut.clone().cancelled_owned()) }
    }

    /// Fails once the connection is cut, and wakes the task when it is.
    fn alive(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        match self.cut.as_mut().poll(cx) {
            Poll::Ready(()) => Err(io::ErrorKind::ConnectionAborted.into()),
            Poll::Pending => Ok(()),
        }
    }
}

impl Connected for Connection {
    type ConnectInfo = ();

    fn connect_info(&self) -> Self::ConnectInfo {}
}

impl AsyncRead for Connection {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.alive(cx)?;
        match &mut this.wire {
            Wire::Tcp(wire) => Pin::new(wire).poll_read(cx, buf),
            Wire::Memory(wire) => Pin::new(wire).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Connection {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.alive(cx)?;
        match &mut this.wire {
            Wire::Tcp(wire) => Pin::new(wire).poll_write(cx, buf),
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
            Wire::Memory(wire) => Pin::new(wire).poll_write_vectored(cx, bufs),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match &self.wire {
            Wire::Tcp(wire) => wire.is_write_vectored(),
            Wire::Memory(wire) => wire.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.alive(cx)?;
        match &mut this.wire {
            Wire::Tcp(wire) => Pin::new(wire).poll_flush(cx),
            Wire::Memory(wire) => Pin::new(wire).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().wire {
            Wire::Tcp(wire) => Pin::new(wire).poll_shutdown(cx),
            Wire::Memory(wire) => Pin::new(wire).poll_shutdown(cx),
        }
    }
}
