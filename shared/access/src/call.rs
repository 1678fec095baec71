//! A call under way, as far as its record needs it.

use std::sync::atomic::{AtomicBool, Ordering};

use niva_base::OpError;

use crate::record::{About, Record, is_like_a_number};

/// Says whom a message (its full name, its bytes) names.
pub type Find = fn(&str, &[u8], &mut About);

/// The longest purpose, in characters.
const MAX_PURPOSE: usize = 100;

/// A call under way. Its record is written once: in the transaction of what it changes, or before it is answered.
#[derive(Debug)]
pub struct Call {
    made: Record,
    messages: Option<Messages>,
    kept: AtomicBool,
}

/// How the messages of a method are read.
#[derive(Clone, Copy, Debug)]
pub struct Messages {
    /// The full name of its request.
    pub request: &'static str,
    /// The full name of its response.
    pub response: &'static str,
    /// Says whom one names.
    pub find: Find,
}

impl Call {
    /// A call of which so much is known, and no more than that without `messages`.
    #[must_use]
    pub fn new(made: Record, messages: Option<Messages>) -> Self {
        Self { made: Record { calls: 1, ..made }, messages, kept: AtomicBool::new(false) }
    }

    /// The record of it: whom what was `asked` and `answered` names, and that it was done.
    #[must_use]
    pub fn done<'m>(&self, asked: impl IntoIterator<Item = &'m [u8]>, answered: &[u8]) -> Record {
        let mut about = About::default();
        if let Some(Messages { response, find, .. }) = self.messages {
            find(response, answered, &mut about);
        }
        let about = self.asked(asked).and(&about);
        Record { code: "OK".to_owned(), about, ..self.made.clone() }
    }

    /// The record of it, refused.
    #[must_use]
    pub fn refused<'m>(
        &self,
        asked: impl IntoIterator<Item = &'m [u8]>,
        code: &str,
        reason: String,
    ) -> Record {
        Record { code: code.to_owned(), reason, about: self.asked(asked), ..self.made.clone() }
    }

    fn asked<'m>(&self, messages: impl IntoIterator<Item = &'m [u8]>) -> About {
        let mut about = About::default();
        if let Some(Messages { request, find, .. }) = self.messages {
            messages.into_iter().for_each(|message| find(request, message, &mut about));
        }
        about.of_ids()
    }

    /// Whether its caller says what it is for.
    pub(crate) fn has_purpose(&self) -> bool {
        !self.made.purpose.is_empty()
    }

    /// Its record is written.
    pub fn keep(&self) {
        self.kept.store(true, Ordering::Release);
    }

    /// Whether its record is written.
    #[must_use]
    pub fn is_kept(&self) -> bool {
        self.kept.load(Ordering::Acquire)
    }
}

/// Reads what a caller says that a call is for: a word or a reference, and no sentence, so that nobody is named in it.
///
/// # Errors
/// `INVALID_ARGUMENT`: `FIELD_INVALID`.
pub fn purpose(field: &str, given: &str) -> Result<String, OpError> {
    let known = |c: char| c.is_ascii_alphanumeric() || "-_.:/".contains(c);
    if given.len() <= MAX_PURPOSE && given.chars().all(known) && !is_like_a_number(given) {
        return Ok(given.to_owned());
    }
    let words = format!(
        "is at most {MAX_PURPOSE} letters, digits and -_.:/ (\"review/2024-17\"), and no identity number"
    );
    Err(OpError::invalid(field, "FIELD_INVALID", words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_purpose_is_a_word_and_no_sentence() {
        assert_eq!(purpose("p", "review/2024-17").ok().as_deref(), Some("review/2024-17"));
        for refused in ["Anna is ill", "a\"b", &"x".repeat(101), &"1".repeat(10)] {
            assert_eq!(purpose("p", refused).unwrap_err().reason(), "FIELD_INVALID", "{refused}");
        }
    }

    #[test]
    fn a_record_names_who_was_asked_for_and_shown() {
        let find: Find = |name, bytes, about| about.person(&format!("{name}{}", bytes.len()));
        let messages = Messages { request: "asked", response: "shown", find };
        let call = Call::new(Record { subject: "anna".into(), ..Record::default() }, Some(messages));
        let done = call.done([&[1_u8][..], &[1, 2]], &[1, 2, 3]);
        assert_eq!(done.about.persons.into_iter().collect::<Vec<_>>(), ["asked1", "asked2", "shown3"]);
        let refused = call.refused([&[1_u8][..]], "NOT_FOUND", "NOT_FOUND".into());
        assert_eq!((refused.about.persons.len(), refused.subject.as_str()), (1, "anna"));
        assert!(!call.is_kept());
        call.keep();
        assert!(call.is_kept());
    }
}
