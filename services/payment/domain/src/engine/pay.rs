//! Which components a piece is paid, and under which conditions.

use niva_calendar::Interval;
use niva_models::{Component, Level, PriceUnit, Regime};

use super::{
    Ruling,
    book::{Book, Parties},
    pricing::{Piece, Price, held, no_variant, published},
};
use crate::{Basis, Granted, HoldReason, LevelFact, Line, Occasion, OccasionKind, Settlement, UnitPeriod};

/// What all pieces of a placement share.
pub(super) struct Payer {
    /// A person's evenings and nights were reported in the window.
    evenings: bool,
    /// The service is one that an actual premises cost may be added to.
    premises_costs: bool,
}

/// What must be known of a day before anything is paid for it.
type Known<'a> = Result<(&'a UnitPeriod, &'a Granted<'a>), HoldReason>;

impl Payer {
    pub(super) fn new(premises_costs: bool, occasions: &[Occasion]) -> Self {
        Self { evenings: occasions.iter().any(|o| o.kind == OccasionKind::EveningNight), premises_costs }
    }

    /// Full compensation: the rate, and what comes beside it.
    pub(super) fn full<'a>(&self, piece: &Piece<'a>, book: &mut Book<'_, 'a>) {
        let Some(ruling) = piece.ruling else {
            book.hold(Component::Rate, piece.days, HoldReason::NoModel, false);
            hold_occasions(
                Component::EveningNight,
                OccasionKind::EveningNight,
                piece,
                HoldReason::NoModel,
                book,
            );
            if self.premises_costs && piece.cost.is_some() && sold(piece) {
                book.hold(Component::ActualPremises, piece.days, HoldReason::NoModel, false);
            }
            return;
        };
        let terms = ruling.terms;
        let known = known(piece);
        let rate = known.and_then(|(unit, granted)| piece.rate(terms, unit.regime, &granted.scope));
        self.write(Component::Rate, piece, ruling, terms.unit, rate, book);
        if terms.unit != PriceUnit::CourseSession && !piece.occasions.is_empty() {
            let reason = HoldReason::RateUnpublished;
            hold_occasions(Component::Rate, OccasionKind::CourseSession, piece, reason, book);
        }
        if let Some(unit) = ruling.premises {
            let price = known.and_then(|(at, granted)| {
                published(terms, Component::Premises, at.regime, piece.level, &granted.scope).map_err(held)
            });
            self.write(Component::Premises, piece, ruling, unit, price, book);
        }
        if self.evenings {
            let price = known.and_then(|(at, granted)| {
                published(terms, Component::EveningNight, at.regime, piece.level, &granted.scope)
                    .map_err(held)
            });
            self.write(Component::EveningNight, piece, ruling, PriceUnit::EveningOrNight, price, book);
        }
        if let Some(price) = piece.cost.filter(|_| self.premises_costs && sold(piece)) {
            let price = known.map(|(at, _)| Price {
                regime: at.regime,
                unit: PriceUnit::Month,
                price,
                basis: Basis::ActualCost,
                level: None,
                points: None,
                variant: no_variant(terms),
            });
            self.write(Component::ActualPremises, piece, ruling, PriceUnit::Month, price, book);
        }
    }

    /// Vacancy: the rate of the lowest level, on days whose model has vacancy.
    pub(super) fn vacancy<'a>(&self, piece: &Piece<'a>, book: &mut Book<'_, 'a>) {
        let Some(ruling) = piece.ruling.filter(|r| r.terms.parameters.vacancy_days > 0) else { return };
        let terms = ruling.terms;
        let lowest = LevelFact { level: Level::LOWEST, points: None };
        let price = known(piece).and_then(|(at, granted)| {
            published(terms, Component::Rate, at.regime, Some(lowest), &granted.scope).map_err(held)
        });
        self.write(Component::Vacancy, piece, ruling, terms.unit, price, book);
    }

    /// A line for a price; else a hold, where there is anything to hold.
    fn write<'a>(
        &self,
        component: Component,
        piece: &Piece<'a>,
        ruling: &Ruling<'_>,
        unit: PriceUnit,
        price: Result<Price, HoldReason>,
        book: &mut Book<'_, 'a>,
    ) {
        let parameters = &ruling.terms.parameters;
        let counted = known(piece).and_then(|(at, granted)| {
            let price = price?;
            Ok((at, granted.district, price, piece.quantity(price.unit, parameters)?))
        });
        match counted {
            Ok((at, payer, price, quantity)) => {
                let line = Line {
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
                    amount: piece.amount(price.unit, price.price, quantity),
                    settlement: match price.regime {
                        Regime::Municipal if at.district == payer => Settlement::OwnUnit,
                        Regime::Municipal => Settlement::InternalVoucher,
                        _ => Settlement::Outgoing,
                    },
                };
                let agreement_id = match (price.basis, piece.agreement) {
                    (Basis::Agreement, Some(agreement)) => agreement.id,
                    _ => "",
                };
                book.line(line, Parties { payer, unit: at, agreement_id });
            }
            Err(reason) => match unit {
                PriceUnit::CourseSession => {
                    hold_occasions(component, OccasionKind::CourseSession, piece, reason, book);
                }
                PriceUnit::EveningOrNight => {
                    hold_occasions(component, OccasionKind::EveningNight, piece, reason, book);
                }
                _ => book.hold(component, piece.days, reason, piece.quantity(unit, parameters) == Ok(0)),
            },
        }
    }
}

/// Holds the days of a piece on which an occasion of the kind was reported.
fn hold_occasions(
    component: Component,
    kind: OccasionKind,
    piece: &Piece<'_>,
    reason: HoldReason,
    book: &mut Book<'_, '_>,
) {
    for occasion in piece.occasions.iter().filter(|o| o.kind == kind) {
        book.hold(component, Interval::day(occasion.date), reason, false);
    }
}

fn known<'a>(piece: &Piece<'a>) -> Known<'a> {
    Ok((piece.unit.ok_or(HoldReason::RegimeMissing)?, piece.granted.ok_or(HoldReason::GrantMissing)?))
}

/// Whether the place is one of another board's, run by it or by a contractor of its. What is not known yet may be.
fn sold(piece: &Piece<'_>) -> bool {
    piece.unit.is_none_or(|at| {
        at.regime != Regime::Private
            && at.regime != Regime::OtherMunicipality
            && piece.granted.is_none_or(|granted| granted.district != at.district)
    })
}
