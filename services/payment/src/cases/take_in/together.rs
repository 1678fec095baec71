//! People who have several records: their cases are read, and kept, together.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use niva_names::{CaseNo, Merge, PersonId, PlacementNo};
use niva_payment_domain::{Case, FactKind, Recorded};
use niva_store::{DbError, Tx};

use super::known::Known;
use super::{Incoming, Taken, Telling, Told};
use crate::cases::records::Records;
use crate::cases::store::facts::Arrived;
use crate::cases::store::merges;
use crate::cases::{CaseKey, NoCase};
use crate::content;

impl Taken {
    pub(super) fn merge(
        &mut self,
        merge: &Merge,
        Telling { number, author, reason }: Telling,
    ) -> Result<(), DbError> {
        if !self.records.tell(number, merge.clone()) {
            return Ok(());
        }
        let content = content::of_merge(merge);
        let content = content.map_err(|e| DbError::row("fact", "content", number.to_string(), e))?;
        let (kind, id) = (FactKind::PersonMerge, (&merge.id).into());
        let (revision, withdrawn) = (merge.revision, !merge.stands);
        self.arrived.push(Arrived {
            case_no: CaseNo::NONE,
            placement_no: PlacementNo::NONE,
            recorded: Recorded { number, placement_id: None, kind, id, revision, withdrawn },
            days: None,
            touched: None,
            content,
            author,
            reason,
        });
        self.merged.extend(self.records.ever_same(&merge.from));
        Ok(())
    }

    /// What is kept of a case whose person has several records is made of the cases of all of them.
    pub(super) fn keep_together(&mut self) {
        let touched = self.cases.iter().filter(|(key, known)| {
            known.touched && self.records.are_several(&key.person_id) || self.merged.contains(&key.person_id)
        });
        let touched: Vec<CaseKey> = touched.map(|(key, _)| key.clone()).collect();
        let together: BTreeSet<CaseKey> =
            touched.iter().flat_map(|key| self.records.beside(key)).chain(touched.iter().cloned()).collect();
        for key in together {
            let stays = self.records.paid_in(&key) == key;
            let Some(known) = self.cases.get_mut(&key) else { continue };
            if known.case_no == CaseNo::NONE && stays {
                known.case_no = self.next.0;
                self.next.0 = self.next.0.next();
            }
            if known.case_no != CaseNo::NONE {
                (known.changed, known.touched) = (true, true);
            }
        }
    }

    /// The case as it is paid, and the last day that a fact of days is about.
    pub(super) fn paid(&self, key: &CaseKey, known: &Known) -> (Case, Option<NaiveDate>) {
        let beside = self.records.beside(key);
        let beside = || beside.iter().filter_map(|other| Some((other, self.cases.get(other)?)));
        let case = self.records.join(known.case.clone(), beside().map(|(_, other)| other.case.clone()));
        let mine = beside().filter(|(other, _)| self.records.paid_in(other) == *key);
        let day_through = mine.map(|(_, other)| other.day_through).max().flatten();
        (case, day_through.max(known.day_through))
    }
}

/// Cases of people who have several records are read together: those that facts are told of, and all of whoever is merged.
pub(super) async fn read_together(
    tx: &Tx<'_>,
    records: &Records,
    incoming: &[Told],
    keys: &mut BTreeMap<CaseKey, bool>,
) -> Result<(), DbError> {
    let mut records = records.clone();
    let mut merged = BTreeSet::new();
    for told in incoming {
        if let Incoming::Merge(merge) = &told.fact {
            records.tell(i64::MAX, merge.clone());
            merged.insert(merge.from.clone());
        }
    }
    let merged: BTreeSet<PersonId> = merged.iter().flat_map(|person| records.ever_same(person)).collect();
    for (key, _) in merges::cases_of(tx, &merged).await? {
        let bad = |e: NoCase| DbError::row("care_case", "case_key", key.as_str(), e.to_string());
        keys.insert(CaseKey::try_from(&key).map_err(bad)?, true);
    }
    let several: Vec<CaseKey> =
        keys.keys().filter(|key| records.are_several(&key.person_id)).cloned().collect();
    for key in several {
        keys.extend(records.beside(&key).into_iter().map(|beside| (beside, true)));
        keys.insert(key, true);
    }
    Ok(())
}
