//! What the standard variables say (OpenTelemetry: "OTLP Exporter Configuration", "Environment Variable Specification").

use std::{fs::File, io::Read, time::Duration};

use http::{HeaderMap, HeaderName, HeaderValue, Uri};
use percent_encoding::percent_decode_str;

/// Where and how the two signals are sent.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) traces: Option<Endpoint>,
    pub(crate) metrics: Option<Endpoint>,
    /// How often metrics are sent.
    pub(crate) interval: Duration,
}

/// Where and how a signal is sent.
#[derive(Debug)]
pub(crate) struct Endpoint {
    pub(crate) url: Uri,
    pub(crate) protocol: Protocol,
    pub(crate) headers: HeaderMap,
    pub(crate) timeout: Duration,
    pub(crate) is_compressed: bool,
    /// PEM of the authorities that a collector's certificate has to be of; the system's where there is none.
    pub(crate) authorities: Option<Vec<u8>>,
}

/// How a collector is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protocol {
    Grpc,
    Http,
}

/// A variable that does not say what it has to.
#[derive(Debug, thiserror::Error)]
#[error("{variable}: {problem}")]
pub struct Invalid {
    variable: String,
    problem: String,
}

impl Invalid {
    pub(crate) fn certificate(problem: String) -> Self {
        invalid("OTEL_EXPORTER_OTLP_CERTIFICATE", problem)
    }
}

type Variables<'a> = &'a dyn Fn(&str) -> Option<String>;

/// How much of a file is read, in bytes.
const MAX_FILE_BYTES: u64 = 1 << 20;

impl Protocol {
    /// Its name, as the variable has it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Grpc => "grpc",
            Self::Http => "http/protobuf",
        }
    }
}

impl Settings {
    /// # Errors
    /// A variable does not say what it has to.
    pub(crate) fn read(variables: Variables<'_>) -> Result<Self, Invalid> {
        let is_off = variables("OTEL_SDK_DISABLED").is_some_and(|value| value.eq_ignore_ascii_case("true"));
        let read =
            |signal: &str, path| if is_off { Ok(None) } else { Endpoint::read(variables, signal, path) };
        sampler(variables)?;
        queue(variables)?;
        Ok(Self {
            traces: read("TRACES", "/v1/traces")?,
            metrics: read("METRICS", "/v1/metrics")?,
            interval: milliseconds(variables, "OTEL_METRIC_EXPORT_INTERVAL")?
                .unwrap_or(Duration::from_secs(60)),
        })
    }
}

