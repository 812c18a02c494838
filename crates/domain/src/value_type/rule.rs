//! What one string, number or boolean has to look like to fit a type.

use std::{borrow::Cow, net::IpAddr};

use url::Url;

use super::ValueType;
use json::Value;

/// Holds a scalar to a type's rule, which applies to the whole text.
///
/// # Errors
/// What would be right.
pub(super) fn check(value_type: ValueType, scalar: &Value) -> Result<(), String> {
    let text = text(scalar);
    match value_type {
        ValueType::Alphanum100 => {
            characters(&text, 1, 100)?;
            all(&text, alphanumeric, "ASCII letters, digits and spaces")
        }
        ValueType::AlphanumSpecial200 => {
            characters(&text, 0, 200)?;
            let allowed = |char| alphanumeric(char) || SPECIAL.contains(char);
            all(&text, allowed, &format!("ASCII letters, digits, spaces and {SPECIAL}"))
        }
        ValueType::String50 => characters(&text, 0, 50),
        ValueType::String100 => characters(&text, 0, 100),
        ValueType::String2000 => characters(&text, 0, 2000),
        ValueType::Number => require(is_number(scalar, false), "a number, such as -12.5"),
        ValueType::PositiveNumber => {
            require(is_number(scalar, true), "a number without a minus sign, such as 12.5")
        }
        ValueType::PhoneNumber => require(
            is_phone_number(&text),
            "a phone number: digits, with an optional + in front and at most one dot",
        ),
        ValueType::Boolean => require(matches!(&*text, "true" | "false" | "1" | "0"), "true, false, 1 or 0"),
        ValueType::Email => require(is_email(&text), "an e-mail address, such as jane@example.com"),
        ValueType::Ip => require(text.parse::<IpAddr>().is_ok(), "an IPv4 or IPv6 address"),
        ValueType::Url => require(is_absolute_url(&text), "an absolute URL, such as https://example.com/"),
        ValueType::Password => {
            characters(&text, 8, 256)?;
            let has = |kind: fn(char) -> bool| text.chars().any(kind);
            let complete =
                has(char::is_lowercase) && has(char::is_uppercase) && has(|char| char.is_ascii_digit());
            require(complete, "a password with a lower-case letter, an upper-case letter and a digit")
        }
        // These two ask for a shape and never come to a scalar.
        ValueType::StringList | ValueType::WebChannelData => Ok(()),
    }
}

/// The special characters of `AlphanumSpecial200`.
const SPECIAL: &str = "_@.,;:`~=*'%$!^/#&+()?{}><-|";

/// A number or a boolean is judged by its JSON text.
fn text(scalar: &Value) -> Cow<'_, str> {
    match scalar {
        Value::String(text) => Cow::Borrowed(text),
        Value::Number(number) => Cow::Borrowed(number.as_str()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => Cow::Owned(scalar.to_text()),
    }
}

fn require(holds: bool, what: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(format!("must be {what}")) }
}

fn characters(text: &str, min: usize, max: usize) -> Result<(), String> {
    let found = text.chars().count();
    if (min..=max).contains(&found) {
        return Ok(());
    }
    Err(if min == 0 {
        format!("must have at most {max} characters; this has {found}")
    } else {
        format!("must have {min} to {max} characters; this has {found}")
    })
}

fn all(text: &str, allowed: impl Fn(char) -> bool, what: &str) -> Result<(), String> {
    require(text.chars().all(allowed), &format!("made of {what} only"))
}

fn alphanumeric(char: char) -> bool {
    char.is_ascii_alphanumeric() || char == ' '
}

fn is_number(scalar: &Value, positive: bool) -> bool {
    match scalar {
        Value::Number(number) => !positive || !number.as_str().starts_with('-'),
        Value::String(text) => {
            let signs: &[char] = if positive { &['+'] } else { &['+', '-'] };
            let unsigned = text.strip_prefix(signs).unwrap_or(text);
            match unsigned.split_once('.') {
                Some((whole, fraction)) => digits(whole) && digits(fraction),
                None => digits(unsigned),
            }
        }
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => false,
    }
}

fn digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_phone_number(text: &str) -> bool {
    let number = text.strip_prefix('+').unwrap_or(text);
    digits(&number.replacen('.', "", 1))
}

fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|char| char.is_alphanumeric() || char == '-')
    };
    let blank_free = !local.chars().any(|char| char.is_whitespace() || char.is_control() || char == '@');
    !local.is_empty() && blank_free && domain.split('.').all(label)
}

fn is_absolute_url(text: &str) -> bool {
    // The parser would drop these at the ends and in between, where a rule applies to the whole text.
    !text.chars().any(|char| char.is_whitespace() || char.is_control()) && Url::parse(text).is_ok()
}
