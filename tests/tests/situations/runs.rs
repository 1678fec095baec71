//! Runs, and what the table says that they contain.

use niva_journeys::{
    steps,
    values::{date, new_request},
    world::Role,
};
use niva_proto::payment::v1::{DiscardPaymentRunRequest, PaymentLine, PaymentRun, payment_run::State};

use super::lines::{hold, line, sum_is_right};
use super::play::{Play, refusal};
use super::words::{Done, Words, kronor, ore};

/// The second day of the month after: `2024-03` is run on 2024-04-02.
fn day_of_run(month: &str) -> String {
    let first = date(&format!("{month}-01"));
    let (year, month) = if first.month == 12 { (first.year + 1, 1) } else { (first.year, first.month + 1) };
    format!("{year:04}-{month:02}-02")
}

fn ore_of(money: Option<niva_proto::common::v1::Money>) -> i64 {
    money.unwrap_or_default().ore
}

impl Play {
    /// `run 2024-03`, approved; `run 2024-03 discarded`; `run 2024-03 total 9300.00` looks at the sum instead of each line.
    pub(super) async fn run(&mut self, w: &mut Words<'_>, expected: &[&str]) -> Done {
        let month = w.next()?;
        let (discarded, total) = (w.has("discarded"), w.named("total").map(ore).transpose()?);
        self.world.set_day(&day_of_run(month));
        self.heard().await;
        let run = steps::run(&self.world, month).await;
        if run.state() != State::Calculated {
            return Err(format!("the run failed: {:?}", run.job.map(|job| job.error)));
        }
        let lines = steps::lines(&self.world, &run.payment_run_id).await;
        self.compare(&run, &lines, expected, total).await?;
        if discarded {
            let request = DiscardPaymentRunRequest {
                request_id: new_request(),
                payment_run_id: run.payment_run_id.clone(),
                reason: "facts are missing".to_owned(),
            };
            let mut maker = self.world.payment(Role::FinanceMaker);
            maker.runs.discard_payment_run(request).await.map_err(|status| refusal(&status))?;
            return Ok(());
        }
        steps::approve(&self.world, &run).await;
        self.links(&lines)?;
        self.paid.extend(lines.into_iter().map(|line| (line.payment_line_id.clone(), line)));
        Ok(())
    }

    /// Everything that the run contains is written, and nothing else.
    async fn compare(
        &self,
        run: &PaymentRun,
        lines: &[PaymentLine],
        expected: &[&str],
        total: Option<i64>,
    ) -> Done {
        let control = run.control.clone().unwrap_or_default();
        let mut contains: Vec<String> =
            steps::holds(&self.world, &run.payment_run_id).await.iter().map(hold).collect();
        match total {
            Some(total) if total != ore_of(control.amount) => {
                let amount = kronor(ore_of(control.amount));
                return Err(format!("the run adds up to {amount}:\n{}", listed(lines.iter().map(line))));
            }
            Some(_) => {}
            None => contains.extend(lines.iter().map(line)),
        }
        let mut missing = Vec::new();
        for written in expected {
            if let Some(net) = written.strip_prefix("net ") {
                let earlier = ore_of(control.earlier_months);
                if ore(net)? != earlier {
                    return Err(format!("earlier months come to {}", kronor(earlier)));
                }
                continue;
            }
            if !written.starts_with("holds ") {
                sum_is_right(written)?;
            }
            match contains.iter().position(|line| line == written) {
                Some(at) => drop(contains.remove(at)),
                None => missing.push((*written).to_owned()),
            }
        }
        if missing.is_empty() && contains.is_empty() {
            return Ok(());
        }
        let (missing, more) = (listed(missing.into_iter()), listed(contains.into_iter()));
        Err(format!("the run does not contain:\n{missing}    but it contains:\n{more}"))
    }

    /// What is taken back was paid, to the öre; what stands instead names a line taken back in the same run.
    fn links(&self, lines: &[PaymentLine]) -> Done {
        let taken: Vec<&str> =
            lines.iter().filter(|l| l.reversal).map(|l| l.corrects_line_id.as_str()).collect();
        for new in lines.iter().filter(|line| !line.corrects_line_id.is_empty()) {
            let of = self
                .paid
                .get(&new.corrects_line_id)
                .ok_or_else(|| format!("{} was never paid", line(new)))?;
            let same = |l: &PaymentLine| {
                let payee = (l.provider_id.clone(), l.payee_district.clone(), l.payer_district.clone());
                (l.placement_id.clone(), l.component, l.days, l.unit_price, payee)
            };
            let right = match new.reversal {
                true => {
                    same(new) == same(of)
                        && ore_of(new.amount) == -ore_of(of.amount)
                        && new.quantity == -of.quantity
                }
                false => taken.contains(&new.corrects_line_id.as_str()) && new.component == of.component,
            };
            let models = |l: &PaymentLine| {
                l.stands_on.iter().find(|g| g.kind == "model").map(|g| (g.id.clone(), g.version.clone()))
            };
            let versions = new.reversal || !new.cause.starts_with("models ") || models(new) != models(of);
            if !right || !versions {
                return Err(format!("{} does not fit what it corrects: {}", line(new), line(of)));
            }
        }
        Ok(())
    }

    /// `paid 6045.00`: what all approved runs have paid together.
    pub(super) fn paid_in_all(&self, w: &mut Words<'_>) -> Done {
        let (written, sum) = (ore(w.next()?)?, self.paid.values().map(|line| ore_of(line.amount)).sum());
        if written == sum { Ok(()) } else { Err(format!("{} is paid in all", kronor(sum))) }
    }
}

fn listed(lines: impl Iterator<Item = String>) -> String {
    lines.map(|line| format!("      {line}\n")).collect()
}
