//! The calls that were about a person, as they may be told to that person.

use futures_util::{Stream, TryStreamExt, stream};
use niva_base::OpError;
use niva_names::PersonId;
use niva_proto::common::v1 as pb;
use niva_store::{Database, DbError};

use crate::chain::Kept;
use crate::people::{Ids, People};
use crate::store::{self, Filter};
use crate::wire;

/// Records that are read at a time.
const PART: u64 = 500;

/// Records about a person, by whichever id, up to now, the oldest first. They name nobody else, and not what callers said that
/// the call was for, which may tell of others; whether there is a legal hold is not the person's to know.
///
/// # Errors
/// The database's.
pub async fn told_to(
    db: &Database,
    people: &dyn People,
    person_id: &PersonId,
) -> Result<impl Stream<Item = Result<pb::AuditRecord, OpError>> + Send + use<>, DbError> {
    let ids = Ids::of(people, db, person_id).await?;
    let newest = store::newest(db.conn()).await?;
    let parts = stream::try_unfold((db.clone(), ids, 0), move |(db, ids, after)| async move {
        let filter = Filter { of: Some(ids.clone()), ..Filter::default() };
        let found = store::list(db.conn(), &filter, after, PART).await?;
        let last = found.last().map(|kept| kept.position).filter(|_| after < newest);
        let found = found.into_iter().filter(|kept| kept.position <= newest && is_told(kept));
        let told: Vec<_> = found.map(|kept| Ok(record(kept, &ids))).collect();
        Ok::<_, OpError>(last.map(|last| (stream::iter(told), (db, ids, last))))
    });
    Ok(parts.try_flatten())
}

fn is_told(kept: &Kept) -> bool {
    !kept.record.method.starts_with("/niva.audit.v1.")
}

/// Without what tells of others.
fn record(mut kept: Kept, ids: &Ids) -> pb::AuditRecord {
    let record = &mut kept.record;
    record.about.persons.retain(|id| ids.persons().any(|own| own == id));
    record.about.placements.retain(|id| ids.placements().any(|own| own == id));
    record.about.left_out = 0;
    record.purpose.clear();
    record.trace_id.clear();
    // A person who asked for somebody else's.
    if record.role == "person" && !ids.persons().any(|own| own == record.subject) {
        record.subject.clear();
        record.scope.clear();
    }
    wire::record(kept, &Default::default())
}
