//! Accounts that are paid to, and registrations for VAT, by their check digits.

use std::fmt;

use niva_names::{check_digit_fits, named};

named! {
    /// A kind of account.
    pub enum AccountKind: "kind of account" {
        /// Bankgiro.
        Bankgiro = "bankgiro",
        /// Plusgiro.
        Plusgiro = "plusgiro",
        /// International bank account number.
        Iban = "iban",
    }
}

/// An account, its number without spaces and hyphens.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Account {
    /// The kind.
    pub kind: AccountKind,
    /// The number.
    pub number: String,
}

/// Why a number is none of an account. None of them repeats it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AccountRefused {
    /// Another number of digits, or other signs.
    #[error("is no number of a {kind}: give {form}")]
    Form {
        /// The kind of account.
        kind: AccountKind,
        /// What it would be.
        form: &'static str,
    },
    /// The check digits do not follow from the others.
    #[error("has check digits that do not fit the others: compare it with its source")]
    CheckDigit,
}

/// Lengths of the numbers of countries whose banks Swedish payments go to; of others only the check digits are known.
const IBAN_LENGTHS: [(&str, usize); 14] = [
    ("AT", 20),
    ("BE", 16),
    ("DE", 22),
    ("DK", 18),
    ("EE", 20),
    ("ES", 24),
    ("FI", 18),
    ("FR", 27),
    ("GB", 22),
    ("LT", 20),
    ("LV", 21),
    ("NL", 18),
    ("NO", 15),
    ("SE", 24),
];

impl Account {
    /// An account as somebody writes it, with spaces and hyphens or without.
    ///
    /// # Errors
    /// It has another form, or its check digits do not fit.
    pub fn parse(kind: AccountKind, text: &str) -> Result<Self, AccountRefused> {
        let number: String = text.chars().filter(|sign| !matches!(sign, ' ' | '-')).collect();
        let number = number.to_ascii_uppercase();
        let form = match kind {
            AccountKind::Bankgiro => "7 or 8 digits",
            AccountKind::Plusgiro => "2 to 8 digits",
            AccountKind::Iban => "the country, two check digits and the account",
        };
        if !is_of_form(kind, &number) {
            return Err(AccountRefused::Form { kind, form });
        }
        let fits = match kind {
            AccountKind::Bankgiro | AccountKind::Plusgiro => check_digit_fits(&number),
            AccountKind::Iban => remainder_97(&number) == 1,
        };
        if fits { Ok(Self { kind, number }) } else { Err(AccountRefused::CheckDigit) }
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.number)
    }
}

fn is_of_form(kind: AccountKind, number: &str) -> bool {
    let digits = |text: &str| text.bytes().all(|sign| sign.is_ascii_digit());
    match kind {
        AccountKind::Bankgiro => digits(number) && (7..=8).contains(&number.len()),
        AccountKind::Plusgiro => digits(number) && (2..=8).contains(&number.len()),
        AccountKind::Iban => {
            let signs = number.bytes().all(|sign| sign.is_ascii_alphanumeric());
            if !signs || !(15..=34).contains(&number.len()) {
                return false;
            }
            let (country, rest) = number.split_at(2);
            let known = IBAN_LENGTHS.iter().find(|(of, _)| *of == country);
            country.bytes().all(|sign| sign.is_ascii_uppercase())
                && digits(&rest[..2])
                && known.is_none_or(|(_, length)| *length == number.len())
        }
    }
}

/// The remainder by 97 of an IBAN as a number: its first four signs last, and a letter its place in the alphabet from 10 on.
fn remainder_97(iban: &str) -> u32 {
    let (first, rest) = iban.split_at(4);
    rest.bytes().chain(first.bytes()).fold(0, |sum, sign| match sign {
        b'0'..=b'9' => (sum * 10 + u32::from(sign - b'0')) % 97,
        _ => (sum * 100 + u32::from(sign.wrapping_sub(b'A')) + 10) % 97,
    })
}

/// Whether a text is a Swedish registration for VAT: `SE`, an organisation number with its check digit, and `01`.
#[must_use]
pub fn is_vat_number(text: &str) -> bool {
    let number = text.strip_prefix("SE").and_then(|rest| rest.strip_suffix("01"));
    number.is_some_and(|number| number.len() == 10 && check_digit_fits(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(kind: AccountKind, text: &str) -> Result<String, AccountRefused> {
        Account::parse(kind, text).map(|account| account.number)
    }

    #[test]
    fn accounts_are_read_by_their_check_digits() {
        let number = |text: &str| Ok(text.to_owned());
        assert_eq!(read(AccountKind::Bankgiro, "5050-1055"), number("50501055"));
        assert_eq!(read(AccountKind::Bankgiro, "991-2346"), number("9912346"));
        assert_eq!(read(AccountKind::Plusgiro, "90 20 03-3"), number("9020033"));
        assert_eq!(
            read(AccountKind::Iban, "se45 5000 0000 0583 9825 7466"),
            number("SE4550000000058398257466")
        );
        assert_eq!(read(AccountKind::Iban, "GB82 WEST 1234 5698 7654 32"), number("GB82WEST12345698765432"));
        assert_eq!(read(AccountKind::Iban, "NO93 8601 1117 947"), number("NO9386011117947"));
    }

    #[test]
    fn a_digit_that_is_wrong_is_seen_wherever_it_stands() {
        for (kind, number) in [
            (AccountKind::Bankgiro, "50501055"),
            (AccountKind::Plusgiro, "9020033"),
            (AccountKind::Iban, "SE4550000000058398257466"),
        ] {
            for at in (0..number.len()).filter(|at| number.as_bytes()[*at].is_ascii_digit()) {
                let mut wrong = number.as_bytes().to_vec();
                wrong[at] = b'0' + (wrong[at] - b'0' + 1) % 10;
                let wrong = String::from_utf8(wrong).unwrap();
                assert_eq!(read(kind, &wrong), Err(AccountRefused::CheckDigit), "{wrong}");
            }
        }
    }

    #[test]
    fn another_form_is_no_account() {
        for (kind, text) in [
            (AccountKind::Bankgiro, "505010"),
            (AccountKind::Bankgiro, "5050105X"),
            (AccountKind::Bankgiro, "５０５０１０５５"),
            (AccountKind::Plusgiro, "7"),
            (AccountKind::Plusgiro, "123456789"),
            (AccountKind::Iban, ""),
            (AccountKind::Iban, "SE45500000000583982574"),
            (AccountKind::Iban, "4545 5000 0000 0583 9825 7466"),
            (AccountKind::Iban, "SEÅÅ 5000 0000 0583 9825 7466"),
        ] {
            assert!(matches!(read(kind, text), Err(AccountRefused::Form { .. })), "{text}");
        }
    }

    #[test]
    fn a_registration_for_vat_has_an_organisation_number() {
        assert!(is_vat_number("SE212000014201"));
        for wrong in ["", "SE212000014301", "SE2120000142", "NO212000014201", "SE21200001420101"] {
            assert!(!is_vat_number(wrong), "{wrong}");
        }
    }
}
