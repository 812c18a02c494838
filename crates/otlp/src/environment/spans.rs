//! What OpenTelemetry's own library reads of the variables about spans. It takes whatever it cannot make out for its default,
//! without a word: so that is refused before.

use opentelemetry_sdk::trace::OTEL_BSP_MAX_QUEUE_SIZE_DEFAULT;

use super::{Invalid, Variables, invalid};

/// The most spans that may wait: room for all of them is made at once.
const MAX_QUEUE: usize = 1 << 16;

/// The longest that spans may wait for others, in milliseconds: an hour.
const MAX_DELAY: usize = 60 * 60 * 1000;

/// The variables that limit what one span holds.
const LIMITS: [&str; 3] =
    ["OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "OTEL_SPAN_EVENT_COUNT_LIMIT", "OTEL_SPAN_LINK_COUNT_LIMIT"];

/// # Errors
/// A variable does not say what it has to.
pub(super) fn check(variables: Variables<'_>) -> Result<(), Invalid> {
    sampler(variables)?;
    number(variables, "OTEL_BSP_SCHEDULE_DELAY", 1, MAX_DELAY)?;
    let queue = number(variables, "OTEL_BSP_MAX_QUEUE_SIZE", 1, MAX_QUEUE)?
        .unwrap_or(OTEL_BSP_MAX_QUEUE_SIZE_DEFAULT);
    const BATCH: &str = "OTEL_BSP_MAX_EXPORT_BATCH_SIZE";
    if let Some(batch) = number(variables, BATCH, 1, MAX_QUEUE)?.filter(|batch| *batch > queue) {
        let problem = format!(
            "{batch} spans in one message are more than may wait for it, which are {queue}: \
             lower it, or raise OTEL_BSP_MAX_QUEUE_SIZE"
        );
        return Err(invalid(BATCH, problem));
    }
    LIMITS.into_iter().try_for_each(|name| number(variables, name, 0, MAX_QUEUE).map(drop))
}

/// An empty variable is as good as none. Others are taken as they are, spaces included, as that library does.
fn set(variables: Variables<'_>, name: &str) -> Option<String> {
    variables(name).filter(|value| !value.is_empty())
}

fn number(variables: Variables<'_>, name: &str, least: usize, most: usize) -> Result<Option<usize>, Invalid> {
    let Some(text) = set(variables, name) else { return Ok(None) };
    let number = text.parse().ok().filter(|number| (least..=most).contains(number));
    let problem = || format!("{text:?} is no whole number from {least} to {most}");
    number.map(Some).ok_or_else(|| invalid(name, problem()))
}

/// Which traces are recorded.
fn sampler(variables: Variables<'_>) -> Result<(), Invalid> {
    const SAMPLER: &str = "OTEL_TRACES_SAMPLER";
    const SHARE: &str = "OTEL_TRACES_SAMPLER_ARG";
    let Some(name) = set(variables, SAMPLER) else { return Ok(()) };
    match name.strip_prefix("parentbased_").unwrap_or(&name) {
        "always_on" | "always_off" => Ok(()),
        "traceidratio" => {
            let share = variables(SHARE);
            let is_share = |share: &String| share.parse().is_ok_and(|it: f64| (0.0..=1.0).contains(&it));
            if share.as_ref().is_none_or(is_share) {
                return Ok(());
            }
            Err(invalid(SHARE, format!("{:?} is no share, such as 0.01", share.unwrap_or_default())))
        }
        _ => {
            let known = "always_on, always_off or traceidratio, or one of these behind parentbased_";
            Err(invalid(SAMPLER, format!("{name:?} is not {known}")))
        }
    }
}
