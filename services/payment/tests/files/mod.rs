//! Files of a run for bookkeeping, banks and spreadsheets.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use niva_names::stockholm;
use niva_payment::{Mapping, Payers};
use niva_proto::common::v1::{Date, Regime};
use niva_proto::payment::v1 as pb;
use niva_proto::payment::v1::acknowledge_payment_order_request::Done;
use niva_testing::values::new_request;
use niva_testing::values::on;
use sha2::{Digest, Sha256};
use tonic::Status;

use crate::common::city::{Person, unit};
use crate::common::orders::{ONE, OTHER};
use crate::common::{Start, World, amount, day, ore, reason};
use crate::ledger::tamper;

/// Six people in Farsta's care: at two private providers, of which one can be paid, and at a unit of its own.
async fn settle(world: &World) {
    let units = [
        unit("U-1", "PR-1", "Farsta", Regime::Private),
        unit("U-2", "PR-2", "Farsta", Regime::Private),
        unit("U-3", "PR-3", "Farsta", Regime::Municipal),
    ];
    world.chosen(&units).await;
    for n in 1..=6 {
        let person = Person::new(n, stockholm::SUPPORTED_HOUSING, day(2024, 3, 1));
        world.assessed(&[person.grant(), person.level(1, 2, person.start)]).await;
        world.chosen(&[person.placed(&format!("U-{}", 1 + n % 3))]).await;
    }
    world.payable("PR-1", ONE).await;
}

fn booked() -> Start {
    Start { postings: Some(Mapping::shipped().unwrap()), ..Start::default() }
}

/// A day on which a bank can pay.
fn later() -> Option<Date> {
    on(day(2030, 4, 26))
}

fn asks(run: &str, format: &str, pay_on: Option<Date>) -> pb::CreatePaymentFileRequest {
    let (payment_run_id, format) = (run.to_owned(), format.to_owned());
    pb::CreatePaymentFileRequest {
        request_id: new_request(),
        payment_run_id,
        format,
        pay_on,
        validate_only: false,
    }
}

async fn made(world: &World, request: pb::CreatePaymentFileRequest) -> Result<pb::PaymentFile, Status> {
    Ok(world.maker().files.create_payment_file(request).await?.into_inner().payment_file.unwrap())
}

async fn downloaded(world: &World, export: &pb::PaymentFile) -> Result<Vec<u8>, Status> {
    let request = pb::DownloadPaymentFileRequest { payment_file_id: export.payment_file_id.clone() };
    let mut parts = world.erp().files.download_payment_file(request).await?.into_inner();
    let mut bytes = Vec::new();
    while let Some(part) = parts.message().await? {
        bytes.extend(part.data);
    }
    Ok(bytes)
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").unwrap();
        hex
    })
}

async fn findings(world: &World) -> Vec<String> {
    let verified = niva_payment::verify(&world.db).await.unwrap();
    verified.findings.iter().map(ToString::to_string).collect()
}

/// The amounts of a voucher's transactions, in öre.
fn transactions(file: &[u8]) -> Vec<i64> {
    let text: String = file.iter().map(|byte| char::from(*byte)).collect();
    let amounts = text.lines().filter(|line| line.contains("#TRANS"));
    amounts.map(|line| line.rsplit(' ').next().unwrap().replace('.', "").parse().unwrap()).collect()
}

/// What stands in an element, each time.
fn elements<'x>(xml: &'x str, tag: &str) -> Vec<&'x str> {
    let (open, close) = (format!("<{tag}>"), format!("</{tag}>"));
    xml.split(&open).skip(1).map(|rest| rest.split(&close).next().unwrap()).collect()
}

