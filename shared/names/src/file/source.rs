use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Problems, Section, section, text};

/// Where an amount, a rule or a name stands.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Source {
    /// The document's title, date and registration.
    pub document: String,
    /// The place in it: table, page, paragraph.
    pub place: String,
}

/// The documents that a file names, by key.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Documents(BTreeMap<String, String>);

impl Documents {
    /// Reads `[documents]`, which must be there.
    pub fn read(file: &mut Section<'_>, problems: &mut Problems<'_>) -> Self {
        let Some(value) = file.need("documents", problems) else { return Self::default() };
        let Some(table) = section(value, "the documents", problems) else { return Self::default() };
        let entries = table.entries();
        Self(entries.filter_map(|(key, _, value)| Some((key.to_owned(), text(value, problems)?))).collect())
    }

    /// `source = { in = "key of [documents]", place = "…" }`, which must be there.
    pub fn source(&self, of: &mut Section<'_>, problems: &mut Problems<'_>) -> Option<Source> {
        let Some(value) = of.get("source") else {
            problems.add(
                &of.span,
                "the source is missing",
                "add `source = { in = \"…\", place = \"…\" }`: a key of [documents], and the place in it",
            );
            return None;
        };
        let mut source = section(value, "a source", problems)?;
        let (key, place) = (source.need("in", problems), source.need_text("place", problems));
        source.finish(problems);
        let key = key?;
        let name = text(key, problems)?;
        let Some(document) = self.0.get(&name) else {
            let known: Vec<&str> = self.0.keys().map(String::as_str).collect();
            let mut to_do = "add it to [documents]".to_owned();
            if !known.is_empty() {
                to_do = format!("{to_do}, or use one of: {}", known.join(", "));
            }
            problems.add(&key.span(), format!("`{name}` is none of the documents"), to_do);
            return None;
        };
        Some(Source { document: document.clone(), place: place? })
    }
}
