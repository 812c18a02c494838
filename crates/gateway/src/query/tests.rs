//! What becomes of a query, and which are refused.

use http::Request;

use super::*;
use crate::problem::parsed;

async fn read<T: DeserializeOwned>(query: &str) -> Result<T, Problem> {
    let request = Request::get(format!("/x?{query}")).body(()).expect("a request");
    Query::from_request_parts(&mut request.into_parts().0, &()).await.map(|Query(query)| query)
}

/// One parameter of each kind.
#[derive(Debug, PartialEq, Default, Deserialize)]
#[serde(default)]
struct All {
    text: String,
    texts: Vec<String>,
    boolean: Option<bool>,
    flag: bool,
    number: i32,
}

async fn all(query: &str) -> Result<All, Problem> {
    read(query).await
}

#[tokio::test]
async fn parameters_are_read_in_any_order_and_may_be_left_out() {
    assert_eq!(all("").await.expect("nothing"), All::default());
    let read = all("texts=b&number=-7&text=a%26b+c%2B%C3%A4&&flag=true&boolean=false&texts=a=b").await;
    let expected = All {
        text: "a&b c+ä".to_owned(),
        texts: ["b", "a=b"].map(str::to_owned).to_vec(),
        boolean: Some(false),
        flag: true,
        number: -7,
    };
    assert_eq!(read.expect("all"), expected);
}

#[tokio::test]
async fn what_is_unknown_repeated_or_malformed_is_named() {
    for (query, field) in [
        ("validate_only=true", "validate_only"),
        ("Text=a", "Text"),
        ("text=a&text=a", "text"),
        ("flag", "flag"),
        ("text=", "text"),
        ("text", "text"),
        ("texts=a&texts=", "texts"),
        ("boolean=", "boolean"),
        ("number=", "number"),
        ("flag=True", "flag"),
        ("boolean=1", "boolean"),
        ("number=1.0", "number"),
        ("number=2147483648", "number"),
        ("text=%ff", "text"),
        ("text=a%zzb", "text"),
        ("text=%", "text"),
        ("te%xt=a", "te%xt"),
    ] {
        let parsed = parsed(&all(query).await.expect_err(query));
        let found = (&parsed["status"], &parsed["reason"], &parsed["violations"][0]["field"]);
        assert_eq!(found, (&400.into(), &"INVALID_PARAMETER".into(), &field.into()), "{query}");
    }
}

#[tokio::test]
async fn a_path_without_parameters_refuses_each() {
    assert!(read::<Nothing>("").await.is_ok());
    let parsed = parsed(&read::<Nothing>("validateOnly=true").await.expect_err("refused"));
    assert_eq!(parsed["detail"], "validateOnly is not a parameter of this path; it takes none");
}

#[tokio::test]
async fn who_asks_for_what_there_is_not_hears_what_there_is() {
    let parsed = parsed(&all("page=1").await.expect_err("refused"));
    let known = "text, texts, boolean, flag, number";
    assert_eq!(parsed["detail"], format!("page is not a parameter of this path; there are {known}"));
}
