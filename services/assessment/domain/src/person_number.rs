use std::fmt;

use niva_calendar::{Datelike, NaiveDate, date};
use niva_names::check_digit_fits;

/// Days that a coordination number's day is later than the day of birth.
const COORDINATION: u32 = 60;
/// Nobody who was born before has a number.
const FIRST_YEAR: i32 = 1800;

/// A personal identity number (personnummer) or a coordination number (samordningsnummer), as its twelve digits.
///
/// It is in no log: what is printed of it for a debugger says its kind alone, and it has no other words of its own.
#[derive(Clone, PartialEq, Eq)]
pub struct PersonNumber {
    digits: String,
    kind: NumberKind,
    born: NaiveDate,
}

/// Which of the two a number is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NumberKind {
    /// Of somebody who is or was registered in Sweden.
    Personal,
    /// Of somebody who never was.
    Coordination,
}

/// Why something is no number. None of them repeats it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NumberRefused {
    /// It has another form.
    #[error(
        "is no personal or coordination number: give ten or twelve digits, with - or + before the last four or without"
    )]
    Form,
    /// Its first digits are no day.
    #[error("begins with no day of birth that there is: compare it with its source")]
    Day,
    /// The last digit does not follow from the others.
    #[error("has a check digit that does not fit: compare it with its source")]
    CheckDigit,
    /// The day has not come.
    #[error("is of somebody who is not born yet: compare it with its source")]
    NotBorn,
    /// It says `+`, which is for those who turn a hundred this year or before, of somebody younger.
    #[error("has a + though the person is not a hundred: compare it with its source")]
    NotHundred,
}

impl PersonNumber {
    /// Reads a number as people write it: ten digits or twelve, with `-` or `+` before the last four or without. Of ten
    /// digits the century is the latest in which the year has come, or with `+` the one before.
    ///
    /// # Errors
    /// It is none.
    pub fn parse(text: &str, today: NaiveDate) -> Result<Self, NumberRefused> {
        let (day, plus, rest) = taken_apart(text.trim()).ok_or(NumberRefused::Form)?;
        if rest.starts_with("000") {
            return Err(NumberRefused::Form);
        }
        let (year, short) = match day.split_at_checked(2) {
            Some((century, short)) if short.len() == 6 => {
                (number(century) * 100 + number(&short[..2]), short)
            }
            _ => {
                let latest = today.year() - if plus { 100 } else { 0 };
                (latest - (latest - number(&day[..2])).rem_euclid(100), day)
            }
        };
        let (kind, born) = born(year, &short[2..]).ok_or(NumberRefused::Day)?;
        if !check_digit_fits(&format!("{short}{rest}")) {
            return Err(NumberRefused::CheckDigit);
        }
        if born > today {
            return Err(NumberRefused::NotBorn);
        }
        if plus && today.year() - year < 100 {
            return Err(NumberRefused::NotHundred);
        }
        Ok(Self { digits: format!("{year:04}{}{rest}", &short[2..]), kind, born })
    }

    /// The twelve digits: for what keeps, finds or shows them to who may see them, and nothing else.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.digits
    }

    /// The day of birth that it says.
    #[must_use]
    pub const fn born(&self) -> NaiveDate {
        self.born
    }

    /// Which of the two it is.
    #[must_use]
    pub const fn kind(&self) -> NumberKind {
        self.kind
    }
}

impl fmt::Debug for PersonNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PersonNumber({:?})", self.kind)
    }
}

/// The six or eight digits of the day, whether a `+` follows, and the last four digits.
fn taken_apart(text: &str) -> Option<(&str, bool, &str)> {
    let (head, rest) = text.split_at_checked(text.len().checked_sub(4)?)?;
    let day = head.strip_suffix(['-', '+']).unwrap_or(head);
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    let sound = matches!(day.len(), 6 | 8) && digits(day) && digits(rest);
    sound.then_some((day, head.ends_with('+'), rest))
}

/// The kind of a number and the day of birth, by the year and the four digits of month and day.
fn born(year: i32, month_and_day: &str) -> Option<(NumberKind, NaiveDate)> {
    let [month, day] = [0, 2].map(|at| month_and_day.get(at..at + 2).and_then(|two| two.parse::<u32>().ok()));
    let (month, day) = (month?, day?);
    let kind = if day > COORDINATION { NumberKind::Coordination } else { NumberKind::Personal };
    let day = if kind == NumberKind::Coordination { day - COORDINATION } else { day };
    let born = date(year, month, day).filter(|born| born.year() >= FIRST_YEAR)?;
    Some((kind, born))
}

/// Digits only.
fn number(digits: &str) -> i32 {
    digits.bytes().fold(0, |number, digit| number * 10 + i32::from(digit - b'0'))
}
