//! ExplainPaymentLine: the line computed again from the facts that its run knew.

use std::collections::BTreeSet;
use std::sync::Arc;

use niva_access::Scope;
use niva_base::OpError;
use niva_models::Catalogue;
use niva_names::{FactId, PaymentLineId};
use niva_payment_domain::ledger::{LineId, Payable};
use niva_payment_domain::{ENGINE_VERSION, Explanation, explain, owed, stands};
use niva_proto::payment::v1 as pb;
use niva_rpc::wire::write::timestamp;
use niva_store::Database;

use super::line::Line;
use super::store;
use super::wire::{ground_out, line_id};
use super::{Lines, lines_out};
use crate::cases::store::facts::{cases_as_of, told_by};
use crate::compensation::explanation_out;
use crate::models::Archive;
use crate::runs::store as runs;
use crate::runs::stored::StoredRun;
use crate::store::Connection;
use crate::units::store::units_as_of;

impl Lines {
    pub(super) async fn explain(
        &self,
        scope: &Scope,
        request: &pb::ExplainPaymentLineRequest,
    ) -> Result<pb::ExplainPaymentLineResponse, OpError> {
        let id = request.payment_line_id.as_str();
        let missing = || OpError::not_found("payment line", id);
        let (run_id, line_no) = line_id(id).ok_or_else(missing)?;
        let (conn, archive) = (self.0.db.conn(), &self.0.archive);
        let run = runs::find(conn, &run_id).await?.filter(|run| !run.is_cancelled()).ok_or_else(missing)?;
        let id = LineId { run_no: run.run_no, line_no };
        let line = store::find_within(conn, scope, id).await?.ok_or_else(missing)?;
        let explanation = explained(conn, archive, &run, &line).await?;
        let told = told(conn, &run, &line).await?;
        // What it corrects may have been paid to another provider, or by another district: that is not the caller's.
        let shown = match line.corrects {
            Some(id) => store::find_within(conn, scope, id).await?,
            None => None,
        };
        let all: Vec<Line> = std::iter::once(line).chain(shown).collect();
        let mut out = lines_out(conn, &all).await?.into_iter();
        Ok(pb::ExplainPaymentLineResponse {
            payment_line: out.next(),
            explanation: Some(explanation_out(explanation)),
            corrected_line: out.next(),
            told,
        })
    }
}

/// Explains a line, whoever asks, in lines for people; `None`: there is no such line.
///
/// # Errors
/// The database's; a run whose models cannot be had.
pub async fn explain_line(
    db: &Database,
    today: &Arc<Catalogue>,
    id: &PaymentLineId,
) -> Result<Option<Vec<String>>, OpError> {
    let (conn, archive) = (db.conn(), Archive::new(Arc::clone(today)));
    let Some((run_id, line_no)) = line_id(id.as_str()) else { return Ok(None) };
    let Some(run) = runs::find(conn, &run_id).await? else { return Ok(None) };
    let Some(line) = store::find(conn, LineId { run_no: run.run_no, line_no }).await? else {
        return Ok(None);
    };
    let explanation = explained(conn, &archive, &run, &line).await?;
    let p = &line.payable;
    let mut words = vec![format!(
        "{id}: {} of {} from {} through {}, {} {} x {} SEK = {} SEK",
        p.component, line.placement_id, p.days.first, p.days.last, p.quantity, p.unit, p.unit_price, p.amount
    )];
    words.extend(explanation.sentences);
    words.extend(explanation.rules.iter().map(|rule| format!("rule: {rule}")));
    if !explanation.source_document.is_empty() {
        words.push(format!("source: {}, {}", explanation.source_document, explanation.source_place));
    }
    for pb::ToldGround { ground, author, recorded_time } in told(conn, &run, &line).await? {
        let pb::Ground { kind, id, version } = ground.unwrap_or_default();
        let when = recorded_time.map(|time| time.to_string()).unwrap_or_default();
        words.push(format!("stands on {kind} {id} revision {version}, told by {author}, known {when}"));
    }
    Ok(Some(words))
}

