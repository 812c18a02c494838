//! The document as a page: written out by the program, so that it needs no script and nothing from elsewhere.

mod schema;
mod text;

use std::sync::LazyLock;

use base64::{Engine, engine::general_purpose::STANDARD};
use http::HeaderValue;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{
    document::document,
    examples,
    operations::{TAGS, tag},
};
use crate::operation::Operation;
use text::{escape, prose};

const STYLE: &str = include_str!("page/style.css");

/// What the pages may load: nothing. Their style is part of them, and known by its digest.
pub(super) fn policy() -> HeaderValue {
    static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
        let digest = STANDARD.encode(Sha256::digest(STYLE));
        let policy = format!(
            "default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        );
        HeaderValue::try_from(policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
    });
    POLICY.clone()
}

/// The page, with commands for a service at this origin.
pub(super) fn page(is_required: bool, origin: &str) -> String {
    static OPEN: LazyLock<String> = LazyLock::new(|| render(false));
    static GUARDED: LazyLock<String> = LazyLock::new(|| render(true));
    let page = if is_required { &*GUARDED } else { &*OPEN };
    page.replace(examples::ORIGIN, &escape(origin))
}

/// The page of those who ask for nothing in particular.
pub(crate) fn home() -> String {
    let version = env!("CARGO_PKG_VERSION");
    let body = format!(
        "<main><h1>channel-sessions <small>{version}</small></h1>\
         <p>Keeps channel sessions and attaches data to them.</p><ul>\
         <li><a href=\"/docs\">/docs</a>: the REST interface, for people</li>\
         <li><a href=\"/openapi.json\">/openapi.json</a>: the same for programs (OpenAPI)</li>\
         <li><a href=\"/healthz\">/healthz</a>: whether the process is up</li>\
         <li><a href=\"/readyz\">/readyz</a>: whether it can serve</li>\
         <li>gRPC, on a port of its own: the service describes itself by reflection, where that is open: \
         <code>grpcurl … describe channelsession.v1.ChannelSessionService</code></li></ul></main>"
    );
    whole("channel-sessions", &body)
}

fn whole(title: &str, body: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\"><title>{title}</title><style>{STYLE}</style></head>\n\
         <body>{body}</body></html>\n"
    )
}

fn render(is_required: bool) -> String {
    let (document, table) = (document(is_required), crate::operations());
    let in_chapter = |name: &'static str| table.iter().filter(move |operation| tag(operation) == name);
    let chapters = TAGS.map(|(name, description)| {
        let sections: String = in_chapter(name).map(|it| section(it, &document, is_required)).collect();
        format!("<h2 id=\"{name}\">{name}</h2><p>{description}</p>{sections}")
    });
    let links = TAGS.map(|(name, _)| {
        let links: String = in_chapter(name)
            .map(|it| format!("<li><a href=\"#{}\">{}</a></li>", it.id, escape(it.summary)))
            .collect();
        format!("<li><a href=\"#{name}\">{name}</a><ul>{links}</ul></li>")
    });
    let body = format!(
        "<nav><a class=\"name\" href=\"/\">channel-sessions</a><ul>{}<li><a href=\"#Schemas\">Schemas</a></li></ul></nav>\n\
         <main><h1>channel-sessions <small>{}</small></h1>{}\
         <p>For programs: <a href=\"/openapi.json\">/openapi.json</a>.</p>{}\n<h2 id=\"Schemas\">Schemas</h2>{}</main>",
        links.concat(),
        env!("CARGO_PKG_VERSION"),
        prose(document["info"]["description"].as_str().unwrap_or_default()),
        chapters.concat(),
        schema::all(&document),
    );
    whole("channel-sessions: REST", &body)
}

/// One operation.
fn section(operation: &Operation, document: &Value, is_required: bool) -> String {
    let method = operation.method.as_str();
    let described = &document["paths"][operation.path][method.to_ascii_lowercase()];
    let description = described["description"].as_str().map(prose).unwrap_or_default();
    format!(
        "\n<section id=\"{}\"><h3>{}</h3><p class=\"target\"><b class=\"{method}\">{method}</b> <code>{}</code></p>\
         {description}{}<pre>{}</pre>{}{}{}</section>",
        operation.id,
        escape(operation.summary),
        escape(operation.path).replace('{', "<i>{").replace('}', "}</i>"),
        needs(described, is_required),
        escape(&command(operation, is_required)),
        parameters(described),
        body(described),
        answers(described),
    )
}

fn command(operation: &Operation, is_required: bool) -> String {
    let command = examples::command(operation);
    if operation.is_open || !is_required {
        return command;
    }
    command + " \\\n  -H 'Authorization: Bearer …'"
}

/// What a caller has to be allowed.
fn needs(described: &Value, is_required: bool) -> String {
    let ways = described["security"].as_array().into_iter().flatten();
    let Some(scope) = ways.filter_map(|way| way["bearer"][0].as_str()).next() else {
        return String::new();
    };
    let when = if is_required { "Needs" } else { "Where credentials are required, it needs" };
    format!("<p>{when} the scope <code>{scope}</code>.</p>")
}

fn parameters(described: &Value) -> String {
    let Some(parameters) = described["parameters"].as_array() else { return String::new() };
    let row = |parameter: &Value| {
        let text = |name: &str| parameter[name].as_str().unwrap_or_default();
        format!(
            "<dt><code>{}</code> <small>{}</small> {}</dt><dd>{}</dd>",
            escape(text("name")),
            text("in"),
            schema::kind(&parameter["schema"]),
            prose(text("description")),
        )
    };
    format!("<h4>Parameters</h4><dl>{}</dl>", parameters.iter().map(row).collect::<String>())
}

fn body(described: &Value) -> String {
    let body = &described["requestBody"];
    let content = &body["content"]["application/json"];
    if content.is_null() {
        return String::new();
    }
    let description = prose(body["description"].as_str().unwrap_or_default());
    format!("<h4>Body</h4>{description}<p>{}</p>", schema::kind(&content["schema"]))
}

/// What succeeds at a glance, and what fails to be opened.
fn answers(described: &Value) -> String {
    let (mut made, mut failed) = (String::new(), String::new());
    for (status, response) in described["responses"].as_object().into_iter().flatten() {
        let headers = response["headers"].as_object().into_iter().flatten().map(|(name, _)| name);
        let headers: Vec<_> =
            headers.filter(|name| *name != "X-Request-Id").map(|name| escape(name)).collect();
        let headers = if headers.is_empty() {
            String::new()
        } else {
            format!(" <small>{}</small>", headers.join(", "))
        };
        let description = response["description"].as_str().unwrap_or_default();
        let is_failed = status.starts_with(['4', '5']);
        let content = response["content"].as_object().into_iter().flatten().filter(|_| !is_failed);
        let content: String = content
            .map(|(media_type, content)| {
                let schema =
                    if content["itemSchema"].is_null() { &content["schema"] } else { &content["itemSchema"] };
                format!("<p><code>{}</code> {}</p>", escape(media_type), schema::kind(schema))
            })
            .collect();
        let one = format!("<dt><b>{status}</b>{headers}</dt><dd>{}{content}</dd>", prose(description));
        if is_failed { failed += &one } else { made += &one }
    }
    format!(
        "<h4>Answers</h4><dl>{made}</dl><details><summary>Errors, by status and reason</summary><dl>{failed}</dl></details>"
    )
}

#[cfg(test)]
mod tests;
