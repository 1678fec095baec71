//! What the run of April corrected, and the proof that for each of these placements everything paid is everything owed.

use std::collections::{BTreeMap, BTreeSet};

use niva_access::Role;
use niva_money::Ore;
use niva_proto::assessment::v1 as assessment;
use niva_proto::choice::v1 as choice;
use niva_proto::payment::v1 as payment;

use super::dates;
use super::late::LateFact;
use super::runs::Paid;
use super::summary::{Correction, Explained};
use super::world::World;
use crate::failure::{Asked, Failure};
use crate::wire;
use niva_city::CityData;
use niva_city::Clients;
use niva_names::PlacementId;

/// Sums by month and component.
type Sums = BTreeMap<(String, String), i64>;

/// A correction for each placement that April's run paid something of March for, and for each late fact.
pub(super) async fn corrections(
    world: &World,
    city: &CityData,
    late: &[LateFact],
    runs: [&Paid; 2],
) -> Result<Vec<Correction>, Failure> {
    let [march, april] = runs;
    let mut placements: Vec<PlacementId> = late.iter().map(|fact| fact.placement_id.clone()).collect();
    let others: BTreeSet<PlacementId> =
        april.lines.iter().filter(|l| is_march(l)).map(|l| l.placement_id.as_str().into()).collect();
    placements.extend(others.into_iter().filter(|id| late.iter().all(|fact| fact.placement_id != *id)));
    let mut corrections = Vec::new();
    for placement_id in placements {
        let what = late.iter().find(|fact| fact.placement_id == placement_id);
        let what = what.map_or_else(|| "reported after March was paid".to_owned(), |fact| fact.what.clone());
        let all: Vec<&payment::PaymentLine> =
            march.lines.iter().chain(&april.lines).filter(|l| l.placement_id == placement_id).collect();
        let owed = owed(world, city, &placement_id).await?;
        let paid = sums(all.iter().map(|l| (l.month, l.component, l.amount)));
        if paid != owed {
            return Err(Failure::failed(format_args!(
                "placement {placement_id}: paid {paid:?} öre by month and component, but {owed:?} are owed"
            )));
        }
        let corrected: Vec<&payment::PaymentLine> =
            april.lines.iter().filter(|l| l.placement_id == placement_id && is_march(l)).collect();
        let sum = |reversal: bool| {
            corrected.iter().filter(|l| l.reversal == reversal).map(|l| wire::ore(l.amount).0).sum::<i64>()
        };
        let causes: BTreeSet<&str> =
            corrected.iter().map(|l| l.cause.as_str()).filter(|c| !c.is_empty()).collect();
        corrections.push(Correction {
            what,
            placement_id,
            causes: causes.into_iter().map(str::to_owned).collect(),
            reversed_ore: sum(true),
            new_ore: sum(false),
            net_ore: sum(true) + sum(false),
            paid_ore: paid.values().sum(),
            owed_ore: owed.values().sum(),
        });
    }
    Ok(corrections)
}

/// Why the first line of March that a late fact made anew pays what it pays; `None` when there is none.
pub(super) async fn explained(
    world: &World,
    late: &[LateFact],
    april: &Paid,
) -> Result<Option<Explained>, Failure> {
    let anew = |fact: &LateFact| {
        let mut of = april.lines.iter().filter(|l| l.placement_id == fact.placement_id);
        of.find(|l| !l.reversal && !l.corrects_line_id.is_empty())
    };
    let Some(line) = late.iter().find_map(anew) else { return Ok(None) };
    let auditor = world.caller("auditor", Role::Auditor);
    let request = payment::ExplainPaymentLineRequest { payment_line_id: line.payment_line_id.clone() };
    let answer = auditor.payment.clone().lines.explain_payment_line(request).await.to("explain a line")?;
    let why = answer.explanation.to("explain a line")?;
    Ok(Some(Explained {
        payment_line_id: line.payment_line_id.clone().into(),
        amount_ore: wire::ore(line.amount).0,
        corrects_line_id: line.corrects_line_id.clone().into(),
        cause: line.cause.clone(),
        sentences: why.sentences,
        source_document: why.source_document,
        source_place: why.source_place,
    }))
}

fn is_march(line: &payment::PaymentLine) -> bool {
    wire::month_of(line.month) == Some(dates::march())
}

