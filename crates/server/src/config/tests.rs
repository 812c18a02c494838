//! Every flag, its variable and its default, held to the contract.

mod refused;

use std::time::Duration;

use clap::{Arg, Command, CommandFactory, FromArgMatches, Parser, builder::Resettable};

use super::*;
use crate::cli::Program;

/// The flags of `serve`. Of these the first five are the contract's, with their variables and defaults.
const SERVE: &[(&str, &str, &str)] = &[
    ("database-url", "DATABASE_URL", "sqlite:channel-sessions.db"),
    ("database-url-file", "DATABASE_URL_FILE", ""),
    ("grpc-addr", "GRPC_ADDR", "127.0.0.1:50051"),
    ("http-addr", "HTTP_ADDR", "127.0.0.1:8080"),
    ("max-attributes", "MAX_ATTRIBUTES", "10"),
    ("value-rules", "VALUE_RULES", "strict"),
    ("tenant-calls-per-second", "TENANT_CALLS_PER_SECOND", ""),
    ("tenant-max-calls", "TENANT_MAX_CALLS", ""),
    ("tenants-file", "TENANTS_FILE", ""),
    ("tls-cert", "TLS_CERT", ""),
    ("tls-key", "TLS_KEY", ""),
    ("tls-client-ca", "TLS_CLIENT_CA", ""),
    ("insecure", "INSECURE", "false"),
    ("authn", "AUTHN", "none"),
    ("credentials-file", "CREDENTIALS_FILE", ""),
    ("oidc-issuer", "OIDC_ISSUER", ""),
    ("oidc-audience", "OIDC_AUDIENCE", ""),
    ("oidc-jwks", "OIDC_JWKS", ""),
    ("oidc-tenant-claim", "OIDC_TENANT_CLAIM", "tenant_id"),
    ("oidc-scope-claim", "OIDC_SCOPE_CLAIM", "scope"),
    ("reflection", "REFLECTION", "on"),
    ("allowed-hosts", "ALLOWED_HOSTS", ""),
    ("cors-origins", "CORS_ORIGINS", ""),
    ("database-max-connections", "DATABASE_MAX_CONNECTIONS", "16"),
    ("database-timeout", "DATABASE_TIMEOUT", "5s"),
    ("session-cache", "SESSION_CACHE", "32MiB"),
    ("request-timeout", "REQUEST_TIMEOUT", "10s"),
    ("row-level-security", "ROW_LEVEL_SECURITY", ""),
    ("body-timeout", "BODY_TIMEOUT", "10s"),
    ("max-concurrent-requests", "MAX_CONCURRENT_REQUESTS", "1024"),
    ("max-watches", "MAX_WATCHES", "4096"),
    ("max-connections", "MAX_CONNECTIONS", "5120"),
    ("max-connection-age", "MAX_CONNECTION_AGE", "off"),
    ("max-connection-age-grace", "MAX_CONNECTION_AGE_GRACE", "30s"),
    ("stream-idle-timeout", "STREAM_IDLE_TIMEOUT", "5m"),
    ("answer-timeout", "ANSWER_TIMEOUT", "20s"),
    ("memory-budget", "MEMORY_BUDGET", "96MiB"),
    ("event-retention", "EVENT_RETENTION", "7days"),
    ("request-id-retention", "REQUEST_ID_RETENTION", "24h"),
    ("ended-retention", "ENDED_RETENTION", "never"),
    ("retention-interval", "RETENTION_INTERVAL", "1m"),
    ("metrics-addr", "METRICS_ADDR", "127.0.0.1:9464"),
    ("lame-duck", "LAME_DUCK", "1s"),
    ("drain-timeout", "DRAIN_TIMEOUT", "15s"),
    ("log-format", "LOG_FORMAT", "auto"),
    ("log-level", "LOG_LEVEL", "info,sqlx=warn"),
    ("log-calls", "LOG_CALLS", "100%"),
    ("log-level-file", "LOG_LEVEL_FILE", ""),
    ("sample", "", "false"),
    ("check", "", "false"),
];

