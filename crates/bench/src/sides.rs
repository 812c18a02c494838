//! Services that are measured in turn, side by side, each by the same updates.

use std::time::Duration;

use crate::{
    Failure,
    aim::{Bound, Verdict},
    load::{self, grpc::Updates},
    median::median,
};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// How many sessions are updated
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) sessions: u32,
    /// How many callers update them
    #[arg(long, default_value_t = 64)]
    callers: usize,
    /// How often each side is measured
    #[arg(long, default_value_t = 7)]
    rounds: usize,
    /// How long each time, in seconds
    #[arg(long, default_value_t = 5)]
    seconds: u64,
}

impl Args {
    /// The updates a second of each side, round by round.
    pub(crate) async fn rates<const SIDES: usize>(
        &self,
        sides: [(&str, Updates); SIDES],
    ) -> Result<Vec<[f64; SIDES]>, Failure> {
        let mut rounds = Vec::new();
        for round in 1..=self.rounds {
            let mut rates = [0.0; SIDES];
            // Each of them begins a round.
            for at in (0..SIDES).map(|at| (round + at) % SIDES) {
                let running = load::start(&sides[at].1, self.callers, 0..self.sessions).await?;
                rates[at] = running.rate(Duration::from_secs(self.seconds)).await?;
            }
            let measured = sides.iter().zip(rates).map(|((name, _), rate)| format!("{rate:.0} {name}"));
            println!("round {round}, updates/s: {}", measured.collect::<Vec<_>>().join(", "));
            rounds.push(rates);
        }
        Ok(rounds)
    }

    /// Whether the median of these ratios is at least what is aimed at.
    pub(crate) fn verdict(
        &self,
        name: &'static str,
        aim: f64,
        ratios: impl Iterator<Item = f64>,
    ) -> Result<Verdict, Failure> {
        let ratio = median(ratios.collect::<Vec<_>>()).ok_or("there was no round")?;
        Ok(Verdict::new(name, self.callers, Bound::AtLeast(aim), ratio, self.rounds))
    }
}
