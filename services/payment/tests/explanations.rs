//! ExplainPaymentLine: every component, by the facts that the line's run knew.

use niva_names::stockholm;
use niva_proto::common::v1::Regime;
use niva_proto::payment::v1::{self as pb, Component};
use niva_testing::requests::payment::{explain, record_agreement, record_occasions};

use crate::common::city::{Person, on, placed, revision, unit, unit_of};
use crate::common::told::{agreed, approved_by, evening};
use crate::common::{World, day, reason};

niva_testing::on_both_databases! {
    async fn lines_and_their_corrections_are_explained(db: &TestDb) {
        let world = World::new(db).await;
        let person = Person::new(1, stockholm::SUPPORTED_HOUSING, day(2024, 3, 1));
        let mut ended = person.placement("U-1");
        (ended.end_date, ended.info) = (on(day(2024, 3, 12)), revision(2));
        world.chosen(&[unit("U-1", "PR-1", "Farsta", Regime::Private), placed(ended)]).await;
        world.assessed(&[person.grant(), person.level(1, 1, person.start)]).await;
        let request = record_occasions(vec![evening((2024, 3, 3), 1)]);
        world.maker().occasions.record_occasions(request).await.unwrap();
        let agreement = agreed("IA-1", day(2024, 3, 10), Some(day(2024, 3, 10)), 100_000);
        let request = record_agreement(agreement);
        world.maker().agreements.record_agreement(request).await.unwrap();
        approved_by(&world, "approver", "IA-1", 1).await.unwrap();
        let march = world.paid(2024, 3).await;
        let lines = world.lines(&march).await;
        let components: Vec<_> = lines.iter().map(pb::PaymentLine::component).collect();
        assert_eq!(components, [Component::Rate, Component::Rate, Component::Rate, Component::Vacancy, Component::EveningNight]);
        for line in &lines {
            let answer = world.explain(line).await;
            assert_eq!((answer.payment_line.as_ref(), answer.corrected_line.as_ref()), (Some(line), None));
            let e = answer.explanation.unwrap();
            assert!(e.sentences.len() >= 2 && !e.source_document.is_empty(), "{e:?}");
        }
        assert_eq!(lines[1].model_id, "IA-1");
        assert!(world.explain(&lines[3]).await.explanation.unwrap().rules.iter().any(|r| r.contains("7 calendar days")));

        // Later: another level. March's line is still explained by what its run knew.
        world.assessed(&[person.level(2, 3, person.start)]).await;
        let april = world.paid(2024, 4).await;
        let corrections = world.lines(&april).await;
        let (back, anew) = (&corrections[0], corrections.iter().find(|l| !l.reversal).unwrap());
        let answer = world.explain(back).await;
        assert_eq!(answer.corrected_line.as_ref(), Some(&lines[0]));
        let first = &answer.explanation.unwrap().sentences[0];
        assert!(first.contains("Takes back line 2024-03.1/1") && first.contains("level_decision LD-0001-2"), "{first}");
        let answer = world.explain(anew).await;
        assert_eq!(answer.corrected_line.as_ref(), Some(&lines[0]));
        assert!(answer.explanation.unwrap().sentences.iter().any(|s| s.contains("corrects it because of")));
        let told = world.explain(&lines[0]).await.explanation.unwrap();
        assert!(told.sentences.iter().any(|s| s.contains("307")), "{:?}", told.sentences);

        for id in ["2024-03.1/99", "2024-03.1/01", "2024-03.1", "2024-03.1/+1", "x/1", ""] {
            let request = explain(id);
            assert_eq!(reason(&world.maker().lines.explain_payment_line(request).await.unwrap_err()), "NOT_FOUND", "{id}");
        }
        world.stop().await;
    }

    async fn what_a_line_corrects_is_shown_to_those_alone_whose_it_is(db: &TestDb) {
        let world = World::new(db).await;
        let person = Person::new(1, stockholm::SUPPORTED_HOUSING, day(2024, 3, 1));
        world.chosen(&[unit("U-1", "PR-1", "Farsta", Regime::Private), person.placed("U-1")]).await;
        world.assessed(&[person.grant(), person.level(1, 1, person.start)]).await;
        let march = world.paid(2024, 3).await;
        let paid = world.lines(&march).await.remove(0);

        // It comes out that another provider has run the unit all the time.
        world.chosen(&[unit_of("U-1", "Farsta", 2, &[(day(2000, 1, 1), "PR-2", Regime::Private)])]).await;
        let april = world.paid(2024, 4).await;
        let lines = world.lines(&april).await;
        let anew = lines.iter().find(|line| line.corrects_line_id == paid.payment_line_id && !line.reversal).unwrap();
        assert_eq!((paid.provider_id.as_str(), anew.provider_id.as_str()), ("PR-1", "PR-2"));
        assert_eq!(world.explain(anew).await.corrected_line.as_ref(), Some(&paid));
        let request = |line: &pb::PaymentLine| explain(&line.payment_line_id);
        let told = world.provider("PR-2").lines.explain_payment_line(request(anew)).await.unwrap().into_inner();
        assert_eq!((told.payment_line.as_ref(), told.corrected_line), (Some(anew), None));
        let back = lines.iter().find(|line| line.reversal).unwrap();
        let told = world.provider("PR-1").lines.explain_payment_line(request(back)).await.unwrap().into_inner();
        assert_eq!(told.corrected_line, Some(paid));
        world.stop().await;
    }
}
