//! From a file to a checked [`ServiceCatalogue`].

use std::{ops::Range, path::Path};

use crate::{
    AreaOfChoice, District, DistrictId, OccasionKind, ServiceCatalogue, ServiceInfo,
    file::{
        self, Documents, LoadError, Problem, Problems, Section, boolean, date, key, list, name, number, text,
    },
};

/// What was read, and where it stands.
struct At<T> {
    value: T,
    span: Range<usize>,
}

impl ServiceCatalogue {
    /// Stockholm: its services, its district boards of 2024, and the earlier boards that the sources name.
    ///
    /// # Errors
    /// Every problem of the file; none, unless it was changed badly before the build.
    pub fn shipped() -> Result<Self, LoadError> {
        Self::parse("stockholm.toml", include_str!("../data/stockholm.toml"))
    }

    /// A city's own file.
    ///
    /// # Errors
    /// Every problem of the file, or that it cannot be read.
    pub fn read(path: &Path) -> Result<Self, LoadError> {
        let file = path.display().to_string();
        let text = std::fs::read_to_string(path)
            .map_err(|e| LoadError::one(Problem::unplaced(&file, format!("cannot be read: {e}"))))?;
        Self::parse(&file, &text)
    }

    /// A catalogue from the name and the text of a file. The name only serves to say where a problem is.
    ///
    /// # Errors
    /// Every problem of the file.
    pub fn parse(file: &str, text: &str) -> Result<Self, LoadError> {
        let mut problems = Problems::new(file, text);
        let read = file::whole(text, "the catalogue", &mut problems, catalogue);
        let problems = problems.into_list();
        let read = read.map(|read| Self { text: text.to_owned(), ..read });
        read.filter(|_| problems.is_empty()).ok_or(LoadError { problems })
    }
}

fn catalogue(mut file: Section<'_>, problems: &mut Problems<'_>) -> Option<ServiceCatalogue> {
    let city = file.need_text("city", problems);
    let documents = Documents::read(&mut file, problems);
    let mut services: Vec<At<ServiceInfo>> = Vec::new();
    let tables = file.tables("service", "a service", problems);
    if tables.is_empty() {
        problems.add(&(0..0), "the catalogue has no services", "add a [[service]]");
    }
    for section in tables {
        let span = section.span.clone();
        let Some(value) = service(section, &documents, problems) else { continue };
        if let Some(first) = services.iter().find(|s| s.value.key == value.key) {
            let what =
                format!("service `{}` is there already, on line {}", value.key, problems.line(&first.span));
            problems.add(&span, what, "take one away");
        }
        services.push(At { value, span });
    }
    let mut districts: Vec<At<District>> = Vec::new();
    let tables = file.tables("district", "a district board", problems);
    if tables.is_empty() {
        problems.add(&(0..0), "the catalogue has no district boards", "add a [[district]]");
    }
    for section in tables {
        let span = section.span.clone();
        let Some(value) = district(section, &documents, problems) else { continue };
        if let Some(first) = districts.iter().find(|d| d.value.id == value.id) {
            let what = format!(
                "district board `{}` is there already, on line {}",
                value.id,
                problems.line(&first.span)
            );
            problems.add(&span, what, "take one away");
        }
        districts.push(At { value, span });
    }
    file.finish(problems);
    for at in &districts {
        successor(at, &districts, problems);
    }
    Some(ServiceCatalogue {
        text: String::new(),
        city: city?,
        services: services.into_iter().map(|s| s.value).collect(),
        districts: districts.into_iter().map(|d| d.value).collect(),
    })
}

fn service(
    mut section: Section<'_>,
    documents: &Documents,
    problems: &mut Problems<'_>,
) -> Option<ServiceInfo> {
    let key = section.need("key", problems).and_then(|v| key(v, problems));
    let name_sv = section.need_text("name_sv", problems);
    let name_en = section.need_text("name_en", problems);
    let law = section.need_name("law", problems);
    let exclusive = section.need("exclusive", problems).and_then(|v| boolean(v, problems));
    let area_of_choice: Option<AreaOfChoice> = section.need_name("area_of_choice", problems);
    let measured_by = section.text("measured_by", problems);
    let paid_by_sessions = section.get("paid_by_sessions").and_then(|v| boolean(v, problems));
    let occasions = section.get("occasions").and_then(|v| list(v, problems)).unwrap_or_default();
    let mut kinds: Vec<OccasionKind> = Vec::new();
    for value in occasions {
        let Some(kind) = name(value, problems) else { continue };
        if kinds.contains(&kind) {
            problems.add(&value.span(), format!("{kind} is named twice"), "take one away");
        }
        kinds.push(kind);
    }
    let premises_costs = section.get("premises_costs").and_then(|v| boolean(v, problems)).unwrap_or_default();
    let limit = section.get("premises_limit");
    let premises_limit_sek = limit.and_then(|v| number(v, problems));
    if let (Some(at), false) = (limit, premises_costs) {
        let what = "a service whose premises costs are not paid has no limit of them";
        problems.add(&at.span(), what, "write premises_costs = true, or leave premises_limit out");
    }
    let source = documents.source(&mut section, problems);
    section.finish(problems);
    Some(ServiceInfo {
        key: key?,
        name_sv: name_sv?,
        name_en: name_en?,
        law: law?,
        exclusive: exclusive?,
        area_of_choice: area_of_choice?,
        measured_by,
        paid_by_sessions: paid_by_sessions.unwrap_or_default(),
        occasions: kinds,
        premises_costs,
        premises_limit_sek,
        source: source?,
    })
}

fn district(
    mut section: Section<'_>,
    documents: &Documents,
    problems: &mut Problems<'_>,
) -> Option<District> {
    let id = section.need_text("id", problems);
    let name = section.need_text("name", problems);
    let valid_from = section.get("valid_from").and_then(|v| date(v, problems));
    let end = section.get("valid_to");
    let valid_to = end.and_then(|v| date(v, problems));
    if let (Some(end), Some(first), Some(last)) = (end, valid_from, valid_to)
        && last < first
    {
        let to_do = "write a last day on or after the first, or leave valid_to out";
        problems.add(&end.span(), format!("valid_to {last} is before valid_from {first}"), to_do);
    }
    let successor = section.get("successor");
    let successor_id = successor.and_then(|v| text(v, problems));
    if let (Some(at), None) = (successor, end) {
        let what = "a board that lasts has no successor";
        problems.add(&at.span(), what, "write its last day as valid_to, or leave successor out");
    }
    let note = section.text("note", problems);
    let source = documents.source(&mut section, problems);
    section.finish(problems);
    Some(District {
        id: id?.into(),
        name: name?,
        valid_from,
        valid_to,
        successor: successor_id.map(DistrictId::from),
        note,
        source: source?,
    })
}

/// A successor must be another board, there on the day after.
fn successor(at: &At<District>, districts: &[At<District>], problems: &mut Problems<'_>) {
    let (id, Some(successor)) = (&at.value.id, &at.value.successor) else { return };
    let Some(found) = districts.iter().find(|d| d.value.id == *successor) else {
        let what = format!("`{successor}`, the successor of `{id}`, is none of the district boards");
        problems.add(&at.span, what, "add it as a [[district]], or correct successor");
        return;
    };
    let next = at.value.valid_to.and_then(|last| last.succ_opt());
    if next.is_some_and(|next| !found.value.is_valid_on(next)) {
        let what = format!("`{successor}`, the successor of `{id}`, is not there on the day after");
        problems.add(&at.span, what, "let the one begin on the day after the other ends");
    }
}
