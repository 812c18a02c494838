//! What a check before the start has found, for operators.

/// What was looked at, and what there is to say of it. Holds no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What was looked at.
    pub what: &'static str,
    /// Whether it is as it has to be.
    pub verdict: Verdict,
    /// What was found, or what to fix.
    pub said: String,
}

/// Whether something is as it has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is.
    Fine,
    /// The process can serve, and somebody should know.
    Warning,
    /// The process cannot serve so.
    Failed,
}

impl Finding {
    /// It is as it has to be.
    pub fn fine(what: &'static str, said: impl Into<String>) -> Self {
        Self { what, verdict: Verdict::Fine, said: said.into() }
    }

    /// The process can serve, and somebody should know.
    pub fn warning(what: &'static str, said: impl Into<String>) -> Self {
        Self { verdict: Verdict::Warning, ..Self::fine(what, said) }
    }

    /// The process cannot serve so.
    pub fn failed(what: &'static str, said: impl Into<String>) -> Self {
        Self { verdict: Verdict::Failed, ..Self::fine(what, said) }
    }
}
