//! How long what is kept must be kept: who people are, and the records of calls. One file of a city says it, for all services.

use chrono::{DateTime, Months, Utc};
use niva_calendar::{Datelike, NaiveDate};
use serde::Deserialize;

/// Longer than anybody is asked about.
const MOST_YEARS: u32 = 200;

/// How long what is kept must be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retention {
    identities: Vec<Keep>,
    audit: AuditRule,
}

/// How long records of calls are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRule {
    years: u32,
    law: String,
}

impl AuditRule {
    /// For so many years, at least one.
    #[must_use]
    pub const fn years(&self) -> u32 {
        self.years
    }

    /// Where it is written.
    #[must_use]
    pub fn law(&self) -> &str {
        &self.law
    }

    /// What is older than this may go; `None`: nothing, for the calendar has no such day.
    #[must_use]
    pub fn bound(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        now.checked_sub_months(Months::new(self.years * 12))
    }
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Keep {
    rule: String,
    law: String,
    by: By,
}

/// What a rule goes by.
#[derive(Debug, Clone, PartialEq, Eq)]
enum By {
    LastRecord(u32),
    LastGrant(u32),
    Death(u32),
    BornOn(Vec<u32>),
}

/// What rules go by, of one person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept {
    /// The day on which something was told last.
    pub last_record: NaiveDate,
    /// The last day of the last grant, where there is one that ends.
    pub last_grant: Option<NaiveDate>,
    /// Day of death.
    pub death: Option<NaiveDate>,
    /// Day of birth.
    pub born: NaiveDate,
}

/// A rule that forbids to erase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold<'a> {
    /// Its name.
    pub rule: &'a str,
    /// Where it is written.
    pub law: &'a str,
    /// The first day on which it forbids no more; `None`: for good.
    pub until: Option<NaiveDate>,
}

/// Why a file of rules is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {}", .problems.join("; "))]
pub struct RetentionError {
    /// The file.
    file: String,
    /// All that is wrong, each with what to do.
    problems: Vec<String>,
}

impl Retention {
    /// Stockholm's rules.
    ///
    /// # Errors
    /// None, unless the file was changed badly before the build.
    pub fn shipped() -> Result<Self, RetentionError> {
        Self::parse("stockholm.toml", include_str!("../data/stockholm.toml"))
    }

    /// Rules from the text of a file.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn parse(file: &str, text: &str) -> Result<Self, RetentionError> {
        let wrong = |problems| RetentionError { file: file.to_owned(), problems };
        let read: File = toml::from_str(text).map_err(|error| wrong(vec![error.to_string()]))?;
        let (mut identities, mut problems) = (Vec::new(), Vec::new());
        if read.keep.is_empty() {
            problems.push(
                "has no rule: write a [[keep]], for a file that nothing forbids to erase is a mistake"
                    .to_owned(),
            );
        }
        for entry in read.keep {
            match entry.rule() {
                Ok(rule) => identities.push(rule),
                Err(problem) => problems.push(problem),
            }
        }
        let audit = read.audit_records.map_or_else(
            || Err("has no [audit_records]: say for how many years records of calls are kept".to_owned()),
            AuditEntry::rule,
        );
        match audit {
            Ok(audit) if problems.is_empty() => Ok(Self { identities, audit }),
            Ok(_) => Err(wrong(problems)),
            Err(problem) => {
                problems.push(problem);
                Err(wrong(problems))
            }
        }
    }

    /// How long records of calls are kept.
    #[must_use]
    pub const fn audit(&self) -> &AuditRule {
        &self.audit
    }

    /// The rule that forbids to erase who somebody is for longest, if any does on this day.
    #[must_use]
    pub fn holds(&self, kept: &Kept, today: NaiveDate) -> Option<Hold<'_>> {
        let until = |rule: &Keep| rule.until(kept).filter(|until| until.is_none_or(|until| today < until));
        let holding = self.identities.iter().filter_map(|rule| Some((rule, until(rule)?)));
        let (rule, until) = holding.max_by_key(|(_, until)| until.unwrap_or(NaiveDate::MAX))?;
        Some(Hold { rule: &rule.rule, law: &rule.law, until })
    }
}

impl Keep {
    /// Until when the rule forbids, if it is about the person at all; `Some(None)`: for good.
    fn until(&self, kept: &Kept) -> Option<Option<NaiveDate>> {
        let after = |day: NaiveDate, years: u32| {
            // What the calendar does not have any more is for good.
            Some(day.checked_add_months(Months::new(years * 12)).and_then(|day| day.succ_opt()))
        };
        match &self.by {
            By::LastRecord(years) => after(kept.last_record, *years),
            By::LastGrant(years) => after(kept.last_grant?, *years),
            By::Death(years) => after(kept.death?, *years),
            By::BornOn(days) => days.contains(&kept.born.day()).then_some(None),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    keep: Vec<Entry>,
    audit_records: Option<AuditEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AuditEntry {
    years: u32,
    law: String,
}

impl AuditEntry {
    fn rule(self) -> Result<AuditRule, String> {
        let Self { years, law } = self;
        if law.trim().is_empty() || !(1..=MOST_YEARS).contains(&years) {
            return Err(format!("audit_records: give it its law, and 1 to {MOST_YEARS} years"));
        }
        Ok(AuditRule { years, law })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    rule: String,
    law: String,
    years_after_last_record: Option<u32>,
    years_after_last_grant: Option<u32>,
    years_after_death: Option<u32>,
    born_on_days: Option<Vec<u32>>,
}

impl Entry {
    fn rule(self) -> Result<Keep, String> {
        let Self {
            rule,
            law,
            years_after_last_record,
            years_after_last_grant,
            years_after_death,
            born_on_days,
        } = self;
        let named = !rule.is_empty()
            && rule.len() <= 40
            && rule.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        if !named || law.trim().is_empty() {
            return Err(format!("rule `{rule}`: give it a name of a to z, digits and _, and its law"));
        }
        let by = [
            years_after_last_record.map(By::LastRecord),
            years_after_last_grant.map(By::LastGrant),
            years_after_death.map(By::Death),
            born_on_days.map(By::BornOn),
        ];
        let mut by = by.into_iter().flatten();
        let (Some(by), None) = (by.next(), by.next()) else {
            return Err(format!("rule `{rule}`: give it one thing that it goes by, and no second"));
        };
        let sound = match &by {
            By::LastRecord(years) | By::LastGrant(years) | By::Death(years) => {
                (1..=MOST_YEARS).contains(years)
            }
            By::BornOn(days) => !days.is_empty() && days.iter().all(|day| (1..=31).contains(day)),
        };
        if !sound {
            return Err(format!("rule `{rule}`: years are 1 to {MOST_YEARS}, and days of a month 1 to 31"));
        }
        Ok(Keep { rule, law, by })
    }
}
