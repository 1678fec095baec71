//! Lines and holds as the table writes them.

use niva_proto::common::v1::{Date, DateInterval};
use niva_proto::payment::v1::{CompensationHold, Component, PaymentHold, PaymentLine, PriceUnit, Settlement};

use super::words::{Done, kronor, ore};

/// `takes back PL1 rate 2024-03-01..31: -31 x 300.00 = -9300.00, Farsta to A, because level_decision L2`.
pub(super) fn line(line: &PaymentLine) -> String {
    let what = match (line.reversal, line.corrects_line_id.is_empty()) {
        (true, _) => "takes back",
        (false, false) => "instead",
        (false, true) => "pays",
    };
    let (price, amount) = (money(line.unit_price), money(line.amount));
    let sum = match line.unit() {
        PriceUnit::Month => format!("{} days of {price} a month = {amount}", line.quantity),
        PriceUnit::Period => format!("{} days of {price} in all = {amount}", line.quantity),
        _ => format!("{} x {price} = {amount}", line.quantity),
    };
    let payee = match line.payee_district.as_str() {
        "" => line.provider_id.clone(),
        board => format!("board {board}"),
    };
    let voucher = if line.settlement() == Settlement::InternalVoucher { " by voucher" } else { "" };
    let because = match line.cause.as_str() {
        "" => String::new(),
        cause if cause.starts_with("model ") => format!(", because {}", versions(cause)),
        cause => format!(", because {cause}"),
    };
    let (component, days) = (component(line.component()), days(line.days));
    let PaymentLine { placement_id, payer_district, .. } = line;
    format!("{what} {placement_id} {component} {days}: {sum}, {payer_district} to {payee}{voucher}{because}")
}

/// The versions of a model are hashes of its content, which no table foretells: that there are two is what it can say.
fn versions(cause: &str) -> String {
    let mut words = cause.trim_start_matches("model ").split(", before ");
    let (now, before) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    match (now.split_once(" version "), before.split_once(" version ")) {
        (Some((now, version)), Some((before, other))) if now == before && version != other => {
            format!("{now} in two versions")
        }
        _ => cause.to_owned(),
    }
}

/// `holds PL1 rate 2024-03-05..07: GRANT_MISSING`.
pub(super) fn hold(hold: &PaymentHold) -> String {
    let CompensationHold { component: _, days: held, .. } = hold.hold.clone().unwrap_or_default();
    let (what, reason) = hold.hold.as_ref().map_or((Component::Unspecified, ""), |h| {
        (h.component(), h.reason().as_str_name().trim_start_matches("HOLD_REASON_"))
    });
    format!("holds {} {} {}: {reason}", hold.placement_id, component(what), days(held))
}

/// What a written line says of its sum must be right by itself.
pub(super) fn sum_is_right(written: &str) -> Done {
    let Some((_, sum)) = written.split_once(": ") else {
        return Err("a line has `: quantity x price = amount`".to_owned());
    };
    let sum = sum.split(',').next().unwrap_or_default();
    let words: Vec<&str> = sum.split(' ').collect();
    if let [quantity, "x", price, "=", amount] = words[..] {
        let quantity: i64 = quantity.parse().map_err(|_| format!("{quantity} is no number"))?;
        let right = quantity * ore(price)?;
        return if right == ore(amount)? { Ok(()) } else { Err(format!("{sum} is {}", kronor(right))) };
    }
    Ok(())
}

fn component(component: Component) -> String {
    component.as_str_name().trim_start_matches("COMPONENT_").to_lowercase()
}

fn money(money: Option<niva_proto::common::v1::Money>) -> String {
    kronor(money.unwrap_or_default().ore)
}

/// The days of one month: `2024-03-01..31`.
fn days(days: Option<DateInterval>) -> String {
    let DateInterval { first, last } = days.unwrap_or_default();
    let (first, last): (Date, Date) = (first.unwrap_or_default(), last.unwrap_or_default());
    let of_first = format!("{:04}-{:02}-{:02}", first.year, first.month, first.day);
    if (first.year, first.month) == (last.year, last.month) {
        return format!("{of_first}..{:02}", last.day);
    }
    format!("{of_first}..{:04}-{:02}-{:02}", last.year, last.month, last.day)
}
