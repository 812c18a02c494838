//! The headers that a collector is sent. They may hold a secret: nothing of a value is shown.

use http::{HeaderMap, HeaderName, HeaderValue};
use percent_encoding::percent_decode_str;

use super::{Invalid, endpoint::Of, file, invalid};

/// The headers of a signal, or else those of both, from a variable or from the file that another one names.
pub(super) fn read(of: &Of<'_>) -> Result<HeaderMap, Invalid> {
    for (variable, of_file) in of.names("HEADERS").into_iter().zip(of.names("HEADERS_FILE")) {
        let (text, variable) = match (of.set(&variable), of.set(&of_file)) {
            (Some(_), Some(_)) => {
                let problem = format!("it cannot be meant together with {of_file}: unset one of them");
                return Err(invalid(&variable, problem));
            }
            (Some(text), None) => (text, variable),
            (None, Some(path)) => {
                let text = String::from_utf8(file(&of_file, &path)?);
                let text = text.map_err(|_| invalid(&of_file, format!("{path} is no text")))?;
                (text.trim().to_owned(), of_file)
            }
            (None, None) => continue,
        };
        return parse(&text).map_err(|problem| invalid(&variable, problem));
    }
    Ok(HeaderMap::new())
}

/// Reads `name=value,name=value`, whose values are percent-encoded.
fn parse(text: &str) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    for pair in text.split(',').filter(|pair| !pair.trim().is_empty()) {
        let (name, value) = pair.split_once('=').ok_or("write it as name=value,name=value")?;
        let name: HeaderName =
            name.trim().parse().map_err(|_| "a name in it is none that a header can have")?;
        let value = decode(value.trim()).ok_or_else(|| {
            format!("the value of {name} has a percent sign that begins no escape; one that is meant is %25")
        })?;
        let mut value =
            HeaderValue::from_str(&value).map_err(|_| format!("the value of {name} cannot be sent"))?;
        value.set_sensitive(true);
        headers.append(name, value);
    }
    Ok(headers)
}

/// What a percent-encoded text stands for, where its escapes are all whole and what they make is text.
fn decode(text: &str) -> Option<String> {
    let mut escapes = text.split('%').skip(1);
    let is_whole = |escape: &str| {
        let digits = escape.as_bytes().get(..2);
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    };
    escapes.all(is_whole).then(|| percent_decode_str(text).decode_utf8().ok())?.map(Into::into)
}
