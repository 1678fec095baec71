use niva_calendar::date;
use niva_payment_domain::postings::Account as BookedOn;
use niva_payment_domain::{Account, AccountKind};
use proptest::prelude::*;

use super::*;

fn payers() -> Payers {
    let text = "name = 'Åmåls \"stad\" ☃'\norganisation_number = '2120009903'\n[[board]]\ndistrict = 'Farsta'\n\
                name = 'Farstas stadsdelsnämnd'\naccount_kind = 'bankgiro'\naccount = '5050-1055'\nbic = 'NIVASESS'\n";
    Payers::parse("payers.toml", text).unwrap()
}

fn about<'a>(payers: &'a Payers, run: &'a PaymentRunId) -> About<'a> {
    About {
        reference: "NIVA-EX-7",
        run,
        month: Month::new(2024, 3).unwrap(),
        made_at: DateTime::from_timestamp(1_712_131_200, 0).unwrap(),
        pay_on: date(2024, 4, 26),
        payers,
        records: 2,
        sum: Ore(123_456),
    }
}

fn written(format: &str, about: &About<'_>, parts: &[Part<'_>]) -> Result<Vec<u8>, CannotSay> {
    let (driver, mut out) = (driver(format).unwrap(), Vec::new());
    parts.iter().try_for_each(|part| driver.write(about, part, &mut out))?;
    Ok(out)
}

fn posting(account: &str, cost_centre: &str, amount: i64) -> Posting {
    let on = BookedOn {
        account: account.to_owned(),
        cost_centre: cost_centre.to_owned(),
        activity: String::new(),
        counterpart: "871".to_owned(),
        vat: String::new(),
    };
    Posting { on, amount: Ore(amount) }
}

fn paid_to(kind: AccountKind, number: &str, name: &str) -> PaidTo {
    PaidTo {
        payee_id: "PY-1".into(),
        revision: 1,
        name: name.to_owned(),
        account: Account::parse(kind, number).unwrap(),
        supplier_number: String::new(),
        changed: false,
    }
}

#[test]
fn a_voucher_is_in_code_page_437() {
    let (payers, run) = (payers(), PaymentRunId::from("2024-03.1"));
    let (debit, credit) = (posting("4630", "103", 5), posting("2510", "103", -5));
    let parts = [Part::Begin, Part::Posting(&debit), Part::Posting(&credit), Part::End];
    let file = written("sie4", &about(&payers, &run), &parts).unwrap();
    // å, m, å, l and what the code page does not have.
    let name = b"#FNAMN \"\x8fm\x86ls \\\"stad\\\" ?\"\r\n";
    assert!(file.windows(name.len()).any(|found| found == name), "{}", String::from_utf8_lossy(&file));
    let ascii: String = file.iter().map(|byte| char::from(*byte)).collect();
    assert!(ascii.contains("#ORGNR 212000-9903\r\n"), "{ascii}");
    let voucher = "#VER \"N\" \"\" 20240331 \"Niva 2024-03.1\" 20240403\r\n{\r\n   \
                   #TRANS 4630 {1 \"103\" 21 \"871\"} 0.05\r\n   #TRANS 2510 {1 \"103\" 21 \"871\"} -0.05\r\n}\r\n";
    assert!(ascii.ends_with(voucher), "{ascii}");
}

