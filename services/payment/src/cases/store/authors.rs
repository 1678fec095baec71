//! Who told: each author once, by number.

use std::collections::{BTreeMap, BTreeSet};

use niva_facts::Author;
use niva_store::bulk;
use niva_store::bulk::Cell;
use niva_store::{DbError, Tx};

use crate::store::{KEYS, binds, rows, statement};

/// The numbers of authors; who has none yet gets one. Whoever calls it has drawn numbers of facts, so that nobody else gives any.
pub(super) async fn numbers<'f>(
    tx: &Tx<'_>,
    authors: impl Iterator<Item = &'f Author>,
) -> Result<BTreeMap<&'f Author, i32>, DbError> {
    let wanted: BTreeSet<&Author> = authors.collect();
    let subjects: BTreeSet<&str> = wanted.iter().map(|author| author.subject.as_str()).collect();
    let subjects: Vec<&str> = subjects.into_iter().collect();
    let mut known: BTreeMap<Author, i32> = BTreeMap::new();
    for subjects in subjects.chunks(KEYS) {
        let sql = format!(
            "SELECT author_no, subject, role FROM author WHERE subject IN ({})",
            binds(1, subjects.len())
        );
        let select = statement(tx, sql, subjects.iter().map(|subject| (*subject).into()));
        for row in rows(tx, "author", select).await? {
            let author = Author { subject: row.get("subject")?, role: row.get("role")? };
            known.insert(author, row.get("author_no")?);
        }
    }
    let new: Vec<&Author> = wanted.iter().copied().filter(|author| !known.contains_key(author)).collect();
    let mut numbers: BTreeMap<&Author, i32> =
        wanted.iter().filter_map(|author| Some((*author, *known.get(*author)?))).collect();
    if new.is_empty() {
        return Ok(numbers);
    }
    let first = super::next_number(tx, "author", "author_no").await?;
    numbers.extend(new.iter().copied().zip(first..));
    let cells = new.iter().zip(first..).map(|(author, number)| {
        [Cell::from(number), author.subject.as_str().into(), author.role.as_str().into()]
    });
    bulk::insert(tx, "author", ["author_no", "subject", "role"], cells.collect::<Vec<_>>()).await?;
    Ok(numbers)
}
