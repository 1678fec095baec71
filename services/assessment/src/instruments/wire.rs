//! Instruments as messages.

use niva_assessment_domain::Instrument;
use niva_proto::assessment::v1 as pb;

pub(super) fn instrument(instrument: &Instrument) -> pb::Instrument {
    let items = instrument.areas.iter().flat_map(|area| {
        area.items.iter().map(|item| pb::InstrumentItem {
            item_key: item.key.clone(),
            area: area.key.clone(),
            title: item.title.clone(),
            allowed_scores: item.grades.iter().map(|g| g.score.into()).collect(),
            score_meanings: item.grades.iter().map(|g| g.meaning.clone()).collect(),
            area_title: area.title.clone(),
        })
    });
    pb::Instrument {
        instrument_id: instrument.id.to_string(),
        services: instrument.services.iter().map(|s| (*s).into()).collect(),
        items: items.collect(),
        example: instrument.example,
        max_points: instrument.max_points().into(),
    }
}