/// The flags that a gateway alone has beside some of those.
const GATEWAY: &[(&str, &str, &str)] = &[
    ("upstream-ca", "UPSTREAM_CA", ""),
    ("upstream-cert", "UPSTREAM_CERT", ""),
    ("upstream-key", "UPSTREAM_KEY", ""),
];

/// What a person says again with each call, so that it has no variable.
const OF_ONE_CALL: [&str; 9] =
    ["sample", "check", "raw", "existing", "output", "array", "tenant", "help", "version"];

/// All commands, with the flags that each of them takes.
fn commands() -> Vec<Command> {
    let mut root = Program::command();
    root.build();
    let commands: Vec<_> = root.get_subcommands().filter(|it| it.get_name() != "help").cloned().collect();
    let names: Vec<_> = commands.iter().map(Command::get_name).collect();
    assert_eq!(names, ["serve", "gateway", "migrate", "create-key", "import", "export", "backup"]);
    commands
}

fn flags(command: &Command) -> impl Iterator<Item = &Arg> {
    command.get_arguments().filter(|arg| !arg.is_positional())
}

fn variable(arg: &Arg) -> &str {
    arg.get_env().map_or("", |name| name.to_str().expect("a variable's name is text"))
}

#[test]
fn the_defaults_of_serve_are_these() {
    let commands = commands();
    let mut found: Vec<_> = flags(&commands[0])
        .map(|arg| {
            let defaults = arg.get_default_values();
            let default = defaults.first().map_or("", |value| value.to_str().expect("a default is text"));
            (arg.get_long().expect("every flag has a long name"), variable(arg), default)
        })
        .filter(|(name, ..)| *name != "help")
        .collect();
    let mut expected = SERVE.to_vec();
    found.sort_unstable();
    expected.sort_unstable();
    assert_eq!(found, expected);
}

#[test]
fn a_flag_means_the_same_to_every_command() {
    for command in commands() {
        for arg in flags(&command) {
            let name = arg.get_long().expect("every flag has a long name");
            if OF_ONE_CALL.contains(&name) {
                continue;
            }
            let mut known = SERVE.iter().chain(GATEWAY);
            let (_, env, default) = known.find(|(known, ..)| *known == name).expect("a flag that is listed");
            assert_eq!(variable(arg), *env, "{} --{name}", command.get_name());
            let defaults = arg.get_default_values();
            assert!(defaults.len() <= 1, "{} --{name}", command.get_name());
            assert_eq!(
                defaults.first().map_or("", |it| it.to_str().expect("text")),
                *default,
                "{} --{name}",
                command.get_name()
            );
        }
    }
}

#[test]
fn every_flag_has_the_variable_of_its_name_and_help_never_shows_what_is_in_it() {
    for command in commands() {
        for arg in flags(&command) {
            let name = arg.get_long().expect("every flag has a long name");
            if OF_ONE_CALL.contains(&name) {
                assert_eq!(variable(arg), "", "{} --{name}", command.get_name());
                continue;
            }
            let expected = name.replace('-', "_").to_ascii_uppercase();
            assert_eq!(variable(arg), expected, "{} --{name}", command.get_name());
            // A database URL holds a password; the others follow suit, so that nobody has to think about it.
            assert!(arg.is_hide_env_values_set(), "{} --{name}", command.get_name());
        }
    }
}

#[derive(Parser)]
struct All {
    #[command(flatten)]
    grpc_addr: GrpcAddr,
    #[command(flatten)]
    http_addr: HttpAddr,
    #[command(flatten)]
    database: Database,
    #[command(flatten)]
    rules: Rules,
    #[command(flatten)]
    tenants: Tenants,
    #[command(flatten)]
    limits: Limits,
    #[command(flatten)]
    retention: Retention,
    #[command(flatten)]
    stop: Stop,
    #[command(flatten)]
    log: Log,
}

