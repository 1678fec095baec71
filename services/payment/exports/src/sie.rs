//! SIE type 4I: vouchers for a bookkeeping system, in code page 437. Source: SIE filformat, utgåva 4B, SIE-gruppen.

use niva_payment_domain::postings::Posting;
use yore::code_pages::CP437;

use crate::{About, CannotSay, Content, Driver, Format, Part, kronor};

/// The file has one voucher, of the last day of the run's month: all of the run's postings, which are balanced.
pub(crate) struct Sie4;

/// Dimension 1 is the format's own for cost centres; 20 and on are free.
const DIMENSIONS: [(u8, &str); 4] =
    [(1, "Kostnadsställe"), (20, "Verksamhet"), (21, "Motpart"), (22, "Momsbehandling")];

impl Driver for Sie4 {
    fn format(&self) -> Format {
        Format {
            key: "sie4",
            title: "SIE type 4I: the run's postings as one voucher",
            media_type: "application/x-sie",
            extension: "se",
            content: Content::Postings,
        }
    }

    fn write(&self, about: &About<'_>, part: &Part<'_>, out: &mut Vec<u8>) -> Result<(), CannotSay> {
        let text = match part {
            Part::Begin => head(about),
            Part::Posting(posting) => transaction(posting),
            Part::End => "}\r\n".to_owned(),
            _ => return Err(CannotSay::Part),
        };
        // A sign that the code page does not have is a question mark: they stand in names alone.
        out.extend_from_slice(&CP437.encode_lossy(&text, b'?'));
        Ok(())
    }
}

fn head(about: &About<'_>) -> String {
    let made = about.made_at.format("%Y%m%d");
    let number = about.payers.organisation_number.split_at_checked(6).unwrap_or_default();
    let mut lines = vec![
        "#FLAGGA 0".to_owned(),
        "#FORMAT PC8".to_owned(),
        "#SIETYP 4".to_owned(),
        "#PROGRAM \"Niva\" 1".to_owned(),
        format!("#GEN {made}"),
        format!("#ORGNR {}-{}", number.0, number.1),
        format!("#FNAMN {}", quoted(&about.payers.name)),
    ];
    lines.extend(DIMENSIONS.map(|(number, name)| format!("#DIM {number} {}", quoted(name))));
    let day = about.month.last_day().format("%Y%m%d");
    let words = quoted(&format!("Niva {}", about.run));
    lines.push(format!("#VER \"N\" \"\" {day} {words} {made}"));
    lines.push("{".to_owned());
    lines.into_iter().map(|line| line + "\r\n").collect()
}

fn transaction(Posting { on, amount }: &Posting) -> String {
    let codes = [&on.cost_centre, &on.activity, &on.counterpart, &on.vat];
    let objects = DIMENSIONS.iter().zip(codes).filter(|(_, code)| !code.is_empty());
    let objects: Vec<String> =
        objects.map(|((number, _), code)| format!("{number} {}", quoted(code))).collect();
    format!("   #TRANS {} {{{}}} {}\r\n", on.account, objects.join(" "), kronor(*amount))
}

/// A field in quotation marks; a mark in it has a backslash before it, and control characters, which the format does not have, are gone.
fn quoted(text: &str) -> String {
    let signs = text.chars().filter(|sign| !sign.is_control());
    let signs: String =
        signs.flat_map(|sign| (sign == '"').then_some('\\').into_iter().chain([sign])).collect();
    format!("\"{signs}\"")
}
