//! Metrics as messages, under their names with dots.

use std::time::{SystemTime, UNIX_EPOCH};

use metrics::{
    Metrics, Unit,
    model::{self, MetricFamily, MetricType},
};
use opentelemetry_proto::tonic::{
    common::v1::{AnyValue, KeyValue, any_value},
    metrics::v1::{
        AggregationTemporality, Exemplar, Gauge, Histogram, HistogramDataPoint, Metric, NumberDataPoint, Sum,
        exemplar, metric::Data, number_data_point,
    },
};

/// All metrics as they are now, counted since the process began.
pub(crate) fn of(metrics: &Metrics, began: SystemTime, now: SystemTime) -> Vec<Metric> {
    let time = Time { began: nanoseconds(began), now: nanoseconds(now) };
    metrics.families().into_iter().filter_map(|family| metric(metrics, family, &time)).collect()
}

/// How many data points a metric has.
pub(crate) fn count(metric: &Metric) -> usize {
    match &metric.data {
        Some(Data::Gauge(gauge)) => gauge.data_points.len(),
        Some(Data::Sum(sum)) => sum.data_points.len(),
        Some(Data::Histogram(histogram)) => histogram.data_points.len(),
        // There are none of these here.
        Some(Data::ExponentialHistogram(_) | Data::Summary(_)) | None => 0,
    }
}

struct Time {
    began: u64,
    now: u64,
}

fn metric(metrics: &Metrics, family: MetricFamily, time: &Time) -> Option<Metric> {
    let name = metrics.name(&family.name)?;
    let kind = family.r#type();
    let data = match kind {
        MetricType::Counter => {
            let points = family.metric.iter().filter_map(|metric| {
                let counter = metric.counter.as_ref()?;
                Some(number(metric, counter.value, time))
            });
            let aggregation_temporality = AggregationTemporality::Cumulative.into();
            Data::Sum(Sum { data_points: points.collect(), aggregation_temporality, is_monotonic: true })
        }
        MetricType::Histogram => {
            let points = family.metric.iter().filter_map(|metric| histogram(metric, time));
            let aggregation_temporality = AggregationTemporality::Cumulative.into();
            Data::Histogram(Histogram { data_points: points.collect(), aggregation_temporality })
        }
        MetricType::Gauge | MetricType::Summary | MetricType::Untyped | MetricType::GaugeHistogram => {
            let points = family.metric.iter().filter_map(|metric| {
                let gauge = metric.gauge.as_ref()?;
                Some(number(metric, gauge.value, time))
            });
            Data::Gauge(Gauge { data_points: points.collect() })
        }
    };
    Some(Metric {
        name: name.dotted.to_owned(),
        description: name.help.to_owned(),
        unit: Unit::ucum(name.unit).to_owned(),
        data: Some(data),
        ..Metric::default()
    })
}

fn number(metric: &model::Metric, value: f64, time: &Time) -> NumberDataPoint {
    NumberDataPoint {
        attributes: attributes(&metric.label),
        start_time_unix_nano: time.began,
        time_unix_nano: time.now,
        value: Some(number_data_point::Value::AsDouble(value)),
        ..NumberDataPoint::default()
    }
}

fn histogram(metric: &model::Metric, time: &Time) -> Option<HistogramDataPoint> {
    let histogram = metric.histogram.as_ref()?;
    let bounds = histogram.bucket.iter().map(|bucket| bucket.upper_bound);
    // There they count what is below their bound, here what is in them.
    let below = histogram.bucket.iter().map(|bucket| bucket.cumulative_count);
    let below: Vec<_> = std::iter::once(0).chain(below).collect();
    let mut counts: Vec<_> = below.windows(2).map(|pair| pair[1].saturating_sub(pair[0])).collect();
    let explicit_bounds: Vec<_> = bounds.filter(|bound| bound.is_finite()).collect();
    if counts.len() == explicit_bounds.len() {
        counts.push(histogram.sample_count.saturating_sub(below.last().copied().unwrap_or(0)));
    }
    Some(HistogramDataPoint {
        attributes: attributes(&metric.label),
        start_time_unix_nano: time.began,
        time_unix_nano: time.now,
        count: histogram.sample_count,
        sum: Some(histogram.sample_sum),
        bucket_counts: counts,
        explicit_bounds,
        exemplars: histogram.bucket.iter().filter_map(|bucket| exemplar(bucket.exemplar.as_ref()?)).collect(),
        ..HistogramDataPoint::default()
    })
}

