use std::{collections::BTreeMap, sync::Arc};

use chrono::NaiveDate;
use niva_calendar::{Interval, Month, day_before};
use niva_names::{ModelId, ServiceCatalogue, ServiceKey};
use sha2::{Digest, Sha256};

use crate::{Model, ServiceTerms, Status};

/// Which model a service is under on a run of days.
#[derive(Debug, Clone, Copy)]
pub struct InForce<'a> {
    /// The days.
    pub days: Interval,
    /// The model.
    pub model: &'a Model,
    /// Its terms for the service.
    pub terms: &'a ServiceTerms,
}

/// All models of a city that were loaded, checked against one another.
#[derive(Debug, Clone)]
pub struct Catalogue {
    /// The city's services and districts.
    pub services: Arc<ServiceCatalogue>,
    /// In order of first day, then id.
    pub models: Vec<Model>,
    /// The ids and texts of the models' files, in order of id: whoever has them has the models.
    pub files: Vec<(String, String)>,
    /// Lower-case hex SHA-256 over the files in order of id: which lists a run was computed with.
    pub fingerprint: String,
    /// By service of the city: its models in force, in order, without overlap.
    timelines: BTreeMap<ServiceKey, Vec<Span>>,
}

/// `models[model].services[service]` on `days`.
#[derive(Debug, Clone, Copy)]
struct Span {
    days: Interval,
    model: usize,
    service: usize,
}

impl Catalogue {
    /// `files` are ids and texts. The models were checked against one another.
    pub(crate) fn new(
        services: Arc<ServiceCatalogue>,
        mut models: Vec<Model>,
        mut files: Vec<(&str, &str)>,
    ) -> Self {
        models.sort_by(|a, b| (a.valid.first, &a.id).cmp(&(b.valid.first, &b.id)));
        files.sort_unstable();
        let keys = services.services().iter().map(|service| service.key);
        let timelines = keys.map(|service| (service, timeline(&models, service))).collect();
        let fingerprint = fingerprint(&files);
        let files = files.into_iter().map(|(id, text)| (id.to_owned(), text.to_owned())).collect();
        Self { services, models, files, fingerprint, timelines }
    }

    /// The model with an id.
    #[must_use]
    pub fn model(&self, id: &ModelId) -> Option<&Model> {
        self.models.iter().find(|m| m.id == *id)
    }

    /// The models that payments use for a service on some days, in order, each with the days it is in force. Days
    /// without a model are in none of them.
    pub fn in_force(&self, service: ServiceKey, days: Interval) -> impl Iterator<Item = InForce<'_>> {
        let spans = self.timelines.get(&service).map_or(&[][..], Vec::as_slice);
        let start = spans.partition_point(|span| span.days.last < days.first);
        spans.get(start..).unwrap_or_default().iter().map_while(move |span| {
            let model = self.models.get(span.model)?;
            let terms = model.services.get(span.service)?;
            Some(InForce { days: span.days.intersect(&days)?, model, terms })
        })
    }

    /// Whether a service is priced in a month otherwise than by another catalogue: by another model, on other days, or by
    /// terms with another content ([`ServiceTerms::version`]). What does not price (titles, notes, sources) changes nothing.
    #[must_use]
    pub fn reprices(&self, before: &Self, service: ServiceKey, month: Month) -> bool {
        let priced = |by: &InForce<'_>| (by.days, by.model.id.clone(), by.terms.version.clone());
        let days = month.interval();
        !self
            .in_force(service, days)
            .map(|m| priced(&m))
            .eq(before.in_force(service, days).map(|m| priced(&m)))
    }

    /// The model that payments use for a service on a day.
    #[must_use]
    pub fn on(&self, service: ServiceKey, day: NaiveDate) -> Option<InForce<'_>> {
        self.in_force(service, Interval::day(day)).next()
    }
}

/// A model without a last day is in force until the next begins.
fn timeline(models: &[Model], service: ServiceKey) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    for (model, m) in models.iter().enumerate().filter(|(_, m)| m.status == Status::InForce) {
        let Some(service) = m.services.iter().position(|s| s.service == service) else { continue };
        if let Some(before) = spans.last_mut() {
            before.days.last = before.days.last.min(day_before(m.valid.first));
        }
        spans.push(Span { days: m.valid, model, service });
    }
    spans
}

/// Lengths are hashed too, so that no two lists of files look the same.
fn fingerprint(files: &[(&str, &str)]) -> String {
    let mut hash = Sha256::new();
    for part in files.iter().flat_map(|(id, text)| [id, text]) {
        hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes());
        hash.update(part.as_bytes());
    }
    format!("{:x}", hash.finalize())
}
