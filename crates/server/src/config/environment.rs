//! Environment variables that look like settings and are none.

use clap::Command;

/// How many letters a name may be away from a setting's to be taken for a slip.
const MAX_DISTANCE: usize = 2;

/// Of the names of variables, those that nobody reads but that look as if they were meant for a setting, each with that
/// setting's name: with letters mistyped, in lower case, or with words before or behind it.
pub(crate) fn misspelt(cli: &Command, variables: impl Iterator<Item = String>) -> Vec<(String, String)> {
    let known = names(cli);
    let near = |variable: String| {
        if known.contains(&variable) {
            return None;
        }
        let name = variable.to_ascii_uppercase();
        // OpenTelemetry has settings of the same words, such as OTEL_EXPORTER_OTLP_INSECURE: whoever reads them remarks on them.
        if name.starts_with("OTEL_") {
            return None;
        }
        let distance = |known: &&String| strsim::damerau_levenshtein(&name, known);
        let is_near = |known: &&String| {
            distance(known) <= MAX_DISTANCE
                || name.strip_suffix(known.as_str()).is_some_and(|before| before.ends_with('_'))
                || name.strip_prefix(known.as_str()).is_some_and(|behind| behind.starts_with('_'))
        };
        let meant = known.iter().filter(is_near).min_by_key(distance)?;
        Some((variable, meant.clone()))
    };
    variables.filter_map(near).collect()
}

/// The variables of all commands.
fn names(cli: &Command) -> Vec<String> {
    let of = |command: &Command| {
        let names = command.get_arguments().filter_map(|arg| Some(arg.get_env()?.to_str()?.to_owned()));
        names.collect::<Vec<_>>()
    };
    let mut names: Vec<_> = cli.get_subcommands().flat_map(of).chain(of(cli)).collect();
    names.sort_unstable();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;
    use crate::cli::Program;

    #[test]
    fn what_looks_like_a_setting_is_found() {
        for (variable, meant) in [
            ("MAX_ATTRIBUTE", Some("MAX_ATTRIBUTES")),
            ("MAX_ATRIBUTES", Some("MAX_ATTRIBUTES")),
            ("DATABSE_URL", Some("DATABASE_URL")),
            ("max_attributes", Some("MAX_ATTRIBUTES")),
            ("CHANNEL_SESSIONS_GRPC_ADDR", Some("GRPC_ADDR")),
            ("EVENT_RETENTION_DAYS", Some("EVENT_RETENTION")),
            ("LOG_FORMAT", None),
            ("DATABASE_URL_FIEL", Some("DATABASE_URL_FILE")),
            ("database_url_file", Some("DATABASE_URL_FILE")),
            ("DATABASE_URL_FILE", None),
            // There is no such thing for what is no secret.
            ("MAX_ATTRIBUTES_FILE", Some("MAX_ATTRIBUTES")),
            ("CREDENTIALS_FILE_FILE", Some("CREDENTIALS_FILE")),
            ("ALLOWED_HOST", Some("ALLOWED_HOSTS")),
            ("MAX_ATTRIBUTES", None),
            ("PATH", None),
            ("HOME", None),
            ("TEST_ADDR", None),
            ("OTEL_EXPORTER_OTLP_INSECURE", None),
            ("OTEL_LOG_LEVEL", None),
            ("otel_metrics_addr", None),
        ] {
            let found = misspelt(&Program::command(), [variable.to_owned()].into_iter());
            assert_eq!(found.first().map(|(_, meant)| &**meant), meant, "{variable}");
        }
    }
}
