//! Typed reading of TOML values that keeps going after a problem.

use std::{ops::Range, str::FromStr};

use niva_calendar::NaiveDate;
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::problems::Problems;
use crate::{ServiceKey, UnknownName};

/// A value and where it stands.
pub type Value<'t> = &'t Spanned<DeValue<'t>>;

/// A table being read. Every key asked for is known; [`Section::finish`] reports those that are not.
#[derive(Debug)]
pub struct Section<'t> {
    table: &'t DeTable<'t>,
    /// Where it stands.
    pub span: Range<usize>,
    /// What it is, for a person: `a service`.
    what: &'static str,
    known: Vec<&'static str>,
}

impl<'t> Section<'t> {
    /// A table and where it stands; `what` it is, with its article.
    #[must_use]
    pub fn new(table: &'t DeTable<'t>, span: Range<usize>, what: &'static str) -> Self {
        Self { table, span, what, known: Vec::new() }
    }

    /// A value that may be left out.
    pub fn get(&mut self, key: &'static str) -> Option<Value<'t>> {
        if !self.known.contains(&key) {
            self.known.push(key);
        }
        self.table.get(key)
    }

    /// A value that must be there.
    pub fn need(&mut self, key: &'static str, problems: &mut Problems<'_>) -> Option<Value<'t>> {
        let value = self.get(key);
        if value.is_none() {
            problems.add(&self.span, format!("{} lacks `{key}`", self.what), format!("add `{key} = …`"));
        }
        value
    }

    /// A text that must be there.
    pub fn need_text(&mut self, key: &'static str, problems: &mut Problems<'_>) -> Option<String> {
        let value = self.need(key, problems)?;
        text(value, problems)
    }

    /// A text that may be left out.
    pub fn text(&mut self, key: &'static str, problems: &mut Problems<'_>) -> Option<String> {
        let value = self.get(key)?;
        text(value, problems)
    }

    /// A whole number that must be there.
    pub fn need_number<T: FromStr>(&mut self, key: &'static str, problems: &mut Problems<'_>) -> Option<T> {
        let value = self.need(key, problems)?;
        number(value, problems)
    }

    /// One of some names, that must be there.
    pub fn need_name<T: FromStr<Err = UnknownName>>(
        &mut self,
        key: &'static str,
        problems: &mut Problems<'_>,
    ) -> Option<T> {
        let value = self.need(key, problems)?;
        name(value, problems)
    }

    /// The tables of a list of tables (`[[key]]`); none when it is left out.
    pub fn tables(
        &mut self,
        key: &'static str,
        what: &'static str,
        problems: &mut Problems<'_>,
    ) -> Vec<Section<'t>> {
        let Some(value) = self.get(key) else { return Vec::new() };
        let values = list(value, problems).unwrap_or_default();
        values.into_iter().filter_map(|v| section(v, what, problems)).collect()
    }

    /// All keys with their values, for tables whose keys are free.
    pub fn entries(&self) -> impl Iterator<Item = (&'t str, Range<usize>, Value<'t>)> + use<'t> {
        self.table.iter().map(|(k, v)| (&**k.get_ref(), k.span(), v))
    }

    /// Reports the keys that nothing asked for.
    pub fn finish(self, problems: &mut Problems<'_>) {
        for key in self.table.keys().filter(|k| !self.known.contains(&&**k.get_ref())) {
            problems.add(
                &key.span(),
                format!("unknown key `{}` in {}", key.get_ref(), self.what),
                format!("use one of: {}", self.known.join(", ")),
            );
        }
    }
}

/// Reports that a value is not what is `wanted`.
pub fn wrong<T>(value: Value<'_>, wanted: &str, problems: &mut Problems<'_>) -> Option<T> {
    let found = match value.get_ref() {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a decimal number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date or time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    };
    problems.add(&value.span(), format!("this is {found}"), format!("write {wanted}"));
    None
}