#[test]
fn a_payment_names_its_account_by_the_clearing_of_sweden() {
    let (payers, run, farsta) = (payers(), PaymentRunId::from("2024-03.1"), DistrictId::from("Farsta"));
    let to = paid_to(AccountKind::Bankgiro, "991-2346", "Vård & <Omsorg>");
    let payment = || Part::Payment(Payment { order: OrderNo(17), issue: 2, to: &to, amount: Ore(123_456) });
    let batch = || Part::Batch(Batch { number: 1, payer: &farsta, payments: 1, sum: Ore(123_456) });
    let all = [Part::Begin, batch(), payment(), Part::BatchEnd, Part::End];
    for (format, version, day, bic) in [
        ("pain001_03", "03", "<ReqdExctnDt>2024-04-26</ReqdExctnDt>", "<BIC>NIVASESS</BIC>"),
        ("pain001_09", "09", "<ReqdExctnDt><Dt>2024-04-26</Dt></ReqdExctnDt>", "<BICFI>NIVASESS</BICFI>"),
    ] {
        let file = String::from_utf8(written(format, &about(&payers, &run), &all).unwrap()).unwrap();
        for words in [
            &format!("pain.001.001.{version}\""),
            day,
            bic,
            "<CtrlSum>1234.56</CtrlSum>",
            "<InstdAmt Ccy=\"SEK\">1234.56</InstdAmt>",
            "<EndToEndId>PO-17-2</EndToEndId>",
            "<MmbId>9900</MmbId>",
            "<Nm>Vård &amp; &lt;Omsorg&gt;</Nm>",
            "<Othr><Id>9912346</Id><SchmeNm><Prtry>BGNR</Prtry></SchmeNm></Othr>",
        ] {
            assert!(file.contains(words), "{words} in {file}");
        }
    }
    let nowhere = DistrictId::from("Bromma");
    let batch = Part::Batch(Batch { number: 1, payer: &nowhere, payments: 1, sum: Ore(1) });
    let refused = written("pain001_09", &about(&payers, &run), &[Part::Begin, batch]);
    assert_eq!(refused, Err(CannotSay::PayerMissing(nowhere.clone())));
    let undated = About { pay_on: None, ..about(&payers, &run) };
    assert_eq!(written("pain001_03", &undated, &all), Err(CannotSay::PayOnMissing));
}

#[test]
fn a_driver_refuses_what_its_files_do_not_have() {
    let (payers, run) = (payers(), PaymentRunId::from("2024-03.1"));
    let posting = posting("4630", "103", 5);
    for driver in DRIVERS {
        let strange = match driver.format().content {
            Content::Postings => Part::BatchEnd,
            Content::Payments | Content::Lines => Part::Posting(&posting),
        };
        assert_eq!(driver.write(&about(&payers, &run), &strange, &mut Vec::new()), Err(CannotSay::Part));
    }
    let mut keys: Vec<&str> = DRIVERS.iter().map(|driver| driver.format().key).collect();
    keys.dedup();
    assert_eq!(keys.len(), DRIVERS.len());
    assert!(driver("sie5").is_none());
}

#[test]
fn a_file_of_payers_says_all_that_is_wrong_with_it() {
    let sound = include_str!("../data/payers/stockholm.toml");
    assert!(Payers::shipped().is_ok());
    for (from, to, words) in [
        ("organisation_number = \"2", "organisation_number = \"3", "give ten digits"),
        ("name = \"Exempelstaden\"", "name = \" \"", "name: is empty"),
        ("\"bankgiro\"", "\"purse\"", "account_kind: is none"),
        ("account = \"9", "account = \"8", "account: has check digits"),
        ("\"NIVASESS\"", "\"niva\"", "bic: give 8 or 11"),
        ("district = \"Bromma\"", "district = \"Farsta\"", "board of Farsta: stands twice"),
        ("bic =", "swift =", "swift"),
    ] {
        let error = Payers::parse("payers.toml", &sound.replacen(from, to, 1)).unwrap_err().to_string();
        assert!(error.starts_with("payers.toml: ") && error.contains(words), "{words}: {error}");
    }
}

proptest! {
    #[test]
    fn amounts_are_written_to_the_ore(ore in any::<i64>()) {
        let written = kronor(Ore(ore));
        let digits: String = written.chars().filter(|sign| *sign != '.').collect();
        prop_assert_eq!(digits.parse::<i64>().unwrap(), ore);
        prop_assert_eq!(written.len() - written.find('.').unwrap(), 3);
    }
}
