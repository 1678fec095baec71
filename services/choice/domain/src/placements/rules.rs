use niva_calendar::{Interval, day_after, day_before};
use niva_names::ServiceInfo;

use super::{Beside, Placement, PlacementState};
use crate::{Grant, Refusal, Unit};

/// What a placement is told among.
#[derive(Debug, Clone, Copy)]
pub struct Around<'a> {
    /// What the city's catalogue says of the service.
    pub service: &'a ServiceInfo,
    /// The unit.
    pub unit: &'a Unit,
    /// Places that others hold at the unit.
    pub occupied: &'a [Interval],
    /// All grants of the service to the person.
    pub grants: &'a [Grant],
    /// The person's other placements in the service.
    pub others: &'a [Placement],
}

impl Placement {
    /// Whether it may be told: the first time, or anew after `before`. What stood already is not asked again: a
    /// correction of one day is not refused for what another day has long been. Checked in this order: the unit, the
    /// grant, other placements, the place.
    ///
    /// # Errors
    /// The first of them that is wrong.
    pub fn check(&self, before: Option<&Self>, on: &Around<'_>) -> Result<(), Refusal> {
        before.map_or(Ok(()), |before| self.is_about_the_same(before))?;
        on.unit.gives(self.service)?;
        self.within_a_grant(before, on.grants)?;
        self.beside_others(before, on)?;
        let added = match before {
            Some(before) if before.unit_id == self.unit_id => beyond(self.occupies(), before.occupies()),
            _ => vec![self.occupies()],
        };
        match (before, on.unit.has_place(on.occupied, &added)) {
            (Some(_), Err(Refusal::NoFreePlace { unit_id, day })) => {
                Err(Refusal::PlaceTaken { unit_id, day })
            }
            (_, has_place) => has_place,
        }
    }

    fn is_about_the_same(&self, before: &Self) -> Result<(), Refusal> {
        let fixed = |field, was: &str, is: &str| {
            if was == is { Ok(()) } else { Err(Refusal::SubjectFixed { field, was: was.to_owned() }) }
        };
        fixed("person_id", before.person_id.as_str(), self.person_id.as_str())?;
        fixed("service", before.service.as_str(), self.service.as_str())
    }

    /// A placement needs a grant of the service on its ordered day, whichever that is.
    fn within_a_grant(&self, before: Option<&Self>, grants: &[Grant]) -> Result<(), Refusal> {
        let day = self.ordered_start;
        let stood = before.is_some_and(|before| before.ordered_start == day);
        if stood || grants.iter().any(|grant| grant.valid.contains(day)) {
            return Ok(());
        }
        Err(Refusal::OutsideGrant { grant_id: self.grant_id.clone(), day })
    }

    /// One placement of an exclusive service at a time, but for a switch's overlap, a trial and named exceptions.
    fn beside_others(&self, before: Option<&Self>, on: &Around<'_>) -> Result<(), Refusal> {
        if !on.service.exclusive {
            return Ok(());
        }
        let stood = |other: &&Self| before.is_some_and(|before| before.collides(other));
        let mut colliding = on.others.iter().filter(|other| self.collides(other)).filter(|o| !stood(o));
        // One switch at a time: of two that nobody has given up, the person has not left the first yet.
        let open = |other: &&Self| self.runs_beside(other) && !other.is_named();
        let switching = self.beside == Beside::Switch && before.is_none();
        let third = on.others.iter().filter(open).nth(1).filter(|_| switching);
        match colliding.next().or(third) {
            Some(other) => Err(Refusal::ExclusiveService { placement_id: other.placement_id.clone() }),
            None => Ok(()),
        }
    }

    /// Whether the two stand on a day together, and nothing says why.
    fn collides(&self, other: &Self) -> bool {
        if !self.meets(other) || self.is_named() || other.is_named() {
            return false;
        }
        let key = |p: &Self| (p.ordered_start, p.placement_id.clone());
        let (earlier, later) = if key(self) <= key(other) { (self, other) } else { (other, self) };
        let started = earlier.state.actual_start().is_some();
        !(earlier.is_given_up() || later.beside == Beside::Switch && started)
    }

    /// Whether the two share a day, and nobody has given the other up.
    pub(crate) fn runs_beside(&self, other: &Self) -> bool {
        self.meets(other) && !other.is_given_up()
    }

    fn meets(&self, other: &Self) -> bool {
        self.occupies().intersect(&other.occupies()).is_some()
    }

    fn is_given_up(&self) -> bool {
        self.state.notice().is_some() || matches!(self.state, PlacementState::Ended { .. })
    }

    const fn is_named(&self) -> bool {
        matches!(self.beside, Beside::Trial { .. } | Beside::Exception { .. })
    }
}

/// The days of one interval that another does not have.
fn beyond(days: Interval, known: Interval) -> Vec<Interval> {
    let earlier = Interval::new(days.first, days.last.min(day_before(known.first)));
    let later =
        if known.is_open() { None } else { Interval::new(days.first.max(day_after(known.last)), days.last) };
    earlier.into_iter().chain(later).collect()
}
