//! Bytes from outside, as far as they get before anything is looked up: for fuzzing, and in no build of the product.

use niva_base::Violations;
use niva_calendar::NaiveDate;
use niva_facts::{Author, Info, Telling};
use niva_models::Catalogue;
use niva_names::ServiceCatalogue;
use niva_payment_domain::{FactKind, Recorded};
use niva_proto::assessment::v1::AssessmentFeedEvent;
use niva_proto::choice::v1::ChoiceFeedEvent;
use niva_proto::payment::v1 as pb;
use niva_rpc::fuzz::{Broken, look, read};
use prost::Message;

use crate::cases::Incoming;
use crate::content;
use crate::facts::item;
use crate::placement_fact::{PlacementFact, kept};

/// Requests: the first byte says which. A fact that is accepted is kept, and reads the same.
///
/// # Errors
/// It reads otherwise.
pub fn requests(
    data: &[u8],
    city: &ServiceCatalogue,
    models: &Catalogue,
    today: NaiveDate,
) -> Result<(), Broken> {
    let Some((which, bytes)) = data.split_first() else { return Ok(()) };
    match which % 16 {
        0 => fact::<pb::Schedule>(bytes, today),
        1 => fact::<pb::Occasion>(bytes, today),
        2 => fact::<pb::Absence>(bytes, today),
        3 => fact::<pb::Agreement>(bytes, today),
        4 => fact::<pb::Transition>(bytes, today),
        5 => fact::<pb::Visit>(bytes, today),
        6 => fact::<pb::PremisesCost>(bytes, today),
        7 => fact::<pb::SpecialCompensation>(bytes, today),
        8 => look(bytes, |asked| crate::calculate(&asked, models, city, today)),
        9 => look(bytes, |asked| crate::holds::wire::filter(&asked, city).is_ok()),
        10 => look(bytes, |asked| crate::lines::wire::filter(&asked, city).is_ok()),
        11 => look(bytes, |asked| crate::runs::wire::filter(&asked).is_ok()),
        12 => {
            drop(std::str::from_utf8(bytes).map(crate::lines::wire::line_id));
            Ok(())
        }
        13 => payee(bytes),
        14 => look(bytes, |asked| crate::orders::wire::acknowledged(&asked).is_ok()),
        _ => {
            drop(std::str::from_utf8(bytes).map(crate::orders::wire::order_no));
            Ok(())
        }
    }
}

/// A payee that is accepted is kept, and reads the same.
fn payee(bytes: &[u8]) -> Result<(), Broken> {
    read(bytes, |given: pb::Payee| {
        let mut v = Violations::new();
        let said = crate::payees::wire::payee(&mut v, Some(&given), Some(&"made".into()));
        let Some(said) = said.filter(|_| v.is_empty()) else { return Ok(()) };
        let again = crate::payees::wire::payee(&mut v, Some(&said.message), None);
        let same = again.is_some_and(|again| again.message == said.message) && v.is_empty();
        Broken::unless(same, || format!("{said:?} was accepted, and reads otherwise"))
    })
}

fn fact<M: PlacementFact + std::fmt::Debug>(bytes: &[u8], today: NaiveDate) -> Result<(), Broken> {
    read(bytes, |given: M| {
        let mut v = Violations::new();
        let read = item(&mut v, M::KIND.to_owned(), Some(&given), Some("made".to_owned()), today);
        let Some(item) = read.filter(|_| v.is_empty()) else { return Ok(()) };
        let author = Author { subject: "somebody".to_owned(), role: "finance_maker".to_owned() };
        let told = Telling { author, recorded_at: chrono::DateTime::UNIX_EPOCH, reason: String::new() };
        let info = Info::first(item.fact.fact_id(), told);
        let mut told = item.fact.clone();
        told.set_info(Some(&info));
        let again: M = content::message(&content::of_message(&told), told.placement(), &info)
            .map_err(Broken::refused)?;
        Broken::unless(again == told, || format!("{again:?} was told as {told:?}"))?;
        let said = kept(&again).map_err(Broken::refused)?;
        let (said, first) = (format!("{said:?}"), format!("{:?}", item.said));
        Broken::unless(said == first, || format!("{said} was accepted as {first}"))
    })
}

/// What feeds tell: what is taken in is kept, and reads the same.
///
/// # Errors
/// It reads otherwise.
pub fn feeds(data: &[u8]) -> Result<(), Broken> {
    let Some((which, bytes)) = data.split_first() else { return Ok(()) };
    let told = match which % 2 {
        0 => AssessmentFeedEvent::decode(bytes)
            .ok()
            .and_then(|event| crate::feed::wire::assessment(&event).ok()),
        _ => ChoiceFeedEvent::decode(bytes).ok().and_then(|event| crate::feed::wire::choice(&event).ok()),
    };
    let Some(Incoming::Case { fact, .. }) = told.flatten().map(|told| told.fact) else { return Ok(()) };
    let row = Recorded {
        number: 1,
        placement_id: fact.placement_id(),
        kind: fact.kind(),
        id: fact.id.clone(),
        revision: fact.revision,
        withdrawn: fact.withdrawn,
    };
    let stored = content::of_feed(&fact.content).map_err(Broken::refused)?;
    let again = content::read(&row, &stored).map_err(Broken::refused)?;
    Broken::unless(again == fact.content, || format!("{again:?} was told as {:?}", fact.content))
}

/// What rows of facts hold: the first byte says of which kind.
///
/// # Errors
/// What was read reads otherwise when it is kept.
pub fn contents(data: &[u8]) -> Result<(), Broken> {
    let Some((which, bytes)) = data.split_first() else { return Ok(()) };
    let kind = FactKind::ALL[usize::from(*which) % FactKind::ALL.len()];
    let row = Recorded {
        number: 1,
        placement_id: Some("PL-1".into()),
        kind,
        id: "F-1".into(),
        revision: 2,
        withdrawn: which & 0x80 > 0,
    };
    let Ok(read) = content::read(&row, bytes) else { return Ok(()) };
    let Ok(stored) = content::of_feed(&read) else { return Ok(()) };
    let again = content::read(&row, &stored).map_err(Broken::refused)?;
    Broken::unless(again == read, || format!("{again:?} was kept as {read:?}"))
}
