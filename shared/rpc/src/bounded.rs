//! The sizes of messages.

/// The largest message that is read: a batch of an import, a run's facts. Larger ones fail with `OUT_OF_RANGE`.
pub const MAX_DECODING_BYTES: usize = 8 * 1024 * 1024;
/// The largest message that is sent. What may be sent may be read.
pub const MAX_ENCODING_BYTES: usize = MAX_DECODING_BYTES;

/// Sets the message limits of a generated server or client: `bounded!(PaymentServiceServer::new(api))`.
#[macro_export]
macro_rules! bounded {
    ($generated:expr) => {
        $generated
            .max_decoding_message_size($crate::MAX_DECODING_BYTES)
            .max_encoding_message_size($crate::MAX_ENCODING_BYTES)
    };
}
