//! The words of a step: some in their places, the others named by the word before them.

use niva_journeys::values;
use niva_proto::common::v1::{Date, DateInterval, GrantScope, Money, Regime};

/// What came of a step; otherwise why not, in words.
pub(super) type Done<T = ()> = Result<T, String>;

/// Words not read yet.
pub(super) struct Words<'a>(Vec<&'a str>);

impl<'a> Words<'a> {
    /// Splits at spaces, but not between quotation marks.
    pub(super) fn of(text: &'a str) -> Self {
        let quoted = |(at, part): (usize, &'a str)| match at % 2 {
            1 => vec![part],
            _ => part.split_whitespace().collect(),
        };
        Self(text.split('"').enumerate().flat_map(quoted).collect())
    }

    /// The next word in its place.
    pub(super) fn next(&mut self) -> Done<&'a str> {
        if self.0.is_empty() { Err("a word is missing".to_owned()) } else { Ok(self.0.remove(0)) }
    }

    /// The word after a name, if the name is there.
    pub(super) fn named(&mut self, name: &str) -> Option<&'a str> {
        let at = self.0.iter().position(|word| *word == name)?;
        self.0.remove(at);
        (at < self.0.len()).then(|| self.0.remove(at))
    }

    /// Whether a word is there by itself.
    pub(super) fn has(&mut self, name: &str) -> bool {
        let at = self.0.iter().position(|word| *word == name);
        at.map(|at| self.0.remove(at)).is_some()
    }

    /// The word after a name.
    pub(super) fn must(&mut self, name: &str) -> Done<&'a str> {
        self.named(name).ok_or_else(|| format!("`{name}` is missing"))
    }

    /// The day after a name.
    pub(super) fn day(&mut self, name: &str) -> Done<Option<Date>> {
        self.must(name).and_then(day)
    }

    /// Puts the day after a name in place, `none` for no day, if the name is there.
    pub(super) fn put_day(&mut self, name: &str, place: &mut Option<Date>) -> Done {
        if let Some(word) = self.named(name) {
            *place = day(word)?;
        }
        Ok(())
    }

    /// The days `from … to …`.
    pub(super) fn days(&mut self) -> Done<Option<DateInterval>> {
        let first = self.day("from")?;
        let last = self.named("to").map(day).transpose()?.flatten();
        Ok(Some(DateInterval { first, last }))
    }

    /// Puts `from` and `to` in place, those that are there.
    pub(super) fn put_days(&mut self, place: &mut Option<DateInterval>) -> Done {
        let mut days = place.unwrap_or_default();
        self.put_day("from", &mut days.first)?;
        self.put_day("to", &mut days.last)?;
        *place = Some(days);
        Ok(())
    }

    /// The kronor after a name.
    pub(super) fn money(&mut self, name: &str) -> Done<Option<Money>> {
        Ok(Some(Money { ore: ore(self.must(name)?)? }))
    }

    /// The number after a name, if the name is there.
    pub(super) fn number(&mut self, name: &str) -> Done<Option<i32>> {
        self.named(name).map(number).transpose()
    }

    /// The scope of a grant, if any of it is there.
    pub(super) fn scope(&mut self) -> Done<Option<GrantScope>> {
        let mut scope = GrantScope::default();
        if let Some(extent) = self.named("extent") {
            scope.extent = match extent {
                "full_time" => 1,
                "part_time" => 2,
                other => return Err(format!("{other} is no extent")),
            };
        }
        scope.hours_per_week = self.named("hours").unwrap_or_default().to_owned();
        scope.time_interval = self.number("interval")?.unwrap_or_default();
        scope.sessions_per_week = self.number("sessions")?.unwrap_or_default();
        scope.personal_assistance = self.has("assistance");
        Ok(Some(scope).filter(|scope| *scope != GrantScope::default()))
    }

    /// Nothing may be left over.
    pub(super) fn end(self) -> Done {
        if self.0.is_empty() { Ok(()) } else { Err(format!("not understood: {}", self.0.join(" "))) }
    }
}

/// `2024-03-01`, or `none`.
pub(super) fn day(word: &str) -> Done<Option<Date>> {
    if word == "none" {
        return Ok(None);
    }
    let known = word.len() == 10
        && word.split('-').count() == 3
        && word.chars().all(|c| c == '-' || c.is_ascii_digit());
    if known { Ok(values::day(word)) } else { Err(format!("{word} is no day")) }
}

pub(super) fn number(word: &str) -> Done<i32> {
    word.parse().map_err(|_| format!("{word} is no number"))
}

/// `-9300.00` in öre.
pub(super) fn ore(word: &str) -> Done<i64> {
    let wrong = || format!("{word} is no amount: write it as 9300.00");
    let (kronor, ore) = word.split_once('.').filter(|(_, ore)| ore.len() == 2).ok_or_else(wrong)?;
    let (whole, part): (i64, i64) = (kronor.parse().map_err(|_| wrong())?, ore.parse().map_err(|_| wrong())?);
    Ok(if kronor.starts_with('-') { whole * 100 - part } else { whole * 100 + part })
}

/// Öre as `-9300.00`.
pub(super) fn kronor(ore: i64) -> String {
    let sign = if ore < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", ore.abs() / 100, ore.abs() % 100)
}

pub(super) fn regime(word: &str) -> Done<i32> {
    match word {
        "municipal" => Ok(Regime::Municipal.into()),
        "contracted" => Ok(Regime::Contracted.into()),
        "private" => Ok(Regime::Private.into()),
        other => Err(format!("{other} is no regime")),
    }
}
