//! ISO 20022 pain.001: payments for the bank, in versions 001.001.03 and 001.001.09, as Swedish banks read them. Accounts of Bankgirot
//! and Plusgirot are given by their clearing numbers. Source: ISO 20022 message definitions; Common Global Implementation, Sweden.

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

use niva_payment_domain::{Account, AccountKind};

use crate::{About, Batch, CannotSay, Content, Driver, Format, Part, Payment, cut, kronor};

/// One batch a payer.
pub(crate) struct Pain001 {
    /// 3 or 9.
    pub(crate) version: u8,
}

/// Longest name that banks take, in characters; the message allows 140.
const NAME: usize = 70;
/// The clearing system of Sweden.
const SWEDEN: &str = "SESBA";
/// Bankgirot in it.
const BANKGIROT: &str = "9900";
/// Plusgirot in it.
const PLUSGIROT: &str = "9500";

impl Driver for Pain001 {
    fn format(&self) -> Format {
        let (key, title) = match self.version {
            3 => ("pain001_03", "ISO 20022 pain.001.001.03: payments for the bank"),
            _ => ("pain001_09", "ISO 20022 pain.001.001.09: payments for the bank"),
        };
        let (media_type, extension) = ("application/xml", "xml");
        Format { key, title, media_type, extension, content: Content::Payments }
    }

    fn write(&self, about: &About<'_>, part: &Part<'_>, out: &mut Vec<u8>) -> Result<(), CannotSay> {
        let mut xml = Xml { writer: Writer::new(out), version: self.version };
        let written = match part {
            Part::Begin => xml.begin(about),
            Part::Batch(batch) => return xml.batch(about, batch),
            Part::Payment(payment) => xml.payment(about, payment),
            Part::BatchEnd => xml.close(&["PmtInf"]),
            Part::End => xml.close(&["CstmrCdtTrfInitn", "Document"]),
            _ => return Err(CannotSay::Part),
        };
        written.map_err(|error| broken(&error))
    }
}

fn broken(error: &std::io::Error) -> CannotSay {
    CannotSay::Writer(error.to_string())
}

/// Elements after one another.
struct Xml<'o> {
    writer: Writer<&'o mut Vec<u8>>,
    version: u8,
}

