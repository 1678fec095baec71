//! A call and its record: what was asked and answered, and that nothing is answered which is not recorded.

use std::collections::{BTreeMap, VecDeque};
use std::pin::Pin;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderMap, Response};
use http_body::{Body as _, Frame};
use niva_access::{About, Call, Messages};
use niva_proto::persons::{Named, find};
use niva_proto::{METHODS, Method};
use tonic::body::Body;
use tonic::{Code, Status};

use super::recorder::Recorder;
use crate::status::{reason, status};

/// What a caller says that a call is for.
pub(super) const PURPOSE: &str = "niva-purpose";

/// Bytes before each message of a body: whether it is compressed, and its length.
const PREFIX: usize = 5;

/// A method of the contract; none for what is not in it.
pub(super) fn method(path: &str) -> Option<&'static Method> {
    static BY_PATH: LazyLock<BTreeMap<&str, &Method>> =
        LazyLock::new(|| METHODS.iter().map(|method| (method.path, method)).collect());
    BY_PATH.get(path).copied()
}

/// How its messages are read.
pub(super) fn messages(method: &Method) -> Messages {
    Messages { request: method.request, response: method.response, find: named }
}

fn named(message: &str, bytes: &[u8], about: &mut About) {
    find(message, bytes, &mut |named| match named {
        Named::Person(id) => about.person(id),
        Named::Placement(id) => about.placement(id),
    });
}

/// The bytes of a request, as they are read. Cheap to clone; clones hear the same.
#[derive(Clone, Default)]
pub(super) struct Heard(Arc<Mutex<Vec<Bytes>>>);

impl Heard {
    pub(super) fn hear(&self, bytes: &Bytes) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(bytes.clone());
    }

    fn all(&self) -> Bytes {
        joined(&self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// An answer whose one message was looked at before it is given.
pub(super) struct Answer {
    response: Response<Body>,
    message: Bytes,
    /// How it ends, as far as it is known.
    end: Option<Status>,
}

impl Answer {
    /// Reads the answer of a method that answers one message. That of a stream begins when it is given.
    pub(super) async fn read(response: Response<Body>, method: Option<&Method>) -> Self {
        let end = Status::from_header_map(response.headers());
        let shows = method.is_some_and(|method| method.answers_once && method.of_persons);
        if end.is_some() || !shows {
            return Self { response, message: Bytes::new(), end };
        }
        let (head, mut body) = response.into_parts();
        let (mut frames, mut data, mut end) = (VecDeque::new(), Vec::new(), None);
        while let Some(frame) = std::future::poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
            if let Ok(frame) = &frame {
                data.extend(frame.data_ref().cloned());
                end = frame.trailers_ref().and_then(Status::from_header_map).or(end);
            }
            let failed = frame.as_ref().err().cloned();
            end = failed.or(end);
            frames.push_back(frame);
        }
        let message = joined(&data);
        Self { response: Response::from_parts(head, Body::new(Read(frames))), message, end }
    }

    /// Writes the record of the call where it is not written yet, then gives the answer.
    ///
    /// # Errors
    /// The record cannot be written.
    pub(super) async fn recorded(
        self,
        call: &Call,
        heard: &Heard,
        method: Option<&Method>,
        recorder: &dyn Recorder,
    ) -> Result<Response<Body>, Status> {
        match &self.end {
            Some(end) if end.code() != Code::Ok => refused(call, heard, end, recorder).await?,
            _ if call.is_kept() || method.is_none_or(|method| !method.of_persons) => {}
            _ => {
                let asked = heard.all();
                let record = call.done(first(&asked), first(&self.message).unwrap_or_default());
                let of_nobody = method.is_some_and(|method| method.keeps_nothing) && record.about.is_nobody();
                if !of_nobody {
                    recorder.record(record).await.map_err(status)?;
                }
            }
        }
        Ok(self.response)
    }
}

/// Writes the record of a call that was let in and is refused. What says that something is away tells of nobody, and is
/// told as it is where the record's place is away too.
///
/// # Errors
/// The record cannot be written.
pub(super) async fn refused(
    call: &Call,
    heard: &Heard,
    end: &Status,
    recorder: &dyn Recorder,
) -> Result<(), Status> {
    let asked = heard.all();
    let record = call.refused(first(&asked), code(end.code()), reason(end).unwrap_or_default());
    match recorder.record(record).await {
        Err(_) if end.code() == Code::Unavailable => Ok(()),
        done => done.map_err(status),
    }
}

/// The first message of a body; none where it is not whole.
fn first(body: &Bytes) -> Option<&[u8]> {
    let (prefix, rest) = body.split_at_checked(PREFIX)?;
    let length: [u8; 4] = prefix.get(1..)?.try_into().ok()?;
    rest.get(..usize::try_from(u32::from_be_bytes(length)).ok()?)
}

fn joined(parts: &[Bytes]) -> Bytes {
    match parts {
        [one] => one.clone(),
        parts => parts.concat().into(),
    }
}

/// The name of a status, as the contract writes it.
pub(super) const fn code(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}

/// A body that was read, given as it came.
struct Read(VecDeque<Result<Frame<Bytes>, Status>>);

impl http_body::Body for Read {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        Poll::Ready(self.get_mut().0.pop_front())
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_empty()
    }
}

/// The purpose that a caller gives.
///
/// # Errors
/// `INVALID_ARGUMENT`: `FIELD_INVALID`.
pub(super) fn purpose(headers: &HeaderMap) -> Result<String, niva_base::OpError> {
    let Some(given) = headers.get(PURPOSE) else { return Ok(String::new()) };
    niva_access::purpose(PURPOSE, given.to_str().unwrap_or("\u{0}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_message_of_a_body_is_whole_or_none() {
        let body = Bytes::from_static(&[0, 0, 0, 0, 2, 7, 8, 0, 0]);
        assert_eq!(first(&body), Some(&[7, 8][..]));
        for broken in [&[][..], &[0, 0, 0, 0], &[0, 0, 0, 0, 2, 7]] {
            assert_eq!(first(&Bytes::copy_from_slice(broken)), None);
        }
        let heard = Heard::default();
        body.chunks(2).for_each(|part| heard.hear(&Bytes::copy_from_slice(part)));
        assert_eq!(heard.all(), body);
    }
}
