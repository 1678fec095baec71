//! How providers are paid: told, corrected, approved by a second person, read back.

use niva_access::{Caller, Role};
use niva_proto::payment::v1 as pb;
use niva_proto::payment::v1::account::Kind;
use niva_testing::requests::payment::{approve_payee, payee, record_payee};
use niva_testing::values::days;
use tonic::{Code, Status};

use crate::common::{World, day, reason};

/// Two numbers of a bankgiro whose check digits fit.
const ONE: &str = "50501055";
const OTHER: &str = "9912346";

fn told(id: &str, bankgiro: &str) -> pb::Payee {
    payee(id, "PR-1", day(2024, 1, 1), bankgiro)
}

async fn record(world: &World, payee: pb::Payee) -> Result<pb::Payee, Status> {
    let answer = world.maker().payees.record_payee(record_payee(payee)).await?;
    Ok(answer.into_inner().payee.unwrap())
}

async fn correct(
    world: &World,
    subject: &str,
    expected_revision: i64,
    payee: pb::Payee,
) -> Result<pb::Payee, Status> {
    let request = pb::CorrectPayeeRequest {
        request_id: world.request(),
        expected_revision,
        reason: "misread".to_owned(),
        payee: Some(payee),
        ..Default::default()
    };
    let mut client = world.by(Caller::new(subject, [Role::FinanceMaker])).payees;
    Ok(client.correct_payee(request).await?.into_inner().payee.unwrap())
}

async fn approve(world: &World, subject: &str, id: &str, revision: i64) -> Result<pb::Payee, Status> {
    let mut client = world.by(Caller::new(subject, [Role::FinanceApprover])).payees;
    Ok(client.approve_payee(approve_payee(id, revision)).await?.into_inner().payee.unwrap())
}

async fn withdraw(world: &World, id: &str, expected_revision: i64) -> pb::Payee {
    let request = pb::WithdrawPayeeRequest {
        request_id: world.request(),
        expected_revision,
        reason: "closed".to_owned(),
        payee_id: id.to_owned(),
        ..Default::default()
    };
    world.maker().payees.withdraw_payee(request).await.unwrap().into_inner().payee.unwrap()
}

async fn ids(world: &World, request: pb::ListPayeesRequest) -> Vec<String> {
    let (mut ids, mut request) = (Vec::new(), request);
    loop {
        let page = world.maker().payees.list_payees(request.clone()).await.unwrap().into_inner();
        ids.extend(page.payees.into_iter().map(|payee| payee.payee_id));
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            return ids;
        }
    }
}

