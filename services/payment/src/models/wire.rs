//! Models outwards.

use niva_models::{Amount, Anomaly, Level, Model, ServiceTerms, Status};
use niva_proto::payment::v1 as pb;
use niva_rpc::wire::write;

use crate::wire::{component_out, unit_out};

pub(super) fn model(model: &Model) -> pb::Model {
    let anomaly = |anomaly: &Anomaly| pb::ModelAnomaly {
        place: anomaly.place.clone(),
        printed: anomaly.printed.clone(),
        done: anomaly.done.clone(),
    };
    pb::Model {
        model_id: (&model.id).into(),
        title: model.title.clone(),
        in_force: model.status == Status::InForce,
        valid: Some(write::interval(model.valid)),
        amounts_published: model.amounts_published.map(write::date),
        terms: model.services.iter().map(terms).collect(),
        anomalies: model.anomalies.iter().map(anomaly).collect(),
        notes: model.notes.clone(),
    }
}

fn terms(terms: &ServiceTerms) -> pb::ModelTerms {
    let rules = &terms.parameters;
    let level = |level: &Level| {
        let band = terms.scale.as_ref().and_then(|s| s.bands.iter().find(|band| band.level == *level));
        pb::ModelLevel {
            level: Some(write::level(*level)),
            points_from: band.map(|band| band.from.into()),
            points_to: band.and_then(|band| band.to).map(Into::into),
        }
    };
    pb::ModelTerms {
        service: terms.service.into(),
        unit: unit_out(terms.unit).into(),
        regimes: terms.regimes.iter().map(|regime| write::regime(*regime).into()).collect(),
        scale_id: terms.scale_id.as_ref().map(String::from).unwrap_or_default(),
        levels: terms.levels.iter().map(level).collect(),
        variants: terms.variants.iter().map(|rule| rule.key.clone()).collect(),
        notice_days: rules.notice_days.into(),
        no_show_days: rules.no_show_days.into(),
        vacancy_days: rules.vacancy_days.into(),
        reflection_days: rules.reflection_days.into(),
        start_days: rules.start_days.into(),
        source: terms.parameters_source.as_ref().map(write::source),
        rates_unpublished: terms.rates_unpublished.clone().unwrap_or_default(),
    }
}

/// Every amount that a service is paid by: as printed, and then those that a regime takes from another.
pub(super) fn rates(model: &Model, terms: &ServiceTerms) -> Vec<pb::Rate> {
    let printed = terms.amounts.iter().map(|amount| rate(model, terms, amount));
    let taken = terms.aliases.iter().flat_map(|alias| {
        let of = terms.amounts.iter();
        let of =
            of.filter(|amount| (amount.component, amount.regime) == (alias.component, Some(alias.amount_of)));
        of.map(|amount| pb::Rate {
            regime: write::regime(alias.regime).into(),
            note: alias.note.clone(),
            ..rate(model, terms, amount)
        })
    });
    printed.chain(taken).collect()
}

fn rate(model: &Model, terms: &ServiceTerms, amount: &Amount) -> pb::Rate {
    pb::Rate {
        model_id: (&model.id).into(),
        service: terms.service.into(),
        component: component_out(amount.component).into(),
        regime: amount.regime.map(|regime| write::regime(regime).into()).unwrap_or_default(),
        level: amount.level.map(write::level),
        variant: amount.variant.map(|v| terms.variant_key(v).to_owned()).unwrap_or_default(),
        unit: unit_out(amount.unit).into(),
        price: Some(write::money(amount.price)),
        source: Some(write::source(&amount.source)),
        note: amount.note.clone().unwrap_or_default(),
    }
}
