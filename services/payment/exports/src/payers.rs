//! The city as it pays: its name, and the account that each board pays from.

use std::collections::{BTreeMap, BTreeSet};

use niva_names::{DistrictId, check_digit_fits};
use niva_payment_domain::{Account, AccountKind};
use serde::Deserialize;

/// Who pays. By default nobody does.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Payers {
    /// The city's name.
    pub name: String,
    /// Its organisation number: ten digits.
    pub organisation_number: String,
    boards: BTreeMap<DistrictId, Board>,
}

/// A board that pays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Board {
    /// Its name.
    pub name: String,
    /// The account that it pays from.
    pub account: Account,
    /// Its bank: a BIC of 8 or 11 characters.
    pub bic: String,
}

/// Why a file of payers is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {}", .problems.join("; "))]
pub struct PayersError {
    file: String,
    problems: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: String,
    organisation_number: String,
    #[serde(default)]
    board: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    district: DistrictId,
    name: String,
    account_kind: String,
    account: String,
    bic: String,
}

impl Payers {
    /// The example of the synthetic city.
    ///
    /// # Errors
    /// None, unless the file was changed badly before the build.
    pub fn shipped() -> Result<Self, PayersError> {
        Self::parse("stockholm.toml", include_str!("../data/payers/stockholm.toml"))
    }

    /// Payers from the text of a file.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn parse(file: &str, text: &str) -> Result<Self, PayersError> {
        let wrong = |problems| PayersError { file: file.to_owned(), problems };
        let read: File = toml::from_str(text).map_err(|error| wrong(vec![error.to_string()]))?;
        let mut problems = Vec::new();
        let number = &read.organisation_number;
        if number.len() != 10 || !check_digit_fits(number) {
            problems
                .push("organisation_number: give ten digits, of which the last fits the others".to_owned());
        }
        if read.name.trim().is_empty() {
            problems.push("name: is empty".to_owned());
        }
        let (mut boards, mut seen) = (BTreeMap::new(), BTreeSet::new());
        for row in read.board {
            if !seen.insert(row.district.clone()) {
                problems.push(format!("board of {}: stands twice", row.district));
            }
            match row.board() {
                Ok((district, board)) => drop(boards.insert(district, board)),
                Err(problem) => problems.push(problem),
            }
        }
        let File { name, organisation_number, .. } = read;
        if problems.is_empty() {
            Ok(Self { name, organisation_number, boards })
        } else {
            Err(wrong(problems))
        }
    }

    /// The board of a district.
    #[must_use]
    pub fn board(&self, district: &DistrictId) -> Option<&Board> {
        self.boards.get(district)
    }
}

impl Row {
    fn board(self) -> Result<(DistrictId, Board), String> {
        let Self { district, name, account_kind, account, bic } = self;
        let of = |problem: String| format!("board of {district}: {problem}");
        let kind: AccountKind = account_kind.parse().map_err(|_| of("account_kind: is none".to_owned()))?;
        let account = Account::parse(kind, &account).map_err(|error| of(format!("account: {error}")))?;
        let is_bic = matches!(bic.len(), 8 | 11)
            && bic.bytes().all(|sign| sign.is_ascii_digit() || sign.is_ascii_uppercase());
        if !is_bic {
            return Err(of("bic: give 8 or 11 capital letters and digits".to_owned()));
        }
        if name.trim().is_empty() {
            return Err(of("name: is empty".to_owned()));
        }
        Ok((district, Board { name, account, bic }))
    }
}