/// A table; `what` it is, with its article.
pub fn section<'t>(value: Value<'t>, what: &'static str, problems: &mut Problems<'_>) -> Option<Section<'t>> {
    match value.get_ref() {
        DeValue::Table(table) => Some(Section::new(table, value.span(), what)),
        _ => wrong(value, "a table", problems),
    }
}

/// A text that says something.
pub fn text(value: Value<'_>, problems: &mut Problems<'_>) -> Option<String> {
    match value.get_ref() {
        DeValue::String(text) if !text.trim().is_empty() => Some(text.to_string()),
        DeValue::String(_) => {
            problems.add(&value.span(), "the text is empty", "write it, or leave the key out");
            None
        }
        _ => wrong(value, "a text in quotes", problems),
    }
}

/// A whole number that fits.
pub fn number<T: FromStr>(value: Value<'_>, problems: &mut Problems<'_>) -> Option<T> {
    match value.get_ref() {
        DeValue::Integer(n) if n.radix() == 10 => n.as_str().parse().ok().or_else(|| {
            problems.add(
                &value.span(),
                format!("{n} is out of range"),
                "write a whole number from 0 that fits",
            );
            None
        }),
        _ => wrong(value, "a whole number", problems),
    }
}

/// Yes or no.
pub fn boolean(value: Value<'_>, problems: &mut Problems<'_>) -> Option<bool> {
    match value.get_ref() {
        DeValue::Boolean(answer) => Some(*answer),
        _ => wrong(value, "true or false", problems),
    }
}

/// The values of a list.
pub fn list<'t>(value: Value<'t>, problems: &mut Problems<'_>) -> Option<Vec<Value<'t>>> {
    match value.get_ref() {
        DeValue::Array(values) => Some(values.iter().collect()),
        _ => wrong(value, "a list", problems),
    }
}

/// One of the names of an enum.
pub fn name<T: FromStr<Err = UnknownName>>(value: Value<'_>, problems: &mut Problems<'_>) -> Option<T> {
    let text = text(value, problems)?;
    let parsed: Result<T, UnknownName> = text.parse();
    parsed
        .map_err(|e| {
            problems.add(
                &value.span(),
                format!("`{}` is not a {}", e.name, e.kind),
                format!("use one of: {}", e.known),
            );
        })
        .ok()
}

/// One of a few words, each with its meaning.
pub fn choice<T: Copy>(value: Value<'_>, of: &[(&str, T)], problems: &mut Problems<'_>) -> Option<T> {
    let text = text(value, problems)?;
    let found = of.iter().find(|(word, _)| *word == text).map(|(_, meaning)| *meaning);
    if found.is_none() {
        let words: Vec<&str> = of.iter().map(|(word, _)| *word).collect();
        problems.add(
            &value.span(),
            format!("`{text}` is not known here"),
            format!("use one of: {}", words.join(", ")),
        );
    }
    found
}

/// A key of a service. Whether the city has it is not for the file alone to say.
pub fn key(value: Value<'_>, problems: &mut Problems<'_>) -> Option<ServiceKey> {
    let text = text(value, problems)?;
    let key = text.parse();
    key.map_err(|e: crate::NoServiceKey| problems.add(&value.span(), e.what(), crate::NoServiceKey::TO_DO))
        .ok()
}

/// A day.
pub fn date(value: Value<'_>, problems: &mut Problems<'_>) -> Option<NaiveDate> {
    let day = match value.get_ref() {
        DeValue::Datetime(d) if d.time.is_none() && d.offset.is_none() => d.date,
        _ => None,
    };
    let Some(day) = day else { return wrong(value, "a date, as 2024-01-31 without quotes", problems) };
    NaiveDate::from_ymd_opt(i32::from(day.year), u32::from(day.month), u32::from(day.day)).or_else(|| {
        problems.add(&value.span(), format!("there is no day {day}"), "write a day that exists");
        None
    })
}
