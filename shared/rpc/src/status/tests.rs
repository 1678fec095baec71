use niva_base::Violations;

use super::*;

fn three() -> OpError {
    let mut v = Violations::new();
    v.require(false, "end_date", "END_BEFORE_START", "is before start_date; give a later day");
    v.nested("lines[2]", |v| {
        v.nested("amount", |v| v.check::<i64, _>("ore", "NOT_A_NUMBER", "x".parse::<i64>()));
        v.required::<()>("unit", None);
    });
    v.finish().unwrap_err()
}

#[test]
fn all_violations_arrive_at_once_with_paths_and_reasons() {
    let told = status(three());
    assert_eq!(told.code(), Code::InvalidArgument);
    assert_eq!(reason(&told).as_deref(), Some("END_BEFORE_START"));
    assert_eq!(reasons(&told), ["END_BEFORE_START", "NOT_A_NUMBER", "FIELD_REQUIRED"]);
    let fields: Vec<_> = violations(&told).into_iter().map(|(field, _)| field).collect();
    assert_eq!(fields, ["end_date", "lines[2].amount.ore", "lines[2].unit"]);
    assert!(told.message().starts_with("end_date: is before start_date; give a later day; lines[2]"));
}

#[test]
fn a_status_in_words_has_every_violation_and_the_reason() {
    let told = words(&status(three()));
    assert!(
        told.contains("\n  end_date: is before start_date; give a later day\n  lines[2].amount.ore: "),
        "{told}"
    );
    assert!(told.ends_with(" (END_BEFORE_START)"), "{told}");
    assert_eq!(words(&Status::cancelled("")), "Cancelled");
}

#[test]
fn reason_and_values_survive() {
    let error =
        OpError::precondition("CAPACITY_TAKEN", "unit u1 is full; choose another").with("capacity", 6);
    let told = status(error);
    assert_eq!((told.code(), told.message()), (Code::FailedPrecondition, "unit u1 is full; choose another"));
    assert_eq!(reason(&told).as_deref(), Some("CAPACITY_TAKEN"));
    assert_eq!(metadata(&told, "capacity").as_deref(), Some("6"));
    let told = status(OpError::not_found("placement", "p9"));
    assert_eq!((told.code(), reason(&told).as_deref()), (Code::NotFound, Some("NOT_FOUND")));
    assert_eq!(metadata(&told, "id").as_deref(), Some("p9"));
}

#[test]
fn the_inside_of_a_defect_is_not_told() {
    let told = status(OpError::internal("disk 7 at /secret/place is full"));
    assert_eq!((told.code(), reason(&told).as_deref()), (Code::Internal, Some("INTERNAL")));
    assert!(!format!("{told:?}").contains("secret"));
    assert!(told.message().contains("incident"));
}

#[test]
fn a_lost_connection_is_unavailable_and_a_conflict_aborted() {
    use niva_store::DbError;
    use sea_orm::{ConnAcquireErr, DbErr};

    let told = status(DbError::from(DbErr::ConnectionAcquire(ConnAcquireErr::Timeout)));
    assert_eq!((told.code(), reason(&told).as_deref()), (Code::Unavailable, Some("DATABASE_UNAVAILABLE")));
    let told = status(DbError::from(DbErr::Custom("odd".into())));
    assert_eq!(told.code(), Code::Internal);
}

#[test]
fn more_violations_than_a_status_carries_are_counted() {
    let mut v = Violations::new();
    for i in 0..5_000 {
        v.add(
            &format!("records[{i}]"),
            "UNIT_UNKNOWN",
            "is at a unit that nobody has told of; import it first",
        );
    }
    let status = status(v.finish().unwrap_err());
    let told = violations(&status);
    assert!(told.len() > 500 && told.len() < 5_000, "{}", told.len());
    assert_eq!(reasons(&status).last().map(String::as_str), Some("MORE_ERRORS"));
    let more = 5_001 - told.len();
    assert!(told.last().is_some_and(|(_, words)| words.starts_with(&format!("{more} more errors"))));
    assert!(status.message().ends_with("and 4997 more"), "{}", status.message());
}
