//! A month's payment run, from the maker's request to the approver's yes.

use niva_access::Role;
use niva_calendar::Month;
use niva_proto::choice::v1 as choice;
use niva_proto::payment::v1 as payment;

use super::options::Config;
use super::summary::{Run, Total};
use super::world::World;
use super::{Progress, files};
use crate::failure::{Asked, Failure};
use crate::wire;
use niva_city::Clients;
use niva_names::PaymentRunId;

/// A run that was approved, and its lines.
pub(super) struct Paid {
    pub(super) run: payment::PaymentRun,
    pub(super) lines: Vec<payment::PaymentLine>,
}

/// Makes a run, follows it, has it approved by somebody else, and fetches its lines.
pub(super) async fn pay(
    world: &World,
    progress: &Progress,
    month: Month,
    prefix: &str,
) -> Result<Paid, Failure> {
    let maker = world.caller("finance-maker", Role::FinanceMaker);
    let approver = world.caller("finance-approver", Role::FinanceApprover);
    let create = payment::CreatePaymentRunRequest {
        min_positions: Vec::new(),
        request_id: format!("{prefix}-run-{month}"),
        month: Some(wire::month(month)),
        validate_only: false,
    };
    let created = maker
        .payment
        .clone()
        .runs
        .create_payment_run(create)
        .await
        .to(format_args!("make the run of {month}"))?;
    let id = PaymentRunId::from(created.payment_run.to("make a run")?.payment_run_id);
    let run = follow(&maker, progress, &id).await?;
    if run.state() == payment::payment_run::State::Failed {
        let why = run.job.map(|job| job.error).unwrap_or_default();
        return Err(Failure::failed(format_args!("the run {id} failed: {why}")));
    }
    let control = run.control.to("read the run's control totals")?;
    let approve = payment::ApprovePaymentRunRequest {
        request_id: format!("{prefix}-approve-{month}"),
        payment_run_id: (&id).into(),
        amount: control.amount,
        repriced: control.repriced,
        lines_sha256: control.lines_sha256,
    };
    let approved = approver
        .payment
        .clone()
        .runs
        .approve_payment_run(approve)
        .await
        .to(format_args!("approve the run {id}"))?;
    approved.payment_run.to("approve a run")?;
    let run = get(&maker, &id).await?;
    Ok(Paid { lines: lines(&maker, &id).await?, run })
}

async fn get(maker: &Clients, id: &PaymentRunId) -> Result<payment::PaymentRun, Failure> {
    let request = payment::GetPaymentRunRequest { payment_run_id: id.into() };
    maker.payment.clone().runs.get_payment_run(request).await.to("read a run")?.payment_run.to("read a run")
}

async fn follow(
    maker: &Clients,
    progress: &Progress,
    id: &PaymentRunId,
) -> Result<payment::PaymentRun, Failure> {
    let request = payment::WatchPaymentRunRequest { payment_run_id: id.into() };
    let mut stream =
        maker.payment.clone().runs.watch_payment_run(request).await.to(format_args!("watch the run {id}"))?;
    while let Some(message) =
        stream.message().await.map(tonic::Response::new).to(format_args!("watch the run {id}"))?
    {
        let Some(run) = message.payment_run else { continue };
        let job = run.job.unwrap_or_default();
        progress.at(job.done, job.total);
    }
    get(maker, id).await
}

/// All lines of a run, page by page.
async fn lines(maker: &Clients, id: &PaymentRunId) -> Result<Vec<payment::PaymentLine>, Failure> {
    let mut all = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = payment::ListPaymentLinesRequest {
            payment_run_id: id.into(),
            page_size: 5000,
            page_token,
            ..payment::ListPaymentLinesRequest::default()
        };
        let page = maker
            .payment
            .clone()
            .lines
            .list_payment_lines(request)
            .await
            .to(format_args!("list the lines of {id}"))?;
        all.extend(page.payment_lines);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return Ok(all);
        }
    }
}

/// Names of providers by id.
pub(super) async fn provider_names(world: &World) -> Result<Vec<(String, String)>, Failure> {
    let auditor = world.caller("auditor", Role::Auditor);
    let mut names = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = choice::ListProvidersRequest {
            page_size: 1000,
            page_token,
            ..choice::ListProvidersRequest::default()
        };
        let page = auditor.choice.clone().providers.list_providers(request).await.to("list providers")?;
        names.extend(page.providers.into_iter().map(|p| (p.provider_id, p.name)));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return Ok(names);
        }
    }
}

impl Paid {
    /// Writes the lines as CSV and sums the run up.
    pub(super) fn summary(&self, config: &Config, providers: &[(String, String)]) -> Result<Run, Failure> {
        let month = wire::month_of(self.run.month).to("read the run's month")?;
        let file = config.data.join(format!("payment-{month}.csv"));
        files::write_lines(&file, &self.lines)?;
        let control = self.run.control.clone().unwrap_or_default();
        let name = |key: &str| {
            providers
                .iter()
                .find(|(id, _)| id == key)
                .map_or_else(|| key.to_owned(), |(_, name)| name.clone())
        };
        let totals = self.run.totals.iter().map(|total| Total {
            dimension: total.dimension.clone(),
            key: total.key.clone(),
            name: if total.dimension == "provider" { name(&total.key) } else { total.key.clone() },
            lines: total.lines,
            amount_ore: wire::ore(total.amount).0,
        });
        Ok(Run {
            payment_run_id: self.run.payment_run_id.clone().into(),
            month: month.to_string(),
            state: wire::plain(self.run.state().as_str_name(), "STATE_"),
            maker: self.run.maker.clone(),
            approver: self.run.approver.clone(),
            placements: control.placements,
            lines: control.lines,
            amount_ore: wire::ore(control.amount).0,
            reversals: control.reversals,
            reversed_ore: wire::ore(control.reversed).0,
            earlier_months_ore: wire::ore(control.earlier_months).0,
            holds: control.holds,
            lines_sha256: control.lines_sha256,
            file: file.file_name().map_or_else(String::new, |f| f.to_string_lossy().into_owned()),
            totals: totals.collect(),
        })
    }
}