/// What cancels out is left out, so that two ways to the same sums are equal.
fn sums(
    lines: impl Iterator<
        Item = (Option<niva_proto::common::v1::Month>, i32, Option<niva_proto::common::v1::Money>),
    >,
) -> Sums {
    let mut sums = Sums::new();
    for (month, component, amount) in lines {
        let month = wire::month_of(month).map_or_else(String::new, |m| m.to_string());
        *sums.entry((month, wire::component_name(component))).or_default() += wire::ore(amount).0;
    }
    sums.retain(|_, ore| Ore(*ore) != Ore::ZERO);
    sums
}

/// What today's facts say is owed for March and April, calculated without the ledger.
async fn owed(world: &World, city: &CityData, placement_id: &PlacementId) -> Result<Sums, Failure> {
    let auditor = world.caller("auditor", Role::Auditor);
    let case = case(&auditor, city, placement_id).await?;
    let request = payment::CalculateCompensationRequest {
        case: Some(case),
        first_month: Some(wire::month(dates::march())),
        last_month: Some(wire::month(dates::april())),
    };
    let maker = world.caller("finance-maker", Role::FinanceMaker);
    let answer = maker
        .payment
        .clone()
        .compensation
        .calculate_compensation(request)
        .await
        .to(format_args!("calculate what is owed for {placement_id}"))?;
    let month = |line: &payment::CompensationLine| {
        let first = line.days.and_then(|days| days.first);
        first.map(|d| niva_proto::common::v1::Month { year: d.year, month: d.month })
    };
    Ok(sums(answer.lines.iter().map(|line| (month(line), line.component, line.amount))))
}

/// A placement's facts as the services tell them; occasions are known from the city's files.
async fn case(
    auditor: &Clients,
    city: &CityData,
    placement_id: &PlacementId,
) -> Result<payment::CompensationCase, Failure> {
    let get = choice::GetPlacementRequest { placement_id: placement_id.into(), as_of: None };
    let placement = auditor
        .choice
        .clone()
        .placements
        .get_placement(get)
        .await
        .to("read a placement")?
        .placement
        .to("read it")?;
    let get = choice::GetUnitRequest { unit_id: placement.unit_id.clone(), as_of: None };
    let unit = auditor.choice.clone().units.get_unit(get).await.to("read a unit")?.unit.to("read it")?;
    let get = assessment::GetGrantRequest { grant_id: placement.grant_id.clone(), as_of: None };
    let grant =
        auditor.assessment.grants.clone().get_grant(get).await.to("read a grant")?.grant.to("read it")?;
    let list = assessment::ListLevelDecisionsRequest {
        person_id: placement.person_id.clone(),
        page_size: 1000,
        ..Default::default()
    };
    let decisions = auditor
        .assessment
        .level_decisions
        .clone()
        .list_level_decisions(list)
        .await
        .to("list levels")?
        .level_decisions;
    // Of two decisions with the same first day the later one stands; they come in the order they were made.
    let mut levels: BTreeMap<Option<niva_calendar::NaiveDate>, payment::LevelPeriod> = BTreeMap::new();
    for decision in decisions.into_iter().filter(|d| d.service == placement.service) {
        let period =
            payment::LevelPeriod { valid_from: decision.valid_from, level: decision.level, points: None };
        levels.insert(wire::day(decision.valid_from), period);
    }
    let occasions = city.occasions.iter().map(|row| &row.value).filter(|o| o.placement_id == *placement_id);
    Ok(payment::CompensationCase {
        service: placement.service,
        ordered_start: placement.ordered_start,
        actual_start: placement.actual_start,
        notice_date: placement.notice_date,
        end_date: placement.end_date,
        regimes: (unit.periods.iter())
            .map(|r| payment::CaseRegimePeriod { valid_from: r.valid_from, regime: r.regime })
            .collect(),
        levels: levels.into_values().collect(),
        scopes: (grant.scopes.into_iter())
            .map(|s| payment::CaseScopePeriod { valid_from: s.valid_from, scope: s.scope })
            .collect(),
        occasions: occasions
            .map(|o| payment::Occasion {
                date: Some(wire::date(o.date)),
                component: wire::component(o.component),
                count: i32::from(o.count),
                ..payment::Occasion::default()
            })
            .collect(),
        buyer_district: grant.district,
        unit_district: unit.periods.last().map(|p| p.district.clone()).unwrap_or_default(),
        ..payment::CompensationCase::default()
    })
}
