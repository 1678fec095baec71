//! Which components a piece is paid, and under which conditions.

use niva_calendar::Interval;
use niva_models::{Component, Level, Regime, Service, Unit};

use super::{
    Ruling,
    book::Book,
    pricing::{Piece, Price, held, no_variant, published},
};
use crate::{Basis, HoldReason, LevelFact, Line, Occasion, OccasionKind, PlacementFacts, Settlement};

/// What all pieces of a placement share.
pub(super) struct Payer {
    /// A person's evenings and nights were reported in the window.
    evenings: bool,
    same_district: bool,
    /// The placement is one of those that an actual premises cost may be added to.
    sold: bool,
}

impl Payer {
    pub(super) fn new(facts: &PlacementFacts<'_>, occasions: &[Occasion]) -> Self {
        let same_district = facts.buyer_district == facts.unit_district;
        Self {
            evenings: occasions.iter().any(|o| o.kind == OccasionKind::EveningNight),
            same_district,
            sold: !same_district && !facts.premises_costs.is_empty() && is_housing(facts.service),
        }
    }

    /// Full compensation: the rate, and what comes beside it.
    pub(super) fn full(&self, piece: &Piece<'_>, book: &mut Book<'_>) {
        let Some(ruling) = piece.ruling else {
            book.hold(Component::Rate, piece.days, HoldReason::NoModel, false);
            hold_occasions(
                Component::EveningNight,
                OccasionKind::EveningNight,
                piece,
                HoldReason::NoModel,
                book,
            );
            if self.sold && piece.cost.is_some() {
                book.hold(Component::ActualPremises, piece.days, HoldReason::NoModel, false);
            }
            return;
        };
        let terms = ruling.terms;
        let known = piece
            .regime
            .ok_or(HoldReason::RegimeMissing)
            .and_then(|regime| Ok((regime, piece.scope.ok_or(HoldReason::GrantMissing)?)));

        let rate = known.and_then(|(regime, scope)| piece.rate(terms, regime, scope));
        self.write(Component::Rate, piece, ruling, terms.unit, rate, book);
        if terms.unit != Unit::CourseSession && !piece.occasions.is_empty() {
            let reason = HoldReason::RateUnpublished;
            hold_occasions(Component::Rate, OccasionKind::CourseSession, piece, reason, book);
        }
        if let Some(unit) = ruling.premises {
            let price = known.and_then(|(regime, scope)| {
                published(terms, Component::Premises, regime, piece.level, scope).map_err(held)
            });
            self.write(Component::Premises, piece, ruling, unit, price, book);
        }
        if self.evenings {
            let price = known.and_then(|(regime, scope)| {
                published(terms, Component::EveningNight, regime, piece.level, scope).map_err(held)
            });
            self.write(Component::EveningNight, piece, ruling, Unit::EveningOrNight, price, book);
        }
        let sellable = matches!(piece.regime, None | Some(Regime::Municipal | Regime::Contracted));
        if let Some((index, price)) = piece.cost.filter(|_| self.sold && sellable) {
            let price = known.map(|(regime, _)| Price {
                regime,
                unit: Unit::Month,
                price,
                basis: Basis::ActualCost(index),
                level: None,
                points: None,
                variant: no_variant(terms),
            });
            self.write(Component::ActualPremises, piece, ruling, Unit::Month, price, book);
        }
    }

    /// Vacancy: the rate of the lowest level, on days whose model has vacancy.
    pub(super) fn vacancy(&self, piece: &Piece<'_>, book: &mut Book<'_>) {
        let Some(ruling) = piece.ruling.filter(|r| r.terms.parameters.vacancy_days > 0) else { return };
        let terms = ruling.terms;
        let lowest = LevelFact { level: Level::LOWEST, points: None };
        let price = piece.regime.ok_or(HoldReason::RegimeMissing).and_then(|regime| {
            let scope = piece.scope.ok_or(HoldReason::GrantMissing)?;
            published(terms, Component::Rate, regime, Some(lowest), scope).map_err(held)
        });
        self.write(Component::Vacancy, piece, ruling, terms.unit, price, book);
    }

    /// A line for a price; else a hold, where there is anything to hold.
    fn write(
        &self,
        component: Component,
        piece: &Piece<'_>,
        ruling: &Ruling<'_>,
        unit: Unit,
        price: Result<Price, HoldReason>,
        book: &mut Book<'_>,
    ) {
        let parameters = &ruling.terms.parameters;
        let counted = price.and_then(|price| Ok((price, piece.quantity(price.unit, parameters)?)));
        match counted {
            Ok((price, quantity)) => book.line(Line {
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
                settlement: match (price.regime, self.same_district) {
                    (Regime::Municipal, true) => Settlement::OwnUnit,
                    (Regime::Municipal, false) => Settlement::InternalVoucher,
                    _ => Settlement::Outgoing,
                },
            }),
            Err(reason) => match unit {
                Unit::CourseSession => {
                    hold_occasions(component, OccasionKind::CourseSession, piece, reason, book);
                }
                Unit::EveningOrNight => {
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
    book: &mut Book<'_>,
) {
    for occasion in piece.occasions.iter().filter(|o| o.kind == kind) {
        book.hold(component, Interval::day(occasion.date), reason, false);
    }
}

const fn is_housing(service: Service) -> bool {
    matches!(
        service,
        Service::HousingWithSpecialService
            | Service::SupportedHousing
            | Service::ServiceHousingLss
            | Service::GroupHousingLss
    )
}
