//! Reading runs, lines and holds.

use std::collections::BTreeMap;

use niva_kit::OpError;
use niva_kit::auth::Caller;
use niva_kit::page::{PageRequest, filter_hash};
use niva_kit::wire::write;
use niva_proto::payment::v1 as pb;

use super::{Context, bound_to};
use crate::case_key::CaseKey;
use crate::store::holds::{self, HoldRow};
use crate::store::lines::{self, Filter};
use crate::store::runs::{self, Run};
use crate::store::{facts, units};
use crate::wire::lines::{hold_out, line_out};
use crate::wire::runs::run_out;

/// Runs on a page at most.
const MAX_RUNS: u32 = 1_000;
/// Lines or holds on a page at most, and when no size is asked for.
const MAX_LINES: u32 = 5_000;
const DEFAULT_LINES: i32 = 1_000;

/// The run with an id.
pub(crate) async fn find(context: &Context, id: &str) -> Result<Run, OpError> {
    runs::find(context.db.conn(), id).await?.ok_or_else(|| OpError::not_found("payment run", id))
}

/// One run.
pub(crate) async fn run(
    context: &Context,
    request: &pb::GetPaymentRunRequest,
) -> Result<pb::GetPaymentRunResponse, OpError> {
    Ok(pb::GetPaymentRunResponse {
        payment_run: Some(run_out(&find(context, &request.payment_run_id).await?)),
    })
}

/// All runs in the order they were made.
pub(crate) async fn runs(
    context: &Context,
    request: &pb::ListPaymentRunsRequest,
) -> Result<pb::ListPaymentRunsResponse, OpError> {
    let page = PageRequest::parse(request.page_size, &request.page_token, filter_hash(&["runs"]), MAX_RUNS)?;
    let after = number(&page)?;
    let found = runs::list(context.db.conn(), after, page.limit()).await?;
    let (found, next_page_token) = page.cut(found, |run| run.run_no.to_string());
    Ok(pb::ListPaymentRunsResponse { payment_runs: found.iter().map(run_out).collect(), next_page_token })
}

/// The number that a page begins after.
fn number<N: std::str::FromStr + Default>(page: &PageRequest) -> Result<N, OpError> {
    let Some(after) = &page.after else { return Ok(N::default()) };
    let text = "is not from the page before of the same list; start again without a token";
    after.parse().map_err(|_| OpError::invalid("page_token", "PAGE_TOKEN_INVALID", text))
}

fn size(asked: i32) -> i32 {
    if asked == 0 { DEFAULT_LINES } else { asked }
}

/// A run's lines. Who is there for a provider sees its lines alone.
pub(crate) async fn lines(
    context: &Context,
    caller: &Caller,
    request: &pb::ListPaymentLinesRequest,
) -> Result<pb::ListPaymentLinesResponse, OpError> {
    let filter = ["lines", &request.payment_run_id, &request.placement_id, &request.provider_id];
    let page =
        PageRequest::parse(size(request.page_size), &request.page_token, filter_hash(&filter), MAX_LINES)?;
    let run = find(context, &request.payment_run_id).await?;
    let provider = match (bound_to(caller)?, request.provider_id.as_str()) {
        (Some(own), "") => Some(own),
        (Some(own), asked) if own != asked => {
            return Err(OpError::denied(
                "OTHER_PROVIDER",
                "only lines to the caller's own provider can be listed",
            ));
        }
        (_, "") => None,
        (_, asked) => Some(asked),
    };
    let conn = context.db.conn();
    let mut filter = Filter { placement: None, provider };
    let key;
    if !request.placement_id.is_empty() {
        let placement_id = request.placement_id.as_str();
        let known = facts::cases_of_placements(conn, &[placement_id].into()).await?;
        // A placement that is not known has no lines.
        let Some(case_key) = known.get(placement_id) else {
            return Ok(pb::ListPaymentLinesResponse::default());
        };
        key = case_key.to_string();
        filter.placement = Some((&key, placement_id));
    }
    let found = lines::list(conn, run.run_no, &filter, number(&page)?, page.limit()).await?;
    let (found, next_page_token) = page.cut(found, |line| line.id.line_no.to_string());
    Ok(pb::ListPaymentLinesResponse { payment_lines: lines_out(context, &found).await?, next_page_token })
}

/// Lines in the contract's words.
pub(crate) async fn lines_out(
    context: &Context,
    found: &[lines::Line],
) -> Result<Vec<pb::PaymentLine>, OpError> {
    let ids = runs::ids(context.db.conn()).await?;
    let run_id = |run_no: i32| ids.get(&run_no).cloned().unwrap_or_default();
    let out = found.iter().map(|line| {
        let key: CaseKey = line.case_key.parse().map_err(OpError::internal)?;
        Ok(line_out(line, &key, run_id))
    });
    out.collect()
}

/// A run's holds.
pub(crate) async fn holds(
    context: &Context,
    request: &pb::ListPaymentHoldsRequest,
) -> Result<pb::ListPaymentHoldsResponse, OpError> {
    let filter = filter_hash(&["holds", &request.payment_run_id]);
    let page = PageRequest::parse(size(request.page_size), &request.page_token, filter, MAX_LINES)?;
    let run = find(context, &request.payment_run_id).await?;
    let found = holds::list(context.db.conn(), run.run_no, number(&page)?, page.limit()).await?;
    let (found, next_page_token) = page.cut(found, |hold| hold.hold_no.to_string());
    let payment_holds = holds_out(context, &run, &found).await?;
    Ok(pb::ListPaymentHoldsResponse { payment_holds, next_page_token })
}

/// Holds with their reasons in words, which need the facts as the run knew them.
async fn holds_out(context: &Context, run: &Run, found: &[HoldRow]) -> Result<Vec<pb::PaymentHold>, OpError> {
    let keys: Vec<&str> = found.iter().map(|hold| hold.case_key.as_str()).collect();
    let cases = facts::cases_of_keys_as_of(context.db.conn(), run.frozen, &keys).await?;
    let units = units::units_as_of(context.db.conn(), run.frozen).await?;
    let units: BTreeMap<_, _> = units.into_iter().map(|(id, (_, unit))| (id, unit.facts)).collect();
    let mut out = Vec::with_capacity(found.len());
    let mut of_case: Option<(&str, Vec<_>)> = None;
    for row in found {
        let key: CaseKey = row.case_key.parse().map_err(OpError::internal)?;
        // Holds come in the order of cases: those of one stand together.
        if of_case.as_ref().is_none_or(|(key, _)| *key != row.case_key) {
            of_case = cases.get(&row.case_key).map(|case| (row.case_key.as_str(), case.placed(&units)));
        }
        let placed =
            of_case.as_ref().and_then(|(_, all)| all.iter().find(|p| p.placement_id == row.placement_id));
        let placed =
            placed.ok_or_else(|| OpError::internal(format!("hold {} has no placement", row.hold_no)))?;
        out.push(pb::PaymentHold {
            payment_run_id: run.id.clone(),
            placement_id: row.placement_id.clone(),
            person_id: key.person_id,
            service: write::service(key.service).into(),
            unit_id: row.unit_id.clone(),
            hold: Some(hold_out(&row.hold, &placed.facts(), &context.catalogue)),
        });
    }
    Ok(out)
}
