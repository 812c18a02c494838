//! What is to be reached, and whether it was.

use serde::Serialize;

#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Bound {
    AtLeast(f64),
    AtMost(f64),
}

impl Bound {
    fn holds(self, found: f64) -> bool {
        match self {
            Self::AtLeast(least) => found >= least,
            Self::AtMost(most) => found <= most,
        }
    }
}

/// What was found of an aim.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Verdict {
    pub(crate) name: String,
    pub(crate) callers: usize,
    pub(crate) aim: Bound,
    /// The median over the rounds, which decides: of a ratio, that of the rounds' ratios.
    pub(crate) found: f64,
    /// Of a ratio, the one of the two sides' medians.
    pub(crate) of_medians: Option<f64>,
    pub(crate) rounds: usize,
    pub(crate) holds: bool,
}

impl Verdict {
    pub(crate) fn new(
        name: impl Into<String>,
        callers: usize,
        aim: Bound,
        found: f64,
        rounds: usize,
    ) -> Self {
        Self { name: name.into(), callers, aim, found, of_medians: None, rounds, holds: aim.holds(found) }
    }

    /// Whether a little more or less would have made a difference.
    pub(crate) fn is_close(&self) -> bool {
        /// Ratios of three rounds differ by about as much from one run to the next.
        const CLOSE: f64 = 0.1;
        let (Bound::AtLeast(bound) | Bound::AtMost(bound)) = self.aim;
        (self.found / bound - 1.0).abs() <= CLOSE
    }

    fn row(&self) -> String {
        let Self { name, callers, found, of_medians, rounds, .. } = self;
        let (sign, bound) = match self.aim {
            Bound::AtLeast(least) => ("≥", least),
            Bound::AtMost(most) => ("≤", most),
        };
        let of_medians = of_medians.map_or_else(|| "–".to_owned(), |ratio| format!("{ratio:.2}"));
        let holds = if self.holds { "holds" } else { "**does not hold**" };
        format!("| {name} | {callers} | {sign} {bound} | {found:.2} | {of_medians} | {rounds} | {holds} |")
    }
}

/// A table of aims in Markdown. Nothing where there are none.
pub(crate) fn table(verdicts: &[Verdict]) -> String {
    if verdicts.is_empty() {
        return String::new();
    }
    let rows: Vec<String> = verdicts.iter().map(Verdict::row).collect();
    format!(
        "Aims:\n\n| | callers | aim | found | of medians | rounds | |\n|---|---:|---:|---:|---:|---:|---|\n{}\n",
        rows.join("\n")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_found_within_a_tenth_of_the_bound_is_close() {
        for (aim, found, holds, close) in [
            (Bound::AtLeast(2.0), 2.0, true, true),
            (Bound::AtLeast(2.0), 1.8, false, true),
            (Bound::AtLeast(2.0), 1.7, false, false),
            (Bound::AtMost(2.0), 2.3, false, false),
            (Bound::AtMost(2.0), 0.1, true, false),
        ] {
            let verdict = Verdict::new("", 1, aim, found, 3);
            assert_eq!((verdict.holds, verdict.is_close()), (holds, close), "{aim:?} {found}");
        }
    }
}