fn exemplar(exemplar: &model::Exemplar) -> Option<Exemplar> {
    let id = |name: &str| {
        let label = exemplar.label.iter().find(|label| label.name == name)?;
        let digits = label.value.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).ok());
        digits.map(|pair| u8::from_str_radix(pair?, 16).ok()).collect::<Option<Vec<_>>>()
    };
    let time = exemplar.timestamp.as_ref()?;
    let seconds = u64::try_from(time.seconds).ok()?;
    Some(Exemplar {
        time_unix_nano: seconds * 1_000_000_000 + u64::try_from(time.nanos).ok()?,
        span_id: id("span_id")?,
        trace_id: id("trace_id")?,
        value: Some(exemplar::Value::AsDouble(exemplar.value)),
        ..Exemplar::default()
    })
}

fn attributes(labels: &[model::LabelPair]) -> Vec<KeyValue> {
    let labels = labels.iter().filter(|label| !label.value.is_empty());
    let pair = |label: &model::LabelPair| KeyValue {
        key: Metrics::attribute(&label.name).to_owned(),
        value: Some(AnyValue { value: Some(any_value::Value::StringValue(label.value.clone())) }),
        ..KeyValue::default()
    };
    labels.map(pair).collect()
}

fn nanoseconds(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use telemetry::{
        Recorder as _, Signal,
        call::{Ended, Outcome, Port},
    };

    use super::*;

    #[test]
    fn a_histogram_counts_what_is_in_each_of_its_buckets_and_leads_to_traces() {
        let metrics = Metrics::new("1", "sqlite");
        for took in [Duration::from_millis(3), Duration::from_millis(4), Duration::from_secs(60)] {
            metrics.record(Signal::CallBegan(Port::Grpc));
            metrics.record(Signal::CallEnded(Ended {
                port: Port::Grpc,
                method: "POST",
                route: Some("a.B/C"),
                outcome: Outcome::Grpc(0),
                took,
                is_stream: false,
                trace_ids: Some((0x7b, 0x1c)),
            }));
        }
        let all = of(&metrics, UNIX_EPOCH, UNIX_EPOCH + Duration::from_secs(1));
        let metric = all.iter().find(|metric| metric.name == "rpc.server.call.duration").expect("it");
        assert_eq!(metric.unit, "s");
        assert_eq!(count(metric), 1);
        let Some(Data::Histogram(Histogram { data_points, .. })) = &metric.data else { panic!("{metric:?}") };
        let [point] = &data_points[..] else { panic!("{data_points:?}") };
        assert_eq!(point.bucket_counts.len(), point.explicit_bounds.len() + 1);
        assert_eq!((point.count, point.bucket_counts.iter().sum::<u64>()), (3, 3));
        let at =
            point.explicit_bounds.iter().position(|bound| (bound - 0.005).abs() < 1e-9).expect("a bound");
        assert_eq!((point.bucket_counts[at], point.bucket_counts.last()), (2, Some(&1)));
        let keys: Vec<_> = point.attributes.iter().map(|attribute| attribute.key.as_str()).collect();
        assert_eq!(keys, ["rpc.method", "rpc.response.status_code", "rpc.system.name"]);
        assert_eq!(point.exemplars[0].span_id, 0x1c_u64.to_be_bytes());
        assert_eq!(point.exemplars[0].trace_id, 0x7b_u128.to_be_bytes());
    }
}