/// The settings as the program has them, whatever the environment that the tests run in says.
fn parsed() -> All {
    let command = All::command().mut_args(|arg| arg.env(Resettable::Reset));
    let matches = command.try_get_matches_from(["test"]).expect("nothing has to be given");
    All::from_arg_matches(&matches).expect("the defaults are valid")
}

/// No sum of two of them has room in a duration.
#[test]
fn what_is_kept_for_longer_than_time_can_be_counted_is_kept() {
    let ever = "500000000000years";
    let args = ["test", "--request-id-retention", ever, "--retention-interval", ever];
    let matches = All::command().mut_args(|arg| arg.env(Resettable::Reset)).try_get_matches_from(args);
    let all = All::from_arg_matches(&matches.expect("durations")).expect("durations");
    assert!(all.retention.expires_events_first());
}

#[test]
fn the_defaults_are_what_the_service_has_of_its_own() {
    let All { grpc_addr, http_addr, database, rules, tenants, limits, retention, stop, log } = parsed();
    assert_eq!((&*grpc_addr.grpc_addr, &*http_addr.http_addr), ("127.0.0.1:50051", "127.0.0.1:8080"));
    assert_eq!((database.url(), database.max_connections), ("sqlite:channel-sessions.db", 16));
    assert_eq!(database.session_cache(), domain::batch::SessionCache::DEFAULT_BYTES);
    assert_eq!(log.format, LogFormat::Auto);
    assert!(log.level.would_enable("server", &tracing::Level::INFO));
    assert!(!log.level.would_enable("server", &tracing::Level::DEBUG));
    // On a command line the database's notices would stand between the command's own words.
    assert!(!log.level.would_enable("sqlx::postgres::notice", &tracing::Level::INFO));
    assert_eq!((stop.lame_duck(), stop.drain_timeout()), (Duration::from_secs(1), Duration::from_secs(15)));

    const HOUR: Duration = Duration::from_secs(60 * 60);
    assert_eq!((retention.events(), retention.request_ids()), (7 * 24 * HOUR, 24 * HOUR));
    assert_eq!((retention.ended(), retention.interval()), (None, HOUR / 60));
    assert_eq!(limits.max_watches(), watch::Options::default().max_watches);

    let service = grpc::Options::default();
    let limits_of_all = ::tenants::Limits::default();
    assert_eq!(service.tenants.limits(&domain::session::TenantId::only()), limits_of_all);
    assert_eq!(rules.max_attributes as usize, limits_of_all.max_attributes);
    assert_eq!(rules.value_rules(), limits_of_all.value_rules);
    assert_eq!(tenants.calls_per_second(), limits_of_all.calls_per_second);
    assert_eq!(tenants.max_calls(), limits_of_all.max_calls);
    assert_eq!(limits.request_timeout(), service.max_deadline);
    assert_eq!(limits.max_concurrent_requests(), service.max_concurrent_calls);
    assert_eq!(limits.body_timeout(), service.body_timeout);
    assert_eq!(limits.stream_idle_timeout(), service.stream_idle_timeout);
    assert_eq!(limits.answer_timeout(), service.answer_timeout);
    let (budget, own) = (limits.budget(), budget::Budget::default());
    assert_eq!(budget.requests.available(), own.requests.available());
    assert_eq!(budget.answers.available(), own.answers.available());
    let gateway = limits.gateway(budget);
    assert_eq!(gateway.body_timeout, Duration::from_secs(10));
    assert_eq!(gateway.max_concurrent_requests, service.max_concurrent_calls);
    assert_eq!(gateway.max_event_streams, limits.max_watches());
    // The service answers an expired deadline itself: it knows what became of the change.
    assert!(gateway.call_timeout > service.max_deadline);
}
