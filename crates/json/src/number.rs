//! A JSON number as its canonical text.

/// A JSON number, written out as PostgreSQL's `numeric` prints it: no exponent, scale kept, no `-0`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Number(Box<str>);

/// The number takes more than [`Number::MAX_CHARS`] characters when written out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooLong;

impl Number {
    /// The longest number, in characters, sign and point included. Without a limit `1e131071`, nine bytes of a
    /// request, takes 131,072 bytes of a row.
    pub const MAX_CHARS: usize = 400;

    /// Takes the text of a number that a JSON parser has found valid, and fails with [`TooLong`] if it
    /// takes more than [`Self::MAX_CHARS`] characters when written out.
    pub(super) fn canonical(text: &str) -> Result<Self, TooLong> {
        let negative = text.starts_with('-');
        let unsigned = text.trim_start_matches('-');
        let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
            // What does not fit 64 bits is far out of range either way.
            Some((mantissa, exponent)) => (
                mantissa,
                exponent
                    .parse::<i64>()
                    .unwrap_or_else(|_| if exponent.starts_with('-') { i64::MIN / 2 } else { i64::MAX / 2 }),
            ),
            None => (unsigned, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let is_zero = whole.bytes().chain(fraction.bytes()).all(|digit| digit == b'0');

        let scale = (fraction.len() as i64).saturating_sub(exponent).max(0);
        let whole_digits = if is_zero { 1 } else { (whole.len() as i64).saturating_add(exponent) };
        let max = Self::MAX_CHARS as i64;
        if scale > max || whole_digits > max {
            return Err(TooLong);
        }
        // Both are within `max` now, and so is what is allocated below.
        let written = write_out(negative && !is_zero, whole, fraction, whole_digits, scale as usize, is_zero);
        if written.len() > Self::MAX_CHARS { Err(TooLong) } else { Ok(Self(written.into())) }
    }

    /// The number that `JSON.stringify` would write for this double, or `None` for infinities and NaN.
    #[must_use]
    pub fn from_double(double: f64) -> Option<Self> {
        // The longest double takes 343 characters: sign, `0.`, and 340 places for the smallest ones.
        double.is_finite().then(|| Self(if double == 0.0 { "0".into() } else { double.to_string().into() }))
    }

    /// The canonical text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The nearest double, and whether it stands for just this text.
    #[must_use]
    pub fn to_double(&self) -> (f64, bool) {
        let double: f64 = self.0.parse().unwrap_or(f64::NAN);
        let exact = Self::from_double(double).is_some_and(|same| same == *self);
        (double, exact)
    }
}

impl From<usize> for Number {
    fn from(number: usize) -> Self {
        Self(number.to_string().into())
    }
}

fn write_out(
    negative: bool,
    whole: &str,
    fraction: &str,
    whole_digits: i64,
    scale: usize,
    is_zero: bool,
) -> String {
    let mut out = String::new();
    if negative {
        out.push('-');
    }
    if is_zero {
        out.push('0');
        if scale > 0 {
            out.push('.');
            out.extend(std::iter::repeat_n('0', scale));
        }
        return out;
    }
    let digits: Vec<char> = whole.chars().chain(fraction.chars()).collect();
    // `whole_digits` says where the point stands in `digits`: before them if negative, behind them if larger.
    let digit_at =
        |place: i64| usize::try_from(place).ok().and_then(|at| digits.get(at)).copied().unwrap_or('0');
    let before: String = (0..whole_digits.max(0)).map(digit_at).collect();
    let before = before.trim_start_matches('0');
    out.push_str(if before.is_empty() { "0" } else { before });
    if scale > 0 {
        out.push('.');
        out.extend((whole_digits..whole_digits + scale as i64).map(digit_at));
    }
    out
}
