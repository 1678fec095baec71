//! From facts that are told to what is written for them: everything is checked first.

use std::collections::{BTreeMap, BTreeSet};

use niva_base::{OpError, Violations};
use niva_calendar::{Interval, NaiveDate};
use niva_facts::{Info, Telling};
use niva_names::{FactId, PlacementId};
use niva_payment_domain::{Content, Fact as CaseFact, hull};
use niva_store::Tx;

use super::ground::{Ground, Locked};
use super::{info, store};
use crate::App;
use crate::cases::{self, CaseKey, Incoming, Own, take_in};
use crate::content;
use crate::placement_fact::{PlacementFact, Said, Told, kept};

/// The next revision of a fact.
#[derive(Debug)]
pub(crate) struct Next<M> {
    /// Its number in the request or import.
    pub(crate) number: i64,
    /// The revision before.
    pub(crate) before: Option<M>,
    /// The revision, with its `FactInfo`.
    pub(crate) fact: M,
    pub(crate) said: Said,
}

/// Something that is wrong with a fact.
#[derive(Debug)]
pub(crate) struct Wrong {
    /// The fact's number.
    pub(crate) number: i64,
    /// The field of the fact; violations name theirs themselves.
    pub(crate) field: &'static str,
    pub(crate) error: OpError,
}

/// What is to be written.
#[derive(Debug)]
pub(crate) struct Plan<M> {
    revisions: Vec<M>,
    incoming: Vec<cases::Told>,
}

impl<M: PlacementFact> Plan<M> {
    /// Checks facts against what is known, and answers what is to be written for those that are right, and everything
    /// that is wrong.
    pub(crate) async fn of(
        app: &App,
        tx: &Tx<'_>,
        locked: Locked,
        facts: Vec<Next<M>>,
    ) -> Result<(Self, Vec<Wrong>), OpError> {
        let placements: BTreeSet<PlacementId> = facts.iter().map(|next| next.fact.placement()).collect();
        let all = facts.iter().map(|next| next.said.days).reduce(hull);
        let ground = locked.load(tx, placements, M::OF_CASE).await?;
        let mut occupied = Occupied::load::<M>(tx, &ground, all).await?;
        // Whatever is told anew leaves its days before others are looked at.
        facts.iter().for_each(|next| occupied.free(&next.fact.fact_id().into()));
        let (mut plan, mut wrong) = (Self::empty(), Vec::new());
        for mut next in facts {
            let mut found = next.against(&ground, app)?;
            let Next { number, fact, said, .. } = &next;
            let other = M::ALONE.then(|| occupied.take(&fact.placement(), said, &fact.fact_id().into()));
            if let Some(other) = other.flatten() {
                let kind = M::KIND;
                let words =
                    format!("shares days with {kind} {other}, which stands: correct or withdraw that one");
                let error = OpError::precondition("PERIOD_OVERLAPS", words).with("fact_id", other);
                found.push((M::KIND, error));
            }
            match ground.key(&fact.placement()).filter(|_| found.is_empty()) {
                Some(key) => {
                    let before = next.before.as_ref().map(kept).transpose()?;
                    plan.add(key, next.fact, &next.said, before.as_ref())?;
                }
                None => {
                    let number = *number;
                    wrong.extend(found.into_iter().map(|(field, error)| Wrong { number, field, error }));
                }
            }
        }
        Ok((plan, wrong))
    }

    /// A fact that is taken back, or that something happened to.
    pub(super) fn renewal(ground: &Ground, fact: M) -> Result<Self, OpError> {
        let said = kept(&fact)?;
        let unknown = || OpError::internal("a fact is about a placement that has not been heard of");
        let key = ground.key(&fact.placement()).ok_or_else(unknown)?;
        let mut plan = Self::empty();
        plan.add(key, fact, &said, None)?;
        Ok(plan)
    }

    fn empty() -> Self {
        Self { revisions: Vec::new(), incoming: Vec::new() }
    }

    /// `before`: what the revision before says, where it may say something else.
    fn add(&mut self, key: &CaseKey, fact: M, said: &Said, before: Option<&Said>) -> Result<(), OpError> {
        let info = info(&fact)?;
        let counts = fact.counts(&info);
        let withdrawn = !info.stands();
        let Info { fact_id, revision, told: Telling { author, reason, .. }, .. } = info;
        let of = |said: &Said| {
            let placement_id = fact.placement();
            Content::Record { placement_id, record: said.record.clone() }
        };
        let before = before.map(|before| of(before).days());
        let own = Own { days: said.days, before, counts, content: content::of_message(&fact) };
        let told = CaseFact { id: fact_id, revision, withdrawn, content: of(said) };
        let told = Incoming::Case { key: key.clone(), fact: told, own: Some(own) };
        self.incoming.push(cases::Told { fact: told, author, reason });
        self.revisions.push(fact);
        Ok(())
    }

    /// Writes it, and answers the facts as they now stand.
    pub(crate) async fn carry_out(self, tx: &Tx<'_>, told: &Telling) -> Result<Vec<M>, OpError> {
        match take_in(tx, self.incoming, told.recorded_at).await {
            Err(error) if error.is_unique_violation() => Err(OpError::Conflict(error.into())),
            done => Ok(done.map(|_| self.revisions)?),
        }
    }
}

