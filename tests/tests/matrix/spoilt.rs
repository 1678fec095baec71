//! Values that no fact may have, for the reasons that the services give beside the common ones.

use niva_journeys::values::{date, hours};
use niva_proto::assessment::v1::application_decision::Outcome;
use niva_proto::common::v1::{GrantScope, Level, Money};
use prost::Message;
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, ReflectMessage, Value};

use super::side::Side;

/// The reasons.
pub(super) const REASONS: [&str; 31] = [
    "DISTRICT_NOT_VALID",
    "PLACEMENT_UNKNOWN",
    "APPLICATION_UNKNOWN",
    "PROVIDER_UNKNOWN",
    "AMOUNT_NEGATIVE",
    "AMOUNT_TOO_LARGE",
    "COUNT_OUT_OF_RANGE",
    "SCHEDULE_OUT_OF_RANGE",
    "HOURS_NOT_WHOLE",
    "HOURS_OUT_OF_RANGE",
    "TIME_INTERVAL_OUT_OF_RANGE",
    "NAME_INVALID",
    "CAPACITY_NEGATIVE",
    "LSS_GROUP_UNKNOWN",
    "LEVEL_UNKNOWN",
    "DEATH_IN_FUTURE",
    "DATE_IN_FUTURE",
    "DAY_IN_FUTURE",
    "DAYS_OUT_OF_ORDER",
    "RESIDENCE_TWICE",
    "LSS_GROUP_TWICE",
    "SCOPE_TWICE",
    "ITEM_UNKNOWN",
    "ITEM_TWICE",
    "SCORE_NOT_ALLOWED",
    "SCORES_OR_TOTAL",
    "DECISION_WITHOUT_REASON",
    "NO_PERIOD_GIVEN",
    "ACCOUNT_INVALID",
    "VAT_NUMBER_INVALID",
    "PROVIDER_DIFFERS",
];

/// A district that had ended when the city of the test begins.
const ENDED: &str = "Norrmalm";

/// A value for a field that provokes the reason.
pub(super) fn value(
    reason: &str,
    side: &Side,
    field: &FieldDescriptor,
    value: Option<&Value>,
) -> Option<Value> {
    let (name, kind) = (field.name(), field.kind());
    if let Kind::Message(message) = &kind {
        match (reason, message.name()) {
            ("DISTRICT_NOT_VALID", "ResidencePeriod") if field.is_list() => return moved(side, field),
            ("DISTRICT_NOT_VALID", "UnitPeriod") => return late(value),
            _ => {}
        }
        return whole(reason, side, field, message.full_name());
    }
    let text = |text: &str| Some(Value::String(text.to_owned()));
    let number = |number: i32| Some(Value::I32(number));
    match reason {
        "DISTRICT_NOT_VALID" if name.ends_with("district") => text(ENDED),
        "PLACEMENT_UNKNOWN" if name == "placement_id" => text("nobody"),
        "APPLICATION_UNKNOWN" if name == "application_id" => text("nobody"),
        "PROVIDER_UNKNOWN" if name == "provider_id" => text("nobody"),
        "COUNT_OUT_OF_RANGE" if name == "count" => number(99),
        "SCHEDULE_OUT_OF_RANGE" if name == "monday" => number(-1),
        "ITEM_UNKNOWN" if name == "item_key" => text("nothing"),
        "SCORE_NOT_ALLOWED" if name == "score" => number(99),
        "SCORES_OR_TOTAL" if name == "total" => number(10),
        "ACCOUNT_INVALID" if name == "number" => text("50501056"),
        "VAT_NUMBER_INVALID" if name == "vat_number" => text("SE212000014301"),
        "PROVIDER_DIFFERS" if name == "provider_id" => text("nobody"),
        "NAME_INVALID" if name == "name" => text(&"n".repeat(201)),
        "CAPACITY_NEGATIVE" if name == "capacity" => number(-1),
        _ => None,
    }
}

