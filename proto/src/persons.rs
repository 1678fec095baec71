//! Whom a message speaks of, found in its bytes: by the fields that name a person, at whatever depth.

use crate::raw::{self, DEPTH};

/// What a field holds, as far as it matters here.
enum Names {
    Person,
    Placement,
    Message(&'static str),
}

type Fields = &'static [(u64, Names)];

/// By the full name of a message, in order.
static MESSAGES: &[(&str, Fields)] = include!(concat!(env!("OUT_DIR"), "/niva_persons.rs"));

/// Who, or what of theirs, a message names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Named<'a> {
    /// A person, by id.
    Person(&'a str),
    /// Somebody's placement, by id, where the message names no person.
    Placement(&'a str),
}

/// Tells everybody whom a message (its full name, its bytes) names; who is named twice is told twice.
pub fn find<'a>(message: &str, bytes: &'a [u8], told: &mut dyn FnMut(Named<'a>)) {
    within(message, bytes, DEPTH, told);
}

fn within<'a>(message: &str, mut bytes: &'a [u8], depth: usize, told: &mut dyn FnMut(Named<'a>)) {
    let Ok(at) = MESSAGES.binary_search_by_key(&message, |(name, _)| *name) else { return };
    let fields = MESSAGES.get(at).map_or(&[][..], |(_, fields)| fields);
    while let Some(field) = raw::next(&mut bytes) {
        let Some((_, names)) = fields.iter().find(|(number, _)| *number == field.number) else { continue };
        let id = || std::str::from_utf8(field.value).ok().filter(|id| !id.is_empty());
        match names {
            Names::Message(of) if field.is_counted && depth > 0 => within(of, field.value, depth - 1, told),
            Names::Message(_) => {}
            Names::Person => id().into_iter().for_each(|id| told(Named::Person(id))),
            Names::Placement => id().into_iter().for_each(|id| told(Named::Placement(id))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::METHODS;
    use crate::assessment::v1::{AssessmentFeedEvent, Grant, Person, assessment_feed_event::Fact};
    use crate::assessment::v1::{ListGrantsResponse, WatchAssessmentResponse};
    use crate::payment::v1::{Absence, GetAbsenceResponse, ListAbsencesRequest};
    use prost::{Message, Name};

    fn found<M: Message + Name>(message: &M) -> Vec<String> {
        let (mut told, bytes) = (Vec::new(), message.encode_to_vec());
        find(&M::full_name(), &bytes, &mut |named| told.push(format!("{named:?}")));
        told
    }

    #[test]
    fn persons_are_found_at_any_depth() {
        let grant = |id: &str| Grant { person_id: id.to_owned(), ..Grant::default() };
        let page = ListGrantsResponse { grants: vec![grant("p1"), grant("p2")], ..Default::default() };
        assert_eq!(found(&page), ["Person(\"p1\")", "Person(\"p2\")"]);
        let person = Person { person_id: "p3".to_owned(), ..Person::default() };
        let event = AssessmentFeedEvent { fact: Some(Fact::Person(person)), ..Default::default() };
        let told = WatchAssessmentResponse { events: vec![event], newest_position: 1 };
        assert_eq!(found(&told), ["Person(\"p3\")"]);
    }

    #[test]
    fn a_placement_stands_for_a_person_where_none_is_named() {
        let absence = Absence { placement_id: "pl".to_owned(), ..Absence::default() };
        assert_eq!(found(&GetAbsenceResponse { absence: Some(absence) }), ["Placement(\"pl\")"]);
        let list = ListAbsencesRequest {
            placement_id: "pl".to_owned(),
            person_id: "p".to_owned(),
            ..ListAbsencesRequest::default()
        };
        assert_eq!(found(&list), ["Person(\"p\")"]);
    }

    #[test]
    fn streams_that_show_persons_are_feeds_or_of_one_who_is_asked_for() {
        let streams = METHODS.iter().filter(|method| !method.answers_once && method.of_persons);
        let paths: Vec<&str> = streams.map(|method| method.path).collect();
        assert_eq!(
            paths,
            [
                "/niva.assessment.v1.ExportService/ExportPersonData",
                "/niva.assessment.v1.FeedService/WatchAssessment",
                "/niva.choice.v1.ExportService/ExportPersonData",
                "/niva.choice.v1.FeedService/WatchChoice",
                "/niva.payment.v1.ExportService/ExportPersonData"
            ]
        );
    }
}
