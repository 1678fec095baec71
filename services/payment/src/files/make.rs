//! How a file is made: what belongs in it is read part by part, and written in its form.

use std::collections::BTreeMap;

use niva_base::OpError;
use niva_facts::Telling;
use niva_money::Ore;
use niva_names::{DistrictId, OrderNo, PaymentFileNo, PaymentRunId, RunNo};
use niva_payment_domain::RunState;
use niva_payment_domain::orders::{Order, OrderState};
use niva_payment_exports::{About, Batch, CannotSay, Content as Of, Driver, Line, Part, Payment};
use niva_store::Tx;

use super::row::Kept;
use super::store::{self, Content};
use super::wire::Asked;
use crate::cases::CaseKey;
use crate::chain::FILES;
use crate::lines::store as lines;
use crate::lines::wire::line_id_out;
use crate::runs::find::find;
use crate::runs::store as runs;
use crate::runs::stored::StoredRun;
use crate::{App, OpResult, orders, postings};

/// Lines read at a time.
const LINES: u64 = 2_000;

/// Makes a file of a run and keeps it. Nobody else makes one until the transaction ends.
pub(super) async fn make(app: &App, tx: &Tx<'_>, telling: &Telling, asked: &Asked) -> OpResult<Kept> {
    let end = FILES.lock(tx).await?;
    let run = find(tx, &asked.run).await?;
    if !matches!(run.run.state, RunState::Approved { .. }) {
        let state = run.run.state.name();
        let words = format!("the run is {state}: files are made of an approved run");
        return Err(OpError::precondition("RUN_STATE", words).with("state", state));
    }
    let no = PaymentFileNo(i32::try_from(end.no + 1).map_err(OpError::internal)?);
    let format = asked.driver.format();
    let file_name = format!("niva-{}-{}-pf{no}.{}", plain(&asked.run), format.key, format.extension);
    let reference = format!("NIVA-PF-{no}");
    let about = About {
        reference: &reference,
        run: &asked.run,
        month: run.run.month,
        made_at: telling.recorded_at,
        pay_on: asked.pay_on,
        payers: &app.payers,
        records: 0,
        sum: Ore(0),
    };
    let mut file = File { driver: asked.driver, about, content: Content::new(tx, no) };
    let mut pays = Vec::new();
    match format.content {
        Of::Postings => file.postings(tx, run.run_no).await?,
        Of::Payments => pays = file.payments(tx, run.run_no).await?,
        Of::Lines => file.lines(tx, &run).await?,
    }
    let (records, amount) = (i64::try_from(file.about.records).map_err(OpError::internal)?, file.about.sum);
    let (size, content_sha256) = file.content.end().await?;
    let mut kept = Kept {
        no,
        run_no: run.run_no,
        run_id: asked.run.clone(),
        format: format.key.to_owned(),
        file_name,
        pay_on: asked.pay_on,
        records,
        amount,
        size,
        content_sha256,
        author: telling.author.clone(),
        made_at: telling.recorded_at,
        sha256: String::new(),
    };
    kept.sha256 = kept.chained(&end.sha256);
    store::add(tx, &kept, &pays).await?;
    Ok(kept)
}

/// The id of a run as a part of a file's name.
fn plain(run: &PaymentRunId) -> String {
    run.as_str().chars().map(|sign| if sign.is_ascii_alphanumeric() { sign } else { '-' }).collect()
}

/// A file that is being made.
struct File<'t, 'a> {
    driver: &'static dyn Driver,
    about: About<'t>,
    content: Content<'t, 'a>,
}

impl File<'_, '_> {
    fn part(&mut self, part: &Part<'_>) -> OpResult<()> {
        self.driver.write(&self.about, part, &mut self.content.buffer).map_err(cannot_say)
    }

    /// What is in it, which must be something.
    fn begin(&mut self, records: usize, sum: Ore) -> OpResult<()> {
        if records == 0 {
            let words = "the run has nothing that belongs in such a file, or all of it is in files already";
            return Err(OpError::precondition("NOTHING_FOR_FILE", words));
        }
        (self.about.records, self.about.sum) = (records as u64, sum);
        self.part(&Part::Begin)
    }

