//! Files on the wire.

use niva_base::{OpError, Violations};
use niva_calendar::NaiveDate;
use niva_names::{PaymentFileId, PaymentFileNo, PaymentRunId};
use niva_payment_exports::{Content, Driver, Format, driver};
use niva_proto::common::v1 as common;
use niva_proto::payment::v1 as pb;
use niva_rpc::wire::{read, write};

use super::row::Kept;

/// Begins the id of a file.
const PREFIX: &str = "PF-";

/// The id of a file.
pub(super) fn file_id(no: PaymentFileNo) -> PaymentFileId {
    format!("{PREFIX}{no}").into()
}

/// The number of the file that an id names; only as it is written.
pub(super) fn file_no(text: &str) -> Result<PaymentFileNo, OpError> {
    let id: PaymentFileId = read::only_id("payment_file_id", text)?;
    let no = id.as_str().strip_prefix(PREFIX).and_then(|no| no.parse().ok());
    no.filter(|no: &PaymentFileNo| file_id(*no) == id).ok_or_else(|| OpError::not_found("file", &id))
}

/// What is asked for.
pub(super) struct Asked {
    pub(super) run: PaymentRunId,
    pub(super) driver: &'static dyn Driver,
    pub(super) pay_on: Option<NaiveDate>,
}

/// What is asked for.
pub(super) fn asked(request: &pb::CreatePaymentFileRequest, today: NaiveDate) -> Result<Asked, OpError> {
    let mut v = Violations::new();
    let run = read::id(&mut v, "payment_run_id", &request.payment_run_id);
    let format = v.text("format", &request.format);
    let known = format.and_then(|format| {
        let words = "is no form of file: take one of ListPaymentFileFormats";
        v.check("format", "FIELD_INVALID", driver(&format).ok_or(words))
    });
    let pays = known.map(|driver| driver.format().content == Content::Payments);
    let pay_on = match (pays, request.pay_on) {
        (Some(true), given) => read::date(&mut v, "pay_on", given).and_then(|day| {
            let words = "has passed: give today, or a later day";
            v.require(day >= today, "pay_on", "FIELD_INVALID", words).then_some(Some(day))
        }),
        (Some(false), Some(_)) => {
            v.add("pay_on", "FIELD_INVALID", "is of files that pay: leave it out");
            None
        }
        _ => Some(None),
    };
    let ((run, driver), pay_on) = v.finish_with(run.zip(known).zip(pay_on))?;
    Ok(Asked { run, driver, pay_on })
}

/// A form of file.
pub(super) fn format_out(format: &Format) -> pb::PaymentFileFormat {
    pb::PaymentFileFormat {
        format: format.key.to_owned(),
        title: format.title.to_owned(),
        media_type: format.media_type.to_owned(),
        extension: format.extension.to_owned(),
        pays: format.content == Content::Payments,
    }
}

/// A file.
pub(super) fn file_out(kept: &Kept) -> pb::PaymentFile {
    let media_type = driver(&kept.format).map_or("application/octet-stream", |d| d.format().media_type);
    pb::PaymentFile {
        payment_file_id: file_id(kept.no).into(),
        payment_run_id: (&kept.run_id).into(),
        format: kept.format.clone(),
        file_name: kept.file_name.clone(),
        media_type: media_type.to_owned(),
        size: kept.size,
        sha256: kept.content_sha256.clone(),
        records: kept.records,
        amount: Some(write::money(kept.amount)),
        pay_on: kept.pay_on.map(write::date),
        author: Some(common::Author { subject: kept.author.subject.clone(), role: kept.author.role.clone() }),
        create_time: Some(write::timestamp(kept.made_at)),
    }
}
