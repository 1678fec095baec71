//! One case, played: what has been told so far, and which step does what.

use std::collections::BTreeMap;

use niva_journeys::world::{Store, World};
use niva_proto::{
    assessment::v1::{Grant, LevelDecision, PersonMerge},
    choice::v1::{Placement, Unit},
    common::v1::FactInfo,
    payment::v1::{Agreement, Occasion, PaymentLine, PremisesCost, Schedule, SpecialCompensation},
};

use super::table::{Case, Step};
use super::words::{Done, Words};

/// Why something is told anew.
pub(super) const REASON: &str = "told wrong";

/// A fact as it was answered last.
#[derive(Clone)]
pub(super) enum Fact {
    Grant(Grant),
    Level(LevelDecision),
    Merge(PersonMerge),
    Unit(Unit),
    Placement(Placement),
    Schedule(Schedule),
    Occasion(Occasion),
    Agreement(Agreement),
    PremisesCost(PremisesCost),
    Special(SpecialCompensation),
}

/// A city to itself, and what the case has told it.
pub(super) struct Play {
    pub(super) world: World,
    pub(super) facts: BTreeMap<String, Fact>,
    /// The service of each person's newest grant.
    pub(super) services: BTreeMap<String, String>,
    /// Whether something was told that other services may not have heard.
    pub(super) unheard: bool,
    /// Lines of approved runs, by id.
    pub(super) paid: BTreeMap<String, PaymentLine>,
    /// Model files of the case's own, by name.
    pub(super) files: BTreeMap<String, String>,
}

/// The revision that a fact stands in.
pub(super) fn revision(info: Option<&FactInfo>) -> i64 {
    info.map_or(0, |info| info.revision)
}

/// A refusal: its reason and its words.
pub(super) fn refusal(status: &tonic::Status) -> String {
    let told = niva_rpc::reason(status).into_iter().chain(niva_rpc::reasons(status));
    format!("{}: {}", told.collect::<Vec<_>>().join(" "), status.message())
}

/// Makes a call with a request id of its own, and answers what came of it.
macro_rules! call {
    ($client:expr, $service:ident.$rpc:ident, $request:ident { $($field:ident: $value:expr),* $(,)? } => $out:ident) => {{
        let mut client = $client;
        let request = $request {
            request_id: niva_journeys::values::new_request(),
            $($field: $value,)*
            ..Default::default()
        };
        let answer = client.$service.$rpc(request).await.map_err(|status| $crate::situations::play::refusal(&status))?;
        answer.into_inner().$out
    }};
}
pub(super) use call;

/// Plays a case; otherwise where it stopped and why.
pub(super) async fn play(case: &Case, store: Store) -> Done {
    let mut play = Play {
        world: World::memory(store).await,
        facts: BTreeMap::new(),
        services: BTreeMap::new(),
        unheard: false,
        paid: BTreeMap::new(),
        files: BTreeMap::new(),
    };
    let done = play.steps(&case.steps).await;
    play.world.close().await;
    done.map_err(|why| format!("{}\n{why}", case.title))
}

/// Whether a line says what the run before it must contain.
fn is_expected(text: &str) -> bool {
    ["pays ", "takes back ", "instead ", "holds ", "net "].iter().any(|word| text.starts_with(word))
}

impl Play {
    async fn steps(&mut self, steps: &[Step]) -> Done {
        let mut rest = steps;
        while let Some((step, after)) = rest.split_first() {
            let expected = after.iter().take_while(|step| is_expected(&step.text)).count();
            let (expected, after) = after.split_at(expected);
            let expected: Vec<&str> = expected.iter().map(|step| step.text.as_str()).collect();
            let done = match step.text.strip_prefix("refused ") {
                Some(text) => self.refused(text).await,
                None => Box::pin(self.step(&step.text, &expected)).await,
            };
            done.map_err(|why| format!("  line {}, `{}`: {why}", step.line, step.text))?;
            rest = after;
        }
        Ok(())
    }

    /// `refused REASON: step`.
    async fn refused(&mut self, text: &str) -> Done {
        let (reason, step) = text.split_once(": ").ok_or("write `refused REASON: step`")?;
        match Box::pin(self.step(step, &[])).await {
            Ok(()) => Err("it is not refused".to_owned()),
            Err(why) if why.starts_with(reason) => Ok(()),
            Err(why) => Err(why),
        }
    }

