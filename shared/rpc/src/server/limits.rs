//! Every limit of a server, in one place.

use std::time::Duration;

/// Limits of a server. The largest request is [`crate::MAX_REQUEST_BYTES`], set by [`crate::bounded!`].
#[derive(Clone, Debug)]
pub struct Limits {
    /// Connections open at once; more are closed at once. Each is a file and some kilobytes.
    pub connections: usize,
    /// Connections open at once from one address: one machine alone cannot take all. Many callers may come from one, such
    /// as a proxy's.
    pub connections_per_peer: usize,
    /// Time for a handshake, and then to begin to speak: who is silent takes no place for long.
    pub handshake_timeout: Duration,
    /// Calls worked on at once, over all connections; more are refused at once with `RESOURCE_EXHAUSTED`, which a caller
    /// can retry, where a queue would only let everybody time out. Open streams don't count.
    pub concurrency: usize,
    /// Calls worked on at once for one caller, by the subject of its token, over all connections: one alone cannot use up
    /// `concurrency`. Open streams don't count.
    pub concurrency_per_subject: usize,
    /// Calls worked on at once for one connection: one caller alone cannot use up all of `concurrency`.
    pub(super) concurrency_per_connection: usize,
    /// Calls and streams open on one connection.
    pub(super) max_concurrent_streams: u32,
    /// Time for a call, until a stream's first answer; ends with `DEADLINE_EXCEEDED`. A caller may ask for less.
    pub request_timeout: Duration,
    /// Silence in the middle of a request after which its call ends: who sends headers and no body holds nothing for long.
    pub body_timeout: Duration,
    /// Silence of a caller in the middle of an answer after which the answer is dropped. Until it is taken it counts as a call.
    pub answer_timeout: Duration,
    /// Age at which a stream ends and its caller comes again: lets connections move between replicas.
    pub stream_age: Duration,
    /// Age at which a connection takes no new calls, for the same reason.
    pub(super) connection_age: Duration,
    /// Silence after which a connection is asked whether it lives; finds peers that vanished without a word.
    pub(super) keepalive_interval: Duration,
    /// Time for the answer.
    pub(super) keepalive_timeout: Duration,
    /// Bytes of a call's headers: a token of some kilobytes and room.
    pub(super) header_bytes: u32,
    /// Bytes in flight on one stream and, four times as many, on one connection: feeds and imports run at full speed
    /// over a city's network, and memory stays bounded.
    pub(super) window_bytes: u32,
    /// Small answers leave at once.
    pub tcp_nodelay: bool,
    /// Time from shutdown until calls that are still under way are cut.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 2048,
            connections_per_peer: 512,
            handshake_timeout: Duration::from_secs(5),
            concurrency: 512,
            concurrency_per_subject: 64,
            concurrency_per_connection: 128,
            max_concurrent_streams: 256,
            request_timeout: Duration::from_secs(30),
            body_timeout: Duration::from_secs(10),
            answer_timeout: Duration::from_secs(30),
            stream_age: Duration::from_secs(30 * 60),
            connection_age: Duration::from_secs(60 * 60),
            keepalive_interval: Duration::from_secs(20),
            keepalive_timeout: Duration::from_secs(10),
            header_bytes: 16 * 1024,
            window_bytes: 1024 * 1024,
            tcp_nodelay: true,
            drain: Duration::from_secs(10),
        }
    }
}

impl Limits {
    /// tonic's own timeout and load shedding stay off: they sit outside the gate, where a call that they end has no
    /// span and no right status.
    pub(super) fn builder(&self) -> tonic::transport::Server {
        tonic::transport::Server::builder()
            .concurrency_limit_per_connection(self.concurrency_per_connection)
            .max_concurrent_streams(self.max_concurrent_streams)
            .max_connection_age(self.connection_age)
            .http2_keepalive_interval(Some(self.keepalive_interval))
            .http2_keepalive_timeout(Some(self.keepalive_timeout))
            .http2_max_header_list_size(self.header_bytes)
            .initial_stream_window_size(self.window_bytes)
            .initial_connection_window_size(self.window_bytes.saturating_mul(4))
            // A peer that opens and resets streams without end is thrown out.
            .http2_max_pending_accept_reset_streams(Some(64))
            .http2_max_local_error_reset_streams(Some(1024))
            .accept_http1(false)
    }
}