impl Endpoint {
    fn read(variables: Variables<'_>, signal: &str, path: &str) -> Result<Option<Self>, Invalid> {
        let exporter = format!("OTEL_{signal}_EXPORTER");
        match set(variables, &exporter).as_deref() {
            None | Some("otlp") => {}
            Some("none") => return Ok(None),
            Some(other) => return Err(invalid(&exporter, format!("{other:?} is neither otlp nor none"))),
        }
        // What is said of one signal goes before what is said of all.
        let either = |name: &str| {
            let own = format!("OTEL_EXPORTER_OTLP_{signal}_{name}");
            let all = format!("OTEL_EXPORTER_OTLP_{name}");
            [own, all].into_iter().find_map(|variable| Some((set(variables, &variable)?, variable)))
        };
        let Some((endpoint, variable)) = either("ENDPOINT") else { return Ok(None) };
        let protocol = match either("PROTOCOL") {
            None => Protocol::Http,
            Some((name, _)) if name == "http/protobuf" => Protocol::Http,
            Some((name, _)) if name == "grpc" => Protocol::Grpc,
            Some((name, variable)) => {
                return Err(invalid(&variable, format!("{name:?} is neither http/protobuf nor grpc")));
            }
        };
        let is_own = variable.contains(signal);
        let base = endpoint.trim_end_matches('/');
        let address = match protocol {
            // An address of one signal is taken as it is.
            Protocol::Http if is_own => endpoint.clone(),
            Protocol::Http => format!("{base}{path}"),
            Protocol::Grpc if base.contains("://") => base.to_owned(),
            Protocol::Grpc => format!("http://{base}"),
        };
        let url: Uri =
            address.parse().map_err(|error| invalid(&variable, format!("{endpoint:?}: {error}")))?;
        if !matches!(url.scheme_str(), Some("http" | "https")) || url.authority().is_none() {
            let problem = format!("{endpoint:?} is no address such as http://127.0.0.1:4318");
            return Err(invalid(&variable, problem));
        }
        let is_compressed = match either("COMPRESSION") {
            None => false,
            Some((name, _)) if name == "none" => false,
            Some((name, _)) if name == "gzip" => true,
            Some((name, variable)) => {
                return Err(invalid(&variable, format!("{name:?} is neither gzip nor none")));
            }
        };
        let authorities = either("CERTIFICATE").map(|(path, variable)| {
            file(&path).map_err(|error| invalid(&variable, format!("{path}: {error}")))
        });
        let headers = match either("HEADERS") {
            Some((text, variable)) => headers(&text).map_err(|problem| invalid(&variable, problem))?,
            None => match either("HEADERS_FILE") {
                Some((path, variable)) => {
                    let text = file(&path).map_err(|error| invalid(&variable, format!("{path}: {error}")))?;
                    let text = String::from_utf8_lossy(&text).trim().to_owned();
                    headers(&text).map_err(|problem| invalid(&variable, problem))?
                }
                None => HeaderMap::new(),
            },
        };
        let own = milliseconds(variables, &format!("OTEL_EXPORTER_OTLP_{signal}_TIMEOUT"))?;
        let timeout = match own {
            Some(timeout) => timeout,
            None => milliseconds(variables, "OTEL_EXPORTER_OTLP_TIMEOUT")?.unwrap_or(Duration::from_secs(10)),
        };
        Ok(Some(Self {
            url,
            protocol,
            headers,
            timeout,
            is_compressed,
            authorities: authorities.transpose()?,
        }))
    }
}

/// The most spans that may wait: room for all of them is made at once.
const MAX_QUEUE: usize = 1 << 16;

/// Refuses what OpenTelemetry's own reader of these variables takes without a word.
fn queue(variables: Variables<'_>) -> Result<(), Invalid> {
    milliseconds(variables, "OTEL_BSP_SCHEDULE_DELAY")?;
    for name in ["OTEL_BSP_MAX_QUEUE_SIZE", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE"] {
        let Some(text) = set(variables, name) else { continue };
        if !text.parse().is_ok_and(|number: usize| (1..=MAX_QUEUE).contains(&number)) {
            return Err(invalid(name, format!("{text:?} is no whole number from 1 to {MAX_QUEUE}")));
        }
    }
    Ok(())
}

/// An empty variable is as good as none.
fn set(variables: Variables<'_>, name: &str) -> Option<String> {
    variables(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
}

fn milliseconds(variables: Variables<'_>, name: &str) -> Result<Option<Duration>, Invalid> {
    let Some(text) = set(variables, name) else { return Ok(None) };
    let number = text.parse().ok().filter(|number| *number > 0).map(Duration::from_millis);
    number.map(Some).ok_or_else(|| invalid(name, format!("{text:?} is no number of milliseconds")))
}

/// Which traces are recorded is read by OpenTelemetry's own library, which takes all of them where it cannot make out what is said.
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

/// Reads `name=value,name=value`, whose values are percent-encoded. They may be secret, and are not told.
fn headers(text: &str) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    for pair in text.split(',').filter(|pair| !pair.trim().is_empty()) {
        let (name, value) = pair.split_once('=').ok_or("write it as name=value,name=value")?;
        let name: HeaderName =
            name.trim().parse().map_err(|_| "a name in it is none that a header can have")?;
        let value = percent_decode_str(value.trim()).decode_utf8_lossy();
        let mut value =
            HeaderValue::from_str(&value).map_err(|_| format!("the value of {name} cannot be sent"))?;
        value.set_sensitive(true);
        headers.append(name, value);
    }
    Ok(headers)
}

fn file(path: &str) -> std::io::Result<Vec<u8>> {
    let mut content = Vec::new();
    File::open(path)?.take(MAX_FILE_BYTES).read_to_end(&mut content)?;
    Ok(content)
}

