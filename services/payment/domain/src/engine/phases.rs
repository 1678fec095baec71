use niva_calendar::{Interval, NaiveDate, OPEN_END, add_working_days, day_after, day_before, plus_days};
use niva_models::{Catalogue, DayCount, Parameters};

use crate::PlacementFacts;

/// The days that a placement is paid for, before anyone asks what they are worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Phases {
    /// `S … F`: full compensation. `None` when the order was withdrawn.
    pub full: Option<Interval>,
    /// The days after `F` that vacancy compensation may be paid on; each is paid when the model of its day has it.
    pub vacancy: Option<Interval>,
    /// The last day that the grant must be valid on: `E`, or `N` where the person never came. The days after it,
    /// of notice, no-show and vacancy, are owed for the place and not for the person, so there the last scope
    /// known counts when the grant has run out.
    pub granted_through: NaiveDate,
    /// `N`, or `E` where no notice was given: the day whose model counts the days after it. `None` while open.
    pub counted_on: Option<NaiveDate>,
}

impl Phases {
    /// The phases of a placement: `S` through `F`, and the days after it.
    ///
    /// `F` is open until the person has come and left, or never came and the place was given notice. Otherwise it is
    /// `max(E, N + notice)`, or `max(S + no-show − 1, N + notice)`, by the parameters of the model in force on `N`
    /// (`E` where no notice was given). Without a model on that day the three counts are 0.
    #[must_use]
    pub fn of(facts: &PlacementFacts<'_>, catalogue: &Catalogue) -> Self {
        let start = facts.ordered_start;
        if facts.withdrawn {
            return Self { full: None, vacancy: None, granted_through: OPEN_END, counted_on: None };
        }
        let (last_needed, notice) = match (facts.actual_start, facts.end, facts.notice) {
            (Some(_), Some(end), notice) => (end, notice.unwrap_or(end)),
            (None, _, Some(notice)) => (notice, notice),
            (Some(_), None, _) | (None, _, None) => {
                let full = Some(Interval::from(start));
                return Self { full, vacancy: None, granted_through: OPEN_END, counted_on: None };
            }
        };
        let counts = Counts::of(catalogue.on(facts.service, notice).map(|m| &m.terms.parameters));
        let least = match facts.actual_start {
            Some(_) => last_needed,
            None => counts.after(day_before(start), counts.no_show),
        };
        let last = least.max(counts.after(notice, counts.notice));
        let full = Interval::new(start, last);
        let vacancy = full
            .filter(|f| !f.is_open())
            .and_then(|f| Interval::new(day_after(f.last), counts.after(f.last, counts.vacancy)));
        Self { full, vacancy, granted_through: last_needed, counted_on: Some(notice) }
    }
}

/// The three day counts of a model.
struct Counts {
    notice: u16,
    no_show: u16,
    vacancy: u16,
    day_count: DayCount,
}

impl Counts {
    fn of(parameters: Option<&Parameters>) -> Self {
        parameters.map_or(Self { notice: 0, no_show: 0, vacancy: 0, day_count: DayCount::Calendar }, |p| {
            Self {
                notice: p.notice_days,
                no_show: p.no_show_days,
                vacancy: p.vacancy_days,
                day_count: p.day_count,
            }
        })
    }

    /// The `n`-th day after `day`, counting what the model counts.
    fn after(&self, day: NaiveDate, n: u16) -> NaiveDate {
        match self.day_count {
            DayCount::Calendar => plus_days(day, i64::from(n)),
            DayCount::Working => add_working_days(day, u32::from(n)),
        }
    }
}
