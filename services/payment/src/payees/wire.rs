//! Payees on the wire.

use chrono::{DateTime, Utc};
use niva_base::Violations;
use niva_calendar::Interval;
use niva_facts::{Author, Info};
use niva_names::{PayeeId, ProviderId};
use niva_payment_domain::{Account, AccountKind, is_vat_number};
use niva_proto::facts::{author, timestamp};
use niva_proto::payment::v1 as pb;
use niva_rpc::wire::read;

use crate::approval::Approvable;

/// Longest name of an account's holder, in characters: what a payment's message has room for.
const MAX_NAME: usize = 70;
/// Longest number of a supplier, in characters.
const MAX_SUPPLIER: usize = 35;

/// What is looked at of a payee beside its message.
#[derive(Debug, Clone)]
pub(crate) struct Said {
    pub(crate) provider_id: ProviderId,
    pub(crate) days: Interval,
    /// What is kept and answered: as it was told, but for signs that mean nothing.
    pub(crate) message: pb::Payee,
}

/// A payee in a request; `made` is its id where none is given.
pub(crate) fn payee(v: &mut Violations, given: Option<&pb::Payee>, made: Option<&PayeeId>) -> Option<Said> {
    let given = v.required("payee", given)?;
    v.nested("payee", |v| {
        let id = read::optional_id::<PayeeId>(v, "payee_id", &given.payee_id)?;
        let id = v.required("payee_id", id.or_else(|| made.cloned()));
        let provider_id = read::id::<ProviderId>(v, "provider_id", &given.provider_id);
        let days = read::interval(v, "valid", given.valid);
        let name = name(v, &given.name);
        let account = account(v, given.account.as_ref());
        let vat_number = vat_number(v, &given.vat_number);
        let supplier_number = supplier_number(v, &given.supplier_number);
        let self_billing = read::optional_date(v, "self_billing_from", given.self_billing_from);
        let (id, provider_id, days) = (id?, provider_id?, days?);
        let message = pb::Payee {
            payee_id: id.into(),
            provider_id: (&provider_id).into(),
            valid: given.valid,
            name: name?,
            account: Some(account_out(&account?)),
            vat_number: vat_number?,
            f_tax: given.f_tax,
            supplier_number: supplier_number?,
            self_billing_from: self_billing.and(given.self_billing_from),
            approval: None,
            approved: false,
            info: None,
        };
        Some(Said { provider_id, days, message })
    })
}

fn name(v: &mut Violations, given: &str) -> Option<String> {
    let name = v.text("name", given)?;
    let sound = name.chars().count() <= MAX_NAME && !name.chars().any(char::is_control);
    let words = format!("is no name: give at most {MAX_NAME} characters on one line");
    v.require(sound, "name", "NAME_INVALID", words).then_some(name)
}

fn supplier_number(v: &mut Violations, given: &str) -> Option<String> {
    let number = given.trim();
    let sound = number.chars().count() <= MAX_SUPPLIER && !number.chars().any(char::is_control);
    let words = format!("is no number of a supplier: give at most {MAX_SUPPLIER} characters on one line");
    v.require(sound, "supplier_number", "FIELD_INVALID", words).then(|| number.to_owned())
}

fn vat_number(v: &mut Violations, given: &str) -> Option<String> {
    let number = given.trim();
    let words = "is no registration for VAT: give SE, the organisation number and 01, or nothing";
    let sound = number.is_empty() || is_vat_number(number);
    v.require(sound, "vat_number", "VAT_NUMBER_INVALID", words).then(|| number.to_owned())
}

fn account(v: &mut Violations, given: Option<&pb::Account>) -> Option<Account> {
    let given = v.required("account", given)?;
    v.nested("account", |v| {
        let kind = v.required("kind", kind(given.kind()));
        let number = v.text("number", &given.number);
        let (kind, number) = kind.zip(number)?;
        v.check("number", "ACCOUNT_INVALID", Account::parse(kind, &number))
    })
}

/// A kind of account; `None`: none is given.
pub(crate) fn kind(given: pb::account::Kind) -> Option<AccountKind> {
    AccountKind::ALL.iter().copied().find(|kind| kind_out(*kind) == given)
}

const fn kind_out(kind: AccountKind) -> pb::account::Kind {
    match kind {
        AccountKind::Bankgiro => pb::account::Kind::Bankgiro,
        AccountKind::Plusgiro => pb::account::Kind::Plusgiro,
        AccountKind::Iban => pb::account::Kind::Iban,
    }
}

/// An account.
pub(crate) fn account_out(account: &Account) -> pb::Account {
    pb::Account { kind: kind_out(account.kind).into(), number: account.number.clone() }
}

/// Takes over the last approval of the revision before; it is of what stands now, where nothing that it is about is another.
pub(crate) fn carry(payee: &mut pb::Payee, before: &pb::Payee) {
    let approved_of = |payee: &pb::Payee| {
        (payee.provider_id.clone(), payee.valid, payee.name.clone(), payee.account.clone())
    };
    payee.approval.clone_from(&before.approval);
    payee.approved = before.approved && approved_of(payee) == approved_of(before);
}

impl Approvable for pb::Payee {
    fn approved_revision(&self) -> Option<i64> {
        self.approval.as_ref().map(|approval| approval.revision)
    }

    fn set_approval(&mut self, revision: i64, by: &Author, at: DateTime<Utc>) {
        let (author, approve_time) = (Some(author(by)), Some(timestamp(at)));
        self.approved = true;
        self.approval = Some(pb::payee::Approval { revision, author, approve_time });
    }

    /// Corrections of what is not approved take no approval away.
    fn is_approved(&self, _: &Info) -> bool {
        self.approved
    }
}