    async fn postings(&mut self, tx: &Tx<'_>, run_no: RunNo) -> OpResult<()> {
        let postings = postings::store::of_run(tx, run_no).await?;
        self.begin(postings.len(), Ore(0))?;
        for posting in &postings {
            self.part(&Part::Posting(posting))?;
            self.content.write_full().await?;
        }
        self.part(&Part::End)
    }

    /// The orders of the run that are issued, and in no file that pays; by payer.
    async fn payments(&mut self, tx: &Tx<'_>, run_no: RunNo) -> OpResult<Vec<(OrderNo, i32)>> {
        let numbers: Vec<OrderNo> = orders::store::of_run(tx, run_no).await?.into_values().collect();
        let paid = store::paid_by_file(tx, &numbers).await?;
        let mut by_payer: BTreeMap<DistrictId, Vec<Order>> = BTreeMap::new();
        for (no, kept) in orders::store::kept(tx, &numbers).await? {
            let order = kept.order;
            if is_to_pay(&order) && !paid.contains(&(no, order.issue)) {
                by_payer.entry(order.due.relation.payer.clone()).or_default().push(order);
            }
        }
        let all = || by_payer.values().flatten();
        self.begin(all().count(), sum(all())?)?;
        for ((payer, orders), number) in by_payer.iter().zip(1..) {
            let (payments, of_payer) = (orders.len() as u64, sum(orders)?);
            self.part(&Part::Batch(Batch { number, payer, payments, sum: of_payer }))?;
            for order in orders {
                let Some(to) = &order.to else { continue };
                let payment = Payment { order: order.no, issue: order.issue, to, amount: order.to_pay() };
                self.part(&Part::Payment(payment))?;
                self.content.write_full().await?;
            }
            self.part(&Part::BatchEnd)?;
        }
        self.part(&Part::End)?;
        Ok(all().map(|order| (order.no, order.issue)).collect())
    }

    async fn lines(&mut self, tx: &Tx<'_>, run: &StoredRun) -> OpResult<()> {
        let (count, amount) = lines::sum(tx, run.run_no).await?;
        self.begin(usize::try_from(count).unwrap_or(0), Ore(amount))?;
        let ids = runs::ids(tx).await?;
        let id = |no: RunNo, line_no| line_id_out(ids.get(&no).unwrap_or(PaymentRunId::none()), line_no);
        let mut after = 0;
        loop {
            let page = lines::page(tx, run.run_no, after, LINES).await?;
            let Some(last) = page.last() else { break };
            after = last.id.line_no;
            for line in &page {
                let key = CaseKey::try_from(&line.case_key).map_err(OpError::internal)?;
                let line = Line {
                    id: id(line.id.run_no, line.id.line_no),
                    service: key.service.as_str(),
                    payable: &line.payable,
                    reversal: line.reversal,
                    corrects: line.corrects.map(|of| id(of.run_no, of.line_no)).unwrap_or_default(),
                };
                self.part(&Part::Line(line))?;
            }
            self.content.write_full().await?;
        }
        self.part(&Part::End)
    }
}

/// Told to the ERP, and not sent to a bank by it.
fn is_to_pay(order: &Order) -> bool {
    matches!(order.state, OrderState::Issued | OrderState::Booked) && order.pays() && order.to.is_some()
}

fn sum<'o>(orders: impl IntoIterator<Item = &'o Order>) -> OpResult<Ore> {
    let sum = Ore::sum(orders.into_iter().map(Order::to_pay));
    sum.ok_or_else(|| OpError::internal("the payments add up to more than 64 bits"))
}

fn cannot_say(error: CannotSay) -> OpError {
    match &error {
        CannotSay::PayerMissing(district) => {
            let words = format!("{error}: fill the file of payers, and start payment with it");
            OpError::precondition("PAYER_MISSING", words).with("district", district)
        }
        CannotSay::PayOnMissing | CannotSay::Part | CannotSay::Writer(_) => OpError::internal(error),
    }
}
