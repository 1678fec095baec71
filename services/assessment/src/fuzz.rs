//! Bytes from outside, as far as they get before anything is looked up: for fuzzing, and in no build of the product.
//!
//! It must not panic, whatever it is given, but for what it asserts itself.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what is asserted here fails by panicking")]

use std::sync::LazyLock;

use niva_base::Violations;
use niva_names::ServiceCatalogue;
use niva_proto::assessment::v1 as pb;
use prost::Message;

use crate::{applications, grants, level_decisions, measurements, persons};

static CITY: LazyLock<ServiceCatalogue> =
    LazyLock::new(|| ServiceCatalogue::shipped().expect("the shipped city"));

/// Requests: the first byte says which. What is accepted is kept, and reads the same.
pub fn requests(data: &[u8]) {
    let Some((which, bytes)) = data.split_first() else { return };
    match which % 13 {
        0 => read(bytes, |given: pb::Person| {
            let person =
                |given: &_, city| accepted(|v| persons::wire::person(v, given, Some("made".into()), city));
            if let Some(read) = person(&given, Some(&CITY)) {
                assert_eq!(person(&persons::wire::message(&read, None), None).as_ref(), Some(&read));
            }
        }),
        1 => read(bytes, |given: pb::Grant| {
            let grant =
                |given: &_, city| accepted(|v| grants::wire::grant(v, given, Some("made".into()), city));
            if let Some(read) = grant(&given, Some(&CITY)) {
                assert_eq!(grant(&grants::wire::message(&read, None), None).as_ref(), Some(&read));
            }
        }),
        2 => read(bytes, |given: pb::Application| {
            let made = || Some("made".into());
            let application =
                |given: &_, city| accepted(|v| applications::wire::application(v, given, made(), city));
            if let Some(read) = application(&given, Some(&CITY)) {
                let again = application(&applications::wire::message(&read, None), None);
                assert_eq!(again.as_ref(), Some(&read));
            }
        }),
        3 => read(bytes, |given: pb::LevelDecision| {
            drop(accepted(|v| level_decisions::wire::given(v, &given, Some("made".into()), Some(&CITY))));
        }),
        4 => read(bytes, |given: pb::Measurement| {
            drop(accepted(|v| measurements::wire::given(v, &given, Some("made".into()), Some(&CITY))));
        }),
        5 => read(bytes, |asked| drop(persons::wire::moved(&asked, &CITY))),
        6 => read(bytes, |asked| drop(persons::wire::assigned(&asked))),
        7 => read(bytes, |asked| drop(grants::wire::new_scope(&asked))),
        8 => read(bytes, |asked| drop(applications::wire::decided(&asked))),
        9 => read(bytes, |asked| drop(level_decisions::wire::decided(&asked, "made".into()))),
        10 => read(bytes, |asked| drop(level_decisions::wire::in_force(&asked, &CITY))),
        11 => read(bytes, |asked| drop(measurements::wire::score(&asked))),
        _ => read(bytes, |asked| drop(applications::wire::appeal_ended(&asked))),
    }
}

fn read<M: Message + Default>(bytes: &[u8], of: impl FnOnce(M)) {
    if let Ok(message) = M::decode(bytes) {
        of(message);
    }
}

fn accepted<T>(read: impl FnOnce(&mut Violations) -> Option<T>) -> Option<T> {
    let mut v = Violations::new();
    let read = read(&mut v);
    read.filter(|_| v.is_empty())
}