impl Xml<'_> {
    fn open(&mut self, tags: &[&str]) -> std::io::Result<()> {
        tags.iter().try_for_each(|tag| self.writer.write_event(Event::Start(BytesStart::new(*tag))))
    }

    fn close(&mut self, tags: &[&str]) -> std::io::Result<()> {
        tags.iter().try_for_each(|tag| self.writer.write_event(Event::End(BytesEnd::new(*tag))))
    }

    /// A text within elements: `A/B` is an element within another.
    fn text(&mut self, path: &str, text: &str) -> std::io::Result<()> {
        let tags: Vec<&str> = path.split('/').collect();
        self.open(&tags)?;
        self.writer.write_event(Event::Text(BytesText::new(text)))?;
        self.close(&tags.into_iter().rev().collect::<Vec<_>>())
    }

    fn begin(&mut self, about: &About<'_>) -> std::io::Result<()> {
        self.writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
        let space = format!("urn:iso:std:iso:20022:tech:xsd:pain.001.001.{:02}", self.version);
        let document = BytesStart::new("Document").with_attributes([("xmlns", space.as_str())]);
        self.writer.write_event(Event::Start(document))?;
        self.open(&["CstmrCdtTrfInitn", "GrpHdr"])?;
        self.text("MsgId", about.reference)?;
        self.text("CreDtTm", &about.made_at.format("%Y-%m-%dT%H:%M:%SZ").to_string())?;
        self.text("NbOfTxs", &about.records.to_string())?;
        self.text("CtrlSum", &kronor(about.sum))?;
        self.open(&["InitgPty"])?;
        self.text("Nm", &cut(&about.payers.name, NAME))?;
        self.organisation(about)?;
        self.close(&["InitgPty", "GrpHdr"])
    }

    fn organisation(&mut self, about: &About<'_>) -> std::io::Result<()> {
        self.open(&["Id", "OrgId", "Othr"])?;
        self.text("Id", &about.payers.organisation_number)?;
        self.text("SchmeNm/Cd", "BANK")?;
        self.close(&["Othr", "OrgId", "Id"])
    }

    fn batch(&mut self, about: &About<'_>, batch: &Batch<'_>) -> Result<(), CannotSay> {
        let board = about.payers.board(batch.payer);
        let board = board.ok_or_else(|| CannotSay::PayerMissing(batch.payer.clone()))?;
        let pay_on = about.pay_on.ok_or(CannotSay::PayOnMissing)?.to_string();
        let (bic, day) = match self.version {
            3 => ("FinInstnId/BIC", "ReqdExctnDt"),
            _ => ("FinInstnId/BICFI", "ReqdExctnDt/Dt"),
        };
        let mut write = || {
            self.open(&["PmtInf"])?;
            self.text("PmtInfId", &format!("{}-{}", about.reference, batch.number))?;
            self.text("PmtMtd", "TRF")?;
            self.text("NbOfTxs", &batch.payments.to_string())?;
            self.text("CtrlSum", &kronor(batch.sum))?;
            self.open(&["PmtTpInf"])?;
            self.text("SvcLvl/Cd", "NURG")?;
            self.text("CtgyPurp/Cd", "SUPP")?;
            self.close(&["PmtTpInf"])?;
            self.text(day, &pay_on)?;
            self.open(&["Dbtr"])?;
            self.text("Nm", &cut(&board.name, NAME))?;
            self.organisation(about)?;
            self.close(&["Dbtr"])?;
            self.open(&["DbtrAcct"])?;
            self.account(&board.account)?;
            self.text("Ccy", "SEK")?;
            self.close(&["DbtrAcct"])?;
            self.open(&["DbtrAgt"])?;
            self.text(bic, &board.bic)?;
            self.close(&["DbtrAgt"])
        };
        write().map_err(|error| broken(&error))
    }

    /// An account, within the element that it is of.
    fn account(&mut self, account: &Account) -> std::io::Result<()> {
        let scheme = match account.kind {
            AccountKind::Iban => return self.text("Id/IBAN", &account.number),
            AccountKind::Bankgiro => ("SchmeNm/Prtry", "BGNR"),
            AccountKind::Plusgiro => ("SchmeNm/Cd", "BBAN"),
        };
        self.open(&["Id", "Othr"])?;
        self.text("Id", &account.number)?;
        self.text(scheme.0, scheme.1)?;
        self.close(&["Othr", "Id"])
    }

    fn payment(&mut self, about: &About<'_>, payment: &Payment<'_>) -> std::io::Result<()> {
        let (id, to) = (payment.end_to_end(), payment.to);
        self.open(&["CdtTrfTxInf", "PmtId"])?;
        self.text("InstrId", &id)?;
        self.text("EndToEndId", &id)?;
        self.close(&["PmtId"])?;
        self.open(&["Amt"])?;
        let amount = BytesStart::new("InstdAmt").with_attributes([("Ccy", "SEK")]);
        self.writer.write_event(Event::Start(amount))?;
        self.writer.write_event(Event::Text(BytesText::new(&kronor(payment.amount))))?;
        self.close(&["InstdAmt", "Amt"])?;
        let clearing = match to.account.kind {
            AccountKind::Bankgiro => Some(BANKGIROT),
            AccountKind::Plusgiro => Some(PLUSGIROT),
            AccountKind::Iban => None,
        };
        if let Some(number) = clearing {
            self.open(&["CdtrAgt", "FinInstnId", "ClrSysMmbId"])?;
            self.text("ClrSysId/Cd", SWEDEN)?;
            self.text("MmbId", number)?;
            self.close(&["ClrSysMmbId", "FinInstnId", "CdtrAgt"])?;
        }
        self.open(&["Cdtr"])?;
        self.text("Nm", &cut(&to.name, NAME))?;
        self.close(&["Cdtr"])?;
        self.open(&["CdtrAcct"])?;
        self.account(&to.account)?;
        self.close(&["CdtrAcct"])?;
        self.text("RmtInf/Ustrd", &format!("Niva {} PO-{}", about.month, payment.order))?;
        self.close(&["CdtTrfTxInf"])
    }
}