/// A value for a field that holds a message.
fn whole(reason: &str, side: &Side, field: &FieldDescriptor, message: &str) -> Option<Value> {
    let scope = |scope: GrantScope| match message {
        "niva.common.v1.GrantScope" => Some(inside(field, &scope)),
        _ => None,
    };
    let money = |ore: i64| (message == "niva.common.v1.Money").then(|| inside(field, &Money { ore }));
    let day = |text: &str| (message == "niva.common.v1.Date").then(|| inside(field, &date(text)));
    match reason {
        "HOURS_NOT_WHOLE" => scope(hours("1.5")),
        "HOURS_OUT_OF_RANGE" => scope(hours("99")),
        "TIME_INTERVAL_OUT_OF_RANGE" => scope(GrantScope { time_interval: 9, ..GrantScope::default() }),
        "AMOUNT_NEGATIVE" => money(-1),
        "AMOUNT_TOO_LARGE" => money(2_000_000_000),
        "LEVEL_UNKNOWN" if message == "niva.common.v1.Level" => Some(inside(field, &Level { value: 99 })),
        "DEATH_IN_FUTURE" if field.name() == "death_date" => day("2034-04-02"),
        "DATE_IN_FUTURE" | "DAY_IN_FUTURE" => day("2034-04-02"),
        "DAYS_OUT_OF_ORDER" => day("2019-01-01"),
        "LSS_GROUP_UNKNOWN" if message.ends_with(".LssGroupPeriod") => {
            let mut period = known(side, field)?;
            period.set_field_by_name("group", Value::EnumNumber(99));
            Some(Value::Message(period))
        }
        "ITEM_TWICE" if message.ends_with(".ItemScore") => twice(side, field),
        "NO_PERIOD_GIVEN" if message.ends_with(".UnitPeriod") => Some(Value::List(Vec::new())),
        "DECISION_WITHOUT_REASON" if message.ends_with(".ApplicationDecision") => {
            let mut decision = known(side, field)?;
            decision.set_field_by_name("outcome", Value::EnumNumber(Outcome::Refused.into()));
            Some(Value::Message(decision))
        }
        "RESIDENCE_TWICE" if message.ends_with(".ResidencePeriod") => twice(side, field),
        "LSS_GROUP_TWICE" if message.ends_with(".LssGroupPeriod") => twice(side, field),
        "SCOPE_TWICE" if message.ends_with(".ScopePeriod") => twice(side, field),
        _ => None,
    }
}

/// A message as the value of a field.
pub(super) fn inside(field: &FieldDescriptor, message: &impl Message) -> Value {
    let kind = field.kind();
    let descriptor = kind.as_message().expect("a field that holds a message").clone();
    let bytes = message.encode_to_vec();
    Value::Message(DynamicMessage::decode(descriptor, &bytes[..]).expect("a message of the contract"))
}

/// The message of the side that a field of the contract's could hold; of a few that the side has not, an empty one.
pub(super) fn known(side: &Side, field: &FieldDescriptor) -> Option<DynamicMessage> {
    const EMPTY: [&str; 2] = ["CaseScopePeriod", "WeeklySchedule"];
    let kind = field.kind();
    let message = kind.as_message()?;
    if !message.full_name().starts_with("niva.") || message.name() == "FactInfo" {
        return None;
    }
    if EMPTY.contains(&message.name()) {
        return Some(DynamicMessage::new(message.clone()));
    }
    let first = message.get_field(1)?;
    let bytes = side.message_for(message.full_name(), "", "");
    let bytes = bytes.or_else(|| side.message_for(first.name(), "", ""))?;
    let mut found = DynamicMessage::decode(message.clone(), bytes).expect("a message of the contract");
    found.clear_field_by_name("info");
    Some(found)
}

/// A residence here, and then in a district that has ended.
fn moved(side: &Side, field: &FieldDescriptor) -> Option<Value> {
    let (mut first, mut then) = (known(side, field)?, known(side, field)?);
    first.clear_field_by_name("valid_from");
    then.set_field_by_name("district", Value::String(ENDED.to_owned()));
    Some(Value::List(vec![Value::Message(first), Value::Message(then)]))
}

/// A unit's first period, in a district that had ended when it begins.
fn late(value: Option<&Value>) -> Option<Value> {
    let mut period = value?.as_list()?.first()?.as_message()?.clone();
    let begins = period.descriptor().get_field_by_name("valid_from")?;
    period.set_field(&begins, inside(&begins, &date("2024-04-01")));
    period.set_field_by_name("district", Value::String(ENDED.to_owned()));
    Some(Value::List(vec![Value::Message(period)]))
}

fn twice(side: &Side, field: &FieldDescriptor) -> Option<Value> {
    let period = Value::Message(known(side, field)?);
    field.is_list().then(|| Value::List(vec![period.clone(), period]))
}
