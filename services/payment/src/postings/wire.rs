//! Postings on the wire.

use niva_payment_domain::postings::Posting;
use niva_proto::payment::v1 as pb;
use niva_rpc::wire::write;

/// A posting.
pub(super) fn posting_out(posting: &Posting) -> pb::Posting {
    let on = &posting.on;
    pb::Posting {
        account: on.account.clone(),
        cost_centre: on.cost_centre.clone(),
        activity: on.activity.clone(),
        counterpart: on.counterpart.clone(),
        vat: on.vat.clone(),
        amount: Some(write::money(posting.amount)),
    }
}
