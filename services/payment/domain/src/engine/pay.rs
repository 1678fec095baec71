//! Which components a piece is paid, and under which conditions.

use niva_calendar::Interval;
use niva_models::{Component, Level, PriceUnit, Regime, SoldPremises};

use super::{
    Ruling,
    book::Book,
    pricing::{Piece, Price, at_level, published, set, share},
    stay::Stay,
};
use crate::{Basis, Granted, HoldReason, Line, Payee, Settlement, Special, UnitPeriod};

/// What must be known of a day before anything is paid for it.
type Place<'a> = (&'a UnitPeriod, &'a Granted<'a>);

/// Full compensation: the rate, and what comes beside it. `evenings`: some were reported in the window.
pub(super) fn full(piece: &Piece<'_>, evenings: bool, book: &mut Book<'_>) {
    let Some(ruling) = piece.ruling else {
        book.hold(Component::Rate, piece.days, HoldReason::NoModel, false);
        hold_occasions(piece, HoldReason::NoModel, book);
        return;
    };
    if piece.stay == Stay::Gone {
        return;
    }
    let terms = ruling.terms;
    let cost = piece.cost.filter(|_| ruling.sold == Some(SoldPremises::ActualCost) && sold(piece));
    let (at, granted) = match place(piece) {
        Ok(place) => place,
        Err(reason) => {
            hold(Component::Rate, terms.unit, piece, ruling, reason, book);
            if let Some((unit, _)) = premises(piece, ruling) {
                hold(Component::Premises, unit, piece, ruling, reason, book);
            }
            hold_occasions(piece, reason, book);
            if cost.is_some() {
                hold(Component::ActualPremises, PriceUnit::Month, piece, ruling, reason, book);
            }
            return;
        }
    };
    let away = piece.stay == Stay::Away;
    let rate =
        if away { Err(HoldReason::AbsenceTooLong) } else { piece.rate(terms, at.regime, &granted.scope) };
    write(Component::Rate, terms.unit, piece, ruling, &rate, book);
    let beside = |component, regime| {
        published(terms, component, regime, piece.level(&terms.parameters), &granted.scope)
    };
    if let Some((unit, basis)) = premises(piece, ruling) {
        let regime = if basis == Basis::PrivatePremises { Regime::Private } else { at.regime };
        let price = if away { Err(HoldReason::AbsenceTooLong) } else { beside(Component::Premises, regime) };
        let price = price.map(|price| Price { regime: at.regime, basis, ..price });
        write(Component::Premises, unit, piece, ruling, &price, book);
    }
    if evenings {
        let price = beside(Component::EveningNight, at.regime);
        write(Component::EveningNight, PriceUnit::EveningOrNight, piece, ruling, &price, book);
    }
    if let Some(cost) = cost {
        let price = match cost.approved {
            true => Ok(set(terms, at.regime, PriceUnit::Month, cost.per_month, Basis::ActualCost)),
            false => Err(HoldReason::PremisesCostNotApproved),
        };
        write(Component::ActualPremises, PriceUnit::Month, piece, ruling, &price, book);
    }
}

/// What the premises supplement is per, where there is one, and whose it is: the model's, or that of private units where the
/// board that sells the place charges it.
fn premises(piece: &Piece<'_>, ruling: &Ruling<'_>) -> Option<(PriceUnit, Basis)> {
    let charges = ruling.sold == Some(SoldPremises::PrivateSupplement)
        && piece.unit.is_some_and(|at| at.private_premises)
        && sold(piece);
    match ruling.premises {
        _ if !piece.takes_part => None,
        unit if charges => Some((unit.unwrap_or(PriceUnit::Month), Basis::PrivatePremises)),
        unit => unit.map(|unit| (unit, Basis::Published)),
    }
}

/// Vacancy: the rate of the lowest level, on days whose model has vacancy.
pub(super) fn vacancy(piece: &Piece<'_>, book: &mut Book<'_>) {
    let Some(ruling) = piece.ruling.filter(|r| r.terms.parameters.vacancy_days > 0) else { return };
    if piece.stay == Stay::Gone {
        return;
    }
    let (terms, unit) = (ruling.terms, ruling.terms.unit);
    match place(piece) {
        Ok((at, granted)) => {
            let price = at_level(terms, at.regime, Level::LOWEST, &granted.scope);
            write(Component::Vacancy, unit, piece, ruling, &price, book);
        }
        Err(reason) => hold(Component::Vacancy, unit, piece, ruling, reason, book),
    }
}