impl<M: PlacementFact> Next<M> {
    /// Everything that is wrong with it but its days.
    ///
    /// # Errors
    /// A defect: what was read cannot be read any more.
    fn against(&mut self, ground: &Ground, app: &App) -> Result<Vec<(&'static str, OpError)>, OpError> {
        let placement_id = &self.fact.placement();
        if self.before.as_ref().is_some_and(|before| *placement_id != before.placement_id()) {
            let words = "is another than before: withdraw the fact, and record it for the right placement";
            let error = OpError::invalid("placement_id", "PLACEMENT_DIFFERS", words);
            return Ok(vec![("placement_id", error)]);
        }
        // Another provider's placement is as good as none.
        let seen = |_: &&CaseKey| ground.sees(placement_id, self.said.days.first);
        let Some(key) = ground.key(placement_id).filter(seen) else {
            let words = format!(
                "placement {placement_id} is not known here: check the id, or wait until it has come from choice"
            );
            let error = OpError::precondition("PLACEMENT_UNKNOWN", words).with("placement_id", placement_id);
            return Ok(vec![("placement_id", error)]);
        };
        let mut v = Violations::new();
        let case = ground.case(key);
        let told = Told { service: key.service, city: &app.city, catalogue: &app.catalogue, case };
        if M::CARRIES {
            self.fact.judge(self.before.as_ref(), &told);
            self.said = kept(&self.fact)?;
        }
        self.fact.fits(&mut v, &told);
        Ok(v.finish().err().map(|error| ("", error)).into_iter().collect())
    }
}

/// Which days of which placements standing facts of a kind have.
#[derive(Default)]
struct Occupied {
    /// By placement and first day: the last day and the fact.
    days: BTreeMap<(PlacementId, NaiveDate), (NaiveDate, FactId)>,
    by_id: BTreeMap<FactId, (PlacementId, NaiveDate)>,
}

impl Occupied {
    /// As far as facts of `days` can meet them; `None`: there are none to come.
    async fn load<M: PlacementFact>(
        tx: &Tx<'_>,
        ground: &Ground,
        days: Option<Interval>,
    ) -> Result<Self, OpError> {
        let mut occupied = Self::default();
        let Some(days) = days.filter(|_| M::ALONE) else { return Ok(occupied) };
        for found in store::standing(tx, M::FACT, ground.places(), days).await? {
            occupied.put(found.placement_id, found.days, found.fact_id);
        }
        Ok(occupied)
    }

    fn put(&mut self, placement_id: PlacementId, days: Interval, id: FactId) {
        let key = (placement_id, days.first);
        self.by_id.insert(id.clone(), key.clone());
        self.days.insert(key, (days.last, id));
    }

    /// A fact leaves its days.
    fn free(&mut self, id: &FactId) {
        if let Some(key) = self.by_id.remove(id) {
            self.days.remove(&key);
        }
    }

    /// A fact takes its days, or the fact is answered that has one of them. As no two share a day, it is enough to look at
    /// the one that begins last.
    fn take(&mut self, placement_id: &PlacementId, said: &Said, id: &FactId) -> Option<FactId> {
        let key = |day| (placement_id.clone(), day);
        let before = self.days.range(key(NaiveDate::MIN)..=key(said.days.last)).next_back();
        if let Some((_, (_, other))) = before.filter(|(_, (last, _))| *last >= said.days.first) {
            return Some(other.clone());
        }
        self.put(placement_id.clone(), said.days, id.clone());
        None
    }
}

#[cfg(test)]
mod tests {
    use niva_calendar::date;
    use niva_payment_domain::Record;

    use super::*;

    fn said(first: u32, last: u32) -> Said {
        let day = |n| date(2024, 3, n).unwrap();
        let days = Interval::new(day(first), day(last)).unwrap();
        Said { days, record: Record::Absence(days) }
    }

    fn take(occupied: &mut Occupied, (placement, id): (&str, &str), said: &Said) -> Option<String> {
        occupied.take(&placement.into(), said, &id.into()).map(String::from)
    }

    #[test]
    fn days_are_taken_once() {
        let mut occupied = Occupied::default();
        assert_eq!(take(&mut occupied, ("P", "a"), &said(10, 20)), None);
        assert_eq!(take(&mut occupied, ("P", "b"), &said(1, 9)), None);
        for (first, last, in_the_way) in
            [(20, 25, "a"), (9, 9, "b"), (1, 31, "a"), (5, 12, "a"), (15, 16, "a")]
        {
            assert_eq!(take(&mut occupied, ("P", "c"), &said(first, last)).as_deref(), Some(in_the_way));
        }
        assert_eq!(take(&mut occupied, ("Q", "d"), &said(1, 31)), None);
        occupied.free(&"a".into());
        assert_eq!(take(&mut occupied, ("P", "e"), &said(10, 31)), None);
        assert_eq!(take(&mut occupied, ("P", "f"), &said(9, 10)).as_deref(), Some("e"));
    }
}
