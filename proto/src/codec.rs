//! How messages are read from the wire: as prost reads them, but for a request with a NUL in a text. PostgreSQL keeps no
//! such text, SQLite does, and nobody means one: it is refused before anybody looks at it.

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
            if let Some(field) = nul(bytes, &U::full_name(), DEPTH) {
                return Err(refused(field));
            }
        }
        self.0.decode(buf)
    }
}

fn refused(field: String) -> Status {
    let words = "has a NUL character, which no text has; leave it out";
    let reasons = [("reasons".to_owned(), "FIELD_INVALID".to_owned())];
    let mut details = ErrorDetails::with_error_info("FIELD_INVALID", "niva", HashMap::from(reasons));
    let told = format!("{field} {words}");
    details.set_bad_request(vec![FieldViolation::new(field, words)]);
    Status::with_error_details(tonic::Code::InvalidArgument, told, details)
}

/// The path of the first text that has a NUL; none also where the bytes are no message: whoever reads them says so.
fn nul(mut bytes: &[u8], message: &str, depth: usize) -> Option<String> {
    let at = MESSAGES.binary_search_by_key(&message, |(name, _)| *name).ok()?;
    let fields = MESSAGES.get(at)?.1;
    while let Some(field) = raw::next(&mut bytes) {
        let Some((_, name, holds)) = fields.iter().find(|(number, ..)| *number == field.number) else {
            continue;
        };
        match holds {
            Holds::Text if field.value.contains(&0) => return Some((*name).to_owned()),
            Holds::Message(of) if field.is_counted && depth > 0 => {
                if let Some(inner) = nul(field.value, of, depth - 1) {
                    return Some(format!("{name}.{inner}"));
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assessment::v1::{Person, RecordPersonRequest};

    fn found(request: &RecordPersonRequest) -> Option<String> {
        nul(&request.encode_to_vec(), &RecordPersonRequest::full_name(), DEPTH)
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
            assert_eq!(nul(bytes, &name, DEPTH), None, "{bytes:?}");
        }
        assert_eq!(nul(&[0x0a, 0x01, 0x00], "niva.none", DEPTH), None);
    }
}
