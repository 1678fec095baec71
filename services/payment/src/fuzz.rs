//! Bytes from outside, as far as they get before anything is looked up: for fuzzing, and in no build of the product.
//!
//! Each function must not panic, whatever it is given, but for what it asserts itself.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what is asserted here fails by panicking")]

use std::sync::{Arc, LazyLock};

use niva_calendar::NaiveDate;
use niva_facts::{Author, Info, Telling};
use niva_models::Catalogue;
use niva_names::ServiceCatalogue;
use niva_payment_domain::{FactKind, Recorded};
use niva_proto::assessment::v1::AssessmentFeedEvent;
use niva_proto::choice::v1::ChoiceFeedEvent;
use niva_proto::payment::v1 as pb;
use prost::Message;

use crate::cases::Incoming;
use crate::content;
use crate::facts::item;
use crate::placement_fact::{PlacementFact, kept};

static CITY: LazyLock<Arc<ServiceCatalogue>> =
    LazyLock::new(|| Arc::new(ServiceCatalogue::shipped().expect("the shipped city")));
static MODELS: LazyLock<Catalogue> = LazyLock::new(|| Catalogue::shipped().expect("the shipped models"));

fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2024, 4, 2).expect("a day")
}

/// Requests: the first byte says which. A fact that is accepted is kept, and reads the same.
pub fn requests(data: &[u8]) {
    let Some((which, bytes)) = data.split_first() else { return };
    match which % 13 {
        0 => fact::<pb::Schedule>(bytes),
        1 => fact::<pb::Occasion>(bytes),
        2 => fact::<pb::Absence>(bytes),
        3 => fact::<pb::Agreement>(bytes),
        4 => fact::<pb::Transition>(bytes),
        5 => fact::<pb::Visit>(bytes),
        6 => fact::<pb::PremisesCost>(bytes),
        7 => fact::<pb::SpecialCompensation>(bytes),
        8 => read(bytes, |asked| drop(crate::calculate(&asked, &MODELS, &CITY, today()))),
        9 => read(bytes, |asked| drop(crate::holds::wire::filter(&asked, &CITY))),
        10 => read(bytes, |asked| drop(crate::lines::wire::filter(&asked, &CITY))),
        11 => read(bytes, |asked| drop(crate::runs::wire::filter(&asked))),
        _ => drop(std::str::from_utf8(bytes).map(crate::lines::wire::line_id)),
    }
}

fn read<M: Message + Default>(bytes: &[u8], of: impl FnOnce(M)) {
    if let Ok(message) = M::decode(bytes) {
        of(message);
    }
}

fn fact<M: PlacementFact>(bytes: &[u8]) {
    let Ok(given) = M::decode(bytes) else { return };
    let mut v = niva_base::Violations::new();
    let read = item(&mut v, M::KIND.to_owned(), Some(&given), Some("made".to_owned()), today());
    let Some(item) = read.filter(|_| v.is_empty()) else { return };
    let author = Author { subject: "somebody".to_owned(), role: "finance_maker".to_owned() };
    let told = Telling { author, recorded_at: chrono::DateTime::UNIX_EPOCH, reason: String::new() };
    let info = Info::first(item.fact.fact_id(), told);
    let mut told = item.fact.clone();
    told.set_info(Some(&info));
    let placement_id = told.placement();
    let again: M = content::message(&content::of_message(&told), placement_id, &info).expect("it was kept");
    assert!(again == told, "it is read back otherwise");
    let said = kept(&again).expect("what was accepted is read again");
    assert_eq!(said.days, item.said.days);
    assert_eq!(format!("{:?}", said.record), format!("{:?}", item.said.record));
}

/// What feeds tell: what is taken in is kept, and reads the same.
pub fn feeds(data: &[u8]) {
    let Some((which, bytes)) = data.split_first() else { return };
    let told = match which % 2 {
        0 => AssessmentFeedEvent::decode(bytes)
            .ok()
            .and_then(|event| crate::feed::wire::assessment(&event).ok()),
        _ => ChoiceFeedEvent::decode(bytes).ok().and_then(|event| crate::feed::wire::choice(&event).ok()),
    };
    let Some(Incoming::Case { fact, .. }) = told.flatten().map(|told| told.fact) else { return };
    let row = Recorded {
        number: 1,
        placement_id: fact.placement_id(),
        kind: fact.kind(),
        id: fact.id.clone(),
        revision: fact.revision,
        withdrawn: fact.withdrawn,
    };
    let stored = content::of_feed(&fact.content).expect("what is taken in can be kept");
    let again = content::read(&row, &stored).expect("what is kept can be read");
    assert_eq!(again, fact.content);
}

/// What rows of facts hold: the first byte says of which kind.
pub fn contents(data: &[u8]) {
    let Some((which, bytes)) = data.split_first() else { return };
    let kind = FactKind::ALL[usize::from(*which) % FactKind::ALL.len()];
    let row = Recorded {
        number: 1,
        placement_id: Some("PL-1".into()),
        kind,
        id: "F-1".into(),
        revision: 2,
        withdrawn: which & 0x80 > 0,
    };
    if let Ok(read) = content::read(&row, bytes)
        && let Ok(stored) = content::of_feed(&read)
    {
        assert_eq!(content::read(&row, &stored).expect("what was read can be kept"), read);
    }
}
