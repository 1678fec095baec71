//! Records read: listed by whom they are about, or drawn for a review.

use std::collections::BinaryHeap;
use std::sync::Arc;

use chrono::{DateTime, NaiveTime, Utc};
use niva_access::Scope;
use niva_base::{OpError, Violations};
use niva_calendar::Month;
use niva_names::PersonId;
use niva_proto::common::v1 as pb;
use niva_rpc::wire::read;
use niva_store::{Database, DbError, Secrets};
use prost_types::Timestamp;
use sha2::{Digest, Sha256};

use crate::chain::Kept;
use crate::people::{Ids, People};
use crate::store::{self, Filter};
use crate::wire;

/// Records on a page at most.
const MAX_PAGE: u32 = 1_000;
/// Records in a sample at most, and when no size is asked for.
const MAX_SAMPLE: usize = 1_000;
const DEFAULT_SAMPLE: usize = 50;
/// The longest seed.
const MAX_SEED: usize = 100;
/// Positions that are drawn from at a time.
const PART: u64 = 10_000;

/// What a list is asked for.
#[derive(Debug)]
pub struct Wanted<'a> {
    /// Only of this person, by whichever id.
    pub person_id: Option<PersonId>,
    /// Only of this caller.
    pub subject: &'a str,
    /// Only of this method.
    pub method: &'a str,
    /// Only from this time on.
    pub since: Option<&'a Timestamp>,
    /// Only before this time.
    pub until: Option<&'a Timestamp>,
    /// The page.
    pub page_size: i32,
    /// The page before.
    pub page_token: &'a str,
}

/// Reads the trail of a service.
#[derive(Debug)]
pub struct Reads {
    db: Database,
    secrets: Secrets,
    people: Arc<dyn People>,
}

impl Reads {
    /// Of this database.
    #[must_use]
    pub fn new(db: Database, secrets: Secrets, people: Arc<dyn People>) -> Self {
        Self { db, secrets, people }
    }

    /// Records in order, and the next page's token.
    ///
    /// # Errors
    /// What is wrong with the request; the database's.
    pub async fn list(
        &self,
        scope: &Scope,
        wanted: &Wanted<'_>,
    ) -> Result<(Vec<pb::AuditRecord>, String), OpError> {
        let mut v = Violations::new();
        let since = read::timestamp(&mut v, "since", wanted.since);
        let until = read::timestamp(&mut v, "until", wanted.until);
        let (since, until) = v.finish_with(since.zip(until))?;
        let when = format!("{since:?} {until:?}");
        let person = wanted.person_id.as_ref().map_or("", PersonId::as_str);
        let list = ["audit", person, wanted.subject, wanted.method, &when];
        let asked = (wanted.page_size, wanted.page_token);
        let page = self.secrets.page(scope.author(), asked, &list, MAX_PAGE)?;
        let after = page.after.as_deref().map_or(Ok(0), str::parse).map_err(OpError::internal)?;
        let of = match &wanted.person_id {
            None => None,
            Some(person_id) => Some(Ids::of(&*self.people, &self.db, person_id).await?),
        };
        let filter = Filter { of, subject: wanted.subject, method: wanted.method, since, until };
        let found = store::list(self.db.conn(), &filter, after, page.limit()).await?;
        let (found, next_page_token) = page.cut(found, |kept| kept.position.to_string());
        Ok((self.told(found).await?, next_page_token))
    }

    /// A sample of the records of a month (UTC), and how many there are. Which are drawn depends on the month, the seed and
    /// the size alone: once the month is over, whoever draws again gets the same, and who draws more gets these and others.
    ///
    /// # Errors
    /// What is wrong with the request; the database's.
    pub async fn sample(
        &self,
        month: Option<pb::Month>,
        seed: &str,
        size: i32,
    ) -> Result<(Vec<pb::AuditRecord>, i64), OpError> {
        let mut v = Violations::new();
        let month = read::month(&mut v, "month", month);
        let seed = v.text("seed", seed);
        if let Some(seed) = &seed {
            v.require(seed.len() <= MAX_SEED, "seed", "FIELD_INVALID", format!("is longer than {MAX_SEED}"));
        }
        let size = match usize::try_from(size) {
            Ok(0) => Some(DEFAULT_SAMPLE),
            Ok(size) => Some(size.min(MAX_SAMPLE)),
            Err(_) => {
                v.add("size", "FIELD_INVALID", "is negative; give 0 for the default size");
                None
            }
        };
        let ((month, seed), size) = v.finish_with(month.zip(seed).zip(size))?;
        let (drawn, of) = self.draw(within(month), &seed, size).await?;
        Ok((self.told(store::at(self.db.conn(), &drawn).await?).await?, of))
    }

    /// The positions whose hashes with the seed are the smallest.
    async fn draw(
        &self,
        (since, until): (DateTime<Utc>, DateTime<Utc>),
        seed: &str,
        size: usize,
    ) -> Result<(Vec<i64>, i64), DbError> {
        let (mut drawn, mut of, mut after) = (BinaryHeap::new(), 0, (since, 0));
        loop {
            let some = store::positions(self.db.conn(), (since, until), after, PART).await?;
            let Some(last) = some.last() else { break };
            after = *last;
            for (_, position) in some {
                of += 1;
                let mut hash = Sha256::new();
                hash.update(seed);
                hash.update(position.to_be_bytes());
                drawn.push((hash.finalize(), position));
                if drawn.len() > size {
                    drawn.pop();
                }
            }
        }
        Ok((drawn.into_iter().map(|(_, position)| position).collect(), of))
    }

    async fn told(&self, found: Vec<Kept>) -> Result<Vec<pb::AuditRecord>, DbError> {
        let placements = found.iter().flat_map(|kept| &kept.record.about.placements);
        let placements = placements.map(|placement| placement.as_str().into()).collect();
        let persons = self.people.persons(&self.db, &placements).await?;
        Ok(found.into_iter().map(|kept| wire::record(kept, &persons)).collect())
    }
}

/// From the first moment of a month to that of the next.
fn within(month: Month) -> (DateTime<Utc>, DateTime<Utc>) {
    let midnight = |month: Month| month.first_day().and_time(NaiveTime::MIN).and_utc();
    (midnight(month), midnight(month.next()))
}
