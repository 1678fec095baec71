//! No personal identity number stands anywhere in the repository, test data included.

use super::{SourceFile, assert_complains, assert_tidy, repository};

/// Digits that look like one and are none, each with the reason.
const ALLOWED: [(&str, &str); 0] = [];

fn check(files: &[SourceFile]) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in files {
        for (n, line) in file.lines() {
            for word in line.split(|c: char| !(c.is_alphanumeric() || matches!(c, '-' | '+' | '_' | '.'))) {
                let allowed = ALLOWED.iter().any(|(text, _)| *text == word);
                if !allowed && looks_like_identity_number(word.trim_end_matches('.')) {
                    complaints.push(
                        file.complain(n, "looks like a personal identity number: people are opaque ids"),
                    );
                }
            }
        }
    }
    complaints
}

/// `YYMMDD-NNNC`, with or without century and separator, a date (or a coordination number's, 60 days later), and a
/// check digit that fits.
fn looks_like_identity_number(word: &str) -> bool {
    let digits: String = word.chars().filter(char::is_ascii_digit).collect();
    let shape: String = word.chars().map(|c| if c.is_ascii_digit() { '9' } else { c }).collect();
    let separated =
        matches!(shape.as_str(), "999999-9999" | "999999+9999" | "99999999-9999" | "99999999+9999");
    let bare = matches!(shape.as_str(), "9999999999" | "999999999999");
    if !separated && !bare {
        return false;
    }
    if digits.len() == 12 && !matches!(&digits[..2], "18" | "19" | "20") {
        return false;
    }
    let ten: Vec<u32> = digits[digits.len() - 10..].chars().filter_map(|c| c.to_digit(10)).collect();
    let (month, day) = (ten[2] * 10 + ten[3], ten[4] * 10 + ten[5]);
    (1..=12).contains(&month)
        && ((1..=31).contains(&day) || (61..=91).contains(&day))
        && check_digit_fits(&ten)
}

/// The Luhn sum of all ten digits is a multiple of ten.
fn check_digit_fits(ten: &[u32]) -> bool {
    let sum: u32 = ten
        .iter()
        .enumerate()
        .map(|(i, digit)| {
            let doubled = digit * if i % 2 == 0 { 2 } else { 1 };
            doubled / 10 + doubled % 10
        })
        .sum();
    sum.is_multiple_of(10)
}

#[test]
fn no_personal_identity_number_stands_anywhere() {
    assert_tidy(&check(&repository()));
}

#[test]
fn a_personal_identity_number_is_seen() {
    // Put together here, so that this file has none.
    for (date, rest) in [("811228", "-9874"), ("19811228", "-9874"), ("811288", "-9848"), ("811228", "9874")]
    {
        let sample = SourceFile::sample("a.csv", &format!("person,{date}{rest},x\n"));
        let complaints = check(&[sample]);
        assert_complains(&complaints, "a.csv:1: looks like a personal identity number");
    }
    for fine in ["811228-9875", "2024-03-01", "1234567890", "811328-9874", "7.5", "deadbeef8112289874"] {
        assert!(check(&[SourceFile::sample("a.csv", fine)]).is_empty(), "{fine}");
    }
}