    async fn step(&mut self, text: &str, expected: &[&str]) -> Done {
        let mut words = Words::of(text);
        let w = &mut words;
        match w.next()? {
            "today" => self.world.set_day(w.next()?),
            "grant" => self.grant(w).await?,
            "scope" => self.scope(w).await?,
            "level" | "preliminary" => self.level(text, w).await?,
            "measured" => self.measured(w).await?,
            "converted" => self.converted(w).await?,
            "move" => self.moved(w).await?,
            "death" => self.died(w).await?,
            "merge" => self.merge(w).await?,
            "unit" => self.unit(w).await?,
            "change" => self.change_unit(w).await?,
            "order" | "place" => self.placement(text, w).await?,
            "start" | "notice" => self.happened(text, w).await?,
            "end" => self.ended(w).await?,
            "schedule" => self.schedule(w).await?,
            "occasions" => self.occasions(w).await?,
            "agreement" => self.agreement(w).await?,
            "approve" => self.approve(w).await?,
            "premises" => self.premises(w).await?,
            "special" => self.special(w).await?,
            "correct" => self.correct(w).await?,
            "withdraw" => self.withdraw(w).await?,
            "copy" => self.copy_model(w)?,
            "edit" => self.edit_model(w)?,
            "restart" => self.restart().await?,
            "run" => self.run(w, expected).await?,
            "paid" => self.paid_in_all(w)?,
            other => return Err(format!("nobody knows how to `{other}`")),
        }
        words.end()
    }

    /// Waits until everybody has heard what was told.
    pub(super) async fn heard(&mut self) {
        if std::mem::take(&mut self.unheard) {
            self.world.feeds_caught_up().await;
        }
    }

    pub(super) fn fact(&self, id: &str) -> Done<Fact> {
        self.facts.get(id).cloned().ok_or_else(|| format!("{id} was not told"))
    }

    pub(super) fn keep(&mut self, id: &str, fact: Fact) {
        self.facts.insert(id.to_owned(), fact);
        self.unheard = true;
    }

    async fn correct(&mut self, w: &mut Words<'_>) -> Done {
        let id = w.next()?;
        self.heard().await;
        let fact = match self.fact(id)? {
            Fact::Grant(grant) => self.correct_grant(grant, w).await?,
            Fact::Level(level) => self.correct_level(level, w).await?,
            Fact::Merge(_) => return Err("a merge is withdrawn, not corrected".to_owned()),
            Fact::Unit(unit) => self.correct_unit(unit, w).await?,
            Fact::Placement(placement) => self.correct_placement(placement, w).await?,
            Fact::Schedule(schedule) => self.correct_schedule(schedule, w).await?,
            Fact::Occasion(occasion) => self.correct_occasion(occasion, w).await?,
            Fact::Agreement(agreement) => self.correct_agreement(agreement, w).await?,
            Fact::PremisesCost(cost) => self.correct_premises(cost, w).await?,
            Fact::Special(special) => self.correct_special(special, w).await?,
        };
        self.keep(id, fact);
        Ok(())
    }

    async fn withdraw(&mut self, w: &mut Words<'_>) -> Done {
        let id = w.next()?;
        self.heard().await;
        let fact = match self.fact(id)? {
            fact @ (Fact::Grant(_) | Fact::Level(_) | Fact::Merge(_)) => self.withdraw_assessed(fact).await?,
            fact @ (Fact::Unit(_) | Fact::Placement(_)) => {
                self.withdraw_chosen(fact, w.has("mistake")).await?
            }
            fact => self.withdraw_reported(fact).await?,
        };
        self.keep(id, fact);
        Ok(())
    }

    async fn ended(&mut self, w: &mut Words<'_>) -> Done {
        let id = w.next()?;
        let day = w.day("on")?;
        let fact = match self.fact(id)? {
            Fact::Grant(_) => self.end_grant(id, day).await?,
            Fact::Placement(_) => self.end_placement(id, day).await?,
            _ => return Err(format!("{id} has no end")),
        };
        self.keep(id, fact);
        Ok(())
    }
}
