//! Variables that do not say what they have to.

/// A variable that does not say what it has to. What is secret in it is not shown.
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

pub(super) fn invalid(variable: &str, problem: impl Into<String>) -> Invalid {
    Invalid { variable: variable.to_owned(), problem: problem.into() }
}
