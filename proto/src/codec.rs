//! How messages are read from the wire: as prost reads them, but for a request with a NUL in a text. PostgreSQL keeps no
//! such text, SQLite does, and nobody means one: it is refused before anybody looks at it. So is a request of more fields than
//! any has: two bytes on the wire can be a message of hundreds in memory.

use std::collections::HashMap;
use std::marker::PhantomData;

use prost::{Message, Name};
use tonic::Status;
use tonic::codec::{Codec, DecodeBuf, Decoder};
use tonic_prost::{ProstDecoder, ProstEncoder};
use tonic_types::{ErrorDetails, FieldViolation, StatusExt};

use crate::raw::{self, DEPTH};

/// What a field holds, as far as it matters here.
enum Holds {
    Text,
    Message(&'static str),
}

type Fields = &'static [(u64, &'static str, Holds)];

/// By the full name of a message, in order.
static MESSAGES: &[(&str, Fields)] = include!(concat!(env!("OUT_DIR"), "/niva_texts.rs"));

/// The codec of every method.
#[derive(Debug, Clone, Copy)]
pub struct TextCodec<T, U>(PhantomData<(T, U)>);

impl<T, U> Default for TextCodec<T, U> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<T, U> Codec for TextCodec<T, U>
where
    T: Message + Send + 'static,
    U: Message + Name + Default + Send + 'static,
{
    type Encode = T;
    type Decode = U;
    type Encoder = ProstEncoder<T>;
    type Decoder = TextDecoder<U>;

    fn encoder(&mut self) -> Self::Encoder {
        ProstEncoder::default()
    }

    fn decoder(&mut self) -> Self::Decoder {
        TextDecoder(ProstDecoder::default())
    }
}

/// Reads messages of one kind.
#[derive(Debug, Clone, Default)]
pub struct TextDecoder<U>(ProstDecoder<U>);

impl<U: Message + Name + Default> Decoder for TextDecoder<U> {
    type Item = U;
    type Error = Status;

    fn decode(&mut self, buf: &mut DecodeBuf<'_>) -> Result<Option<U>, Status> {
        // Answers are read as they are: what a service has told stands.
        if U::NAME.ends_with("Request") {
            // A message lies in one piece.
            let bytes = prost::bytes::Buf::chunk(buf);
            let mut left = MAX_FIELDS;
            if let Err(wrong) = look(bytes, &U::full_name(), DEPTH, &mut left) {
                return Err(wrong.status());
            }
        }
        self.0.decode(buf)
    }
}

/// Fields of a request, those of the messages in it too: several times as many as the largest needs.
const MAX_FIELDS: usize = 50_000;

/// Why a request is not read.
#[derive(Debug, PartialEq, Eq)]
enum Wrong {
    /// A text, by its path, has a NUL.
    Nul(String),
    /// It has more than [`MAX_FIELDS`].
    TooMany,
}

impl Wrong {
    fn status(self) -> Status {
        match self {
            Self::Nul(field) => refused(field, "has a NUL character, which no text has; leave it out"),
            Self::TooMany => {
                let words = format!("the request has more than {MAX_FIELDS} fields; send it in several");
                refused(String::new(), &words)
            }
        }
    }

    /// In a field of this name.
    fn within(self, name: &str) -> Self {
        match self {
            Self::Nul(inner) => Self::Nul(format!("{name}.{inner}")),
            Self::TooMany => Self::TooMany,
        }
    }
}

fn refused(field: String, words: &str) -> Status {
    let reasons = [("reasons".to_owned(), "FIELD_INVALID".to_owned())];
    let mut details = ErrorDetails::with_error_info("FIELD_INVALID", "niva", HashMap::from(reasons));
    let told = format!("{field} {words}").trim_start().to_owned();
    details.set_bad_request(vec![FieldViolation::new(field, words)]);
    Status::with_error_details(tonic::Code::InvalidArgument, told, details)
}

/// The first text that has a NUL, or that there are more fields than are `left`; nothing also where the bytes are no message:
/// whoever reads them says so.
fn look(mut bytes: &[u8], message: &str, depth: usize, left: &mut usize) -> Result<(), Wrong> {
    let at = MESSAGES.binary_search_by_key(&message, |(name, _)| *name).ok();
    let Some((_, fields)) = at.and_then(|at| MESSAGES.get(at)) else { return Ok(()) };
    while let Some(field) = raw::next(&mut bytes) {
        *left = left.checked_sub(1).ok_or(Wrong::TooMany)?;
        let Some((_, name, holds)) = fields.iter().find(|(number, ..)| *number == field.number) else {
            continue;
        };
        match holds {
            Holds::Text if field.value.contains(&0) => return Err(Wrong::Nul((*name).to_owned())),
            Holds::Message(of) if field.is_counted && depth > 0 => {
                look(field.value, of, depth - 1, left).map_err(|inner| inner.within(name))?;
            }
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assessment::v1::{Person, RecordPersonRequest};

    fn nul(bytes: &[u8], message: &str) -> Option<String> {
        match look(bytes, message, DEPTH, &mut MAX_FIELDS.clone()) {
            Ok(()) => None,
            Err(Wrong::Nul(field)) => Some(field),
            Err(Wrong::TooMany) => panic!("{} bytes are too many fields", bytes.len()),
        }
    }

    fn found(request: &RecordPersonRequest) -> Option<String> {
        nul(&request.encode_to_vec(), &RecordPersonRequest::full_name())
    }

    #[test]
    fn a_nul_is_found_wherever_it_is_and_nowhere_else() {
        let good = RecordPersonRequest {
            request_id: "r".to_owned(),
            validate_only: false,
            person: Some(Person { person_id: "p".to_owned(), ..Person::default() }),
        };
        assert_eq!(found(&good), None);
        let own = RecordPersonRequest { request_id: "a\0b".to_owned(), ..good.clone() };
        assert_eq!(found(&own).as_deref(), Some("request_id"));
        let mut inner = good;
        if let Some(person) = &mut inner.person {
            person.person_id = "\0".to_owned();
        }
        assert_eq!(found(&inner).as_deref(), Some("person.person_id"));
    }

    #[test]
    fn what_is_no_message_is_left_to_whoever_reads_it() {
        let name = RecordPersonRequest::full_name();
        for bytes in [&[0x0a][..], &[0x0a, 0xff], &[0xff; 12], &[0x0b], &[0x0a, 0x05, 0x00]] {
            assert_eq!(nul(bytes, &name), None, "{bytes:?}");
        }
        assert_eq!(nul(&[0x0a, 0x01, 0x00], "niva.none"), None);
    }

    #[test]
    fn small_bytes_that_would_be_much_in_memory_are_not_read() {
        let name = crate::payment::v1::CalculateCompensationRequest::full_name();
        // Field 1 is the case; in it a list has an empty message for every two bytes.
        let case = [0x52, 0x00].repeat(MAX_FIELDS);
        let of = |case: &[u8]| {
            let mut bytes = vec![0x0a];
            prost::encoding::encode_varint(case.len() as u64, &mut bytes);
            bytes.extend_from_slice(case);
            look(&bytes, &name, DEPTH, &mut MAX_FIELDS.clone())
        };
        assert_eq!(of(&case), Err(Wrong::TooMany));
        assert_eq!(of(&case[2..]), Ok(()), "the case itself is a field too");
        let status = Wrong::TooMany.status();
        assert_eq!(status.message(), "the request has more than 50000 fields; send it in several");
    }
}