niva_testing::on_both_databases! {
    async fn an_account_is_approved_by_a_second_person_as_it_stands(db: &TestDb) {
        let world = World::new(db).await;
        // What a caller says of approvals counts for nothing, and signs between digits are none of a number.
        let forged = pb::Payee { approved: true, approval: Some(pb::payee::Approval::default()), ..told("PY-1", "5050-1055") };
        let first = record(&world, forged).await.unwrap();
        assert_eq!((first.approved, first.approval.clone(), first.account.clone().unwrap().number.as_str()), (false, None, ONE));
        assert_eq!(reason(&approve(&world, "maker", "PY-1", 1).await.unwrap_err()), "SAME_PERSON");
        assert_eq!(reason(&approve(&world, "approver", "PY-1", 2).await.unwrap_err()), "REVISION_NOT_NEWEST");
        assert_eq!(reason(&approve(&world, "approver", "nobody", 1).await.unwrap_err()), "NOT_FOUND");
        let approved = approve(&world, "approver", "PY-1", 1).await.unwrap();
        assert_eq!((approved.approved, approved.approval.as_ref().map(|approval| approval.revision)), (true, Some(2)));
        assert_eq!(reason(&approve(&world, "approver", "PY-1", 2).await.unwrap_err()), "ALREADY_APPROVED");

        // What is no part of the account takes no approval away; another account does.
        let numbered = pb::Payee { supplier_number: "4711".to_owned(), f_tax: true, ..told("PY-1", ONE) };
        let numbered = correct(&world, "maker", 2, numbered).await.unwrap();
        assert_eq!((numbered.approved, numbered.supplier_number.as_str()), (true, "4711"));
        let other = correct(&world, "another", 3, told("PY-1", OTHER)).await.unwrap();
        assert_eq!((other.approved, other.approval.as_ref().map(|approval| approval.revision)), (false, Some(2)));
        for told_it in ["maker", "another"] {
            assert_eq!(reason(&approve(&world, told_it, "PY-1", 4).await.unwrap_err()), "SAME_PERSON");
        }
        // Told back to what was approved, it is a change that somebody must have seen.
        assert!(!correct(&world, "another", 4, told("PY-1", ONE)).await.unwrap().approved);
        assert_eq!(approve(&world, "approver", "PY-1", 5).await.unwrap().approval.unwrap().revision, 6);
        let gone = withdraw(&world, "PY-1", 6).await;
        assert_eq!(gone.info.unwrap().revision, 7);
        assert_eq!(reason(&approve(&world, "approver", "PY-1", 7).await.unwrap_err()), "FACT_WITHDRAWN");
        let revisions = pb::ListPayeeRevisionsRequest { payee_id: "PY-1".to_owned(), ..Default::default() };
        let revisions = world.maker().payees.list_payee_revisions(revisions).await.unwrap().into_inner().revisions;
        assert_eq!(revisions.iter().map(|payee| payee.approved).collect::<Vec<_>>(), [false, true, true, false, false, true, true]);
        world.stop().await;
    }

    async fn what_cannot_be_an_account_is_refused(db: &TestDb) {
        let world = World::new(db).await;
        let account = |kind: Kind, number: &str| {
            let account = pb::Account { kind: kind.into(), number: number.to_owned() };
            pb::Payee { account: Some(account), ..told("PY-1", ONE) }
        };
        for (payee, refused) in [
            (account(Kind::Bankgiro, "50501056"), "ACCOUNT_INVALID"),
            (account(Kind::Plusgiro, "9020034"), "ACCOUNT_INVALID"),
            (account(Kind::Iban, "SE4550000000058398257467"), "ACCOUNT_INVALID"),
            (account(Kind::Unspecified, ONE), "FIELD_REQUIRED"),
            (pb::Payee { account: None, ..told("PY-1", ONE) }, "FIELD_REQUIRED"),
            (pb::Payee { vat_number: "SE212000014301".to_owned(), ..told("PY-1", ONE) }, "VAT_NUMBER_INVALID"),
            (pb::Payee { name: "n".repeat(71), ..told("PY-1", ONE) }, "NAME_INVALID"),
            (pb::Payee { supplier_number: "4\n711".to_owned(), ..told("PY-1", ONE) }, "FIELD_INVALID"),
            (pb::Payee { valid: days(day(2024, 2, 1), Some(day(2024, 1, 1))), ..told("PY-1", ONE) }, "END_BEFORE_START"),
        ] {
            let error = record(&world, payee).await.unwrap_err();
            assert_eq!((error.code(), niva_rpc::reasons(&error)), (Code::InvalidArgument, vec![refused.to_owned()]));
            assert!(!error.message().contains("50501056"), "{}", error.message());
        }
        record(&world, account(Kind::Iban, "se45 5000 0000 0583 9825 7466")).await.unwrap();
        let moved = pb::Payee { provider_id: "PR-2".to_owned(), ..told("PY-1", ONE) };
        assert_eq!(niva_rpc::reasons(&correct(&world, "maker", 1, moved).await.unwrap_err()), ["PROVIDER_DIFFERS"]);
        world.stop().await;
    }

    async fn a_change_of_account_begins_when_the_other_has_ended(db: &TestDb) {
        let world = World::new(db).await;
        record(&world, told("PY-1", ONE)).await.unwrap();
        let later = pb::Payee { valid: days(day(2024, 7, 1), None), ..told("PY-2", OTHER) };
        let twice = record(&world, later.clone()).await.unwrap_err();
        assert_eq!((twice.code(), reason(&twice).as_str()), (Code::FailedPrecondition, "PERIOD_OVERLAPS"));
        let ended = pb::Payee { valid: days(day(2024, 1, 1), Some(day(2024, 6, 30))), ..told("PY-1", ONE) };
        correct(&world, "maker", 1, ended.clone()).await.unwrap();
        record(&world, later.clone()).await.unwrap();
        assert_eq!(reason(&record(&world, later).await.unwrap_err()), "ID_TAKEN");
        let longer = correct(&world, "maker", 2, told("PY-1", ONE)).await.unwrap_err();
        assert_eq!(reason(&longer), "PERIOD_OVERLAPS");
        record(&world, payee("PY-3", "PR-2", day(2024, 1, 1), OTHER)).await.unwrap();
        withdraw(&world, "PY-3", 1).await;

        let all = pb::ListPayeesRequest { page_size: 1, ..Default::default() };
        assert_eq!(ids(&world, all.clone()).await, ["PY-1", "PY-2"]);
        assert_eq!(ids(&world, pb::ListPayeesRequest { include_withdrawn: true, ..all.clone() }).await, ["PY-1", "PY-2", "PY-3"]);
        let july = pb::ListPayeesRequest { days: days(day(2024, 7, 1), Some(day(2024, 7, 31))), ..all.clone() };
        assert_eq!(ids(&world, july).await, ["PY-2"]);
        let of_another = pb::ListPayeesRequest { provider_id: "PR-2".to_owned(), ..all };
        assert_eq!(ids(&world, of_another).await, [""; 0]);

        // A provider reads its own.
        let get = |id: &str| pb::GetPayeeRequest { payee_id: id.to_owned(), as_of: None };
        assert_eq!(world.provider("PR-1").payees.get_payee(get("PY-2")).await.unwrap().into_inner().payee.unwrap().account.unwrap().number, OTHER);
        assert_eq!(reason(&world.provider("PR-2").payees.get_payee(get("PY-2")).await.unwrap_err()), "NOT_FOUND");
        let listed = world.provider("PR-2").payees.list_payees(pb::ListPayeesRequest { include_withdrawn: true, ..Default::default() }).await;
        assert_eq!(listed.unwrap().into_inner().payees.len(), 1);
        world.stop().await;
    }
}
