//! ExplainPaymentLine: the line computed again from the facts that its run knew.

use niva_access::Scope;
use niva_base::OpError;
use niva_payment_domain::ledger::{LineId, Payable};
use niva_payment_domain::{Explanation, explain, owed};
use niva_proto::payment::v1 as pb;

use super::line::Line;
use super::store;
use super::wire::line_id;
use super::{Lines, lines_out};
use crate::App;
use crate::cases::store::cases_of_keys_as_of;
use crate::compensation::explanation_out;
use crate::runs::store as runs;
use crate::runs::stored::StoredRun;
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
        let conn = self.0.db.conn();
        let run = runs::find(conn, run_id).await?.filter(|run| !run.is_cancelled()).ok_or_else(missing)?;
        let id = LineId { run_no: run.run_no, line_no };
        let line = store::find_within(conn, scope, id).await?.ok_or_else(missing)?;
        let corrected = match line.corrects {
            Some(id) => Some(
                store::find(conn, id)
                    .await?
                    .ok_or_else(|| OpError::internal("a corrected line is missing"))?,
            ),
            None => None,
        };
        let explanation = match corrected.as_ref().filter(|_| line.reversal) {
            Some(reversed) => taken_back(&self.0, &line, reversed).await?,
            None => by_its_run(&self.0, &run, &line).await?,
        };
        // What it corrects may have been paid to another provider, or by another district: that is not the caller's.
        let shown = match line.corrects {
            Some(id) => store::find_within(conn, scope, id).await?,
            None => None,
        };
        let all: Vec<Line> = std::iter::once(line).chain(shown).collect();
        let mut out = lines_out(&self.0, &all).await?.into_iter();
        Ok(pb::ExplainPaymentLineResponse {
            payment_line: out.next(),
            explanation: Some(explanation_out(explanation)),
            corrected_line: out.next(),
        })
    }
}

/// A reversal is explained by the line that it takes back, and by what made that wrong.
async fn taken_back(app: &App, line: &Line, reversed: &Line) -> Result<Explanation, OpError> {
    let run = runs::by_number(app.db.conn(), reversed.id.run_no).await?;
    let run = run.ok_or_else(|| OpError::internal("the run of a corrected line is missing"))?;
    let mut explanation = by_its_run(app, &run, reversed).await?;
    let because = if line.cause.is_empty() { String::new() } else { format!(" because of {}", line.cause) };
    let text = format!(
        "Takes back line {}/{}{because}; that line paid as follows.",
        run.run.id, reversed.id.line_no
    );
    explanation.sentences.insert(0, text);
    Ok(explanation)
}

async fn by_its_run(app: &App, run: &StoredRun, line: &Line) -> Result<Explanation, OpError> {
    let conn = app.db.conn();
    let catalogue = &app.catalogue;
    let cases = cases_of_keys_as_of(conn, run.frozen, &[&line.case_key]).await?;
    let units = units_as_of(conn, run.frozen).await?;
    let case = cases.get(&line.case_key).ok_or_else(|| OpError::internal("the case of a line is missing"))?;
    let placed = case.placements(&units).into_iter().find(|p| p.placement_id == line.placement_id);
    let placed = placed.ok_or_else(|| OpError::internal("the placement of a line is missing"))?;
    let month = line.payable.month;
    let computed = owed(&placed.facts(), catalogue, (month, month));
    let same = |l: &&niva_payment_domain::Line| Payable::of(l, &placed, catalogue) == line.payable;
    let mut explanation = match computed.lines.iter().find(same) {
        Some(found) => explain(found, &placed.facts(), catalogue),
        None => unexplained(line),
    };
    if run.models_fingerprint != catalogue.fingerprint {
        explanation.sentences.push(format!(
            "The models have changed since run {}: it was calculated with {}, this explanation is by {}.",
            run.run.id, run.models_fingerprint, catalogue.fingerprint
        ));
    }
    if !line.cause.is_empty() && !line.reversal {
        let text = format!("The month was paid before; this line corrects it because of {}.", line.cause);
        explanation.sentences.push(text);
    }
    Ok(explanation)
}

/// By today's models the line would not be paid: what it says itself is all that can be told.
fn unexplained(line: &Line) -> Explanation {
    let p = &line.payable;
    let text = format!(
        "{} {} × {} SEK = {} SEK by {}, which today's models no longer give.",
        p.quantity, p.unit, p.unit_price, p.amount, p.model_id
    );
    Explanation { model_id: p.model_id.to_string(), sentences: vec![text], ..Explanation::default() }
}
