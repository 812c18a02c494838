//! The parameters in a query. One that is unknown is refused: misspelt, it would otherwise be left out, and a change made
//! that was only to be checked.

use std::str::FromStr;

use domain::{Error, violation::Violation};
use http::request::Parts;

use crate::{percent, problem::Problem};

/// The parameters that have not been asked for yet.
pub(crate) struct Query {
    left: Vec<(String, String)>,
    known: Vec<&'static str>,
}

/// Reads a query; what is left over at the end is refused. An empty parameter counts as one that is left out, as a field
/// of protobuf does.
pub(crate) fn read<T>(
    parts: &Parts,
    read: impl FnOnce(&mut Query) -> Result<T, Problem>,
) -> Result<T, Problem> {
    let mut query = Query::parse(parts.uri.query().unwrap_or_default())?;
    let value = read(&mut query)?;
    match query.left.first() {
        None => Ok(value),
        Some((name, _)) => {
            let known = match &*query.known {
                [] => "it takes none".to_owned(),
                known => format!("there are {}", known.join(", ")),
            };
            let description = format!("is not a parameter of this path; {known}");
            Err(refuse(shown(name), "unknown", &description))
        }
    }
}

/// For paths that take no parameters.
pub(crate) fn none(parts: &Parts) -> Result<(), Problem> {
    read(parts, |_| Ok(()))
}

impl Query {
    /// Takes a query apart as forms write it: `+` is a space.
    fn parse(text: &str) -> Result<Self, Problem> {
        let pairs = text.split('&').filter(|pair| !pair.is_empty());
        let pairs = pairs.map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            match (decode(name), decode(value)) {
                (Some(name), Some(value)) => Ok((name, value)),
                _ => Err(refuse(shown(name), "percent_encoding", "must be percent-encoded UTF-8")),
            }
        });
        Ok(Self { left: pairs.collect::<Result<_, _>>()?, known: Vec::new() })
    }

    /// Every value of a parameter that may come several times.
    pub(crate) fn texts(&mut self, name: &'static str) -> Vec<String> {
        self.known.push(name);
        let (taken, left): (Vec<_>, _) =
            std::mem::take(&mut self.left).into_iter().partition(|(other, _)| other == name);
        self.left = left;
        taken.into_iter().map(|(_, value)| value).collect()
    }

    /// A parameter, or empty text.
    pub(crate) fn text(&mut self, name: &'static str) -> Result<String, Problem> {
        Ok(self.once(name)?.unwrap_or_default())
    }

    /// A parameter that is true or false.
    pub(crate) fn boolean(&mut self, name: &'static str) -> Result<Option<bool>, Problem> {
        self.parsed(name, "boolean", "must be true or false")
    }

    /// A parameter that is true, or else is not.
    pub(crate) fn flag(&mut self, name: &'static str) -> Result<bool, Problem> {
        Ok(self.boolean(name)?.unwrap_or_default())
    }

    /// A parameter that is a number, or zero.
    pub(crate) fn number(&mut self, name: &'static str) -> Result<i32, Problem> {
        let description = format!("must be a whole number of at most {}", i32::MAX);
        Ok(self.parsed(name, "number", &description)?.unwrap_or_default())
    }

    fn parsed<T: FromStr>(
        &mut self,
        name: &'static str,
        rule: &'static str,
        description: &str,
    ) -> Result<Option<T>, Problem> {
        let parsed = self.once(name)?.map(|text| text.parse().map_err(|_| refuse(name, rule, description)));
        parsed.transpose()
    }

    fn once(&mut self, name: &'static str) -> Result<Option<String>, Problem> {
        let mut values = self.texts(name);
        if values.len() > 1 {
            return Err(refuse(name, "once", "must be given once"));
        }
        Ok(values.pop())
    }
}

fn decode(text: &str) -> Option<String> {
    percent::decode(&text.replace('+', " "))
}

/// As much of a caller's own name as an answer repeats.
fn shown(name: &str) -> String {
    const MAX_SHOWN_CHARS: usize = 64;
    name.chars().take(MAX_SHOWN_CHARS).collect()
}

fn refuse(name: impl ToString, rule: &'static str, description: &str) -> Problem {
    Problem::from(&Error::InvalidParameter(Violation::new(name, rule, description)))
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;
    use crate::problem::told;

    fn parts(query: &str) -> Parts {
        Request::get(format!("/x?{query}")).body(()).expect("a request").into_parts().0
    }

    /// One parameter of each kind.
    #[derive(Debug, PartialEq, Default)]
    struct All {
        text: String,
        texts: Vec<String>,
        boolean: Option<bool>,
        flag: bool,
        number: i32,
    }

    fn all(query: &str) -> Result<All, Problem> {
        read(&parts(query), |query| {
            Ok(All {
                text: query.text("text")?,
                texts: query.texts("texts"),
                boolean: query.boolean("boolean")?,
                flag: query.flag("flag")?,
                number: query.number("number")?,
            })
        })
    }

    #[test]
    fn parameters_are_read_in_any_order_and_may_be_left_out() {
        assert_eq!(all("").expect("nothing"), All::default());
        let read = all("texts=b&number=-7&text=a%26b+c%2B%C3%A4&&flag=true&texts=&boolean=false&texts=a=b");
        let expected = All {
            text: "a&b c+ä".to_owned(),
            texts: ["b", "", "a=b"].map(str::to_owned).to_vec(),
            boolean: Some(false),
            flag: true,
            number: -7,
        };
        assert_eq!(read.expect("all"), expected);
    }

    #[test]
    fn what_is_unknown_repeated_or_malformed_is_named() {
        for (query, field) in [
            ("validate_only=true", "validate_only"),
            ("Text=a", "Text"),
            ("text=a&text=a", "text"),
            ("flag", "flag"),
            ("flag=True", "flag"),
            ("boolean=1", "boolean"),
            ("number=1.0", "number"),
            ("number=2147483648", "number"),
            ("text=%ff", "text"),
            ("text=a%zzb", "text"),
            ("text=%", "text"),
            ("te%xt=a", "te%xt"),
        ] {
            let told = told(&all(query).expect_err(query));
            let found = (&told["status"], &told["reason"], &told["violations"][0]["field"]);
            assert_eq!(found, (&400.into(), &"INVALID_PARAMETER".into(), &field.into()), "{query}");
        }
    }

    #[test]
    fn a_path_without_parameters_refuses_each() {
        assert!(none(&parts("")).is_ok());
        let told = told(&none(&parts("validateOnly=true")).expect_err("refused"));
        assert_eq!(told["detail"], "validateOnly is not a parameter of this path; it takes none");
    }

    #[test]
    fn who_asks_for_what_there_is_not_hears_what_there_is() {
        let told = told(&all("page=1").expect_err("refused"));
        let known = "text, texts, boolean, flag, number";
        assert_eq!(told["detail"], format!("page is not a parameter of this path; there are {known}"));
    }
}
