//! Bytes from outside, as far as they get before anything is looked up: for fuzzing, and in no build of the product.

use niva_names::ServiceCatalogue;
use niva_proto::assessment::v1 as pb;
use niva_rpc::fuzz::{Broken, accepted, look, read, reads_again};

use crate::{applications, grants, level_decisions, measurements, merges, persons};

/// Requests: the first byte says which. What is accepted is kept, and reads the same.
///
/// # Errors
/// It reads otherwise.
pub fn requests(data: &[u8], city: &ServiceCatalogue) -> Result<(), Broken> {
    let Some((which, bytes)) = data.split_first() else { return Ok(()) };
    match which % 14 {
        0 => read(bytes, |given: pb::Person| {
            reads_again(
                |v| persons::wire::person(v, &given, Some("made".into()), Some(city)),
                |read| persons::wire::message(read, None),
                |v, kept| persons::wire::person(v, kept, None, None),
            )
        }),
        1 => read(bytes, |given: pb::Grant| {
            reads_again(
                |v| grants::wire::grant(v, &given, Some("made".into()), Some(city)),
                |read| grants::wire::message(read, None),
                |v, kept| grants::wire::grant(v, kept, None, None),
            )
        }),
        2 => read(bytes, |given: pb::Application| {
            reads_again(
                |v| applications::wire::application(v, &given, Some("made".into()), Some(city)),
                |read| applications::wire::message(read, None),
                |v, kept| applications::wire::application(v, kept, None, None),
            )
        }),
        3 => look(bytes, |given: pb::LevelDecision| {
            accepted(|v| level_decisions::wire::given(v, &given, Some("made".into()), Some(city)))
        }),
        4 => look(bytes, |given: pb::Measurement| {
            accepted(|v| measurements::wire::given(v, &given, Some("made".into()), Some(city)))
        }),
        5 => look(bytes, |asked| persons::wire::moved(&asked, city)),
        6 => look(bytes, |asked| persons::wire::assigned(&asked)),
        7 => look(bytes, |asked| grants::wire::new_scope(&asked)),
        8 => look(bytes, |asked| applications::wire::decided(&asked)),
        9 => look(bytes, |asked| level_decisions::wire::decided(&asked, "made".into())),
        10 => look(bytes, |asked| level_decisions::wire::in_force(&asked, city)),
        11 => look(bytes, |asked| measurements::wire::score(&asked)),
        12 => look(bytes, |asked| merges::wire::asked(&asked, "made".into())),
        _ => look(bytes, |asked| applications::wire::appeal_ended(&asked)),
    }
}
