//! MongoDB's types that JSON does not know: UUIDs, which have a text of their own, and those that have no plain form.
//! Source: <https://www.mongodb.com/docs/manual/reference/mongodb-extended-json/>, versions 1 and 2.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use json::Object;
use uuid::Uuid;

/// The text of a UUID, where an object stands for one.
pub(super) fn uuid(object: &Object) -> Option<String> {
    if let ["$uuid"] = *names(object) {
        return Some(Uuid::parse_str(object.get("$uuid")?.as_str()?).ok()?.to_string());
    }
    let (base64, subtype) = binary(object)?;
    let bytes = STANDARD.decode(base64).ok()?;
    if subtype == UUID { Some(Uuid::from_slice(&bytes).ok()?.to_string()) } else { None }
}

/// What an object stands for that has no plain form, in words; none if it stands for something else.
pub(super) fn refusal(object: &Object) -> Option<String> {
    if let Some((_, subtype)) = binary(object) {
        return match subtype {
            UUID if uuid(object).is_some() => None,
            UUID => Some("MongoDB's binary data of subType 04 that is no UUID of 16 bytes".to_owned()),
            LEGACY_UUID => {
                Some("a UUID of MongoDB's legacy subType 03, whose order of bytes is unknown".to_owned())
            }
            other => Some(format!("MongoDB's binary data of subType {other:02x}, which has no plain form")),
        };
    }
    let kind = match *names(object) {
        [
            kind @ ("$regularExpression" | "$timestamp" | "$minKey" | "$maxKey" | "$undefined" | "$dbPointer"
            | "$code"),
        ] => kind,
        ["$code", "$scope"] => "$code",
        ["$options", "$regex"] => "$regex",
        _ => return None,
    };
    Some(format!("of MongoDB's type {kind}, which has no plain form"))
}

/// The member that makes an object one of MongoDB's values. A reference is an object of its own, with members that are not.
pub(super) fn special_name(object: &Object) -> Option<&str> {
    const REFERENCE: [&str; 3] = ["$ref", "$id", "$db"];
    let mut names = object.iter().map(|(name, _)| name).filter(|name| name.starts_with('$'));
    if object.get("$ref").is_some() { names.find(|name| !REFERENCE.contains(name)) } else { names.next() }
}

const UUID: u8 = 4;
const LEGACY_UUID: u8 = 3;

/// Base64 and subtype of binary data, in the form of either version.
fn binary(object: &Object) -> Option<(&str, u8)> {
    let (base64, subtype) = match *names(object) {
        ["$binary"] => {
            let inner = object.get("$binary")?.as_object()?;
            let ["base64", "subType"] = *names(inner) else { return None };
            (inner.get("base64")?, inner.get("subType")?)
        }
        ["$binary", "$type"] => (object.get("$binary")?, object.get("$type")?),
        _ => return None,
    };
    Some((base64.as_str()?, u8::from_str_radix(subtype.as_str()?, 16).ok()?))
}

/// The names of an object's members, in order.
fn names(object: &Object) -> Box<[&str]> {
    let mut names: Vec<_> = object.iter().map(|(name, _)| name).collect();
    names.sort_unstable();
    names.into()
}

#[cfg(test)]
mod tests {
    use crate::import::document::read;

    fn stored(member: &str) -> Result<String, String> {
        let read = read(&format!(r#"{{"id":"a","v":[{{"w":{member}}}]}}"#), false);
        read.map(|(_, document)| document.text().to_owned())
    }

    #[test]
    fn a_uuid_becomes_its_text_in_every_form() {
        for member in [
            r#"{"$binary":{"base64":"c//SZESzTGmQ6OfR38A11A==","subType":"04"}}"#,
            r#"{"$binary":{"subType":"4","base64":"c//SZESzTGmQ6OfR38A11A=="}}"#,
            r#"{"$binary":"c//SZESzTGmQ6OfR38A11A==","$type":"04"}"#,
            r#"{"$uuid":"73FFD264-44B3-4C69-90E8-E7D1DFC035D4"}"#,
        ] {
            let stored = stored(member).expect(member);
            assert!(stored.contains(r#"{"w":"73ffd264-44b3-4c69-90e8-e7d1dfc035d4"}"#), "{stored}");
            let (id, _) = read(&format!(r#"{{"_id":{member}}}"#), false).expect(member);
            assert_eq!(id.as_str(), "73ffd264-44b3-4c69-90e8-e7d1dfc035d4");
        }
        assert!(stored(r#"{"$symbol":"s"}"#).expect("a text").contains(r#"{"w":"s"}"#));
    }

    #[test]
    fn what_has_no_plain_form_is_refused_by_its_place_and_type() {
        for (member, kind) in [
            (r#"{"$binary":{"base64":"c//SZESzTGmQ6OfR38A11A==","subType":"03"}}"#, "legacy subType 03"),
            (r#"{"$binary":{"base64":"AA==","subType":"00"}}"#, "subType 00"),
            (r#"{"$binary":{"base64":"AA==","subType":"04"}}"#, "no UUID of 16 bytes"),
            (r#"{"$regularExpression":{"pattern":"a","options":""}}"#, "$regularExpression"),
            (r#"{"$regex":"a","$options":"i"}"#, "$regex"),
            (r#"{"$timestamp":{"t":1,"i":1}}"#, "$timestamp"),
            (r#"{"$minKey":1}"#, "$minKey"),
            (r#"{"$maxKey":1}"#, "$maxKey"),
            (r#"{"$undefined":true}"#, "$undefined"),
            (r#"{"$code":"f()","$scope":{}}"#, "$code"),
            (r#"{"$dbPointer":{"$ref":"a","$id":"b"}}"#, "$dbPointer"),
        ] {
            let refused = stored(member).expect_err(member);
            assert!(refused.starts_with("v[0].w is ") && refused.contains(kind), "{refused}");
            let refused = read(&format!(r#"{{"_id":{member}}}"#), false).expect_err(member);
            assert!(refused.starts_with("_id is ") && refused.contains(kind), "{refused}");
            // As it stands, it is JSON like any other.
            assert!(read(&format!(r#"{{"id":"a","v":{member}}}"#), true).is_ok(), "{member}");
        }
        let refused = read(r#"{"_id":{"$numberLong":"5"}}"#, false).expect_err("a number");
        assert!(refused.starts_with("_id is a number"), "{refused}");
        // A reference is an object of its own.
        assert!(stored(r#"{"$ref":"c","$id":"x"}"#).is_ok());
    }
}