/// A reversal is explained by the line that it takes back, and by what made that wrong.
async fn explained(
    conn: &impl Connection,
    archive: &Archive,
    run: &StoredRun,
    line: &Line,
) -> Result<Explanation, OpError> {
    let Some(id) = line.corrects.filter(|_| line.reversal) else {
        return by_its_run(conn, archive, run, line).await;
    };
    let reversed = store::find(conn, id).await?;
    let reversed = reversed.ok_or_else(|| OpError::internal("a corrected line is missing"))?;
    let run = runs::by_number(conn, id.run_no).await?;
    let run = run.ok_or_else(|| OpError::internal("the run of a corrected line is missing"))?;
    let mut explanation = by_its_run(conn, archive, &run, &reversed).await?;
    let because = if line.cause.is_empty() { String::new() } else { format!(" because of {}", line.cause) };
    let text = format!(
        "Takes back line {}/{}{because}; that line paid as follows.",
        run.run.id, reversed.id.line_no
    );
    explanation.sentences.insert(0, text);
    Ok(explanation)
}

/// By the facts that its run knew and the models that it was made with, however both changed since.
async fn by_its_run(
    conn: &impl Connection,
    archive: &Archive,
    run: &StoredRun,
    line: &Line,
) -> Result<Explanation, OpError> {
    let catalogue = archive.models(conn, &run.models_fingerprint).await.map_err(OpError::internal)?;
    let since = line.payable.month.first_day();
    let cases = cases_as_of(conn, &[&line.case_key].into(), run.frozen, Some(since)).await?;
    let units = units_as_of(conn, run.frozen).await?;
    let case = cases.get(&line.case_key).ok_or_else(|| OpError::internal("the case of a line is missing"))?;
    let placed = case.placements(&units).into_iter().find(|p| *p.placement_id == line.placement_id);
    let placed = placed.ok_or_else(|| OpError::internal("the placement of a line is missing"))?;
    let month = line.payable.month;
    let computed = owed(&placed.facts(), &catalogue, (month, month));
    let same = |l: &&niva_payment_domain::Line| Payable::of(l, &placed, &catalogue) == line.payable;
    let mut explanation = match computed.lines.iter().find(same) {
        Some(found) => explain(found, &placed.facts(), &catalogue),
        None => unexplained(run, line),
    };
    if !line.cause.is_empty() && !line.reversal {
        let text = format!("The month was paid before; this line corrects it because of {}.", line.cause);
        explanation.sentences.push(text);
    }
    Ok(explanation)
}

/// By the rules of this version the line would not be paid: what it says itself is all that can be told.
fn unexplained(run: &StoredRun, line: &Line) -> Explanation {
    let p = &line.payable;
    let text = format!(
        "{} {} × {} SEK = {} SEK by {}, by version {} of the rules; this is version {ENGINE_VERSION}, which no longer gives it.",
        p.quantity, p.unit, p.unit_price, p.amount, p.model_id, run.engine_version
    );
    Explanation { model_id: p.model_id.to_string(), sentences: vec![text], ..Explanation::default() }
}

/// The facts that a line stands on, with who told each.
async fn told(conn: &impl Connection, run: &StoredRun, line: &Line) -> Result<Vec<pb::ToldGround>, OpError> {
    let stands = stands::read(&line.stands_on).unwrap_or_default();
    let ids: BTreeSet<FactId> = stands.iter().map(|stand| stand.id.as_ref().into()).collect();
    let of = (&line.case_key, line.payable.unit_id.as_ref());
    let by = told_by(conn, of, &ids, run.frozen).await?;
    let told = stands.iter().filter_map(|stand| {
        let told = by.get(&(stand.kind, stand.id.as_ref().into(), stand.version.parse().ok()?))?;
        Some(pb::ToldGround {
            ground: Some(ground_out(stand)),
            author: told.author.clone(),
            recorded_time: Some(timestamp(told.recorded_at)),
        })
    });
    Ok(told.collect())
}
