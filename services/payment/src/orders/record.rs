//! How orders are made, and how what happens to them is kept: checked by the rules, numbered, chained.

use std::collections::BTreeMap;

use niva_base::OpError;
use niva_facts::{Fact as _, Telling};
use niva_names::{OrderNo, ProviderId, RunNo};
use niva_payment_domain::orders::{HeldReason, Order, OrderRefused, PaidTo, Settled, Step, settle};
use niva_payment_domain::{Account, AccountKind};
use niva_proto::payment::v1 as pb;
use niva_store::{Tx, facts};

use super::row::{Made, Said, Taken};
use super::store::{self, Head};
use crate::payees;
use crate::{App, OpResult};

/// Orders to which something happens in a transaction. Nobody else adds to the chains until it ends.
pub(crate) struct Book<'t, 'a> {
    tx: &'t Tx<'a>,
    head: Head,
    told: &'t Telling,
    orders: BTreeMap<OrderNo, Order>,
    made: Vec<Made>,
    taken: Vec<Taken>,
}

impl<'t, 'a> Book<'t, 'a> {
    /// Waits for those who add to the chains, and keeps others waiting.
    pub(crate) async fn open(tx: &'t Tx<'a>, told: &'t Telling) -> OpResult<Self> {
        let head = store::lock(tx).await?;
        Ok(Self { tx, head, told, orders: BTreeMap::new(), made: Vec::new(), taken: Vec::new() })
    }

    /// Reads orders as they stand; those that are not there are left out.
    pub(crate) async fn read(&mut self, orders: &[OrderNo]) -> OpResult<()> {
        let kept = store::kept(self.tx, orders).await?;
        self.orders.extend(kept.into_iter().map(|(no, kept)| (no, kept.order)));
        Ok(())
    }

    /// An order that was read or made.
    pub(crate) fn order(&self, no: OrderNo) -> Option<&Order> {
        self.orders.get(&no)
    }

    /// Makes an order of a run.
    fn make(&mut self, run_no: RunNo, order: Order) {
        let (due, made_at) = (order.due.clone(), self.told.recorded_at);
        let mut made = Made { no: order.no, run_no, due, made_at, sha256: String::new() };
        made.sha256 = made.chained(&self.head.order_sha256);
        (self.head.order_no, self.head.order_sha256) = (made.no, made.sha256.clone());
        self.made.push(made);
        self.orders.insert(order.no, order);
    }

    /// Something happens to an order that was read or made.
    pub(crate) fn take(&mut self, no: OrderNo, step: Step, said: Said) -> Result<(), OrderRefused> {
        let author = self.told.author.clone();
        let Some(order) = self.orders.get_mut(&no) else { return Ok(()) };
        order.take(&step, &author.subject)?;
        let (position, state, recorded_at) = (self.head.step_no + 1, order.state, self.told.recorded_at);
        let sha256 = String::new();
        let mut taken = Taken { position, order_no: no, step, state, said, author, recorded_at, sha256 };
        taken.sha256 = taken.chained(&self.head.step_sha256);
        (self.head.step_no, self.head.step_sha256) = (position, taken.sha256.clone());
        self.taken.push(taken);
        Ok(())
    }

    /// Writes all of it.
    pub(crate) async fn close(self) -> OpResult<()> {
        Ok(store::add(self.tx, &self.made, &self.taken, &self.head).await?)
    }
}

/// Makes the orders of a run that is approved, in the transaction of its approval; orders that were held before are issued where their
/// payees can be paid by now.
pub(crate) async fn of_run(app: &App, tx: &Tx<'_>, run_no: RunNo, told: &Telling) -> OpResult<()> {
    settled(app, tx, Some(run_no), told).await.map(drop)
}

/// Issues the orders that were held, where their payees can be paid by now: how many, and how many stay held.
pub(crate) async fn release(app: &App, tx: &Tx<'_>, told: &Telling) -> OpResult<(usize, usize)> {
    settled(app, tx, None, told).await
}

async fn settled(app: &App, tx: &Tx<'_>, run_no: Option<RunNo>, told: &Telling) -> OpResult<(usize, usize)> {
    let mut book = Book::open(tx, told).await?;
    let open = store::open(tx).await?;
    book.read(&open).await?;
    let dues = match run_no {
        Some(run_no) => store::dues(tx, run_no).await?,
        None => Vec::new(),
    };
    let open: Vec<Order> = open.iter().filter_map(|no| book.order(*no).cloned()).collect();
    let held = open.iter().filter(|order| !order.is_credit()).count();
    let payees = Payees::today(app, tx).await?;
    let last = book.head.order_no;
    let Settled { made, steps } =
        settle(dues, open, last, |provider| payees.of(provider)).map_err(OpError::internal)?;
    for order in made {
        book.make(run_no.unwrap_or(RunNo::NONE), order);
    }
    let issued = steps.iter().filter(|(_, step)| matches!(step, Step::Issued { .. })).count();
    for (no, step) in steps {
        book.take(no, step, Said::default()).map_err(OpError::internal)?;
    }
    book.close().await?;
    Ok((issued, held.saturating_sub(issued)))
}

/// Who can be paid today, and to which account.
pub(crate) struct Payees {
    of: BTreeMap<ProviderId, Result<PaidTo, HeldReason>>,
}

impl Payees {
    /// By the payees that stand today.
    pub(crate) async fn today(app: &App, tx: &Tx<'_>) -> OpResult<Self> {
        let ids = payees::store::on(tx, app.clock.today()).await?;
        let found = facts::newest_of::<pb::Payee>(tx, &ids.iter().collect::<Vec<_>>()).await?;
        let before = store::last_accounts(tx).await?;
        let paid = found.into_values().map(|payee| {
            let provider = ProviderId::from(payee.provider_id.as_str());
            let paid_to = paid_to(&payee, before.get(&provider))?;
            Ok((provider, if payee.approved { Ok(paid_to) } else { Err(HeldReason::PayeeNotApproved) }))
        });
        Ok(Self { of: paid.collect::<OpResult<_>>()? })
    }

    /// Where a provider is paid to.
    pub(crate) fn of(&self, provider: &ProviderId) -> Result<PaidTo, HeldReason> {
        self.of.get(provider).cloned().unwrap_or(Err(HeldReason::PayeeMissing))
    }
}

fn paid_to(payee: &pb::Payee, before: Option<&Account>) -> OpResult<PaidTo> {
    let unread = |what: &str| OpError::internal(format!("payee {} cannot be read: {what}", payee.payee_id));
    let account = payee.account.as_ref().ok_or_else(|| unread("it has no account"))?;
    let kind = payees::wire::kind(account.kind()).unwrap_or(AccountKind::Bankgiro);
    let account = Account::parse(kind, &account.number).map_err(|error| unread(&error.to_string()))?;
    Ok(PaidTo {
        payee_id: payee.payee_id.as_str().into(),
        revision: payee.info().map_or(0, |info| info.revision),
        name: payee.name.clone(),
        changed: before.is_some_and(|before| *before != account),
        account,
        supplier_number: payee.supplier_number.clone(),
    })
}