fn names(folder: &Path) -> BTreeSet<String> {
    let found = std::fs::read_dir(folder).unwrap();
    found.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// What software that is not ours reads in the files of a folder.
fn checked(folder: &Path) -> serde_json::Value {
    let python = std::env::var("NIVA_TEST_PYTHON").expect("NIVA_TEST_PYTHON: run this by tests/run");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/files/check_files.py");
    let ran =
        Command::new(python).arg(script).arg(folder).env("PYTHONDONTWRITEBYTECODE", "1").output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    serde_json::from_slice(&ran.stdout).unwrap()
}

niva_testing::on_both_databases! {
    async fn a_voucher_balances_and_is_the_same_bytes_for_ever(db: &TestDb) {
        let world = World::start(db, booked()).await;
        settle(&world).await;
        let run = world.calculated(2024, 3).await;
        let request = asks(&run.payment_run_id, "sie4", None);
        assert_eq!(reason(&made(&world, request.clone()).await.unwrap_err()), "RUN_STATE");
        world.approve(&run).await.unwrap();
        let rehearsed = made(&world, pb::CreatePaymentFileRequest { validate_only: true, ..request.clone() }).await.unwrap();
        let export = made(&world, request.clone()).await.unwrap();
        assert_eq!((&rehearsed.payment_file_id, &rehearsed.format), (&export.payment_file_id, &export.format), "a rehearsal leaves nothing");
        assert_eq!(made(&world, request).await.unwrap(), export);
        let file = downloaded(&world, &export).await.unwrap();
        assert_eq!((i64::try_from(file.len()).unwrap(), sha256(&file)), (export.size, export.sha256.clone()));
        assert_eq!(downloaded(&world, &export).await.unwrap(), file);
        let amounts = transactions(&file);
        assert_eq!((i64::try_from(amounts.len()).unwrap(), amounts.iter().sum::<i64>()), (export.records, 0));
        assert_eq!(amounts.iter().filter(|amount| **amount > 0).sum::<i64>(), amount(&run));
        // Another is another file, with a name of its own.
        let again = made(&world, asks(&run.payment_run_id, "sie4", None)).await.unwrap();
        assert_ne!(again.file_name, export.file_name);
        let list = |page_token| pb::ListPaymentFilesRequest { payment_run_id: run.payment_run_id.clone(), page_size: 1, page_token };
        let first = world.erp().files.list_payment_files(list(String::new())).await.unwrap().into_inner();
        let second = world.erp().files.list_payment_files(list(first.next_page_token)).await.unwrap().into_inner();
        assert_eq!((first.payment_files, second.payment_files, second.next_page_token.as_str()), (vec![export.clone()], vec![again], ""));
        let get = pb::GetPaymentFileRequest { payment_file_id: export.payment_file_id.clone() };
        assert_eq!(world.erp().files.get_payment_file(get).await.unwrap().into_inner().payment_file, Some(export));
        world.stop().await;
    }

    async fn an_order_is_in_one_file_that_pays(db: &TestDb) {
        let world = World::start(db, booked()).await;
        settle(&world).await;
        world.payable("PR-2", OTHER).await;
        let run = world.paid(2024, 3).await.payment_run_id;
        let orders = world.orders(pb::ListPaymentOrdersRequest::default()).await;
        let mut paid: Vec<&pb::PaymentOrder> = orders.iter().filter(|order| order.paid_to.is_some()).collect();
        paid.sort_by_key(|order| order.payment_order_id.clone());
        let [one, other] = &paid[..] else { panic!("{paid:?}") };
        let export = made(&world, asks(&run, "pain001_09", later())).await.unwrap();
        let sum = ore(one.to_pay) + ore(other.to_pay);
        assert_eq!((export.records, ore(export.amount), export.pay_on), (2, sum, later()));
        let file = String::from_utf8(downloaded(&world, &export).await.unwrap()).unwrap();
        let ids = |orders: &[&pb::PaymentOrder], issue: i32| -> Vec<String> {
            orders.iter().map(|order| format!("{}-{issue}", order.payment_order_id)).collect()
        };
        assert_eq!(elements(&file, "EndToEndId"), ids(&paid, 1));
        assert_eq!(elements(&file, "CtrlSum").iter().map(|sum| sum.replace('.', "")).collect::<Vec<_>>(), [sum.to_string(), sum.to_string()]);
        // All of it is in that file: whatever the form, no bank is told twice.
        assert_eq!(reason(&made(&world, asks(&run, "pain001_03", later())).await.unwrap_err()), "NOTHING_FOR_FILE");
        // What the bank rejects is issued again, and in another file then.
        world.done(one, Done::Rejected).await.unwrap();
        assert_eq!(reason(&made(&world, asks(&run, "pain001_03", later())).await.unwrap_err()), "NOTHING_FOR_FILE");
        let reissue = pb::ReissuePaymentOrderRequest {
            request_id: new_request(),
            payment_order_id: one.payment_order_id.clone(),
            reason: "the account is open again".to_owned(),
            ..Default::default()
        };
        world.maker().orders.reissue_payment_order(reissue).await.unwrap();
        let second = made(&world, asks(&run, "pain001_03", later())).await.unwrap();
        let file = String::from_utf8(downloaded(&world, &second).await.unwrap()).unwrap();
        assert_eq!((elements(&file, "EndToEndId"), ore(second.amount)), (ids(&[one], 2).iter().map(String::as_str).collect(), ore(one.to_pay)));
        assert_eq!(findings(&world).await, [""; 0]);
        world.stop().await;
    }

    async fn what_cannot_be_paid_or_is_sent_is_in_no_file(db: &TestDb) {
        let world = World::start(db, Start { payers: Payers::default(), ..Start::default() }).await;
        settle(&world).await;
        let run = world.paid(2024, 3).await.payment_run_id;
        let refused = made(&world, asks(&run, "pain001_09", later())).await.unwrap_err();
        assert!(reason(&refused) == "PAYER_MISSING" && refused.message().contains("Farsta"), "{refused:?}");
        for order in world.orders(pb::ListPaymentOrdersRequest::default()).await {
            if order.paid_to.is_some() {
                world.done(&order, Done::Booked).await.unwrap();
                world.done(&order, Done::Sent).await.unwrap();
            }
        }
        // One is sent, one is held, one is a board's own: nothing is left; and nothing was booked.
        assert_eq!(reason(&made(&world, asks(&run, "pain001_09", later())).await.unwrap_err()), "NOTHING_FOR_FILE");
        assert_eq!(reason(&made(&world, asks(&run, "sie4", None)).await.unwrap_err()), "NOTHING_FOR_FILE");
        let files = world.erp().files.list_payment_files(pb::ListPaymentFilesRequest::default()).await.unwrap().into_inner();
        assert_eq!(files.payment_files, []);
        for (format, pay_on, field, word) in [
            ("sie5", None, "format", "FIELD_INVALID"),
            ("", None, "format", "FIELD_REQUIRED"),
            ("sie4", later(), "pay_on", "FIELD_INVALID"),
            ("pain001_09", None, "pay_on", "FIELD_REQUIRED"),
            ("pain001_09", on(day(2020, 1, 1)), "pay_on", "FIELD_INVALID"),
        ] {
            let refused = made(&world, asks(&run, format, pay_on)).await.unwrap_err();
            assert!(refused.message().contains(field) && reason(&refused) == word, "{field} {word}: {refused:?}");
        }
        let get = |id: &str| pb::GetPaymentFileRequest { payment_file_id: id.to_owned() };
        assert_eq!(reason(&world.erp().files.get_payment_file(get("PF-1")).await.unwrap_err()), "NOT_FOUND");
        assert_eq!(reason(&made(&world, asks("2024-09.1", "sie4", None)).await.unwrap_err()), "NOT_FOUND");
        world.stop().await;
    }

    async fn lines_are_rows_without_persons(db: &TestDb) {
        let world = World::start(db, booked()).await;
        settle(&world).await;
        let run = world.paid(2024, 3).await;
        let formats = world.erp().files.list_payment_file_formats(pb::ListPaymentFileFormatsRequest::default()).await.unwrap().into_inner();
        let pays: Vec<_> = formats.payment_file_formats.iter().map(|format| (format.format.as_str(), format.pays)).collect();
        assert_eq!(pays, [("sie4", false), ("pain001_09", true), ("pain001_03", true), ("lines_csv", false)]);
        let export = made(&world, asks(&run.payment_run_id, "lines_csv", None)).await.unwrap();
        let file = String::from_utf8(downloaded(&world, &export).await.unwrap()).unwrap();
        let lines = world.lines(&run).await;
        let mut rows = file.lines();
        let head: Vec<&str> = rows.next().unwrap().split(',').collect();
        let at = |name: &str| head.iter().position(|found| *found == name).unwrap();
        let (id, amount_at) = (at("line"), at("amount"));
        let rows: Vec<Vec<&str>> = rows.map(|row| row.split(',').collect()).collect();
        assert_eq!(rows.iter().map(|row| row[id]).collect::<Vec<_>>(), lines.iter().map(|line| line.payment_line_id.as_str()).collect::<Vec<_>>());
        let sum: i64 = rows.iter().map(|row| row[amount_at].replace('.', "").parse::<i64>().unwrap()).sum();
        assert_eq!((sum, ore(export.amount), export.records), (amount(&run), amount(&run), i64::try_from(lines.len()).unwrap()));
        assert!(lines.iter().all(|line| !file.contains(&line.person_id)), "{file}");
        world.stop().await;
    }

    async fn files_are_put_in_the_folder_whole_or_not_at_all(db: &TestDb) {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("out");
        std::fs::create_dir(&folder).unwrap();
        let world = World::start(db, Start { exports: Some(folder.clone()), ..booked() }).await;
        settle(&world).await;
        let run = world.paid(2024, 3).await.payment_run_id;
        let export = made(&world, asks(&run, "sie4", None)).await.unwrap();
        assert_eq!(names(&folder), BTreeSet::from([export.file_name.clone()]));
        let file = downloaded(&world, &export).await.unwrap();
        assert_eq!(std::fs::read(folder.join(&export.file_name)).unwrap(), file);
        // The folder is gone: the file is kept, and the same request puts it there when it is back.
        std::fs::remove_dir_all(&folder).unwrap();
        let request = asks(&run, "pain001_09", later());
        let refused = made(&world, request.clone()).await.unwrap_err();
        assert_eq!((refused.code(), reason(&refused).as_str()), (tonic::Code::Unavailable, "FILE_NOT_WRITTEN"));
        std::fs::create_dir(&folder).unwrap();
        let export = made(&world, request.clone()).await.unwrap();
        assert_eq!(names(&folder), BTreeSet::from([export.file_name.clone()]));
        let file = downloaded(&world, &export).await.unwrap();
        assert_eq!(std::fs::read(folder.join(&export.file_name)).unwrap(), file);
        // What somebody cut off is whole again.
        std::fs::write(folder.join(&export.file_name), &file[..10]).unwrap();
        made(&world, request).await.unwrap();
        assert_eq!(std::fs::read(folder.join(&export.file_name)).unwrap(), file);
        world.stop().await;
    }

    async fn whoever_gets_the_files_reads_the_same_sums(db: &TestDb) {
        let folder = tempfile::tempdir().unwrap();
        let world = World::start(db, Start { exports: Some(folder.path().to_owned()), ..booked() }).await;
        settle(&world).await;
        world.payable("PR-2", OTHER).await;
        let run = world.paid(2024, 3).await;
        let mut names = Vec::new();
        for (format, pay_on) in [("sie4", None), ("lines_csv", None), ("pain001_09", later())] {
            names.push(made(&world, asks(&run.payment_run_id, format, pay_on)).await.unwrap().file_name);
        }
        let april = world.paid(2024, 4).await;
        names.push(made(&world, asks(&april.payment_run_id, "pain001_03", later())).await.unwrap().file_name);
        let read = checked(folder.path());
        let [voucher, rows, newer, older] = &names[..] else { panic!("{names:?}") };
        let all = amount(&run);
        assert_eq!((&read[voucher]["debit"], &read[rows]["amount"]), (&all.into(), &all.into()));
        let orders = world.orders(pb::ListPaymentOrdersRequest::default()).await;
        let paid = |run: &pb::PaymentRun| -> i64 {
            let paid = orders.iter().filter(|order| order.payment_run_id == run.payment_run_id && order.paid_to.is_some());
            paid.map(|order| ore(order.to_pay)).sum()
        };
        assert_eq!((&read[newer]["version"], &read[newer]["paid"]), (&"pain.001.001.09".into(), &paid(&run).into()));
        assert_eq!((&read[older]["version"], &read[older]["paid"]), (&"pain.001.001.03".into(), &paid(&april).into()));
        world.stop().await;
    }

    async fn a_file_that_somebody_changed_is_found_and_not_given_away(db: &TestDb) {
        let world = World::start(db, booked()).await;
        settle(&world).await;
        let run = world.paid(2024, 3).await.payment_run_id;
        let export = made(&world, asks(&run, "sie4", None)).await.unwrap();
        let other = made(&world, asks(&run, "lines_csv", None)).await.unwrap();
        assert_eq!(findings(&world).await, [""; 0]);
        tamper(&world, "UPDATE payment_file_part SET bytes = (SELECT bytes FROM payment_file_part WHERE file_no = 2) WHERE file_no = 1").await;
        assert_eq!(reason(&downloaded(&world, &export).await.unwrap_err()), "LEDGER_ALTERED");
        assert!(downloaded(&world, &other).await.is_ok());
        let found = findings(&world).await;
        assert!(found.iter().any(|found| found.contains("PF-1: its bytes")), "{found:?}");
        tamper(&world, "UPDATE payment_file SET amount = 1 WHERE file_no = 1").await;
        let found = findings(&world).await;
        assert!(found.iter().any(|found| found.contains("PF-1 is not what was written")), "{found:?}");
        tamper(&world, "DELETE FROM payment_file WHERE file_no = 2").await;
        let found = findings(&world).await;
        assert!(found.iter().any(|found| found.contains("the last files")), "{found:?}");
        world.stop().await;
    }
}
