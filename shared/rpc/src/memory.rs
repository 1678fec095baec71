//! Connections inside this very process.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::DuplexStream;
use tokio::sync::mpsc;

/// Bytes in flight on an in-memory connection, each way.
const MEMORY_BUFFER: usize = 1024 * 1024;

/// Reaches a server in this process. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct MemoryConnector(Arc<Mutex<Option<mpsc::UnboundedSender<DuplexStream>>>>);

/// The server's end of a [`MemoryConnector`].
#[derive(Debug)]
pub struct MemoryListener(mpsc::UnboundedReceiver<DuplexStream>);

impl MemoryConnector {
    /// Reaches nobody yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// From now on connections go to this listener: a server that is started again takes over.
    #[must_use]
    pub fn listen(&self) -> MemoryListener {
        let (sender, receiver) = mpsc::unbounded_channel();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(sender);
        MemoryListener(receiver)
    }

    pub(crate) fn connect(&self) -> io::Result<DuplexStream> {
        let (ours, theirs) = tokio::io::duplex(MEMORY_BUFFER);
        let listener = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        listener
            .and_then(|listener| listener.send(theirs).ok())
            .map(|()| ours)
            .ok_or_else(|| io::Error::new(io::ErrorKind::ConnectionRefused, "nobody serves in this process"))
    }
}

impl MemoryListener {
    /// The next connection; `None` once another listener has taken over.
    pub(crate) async fn accept(&mut self) -> Option<DuplexStream> {
        self.0.recv().await
    }
}
