//! What model files have beside what every data file has: levels, exact decimals, amounts.

use niva_money::Ore;
use niva_names::file::{Problems, wrong};
pub(super) use niva_names::file::{Section, Value, boolean, choice, date, list, name, number, section, text};
use rust_decimal::Decimal;
use toml::de::DeValue;

use crate::Level;

pub(super) fn level(value: Value<'_>, problems: &mut Problems<'_>) -> Option<Level> {
    match value.get_ref() {
        DeValue::String(text) if text == "base" => Some(Level::BASE),
        DeValue::Integer(n) if n.radix() == 10 && n.as_str() != "0" => number(value, problems).map(Level),
        _ => wrong(value, "a level: a whole number from 1, or \"base\"", problems),
    }
}

pub(super) fn decimal(value: Value<'_>, problems: &mut Problems<'_>) -> Option<Decimal> {
    let digits = match value.get_ref() {
        DeValue::Integer(n) if n.radix() == 10 => n.as_str(),
        DeValue::Float(n) => n.as_str(),
        _ => return wrong(value, "a number", problems),
    };
    let exact = Decimal::from_str_exact(digits).ok();
    if exact.is_none() {
        let to_do = "write it with digits and at most one point";
        problems.add(&value.span(), format!("`{digits}` is not an exact decimal number"), to_do);
    }
    exact
}

/// An amount in SEK, exact, not negative, with no part of an öre.
pub(super) fn amount(value: Value<'_>, problems: &mut Problems<'_>) -> Option<Ore> {
    let sek = decimal(value, problems)?;
    let result = Ore::from_decimal_sek(sek);
    match result {
        Ok(ore) if ore.0 < 0 => {
            problems.add(
                &value.span(),
                format!("the amount {sek} is negative"),
                "write an amount of 0 or more",
            );
            None
        }
        Ok(ore) => Some(ore),
        Err(error) => {
            problems.add(&value.span(), error.to_string(), "write SEK with at most two decimals");
            None
        }
    }
}
