//! What client and server share: a call's span and its one final status, and messages' sizes.

mod caller;
mod observe;
mod policy;
mod status;

pub use caller::caller;
pub(crate) use caller::nobody;
pub(crate) use observe::{Ends, ObservedRpc};
pub use policy::policy;
pub(crate) use status::DOMAIN;
pub use status::{answer, metadata, reason, reasons, status, violations};

/// The largest message that is read: a batch of an import, a run's facts. Larger ones fail with `OUT_OF_RANGE`.
pub const MAX_DECODING_BYTES: usize = 8 * 1024 * 1024;
/// The largest message that is sent. What may be sent may be read.
pub const MAX_ENCODING_BYTES: usize = MAX_DECODING_BYTES;

/// Sets the message limits of a generated server or client: `bounded!(PaymentServiceServer::new(api))`.
#[macro_export]
macro_rules! bounded {
    ($generated:expr) => {
        $generated
            .max_decoding_message_size($crate::rpc::MAX_DECODING_BYTES)
            .max_encoding_message_size($crate::rpc::MAX_ENCODING_BYTES)
    };
}
