//! Reading facts of placements back.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use niva_access::Scope;
use niva_base::{OpError, Violations};
use niva_calendar::Interval;
use niva_names::{PersonId, PlacementId, ProviderId, UnitId};
use niva_proto::common::v1 as common;
use niva_rpc::wire::read;
use niva_store::page::PageRequest;
use prost_types::Timestamp;

use super::store::{self, Filter};
use crate::cases::store::{facts::current, newest_number, places};
use crate::placement_fact::{PlacementFact, kept};
use crate::units::store::units_as_of;
use crate::{App, bound_to};

/// Facts or revisions on a page at most.
const MAX_PAGE: u32 = 1_000;

/// What a list is asked for.
#[derive(Debug)]
pub(crate) struct Wanted<'a> {
    pub(crate) placement_id: Option<PlacementId>,
    pub(crate) person_id: Option<PersonId>,
    pub(crate) days: Option<common::DateInterval>,
    pub(crate) recorded_since: Option<&'a Timestamp>,
    pub(crate) include_withdrawn: bool,
    pub(crate) page_size: i32,
    pub(crate) page_token: &'a str,
}

impl App {
    /// A fact now, or as it stood at a recorded time.
    pub(crate) async fn read_back<M: PlacementFact>(
        &self,
        scope: &Scope,
        id: &M::Id,
        as_of: Option<&Timestamp>,
    ) -> Result<M, OpError> {
        let mut v = Violations::new();
        let at = read::timestamp(&mut v, "as_of", as_of);
        let at = v.finish_with(at)?;
        let missing = || OpError::not_found(M::KIND, id.as_ref());
        let conn = self.db.conn();
        let fact: Option<M> = match at {
            None => store::newest(conn, id).await?,
            Some(at) => {
                niva_store::facts::has_come(at, self.clock.now())?;
                store::as_of(conn, id, at).await?
            }
        };
        let fact = fact.ok_or_else(missing)?;
        if self.may_see(scope, &fact).await? { Ok(fact) } else { Err(missing()) }
    }

    /// Everything that was told of a fact.
    pub(crate) async fn revisions_of<M: PlacementFact>(
        &self,
        scope: &Scope,
        id: &M::Id,
        page_size: i32,
        page_token: &str,
    ) -> Result<(Vec<M>, String), OpError> {
        let asked = (page_size, page_token);
        let page =
            self.secrets.page(scope.author(), asked, &["revisions", M::KIND, id.as_ref()], MAX_PAGE)?;
        // Whether the caller may see it is a matter of what it says now.
        self.read_back::<M>(scope, id, None).await?;
        let found = store::revisions::<M>(self.db.conn(), id, &page).await?;
        Ok(page.cut(found, |fact| fact.info().map(|info| info.revision.to_string()).unwrap_or_default()))
    }

    /// Facts as they stand.
    pub(crate) async fn list_of<M: PlacementFact>(
        &self,
        scope: &Scope,
        wanted: &Wanted<'_>,
    ) -> Result<(Vec<M>, String), OpError> {
        let mut v = Violations::new();
        let since = read::timestamp(&mut v, "recorded_since", wanted.recorded_since);
        let days = match wanted.days {
            None => Some(None),
            days => read::interval(&mut v, "days", days).map(Some),
        };
        let (since, days) = v.finish_with(since.zip(days))?;
        let page = self.page::<M>(scope, wanted, since, days)?;
        let units = match bound_to(scope)? {
            Some(own) => Some(self.units_of(own).await?),
            None => None,
        };
        let filter = Filter {
            placement_id: wanted.placement_id.as_ref(),
            person_id: wanted.person_id.as_ref(),
            days,
            recorded_since: since,
            withdrawn_too: wanted.include_withdrawn,
            units: units.as_deref(),
        };
        let conn = self.db.conn();
        let ids = store::list::<M>(conn, &filter, &page).await?;
        let (ids, next_page_token) = page.cut(ids, ToString::to_string);
        let mut found: BTreeMap<M::Id, M> = store::newest_of(conn, &ids).await?;
        Ok((ids.iter().filter_map(|id| found.remove(id)).collect(), next_page_token))
    }

    /// The units that a provider runs, and when.
    async fn units_of(&self, provider: &ProviderId) -> Result<Vec<(UnitId, Interval)>, OpError> {
        let conn = self.db.conn();
        let mut own = Vec::new();
        for (id, unit) in units_as_of(conn, newest_number(conn).await?).await? {
            let spans = unit.periods.spans().iter();
            own.extend(
                spans.filter(|(_, p)| p.provider_id == *provider).map(|(days, _)| (id.clone(), *days)),
            );
        }
        Ok(own)
    }

    async fn may_see<M: PlacementFact>(&self, scope: &Scope, fact: &M) -> Result<bool, OpError> {
        let Some(own) = bound_to(scope)? else { return Ok(true) };
        let (conn, placement_id, day) = (self.db.conn(), fact.placement(), kept(fact)?.days.first);
        let places = places(conn, &[placement_id.clone()].into()).await?;
        let keys = places.values().map(|place| &place.key);
        let cases = current(conn, keys, newest_number(conn).await?).await?;
        let dates = cases.values().find_map(|case| case.dates(&placement_id));
        let units = self.units_of(own).await?;
        let runs = |unit_id: &UnitId| units.iter().any(|(id, days)| id == unit_id && days.contains(day));
        Ok(dates.is_some_and(|dates| runs(&dates.unit_id)))
    }

    fn page<M: PlacementFact>(
        &self,
        scope: &Scope,
        wanted: &Wanted<'_>,
        since: Option<DateTime<Utc>>,
        days: Option<Interval>,
    ) -> Result<PageRequest, OpError> {
        let when = format!("{since:?} {days:?} {}", wanted.include_withdrawn);
        let placement = wanted.placement_id.as_ref().map_or("", PlacementId::as_str);
        let person = wanted.person_id.as_ref().map_or("", PersonId::as_str);
        let list = [M::KIND, placement, person, &when];
        self.secrets.page(scope.author(), (wanted.page_size, wanted.page_token), &list, MAX_PAGE)
    }
}
