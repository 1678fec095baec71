//! What is made of a run's lines: orders that are issued, with the credits that are netted against them, and orders that are held.

use std::collections::BTreeMap;

use niva_money::Ore;
use niva_names::{OrderNo, ProviderId};

use super::{Due, HeldReason, Order, OrderRefused, PaidTo, Plan, Relation, Step};
use crate::Settlement;

/// What comes of it: new orders, and what happens to them and to those that were there, in order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Settled {
    /// Orders that are new, as they were made.
    pub made: Vec<Order>,
    /// What happens, and to which order.
    pub steps: Vec<(OrderNo, Step)>,
}

/// Makes an order of each due, and issues these and those that were held where the payee can be paid today; credits of the same
/// relation, oldest first, are netted against each. `open` are the orders that are held and the credits that wait; `last` is the
/// number of the last order that was made. One payee that cannot be paid stops nobody else.
///
/// # Errors
/// A defect: an order of `open` that is neither.
pub fn settle(
    dues: Vec<Due>,
    open: Vec<Order>,
    last: OrderNo,
    paid_to: impl Fn(&ProviderId) -> Result<PaidTo, HeldReason>,
) -> Result<Settled, OrderRefused> {
    let mut settled = Settled::default();
    let (mut credits, mut orders) = (BTreeMap::<Relation, Vec<Order>>::new(), Vec::new());
    for order in open {
        if order.is_credit() {
            credits.entry(order.due.relation.clone()).or_default().push(order);
        } else {
            orders.push(order);
        }
    }
    let mut no = last;
    for due in dues {
        no = no.next();
        let mut order = Order::made(no, due);
        settled.made.push(order.clone());
        if order.is_credit() {
            settled.steps.push((no, Step::Waiting));
            order.take(&Step::Waiting, "")?;
            credits.entry(order.due.relation.clone()).or_default().push(order);
        } else {
            orders.push(order);
        }
    }
    for order in orders {
        let mut none = Vec::new();
        let credits = credits.get_mut(&order.due.relation).unwrap_or(&mut none);
        issue(&order, credits, &paid_to, &mut settled.steps)?;
    }
    Ok(settled)
}

/// Issues an order, or holds it where it is new.
fn issue(
    order: &Order,
    credits: &mut [Order],
    paid_to: impl Fn(&ProviderId) -> Result<PaidTo, HeldReason>,
    steps: &mut Vec<(OrderNo, Step)>,
) -> Result<(), OrderRefused> {
    let relation = &order.due.relation;
    let mut to = None;
    if relation.settlement == Settlement::Outgoing && order.due.amount > Ore(0) {
        match paid_to(&relation.provider_id) {
            Ok(account) => to = Some(account),
            Err(_) if order.held.is_some() => return Ok(()),
            Err(why) => {
                steps.push((order.no, Step::Held(why)));
                return Ok(());
            }
        }
    }
    let mut netted = Ore(0);
    for credit in credits.iter_mut().filter(|credit| credit.plan == Plan::Netting) {
        let amount = Ore(credit.left().0.min(order.due.amount.0 - netted.0));
        if amount > Ore(0) {
            let step = Step::Netted { against: order.no, amount };
            credit.take(&step, "")?;
            steps.push((credit.no, step));
            netted.0 += amount.0;
        }
    }
    let to = to.filter(|_| netted < order.due.amount);
    steps.push((order.no, Step::Issued { issue: 1, netted, to }));
    Ok(())
}
