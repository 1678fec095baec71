//! Granted hours a week, as they are stated.

/// The most hours a week that are granted: a working week.
pub const MAX_HOURS: u8 = 40;

/// As much of a text as an error says again.
const SHOWN: usize = 40;

/// Why a text is no number of hours a week. Each has the beginning of the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HoursRefused {
    /// Not a whole number: 10.5, or no number at all.
    #[error(
        "`{0}` is not a whole number of hours a week: grants and prices are of whole hours, 1 to {MAX_HOURS}"
    )]
    NotWhole(String),
    /// Outside 1 to 40.
    #[error("{0} hours a week is outside 1 to {MAX_HOURS}: state the granted hours of one week")]
    OutOfRange(String),
}

impl HoursRefused {
    /// The stable name of the error.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::NotWhole(_) => "HOURS_NOT_WHOLE",
            Self::OutOfRange(_) => "HOURS_OUT_OF_RANGE",
        }
    }
}

/// Hours a week from a decimal number without unit. `20` and `20.0` are 20 hours.
///
/// # Errors
/// When it is no whole number from 1 to 40. A number that is neither is told to be not whole.
pub fn parse_hours(text: &str) -> Result<u8, HoursRefused> {
    let text = text.trim();
    let shown = || text.chars().take(SHOWN).collect();
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    let unsigned = whole.strip_prefix('-').unwrap_or(whole);
    if !digits(unsigned) || !digits(fraction) || fraction.bytes().any(|b| b != b'0') {
        return Err(HoursRefused::NotWhole(shown()));
    }
    let hours: Option<u8> = whole.parse().ok();
    hours.filter(|h| (1..=MAX_HOURS).contains(h)).ok_or_else(|| HoursRefused::OutOfRange(shown()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_are_whole_and_from_1_to_40() {
        for (text, whole) in [("1", 1), ("20", 20), (" 40 ", 40), ("24.0", 24), ("20.0", 20), ("010", 10)] {
            assert_eq!(parse_hours(text), Ok(whole), "{text}");
        }
        for text in
            ["10.5", "24.5", "0.5", "10,5", "", "ten", "1e1", "-", "1.", "12.", ".5", "+5", "50.5", "٣", "½"]
        {
            assert!(matches!(parse_hours(text), Err(HoursRefused::NotWhole(_))), "{text}");
        }
        for text in ["0", "41", "-3", "-0", "256", "99999999999999999999"] {
            assert!(matches!(parse_hours(text), Err(HoursRefused::OutOfRange(_))), "{text}");
        }
        assert_eq!(
            parse_hours("10.5").unwrap_err().to_string(),
            "`10.5` is not a whole number of hours a week: grants and prices are of whole hours, 1 to 40"
        );
    }

    #[test]
    fn an_error_says_little_of_the_text_again() {
        for long in ["x".repeat(10_000), "9".repeat(10_000)] {
            assert!(parse_hours(&long).unwrap_err().to_string().len() < 200);
        }
    }
}
