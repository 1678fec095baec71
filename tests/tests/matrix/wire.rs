//! A call by its path, with bytes in and bytes out: no generated client stands between the test and the wire.

use std::time::Duration;

use niva_rpc::client::Channel;
use prost::bytes::{Buf, BufMut};
use prost_reflect::MethodDescriptor;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::codegen::http::uri::PathAndQuery;
use tonic::{Request, Status, client::Grpc};

/// Longer than any call here takes on a busy machine.
const HANG: Duration = Duration::from_secs(60);

/// Bytes as they are.
#[derive(Clone, Copy)]
struct Raw;

impl Codec for Raw {
    type Encode = Vec<u8>;
    type Decode = Vec<u8>;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        *self
    }

    fn decoder(&mut self) -> Self {
        *self
    }
}

impl Encoder for Raw {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, item: Vec<u8>, to: &mut EncodeBuf<'_>) -> Result<(), Status> {
        to.put_slice(&item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Vec<u8>;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<Vec<u8>>, Status> {
        Ok(Some(from.copy_to_bytes(from.remaining()).to_vec()))
    }
}

/// The path as a client calls it.
pub(super) fn path_of(method: &MethodDescriptor) -> String {
    format!("/{}/{}", method.parent_service().full_name(), method.name())
}

/// Calls, with one message; the answer, or of a stream its first message. A stream that ends at once answers nothing.
pub(crate) async fn call(
    channel: &Channel,
    method: &MethodDescriptor,
    message: Vec<u8>,
) -> Result<Vec<u8>, Status> {
    let called = tokio::time::timeout(HANG, answered(channel.clone(), method, message));
    called.await.unwrap_or_else(|_| panic!("{} hangs", path_of(method)))
}

async fn answered(channel: Channel, method: &MethodDescriptor, message: Vec<u8>) -> Result<Vec<u8>, Status> {
    let path: PathAndQuery = path_of(method).parse().expect("a path");
    let mut grpc = Grpc::new(channel).max_decoding_message_size(niva_rpc::MAX_ANSWER_BYTES);
    grpc.ready().await.map_err(Status::from_error)?;
    match (method.is_client_streaming(), method.is_server_streaming()) {
        (false, false) => Ok(grpc.unary(Request::new(message), path, Raw).await?.into_inner()),
        (true, false) => {
            let stream = tokio_stream::once(message);
            Ok(grpc.client_streaming(Request::new(stream), path, Raw).await?.into_inner())
        }
        (false, true) => {
            let mut stream = grpc.server_streaming(Request::new(message), path, Raw).await?.into_inner();
            Ok(stream.message().await?.unwrap_or_default())
        }
        (true, true) => panic!("{} streams both ways: teach the matrix to call it", method.full_name()),
    }
}
