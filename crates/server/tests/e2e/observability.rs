//! Holds what `deploy/` says of metrics to what processes expose: alerts, dashboard and documents name what there is,
//! and all of it is documented.

mod files;
mod promql;
mod scrape;

use std::collections::BTreeSet;

use channel_session_api::v1::WatchChannelSessionsRequest;
use http::Method;

use crate::support::{Front, Rest, Secure, Service, Store, Watch, process::Process, timeout::until};
use files::{Rule, anchors, panels, read, rules, table};
use scrape::Scrape;

const ID: &str = "64e2f08a6155b317cd3f88fd";

/// Labels that Prometheus gives its series.
const OF_PROMETHEUS: [&str; 3] = ["instance", "job", "le"];

/// What is exposed by processes that have had something of everything to do: a server on PostgreSQL, a gateway before
/// it, and a server over TLS.
async fn scraped() -> Scrape {
    let service = Service::with(Store::Postgres, Front::Alone, &[]).await;
    let (rest, grpc) = (service.rest(), service.grpc().await);
    let mut watch = Watch::start(&grpc, WatchChannelSessionsRequest::default()).await;
    for value in 1..=20 {
        let body = format!(r#"[{{"key":"k","type":"String50","value":"{value}"}}]"#);
        assert_eq!(rest.update(ID, body).await.status, 200);
    }
    watch.take(20).await;
    assert_eq!(rest.get(ID).await.status, 200);
    assert_eq!(rest.update(ID, "[1]").await.status, 400);
    assert_eq!(rest.update("nobody", "[]").await.status, 404);
    assert_eq!(rest.send(Method::GET, "/nothing/here", "", &[]).await.status, 404);
    for path in ["/channel-sessions".to_owned(), format!("/channel-sessions/{ID}/history")] {
        assert_eq!(rest.send(Method::GET, &path, "", &[]).await.status, 200);
    }
    let secure = Secure::new();
    let flags = secure.flags();
    let flags: Vec<_> = flags.iter().map(String::as_str).collect();
    let over_tls = Service::with(Store::Sqlite, Front::Combined, &flags).await;
    until("the certificate is followed", async || {
        received(&over_tls.server).await.contains("reloads_total{")
    })
    .await;

    let mut scrape = Scrape::default();
    for process in [&service.server, service.gateway.as_ref().unwrap(), &over_tls.server] {
        scrape.add(&received(process).await);
    }
    scrape
}

async fn received(process: &Process) -> String {
    Rest::new(process.address("metrics")).send(Method::GET, "/metrics", "", &[]).await.body
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_that_is_asked_for_is_told_and_all_that_is_told_is_documented() {
    let scrape = scraped().await;
    let rules = rules();
    let recorded: BTreeSet<_> = rules.iter().map(|rule| rule.get("record")).collect();
    let mut queries: Vec<_> = rules.iter().map(|rule| rule.get("expr").to_owned()).collect();
    let of_rules = queries.len();
    for panel in panels() {
        let targets = panel["targets"].as_array().unwrap();
        queries.extend(targets.iter().map(|target| target["expr"].as_str().unwrap().to_owned()));
        let legends = targets.iter().map(|target| target["legendFormat"].as_str().unwrap());
        for label in legends.flat_map(|legend| legend.split("{{").skip(1)) {
            let label = label.split_once("}}").unwrap().0;
            assert!(scrape.has_label(label) || OF_PROMETHEUS.contains(&label), "{label} of {panel}");
        }
    }
    assert!(of_rules > 30 && queries.len() > of_rules + 30, "{of_rules} of {}", queries.len());

    for query in &queries {
        let names = promql::names(query);
        assert!(!names.selectors.is_empty(), "{query} names nothing");
        for label in names.grouping {
            let is_known = OF_PROMETHEUS.contains(&&*label) || scrape.has_label(&label);
            assert!(is_known, "nothing has the label {label}, which is in {query}");
        }
        for (metric, matchers) in names.selectors {
            if metric == "up" || recorded.contains(&*metric) {
                continue;
            }
            let labels = scrape.series.get(&metric);
            let labels = labels.unwrap_or_else(|| panic!("nobody exposes {metric}, which is in {query}"));
            for (label, value) in matchers.iter().filter(|(label, _)| !OF_PROMETHEUS.contains(&&**label)) {
                let values = labels.get(label);
                let values = values.unwrap_or_else(|| panic!("{metric} has no {label}, as {query} has it"));
                // Not every code of an answer is provoked here.
                if let Some(value) = value
                    && !label.ends_with("status_code")
                {
                    assert!(values.contains(value), "{label} of {metric} is never {value}: {values:?}");
                }
            }
        }
    }

    let documented = table(&read("observability.md"));
    for (family, labels) in &scrape.families {
        let row = documented.get(family).unwrap_or_else(|| panic!("{family} is not documented"));
        assert_eq!(row, &labels.keys().cloned().collect::<Vec<_>>(), "the labels of {family}");
    }
    for family in documented.keys() {
        assert!(scrape.families.contains_key(family), "nobody exposes {family}, which is documented");
    }
}

#[test]
fn every_alert_says_how_bad_it_is_what_was_measured_and_where_to_read_on_and_is_tested() {
    let runbook = read("RUNBOOK.md");
    let tests = ["alerts.test.yaml", "alerts.retention.test.yaml"];
    let tests: String = tests.map(|file| read(&format!("prometheus/{file}"))).concat();
    let anchors = anchors(&runbook);
    let rules = rules();
    let alerts: Vec<_> = rules.iter().filter(|rule| !rule.get("alert").is_empty()).collect();
    assert!(alerts.len() >= 12, "{alerts:#?}");
    let mut led_to = BTreeSet::new();
    for alert in alerts {
        let name = alert.get("alert");
        assert!(["critical", "warning", "info"].contains(&alert.get("severity")), "{alert:?}");
        assert!(!alert.get("summary").is_empty() && alert.get("description").contains("$value"), "{alert:?}");
        let (_, fragment) = alert.get("runbook").split_once("deploy/RUNBOOK.md#").expect("a heading");
        assert!(anchors.iter().any(|anchor| anchor == fragment), "{name} leads to {fragment}: {anchors:?}");
        led_to.insert(fragment);
        assert!(
            tests.contains(&format!("alertname=\"{name}\"")) || tests.contains(&format!("alertname: {name}"))
        );
        assert!(runbook.contains(&format!("`{name}`")), "{name} is not in the runbook");
    }
    let of_alerts = runbook.lines().filter(|line| line.starts_with("## ")).count();
    assert_eq!(led_to.len(), of_alerts, "a heading of the runbook has no alert: {led_to:?}");
}

#[test]
fn every_panel_says_what_it_shows_and_in_what_and_each_has_an_id_of_its_own() {
    let panels = panels();
    let ids: BTreeSet<_> = panels.iter().map(|panel| panel["id"].as_i64().unwrap()).collect();
    assert_eq!(ids.len(), panels.len());
    for panel in panels {
        assert!(panel["description"].as_str().is_some_and(|text| text.len() > 20), "{panel}");
        assert!(panel["fieldConfig"]["defaults"]["unit"].is_string(), "{panel}");
        assert_eq!(panel["datasource"]["uid"], "${datasource}", "{panel}");
        for target in panel["targets"].as_array().unwrap() {
            let query = target["expr"].as_str().unwrap();
            assert!(query.contains("$instance"), "{query} is not of the instances that are chosen");
        }
    }
}

#[test]
fn what_rules_record_is_asked_for() {
    let rules = rules();
    let asks = |name: &str| rules.iter().any(|rule| rule.get("expr").contains(name));
    let recorded = |rule: &Rule| Some(rule.get("record").to_owned()).filter(|name| !name.is_empty());
    for name in rules.iter().filter_map(recorded) {
        assert!(asks(&name), "nothing asks for {name}");
    }
}

/// Whoever is woken by an alert looks at the dashboard first.
#[test]
fn what_rules_ask_for_is_on_the_dashboard() {
    let shown: BTreeSet<_> = panels()
        .iter()
        .flat_map(|panel| panel["targets"].as_array().unwrap().clone())
        .flat_map(|target| promql::names(target["expr"].as_str().unwrap()).selectors)
        .map(|(metric, _)| metric)
        .collect();
    let rules = rules();
    let recorded: BTreeSet<_> = rules.iter().map(|rule| rule.get("record")).collect();
    for (metric, _) in rules.iter().flat_map(|rule| promql::names(rule.get("expr")).selectors) {
        let is_exposed = metric != "up" && !recorded.contains(&*metric);
        assert!(!is_exposed || shown.contains(&metric), "no panel shows {metric}");
    }
}
