//! The sizes of messages.

/// The largest request that a server reads: more than any has, and little enough that nobody waits for another's to be read. A larger
/// one is refused with `OUT_OF_RANGE` by its first bytes.
pub const MAX_REQUEST_BYTES: usize = 1024 * 1024;
/// The largest answer, and message of a stream: a page of a list, a run's facts.
pub const MAX_ANSWER_BYTES: usize = 8 * 1024 * 1024;

/// Sets the message limits of a generated server: `bounded!(PaymentServiceServer::new(api))`.
#[macro_export]
macro_rules! bounded {
    ($server:expr) => {
        $server
            .max_decoding_message_size($crate::MAX_REQUEST_BYTES)
            .max_encoding_message_size($crate::MAX_ANSWER_BYTES)
    };
}

/// Sets the message limits of a generated client: `bounded_client!(PaymentServiceClient::new(channel))`.
#[macro_export]
macro_rules! bounded_client {
    ($client:expr) => {
        $client.max_decoding_message_size($crate::MAX_ANSWER_BYTES)
    };
}
