//! Where the records of calls go.

use futures_util::future::BoxFuture;
use niva_access::Record;
use niva_base::OpError;

/// Keeps records of calls.
pub trait Recorder: std::fmt::Debug + Send + Sync + 'static {
    /// Keeps the record of a call that was let in, before it is answered. One that fails fails the call.
    fn record(&self, record: Record) -> BoxFuture<'_, Result<(), OpError>>;

    /// Keeps the record of a call that was not let in. Whoever sends many of them must not fill the place where they are
    /// kept: of a flood some are counted together.
    fn turned_away(&self, record: Record) -> BoxFuture<'_, Result<(), OpError>>;
}