/// Special compensation: the part of its amount that the piece's days are of its own.
pub(super) fn special((index, special): (u16, &Special), piece: &Piece<'_>, book: &mut Book<'_>) {
    let days = piece.days;
    let found = piece.ruling.ok_or(HoldReason::NoModel).and_then(|ruling| Ok((ruling, place(piece)?)));
    match found {
        Ok((ruling, (at, _))) => {
            let Special { days: of, amount, .. } = *special;
            let price = set(ruling.terms, at.regime, PriceUnit::Period, amount, Basis::Special(index));
            let share = share(amount, days, of);
            book.line(line(Component::Special, piece, ruling, &price, days.days(), share));
        }
        Err(reason) => book.hold(Component::Special, days, reason, false),
    }
}

/// A line for a price; else a hold, where there is anything to hold.
fn write(
    component: Component,
    unit: PriceUnit,
    piece: &Piece<'_>,
    ruling: &Ruling<'_>,
    price: &Result<Price, HoldReason>,
    book: &mut Book<'_>,
) {
    let reason = match price {
        Ok(price) => match piece.quantity(price.unit, &ruling.terms.parameters) {
            Ok(quantity) => match piece.amount(price.unit, price.price, quantity) {
                Some(amount) => {
                    return book.line(line(component, piece, ruling, price, quantity, amount));
                }
                None => HoldReason::AmountOutOfRange,
            },
            Err(reason) => reason,
        },
        Err(reason) => *reason,
    };
    hold(component, unit, piece, ruling, reason, book);
}

/// Holds a piece, where there is anything to hold.
fn hold(
    component: Component,
    unit: PriceUnit,
    piece: &Piece<'_>,
    ruling: &Ruling<'_>,
    reason: HoldReason,
    book: &mut Book<'_>,
) {
    if unit == PriceUnit::EveningOrNight {
        hold_occasions(piece, reason, book);
    } else {
        let blank = piece.quantity(unit, &ruling.terms.parameters) == Ok(0);
        book.hold(component, piece.days, reason, blank);
    }
}

fn line(
    component: Component,
    piece: &Piece<'_>,
    ruling: &Ruling<'_>,
    price: &Price,
    quantity: i64,
    amount: niva_money::Ore,
) -> Line {
    let payee = match price.basis {
        Basis::ActualCost | Basis::PrivatePremises => Payee::Board,
        Basis::Published | Basis::Agreement | Basis::Transition | Basis::Special(_) => Payee::Provider,
    };
    Line {
        component,
        days: piece.days,
        model: ruling.model,
        basis: price.basis,
        level: price.level,
        points: price.points,
        variant: price.variant,
        regime: price.regime,
        unit: price.unit,
        quantity,
        unit_price: price.price,
        amount,
        payee,
        settlement: match (payee, price.regime) {
            (Payee::Provider, Regime::Municipal) if piece.own() => Settlement::OwnUnit,
            (Payee::Provider, Regime::Municipal) | (Payee::Board, _) => Settlement::InternalVoucher,
            (Payee::Provider, _) => Settlement::Outgoing,
        },
    }
}

/// Holds the days of a piece on which evenings or nights were reported.
fn hold_occasions(piece: &Piece<'_>, reason: HoldReason, book: &mut Book<'_>) {
    for occasion in piece.occasions {
        book.hold(Component::EveningNight, Interval::day(occasion.date), reason, false);
    }
}

fn place<'a>(piece: &Piece<'a>) -> Result<Place<'a>, HoldReason> {
    let unit = piece.unit.ok_or(HoldReason::RegimeMissing)?;
    let granted = piece.granted.ok_or(HoldReason::GrantMissing)?;
    if piece.stay == Stay::Undecided { Err(HoldReason::OutcomeMissing) } else { Ok((unit, granted)) }
}

/// Whether the place is one of another board's, run by it or by a contractor of its. What is not known yet may be.
fn sold(piece: &Piece<'_>) -> bool {
    let of_board = |at: &UnitPeriod| at.regime != Regime::Private && at.regime != Regime::OtherMunicipality;
    !piece.own() && piece.unit.is_none_or(of_board)
}