fn invalid(variable: &str, problem: impl Into<String>) -> Invalid {
    Invalid { variable: variable.to_owned(), problem: problem.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(set: &[(&str, &str)]) -> Result<Settings, Invalid> {
        let find = |name: &str| {
            let (_, value) = set.iter().find(|(known, _)| *known == name)?;
            Some((*value).to_owned())
        };
        Settings::read(&find)
    }

    fn urls(set: &[(&str, &str)]) -> [Option<String>; 2] {
        let Settings { traces, metrics, .. } = read(set).expect("settings");
        [traces, metrics].map(|endpoint| endpoint.map(|endpoint| endpoint.url.to_string()))
    }

    const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";

    #[test]
    fn nothing_is_sent_where_nobody_is_named_or_wanted() {
        let none = [None, None];
        assert_eq!(urls(&[]), none);
        assert_eq!(urls(&[(ENDPOINT, "")]), none);
        assert_eq!(urls(&[(ENDPOINT, "http://c:4318"), ("OTEL_SDK_DISABLED", "true")]), none);
        let off = [("OTEL_TRACES_EXPORTER", "none"), ("OTEL_METRICS_EXPORTER", "none")];
        assert_eq!(urls(&[&[(ENDPOINT, "http://c:4318")], &off[..]].concat()), none);
    }

    #[test]
    fn an_address_of_all_signals_gets_their_paths_and_one_of_a_single_signal_is_taken_as_it_is() {
        let both =
            ["http://c:4318/x/v1/traces", "http://c:4318/x/v1/metrics"].map(|url| Some(url.to_owned()));
        assert_eq!(urls(&[(ENDPOINT, "http://c:4318/x/")]), both);
        let own = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "https://t/own");
        assert_eq!(urls(&[own]), [Some("https://t/own".to_owned()), None]);
        let grpc = ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc");
        assert_eq!(urls(&[(ENDPOINT, "c:4317"), grpc])[0].as_deref(), Some("http://c:4317/"));
    }

    #[test]
    fn what_a_variable_cannot_say_is_refused_by_its_name_and_without_what_is_secret() {
        for (variable, value) in [
            (ENDPOINT, "ftp://c"),
            (ENDPOINT, "no address"),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json"),
            ("OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "zstd"),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "soon"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "hunter2"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "a=hunter2%0a"),
            ("OTEL_EXPORTER_OTLP_CERTIFICATE", "/nowhere/ca.pem"),
            ("OTEL_TRACES_EXPORTER", "jaeger"),
            ("OTEL_METRIC_EXPORT_INTERVAL", "0"),
            ("OTEL_BSP_MAX_QUEUE_SIZE", "99999999999"),
            ("OTEL_BSP_MAX_QUEUE_SIZE", "0"),
            ("OTEL_BSP_SCHEDULE_DELAY", "soon"),
            ("OTEL_TRACES_SAMPLER", "parentbased_always"),
            ("OTEL_TRACES_SAMPLER", "1%"),
        ] {
            let set = [(variable, value), (ENDPOINT, "http://c:4318")];
            let told = read(&set).expect_err(value).to_string();
            assert!(told.starts_with(variable) && !told.contains("hunter2"), "{told}");
        }
    }

    #[test]
    fn a_share_of_traces_is_a_number_up_to_one() {
        let sampled = |share: &str| {
            read(&[("OTEL_TRACES_SAMPLER", "parentbased_traceidratio"), ("OTEL_TRACES_SAMPLER_ARG", share)])
        };
        for share in ["0", "0.01", "1"] {
            assert!(sampled(share).is_ok(), "{share}");
        }
        for share in ["1%", "-1", "2", "NaN", ""] {
            let told = sampled(share).expect_err(share).to_string();
            assert!(told.starts_with("OTEL_TRACES_SAMPLER_ARG: "), "{told}");
        }
    }

    #[test]
    fn headers_are_percent_encoded_and_not_printed() {
        let set =
            [(ENDPOINT, "http://c"), ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20hunter2, a=b")];
        let traces = read(&set).expect("settings").traces.expect("an endpoint");
        assert_eq!(
            (&traces.headers["authorization"], &traces.headers["a"]),
            (&"Bearer hunter2".parse().expect("text"), &"b".parse().expect("text"))
        );
        assert!(!format!("{traces:?}").contains("hunter2"));
    }
}
