//! The description that a service gives of its REST interface, and what answers have to be by it.

use std::{collections::BTreeSet, sync::Mutex};

use http::{HeaderName, Method};
use serde_json::{Value, json};

use super::{Rest, rest::Answer};

/// The document, and which of the errors that it lists have been seen.
pub(crate) struct Description {
    document: Value,
    seen: Mutex<BTreeSet<Failed>>,
}

/// An operation's id, a status and a reason.
pub(crate) type Failed = (String, u16, String);

impl Description {
    /// Asks a service for it.
    pub(crate) async fn of(rest: &Rest) -> Self {
        let answer = rest.send(Method::GET, "/openapi.json", "", &[]).await;
        let document = serde_json::from_str(answer.document()).unwrap();
        let description = Self { document, seen: Mutex::default() };
        description.holds(&Method::GET, "/openapi.json", &answer);
        description
    }

    /// Holds an answer to it: the operation has the status, with that media type, those headers and a body of that schema.
    /// What no operation answers, a path or a method that there is not, is a problem all the same.
    pub(crate) fn holds(&self, method: &Method, target: &str, answer: &Answer) {
        let path = target.split('?').next().unwrap();
        let status = answer.status.as_u16();
        let Some(operation) = self.operation(method, path) else {
            assert!([404, 405].contains(&status), "{method} {path}: {answer:?}");
            return self.fits(&json!({ "$ref": "#/components/schemas/Problem" }), &answer.body);
        };
        let what = format!("{method} {target}: {answer:?}");
        let response = &operation["responses"][status.to_string()];
        assert!(response.is_object(), "the status is not described: {what}");
        for (name, header) in response["headers"].as_object().unwrap() {
            let name: HeaderName = name.parse().unwrap();
            match answer.headers.get(&name) {
                Some(value) => {
                    let (text, kind) = (value.to_str().unwrap(), &header["schema"]["type"]);
                    let value =
                        if kind == "integer" { json!(text.parse::<i64>().unwrap()) } else { json!(text) };
                    self.fits(&header["schema"], &value.to_string());
                }
                None => assert_ne!(header["required"], true, "{name} is missing: {what}"),
            }
        }
        let media_type = answer.headers.get("content-type").map(|it| it.to_str().unwrap());
        let Some(content) = response["content"].as_object() else {
            assert!(media_type.is_none() && answer.body.is_empty(), "{what}");
            return;
        };
        if answer.headers.contains_key("preference-applied") && answer.body.is_empty() {
            return;
        }
        let media_type = media_type.unwrap().split(';').next().unwrap();
        let content =
            content.get(media_type).unwrap_or_else(|| panic!("the media type is not described: {what}"));
        if media_type.ends_with("json") {
            self.fits(&content["schema"], &answer.body);
        }
        if media_type == "application/problem+json" {
            let id = operation["operationId"].as_str().unwrap().to_owned();
            self.seen.lock().unwrap().insert((id, status, answer.failure().reason));
        }
    }

    /// Holds a text of JSON to a schema of the document's.
    pub(crate) fn fits(&self, schema: &Value, text: &str) {
        let mut whole = schema.clone();
        whole["components"] = self.document["components"].clone();
        let validator = jsonschema::validator_for(&whole).unwrap();
        let value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
        let errors: Vec<_> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{errors:?}: {text}");
    }

    /// The schema of one that has a name.
    pub(crate) fn named(name: &str) -> Value {
        json!({ "$ref": format!("#/components/schemas/{name}") })
    }

    fn operation(&self, method: &Method, path: &str) -> Option<&Value> {
        let paths = self.document["paths"].as_object().unwrap();
        // The form without an id is one of its operation's errors.
        let path = if path == "/forms" { "/forms/" } else { path };
        let parts: Vec<_> = path.split('/').collect();
        let fits = |pattern: &str| {
            let pattern: Vec<_> = pattern.split('/').collect();
            pattern.len() == parts.len()
                && pattern.iter().zip(&parts).all(|(pattern, part)| {
                    pattern == part || (pattern.starts_with('{') && (!part.is_empty() || parts[1] == "forms"))
                })
        };
        let (_, operations) = paths.iter().find(|(pattern, _)| fits(pattern))?;
        operations.get(method.as_str().to_ascii_lowercase())
    }

    fn with_id(&self, id: &str) -> &Value {
        let paths = self.document["paths"].as_object().unwrap().values();
        let mut operations = paths.flat_map(|path| path.as_object().unwrap().values());
        operations.find(|operation| operation["operationId"] == id).unwrap()
    }

    /// The scope that an operation's caller needs; none where it needs none.
    pub(crate) fn scope(&self, id: &str) -> Option<&str> {
        self.with_id(id)["security"][0]["bearer"][0].as_str()
    }

    /// The example of an operation's body.
    pub(crate) fn example(&self, id: &str) -> Option<&Value> {
        let body = self.with_id(id)["requestBody"]["content"]["application/json"].as_object()?;
        self.fits(&body["schema"], &body["example"].to_string());
        Some(&body["example"])
    }

    /// All errors that it lists.
    pub(crate) fn described(&self) -> BTreeSet<Failed> {
        let paths = self.document["paths"].as_object().unwrap().values();
        let operations = paths.flat_map(|path| path.as_object().unwrap().values());
        let mut described = BTreeSet::new();
        for operation in operations {
            let id = operation["operationId"].as_str().unwrap();
            for (status, response) in operation["responses"].as_object().unwrap() {
                let reasons =
                    &response["content"]["application/problem+json"]["schema"]["properties"]["reason"];
                for reason in reasons["enum"].as_array().into_iter().flatten() {
                    described.insert((
                        id.to_owned(),
                        status.parse().unwrap(),
                        reason.as_str().unwrap().to_owned(),
                    ));
                }
            }
        }
        described
    }

    /// Those that have been seen.
    pub(crate) fn seen(self) -> BTreeSet<Failed> {
        self.seen.into_inner().unwrap()
    }
}
