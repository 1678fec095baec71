//! Where connections come from: a TCP port, with TLS or without, or this very process.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{self, BoxStream, StreamExt};
use niva_tls::Tls;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::connection::{Connection, Peer, Wire};
use super::limits::Limits;
use super::places::{Place, Places};
use crate::memory::MemoryListener;

/// Where to listen.
#[derive(Debug)]
pub enum Listen {
    /// A TCP address of this machine's own, in plain text; port 0 takes a free one (see [`super::Running::address`]).
    Tcp(SocketAddr),
    /// A TCP address, with TLS.
    Tls(SocketAddr, Tls),
    /// This process.
    Memory(MemoryListener),
}

pub(super) type Incoming = BoxStream<'static, io::Result<Connection>>;

pub(super) fn memory(listener: MemoryListener, cut: CancellationToken) -> Incoming {
    stream::unfold((listener, cut), |(mut listener, cut)| async move {
        let connection = Connection::memory(listener.accept().await?, &cut);
        Some((Ok(connection), (listener, cut)))
    })
    .boxed()
}

/// Those that are ready to be served: a handshake that takes its time keeps nobody else waiting.
pub(super) fn net(
    listener: TcpListener,
    tls: Option<Tls>,
    limits: &Limits,
    cut: CancellationToken,
) -> Incoming {
    let (ready, incoming) = mpsc::channel(64);
    let door = Door {
        tls,
        ready,
        places: Places::new(limits.connections, limits.connections_per_peer),
        patience: limits.handshake_timeout,
        nodelay: limits.tcp_nodelay,
        cut,
    };
    tokio::spawn(Arc::new(door).open(listener));
    stream::unfold(incoming, |mut incoming| async move { Some((Ok(incoming.recv().await?), incoming)) })
        .boxed()
}

/// Who is let in.
struct Door {
    tls: Option<Tls>,
    ready: mpsc::Sender<Connection>,
    places: Places,
    patience: Duration,
    nodelay: bool,
    cut: CancellationToken,
}

impl Door {
    /// Until nobody serves what comes in any more.
    async fn open(self: Arc<Self>, listener: TcpListener) {
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                () = self.ready.closed() => return,
            };
            match accepted {
                Ok((stream, from)) => match self.places.take(from.ip()) {
                    Some(place) => drop(tokio::spawn(Arc::clone(&self).let_in(stream, place))),
                    None => tracing::debug!(%from, "refused: too many connections"),
                },
                Err(error) => {
                    // Out of file descriptors, most likely: without a pause this would spin.
                    tracing::warn!(%error, "cannot accept connections");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
        }
    }

    async fn let_in(self: Arc<Self>, stream: TcpStream, place: Place) {
        match tokio::time::timeout(self.patience, self.shake_hands(stream)).await {
            Ok(Ok((wire, peer))) => {
                let connection = Connection::net(wire, peer, place, self.patience, &self.cut);
                // Nobody serves any more: the connection goes.
                let _ = self.ready.send(connection).await;
            }
            Ok(Err(error)) => tracing::debug!(%error, "a connection came to nothing"),
            Err(_) => tracing::debug!("a connection was silent for too long"),
        }
    }

    async fn shake_hands(&self, stream: TcpStream) -> io::Result<(Wire, Peer)> {
        stream.set_nodelay(self.nodelay)?;
        let Some(tls) = &self.tls else { return Ok((Wire::Tcp(stream), Peer::Near)) };
        let stream = tls.accept(stream).await?;
        let peer = Peer::Secure(niva_tls::names(&stream).into());
        Ok((Wire::Tls(Box::new(stream)), peer))
    }
}
