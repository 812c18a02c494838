//! Each type with what fits it and what does not.

use super::*;

fn value(text: &str) -> Value {
    let raw = json::syntax(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    json::parse(raw.get(), 64, &Path::root("")).expect("allowed").into_owned()
}

fn text(text: &str) -> String {
    json::Tree::String(text.into()).to_text()
}

#[test]
fn names_are_found_again_and_compared_exactly() {
    for value_type in ValueType::ALL {
        assert_eq!(ValueType::from_name(value_type.name()), Some(value_type));
    }
    assert_eq!(ValueType::from_name("string50"), None);
    assert_eq!(ValueType::from_name(""), None);
}

#[test]
fn null_fits_everywhere() {
    for value_type in ValueType::ALL {
        assert_eq!(value_type.check(&Value::Null), Ok(()), "{}", value_type.name());
    }
}

#[test]
fn each_type_takes_what_fits_and_refuses_what_does_not() {
    use ValueType::*;
    let long = |length: usize| text(&"é".repeat(length));
    let ascii = |length: usize| text(&"x".repeat(length));
    let cases: Vec<(ValueType, Vec<String>, Vec<String>)> = vec![
        (
            Alphanum100,
            vec![ascii(1), ascii(100), text("a 1"), "12".into(), "true".into()],
            vec![ascii(101), text(""), text("é"), text("a-b"), "-1".into(), text("a\n")],
        ),
        (
            AlphanumSpecial200,
            vec![text(""), ascii(200), text("_@.,;:`~=*'%$!^/#&+()?{}><-|"), "1.5".into()],
            vec![ascii(201), text("\\"), text("\""), text("["), text("é"), text("a\tb")],
        ),
        (String50, vec![text(""), long(50), "true".into()], vec![long(51)]),
        (String100, vec![long(100)], vec![long(101)]),
        (String2000, vec![long(2000), text("\n")], vec![long(2001)]),
        (
            Number,
            ["1", "-1.50", "1e5", "\"1\"", "\"+1.5\"", "\"-0\"", "\"007\""].map(String::from).to_vec(),
            ["\"\"", "\"1.\"", "\".5\"", "\"1e5\"", "\" 1\"", "\"+\"", "\"1.2.3\"", "\"٣\"", "true"]
                .map(String::from)
                .to_vec(),
        ),
        (
            PositiveNumber,
            ["0", "1.5", "\"+2\"", "\"0\""].map(String::from).to_vec(),
            ["-1", "\"-1\"", "\"-0\"", "\"x\"", "false"].map(String::from).to_vec(),
        ),
        (
            PhoneNumber,
            ["\"+923001234567\"", "\"0300.1234567\"", "923001234567"].map(String::from).to_vec(),
            ["\"\"", "\"+\"", "\".\"", "\"1.2.3\"", "\"12 34\"", "\"++1\"", "\"1+\"", "-5"]
                .map(String::from)
                .to_vec(),
        ),
        (
            Boolean,
            ["true", "false", "1", "0", "\"true\"", "\"0\""].map(String::from).to_vec(),
            ["2", "\"yes\"", "\"True\"", "\"\"", "1.0"].map(String::from).to_vec(),
        ),
        (
            Email,
            ["\"jane@example.com\"", "\"j.d+x@localhost\"", "\"ü@bücher.example\""]
                .map(String::from)
                .to_vec(),
            [
                "\"\"",
                "\"jane\"",
                "\"@example.com\"",
                "\"jane@\"",
                "\"a b@example.com\"",
                "\"a@b@c\"",
                "\"a@b..c\"",
                "5",
            ]
            .map(String::from)
            .to_vec(),
        ),
        (
            Ip,
            ["\"127.0.0.1\"", "\"::1\"", "\"2001:db8::8a2e:370:7334\""].map(String::from).to_vec(),
            ["\"\"", "\"127.0.0\"", "\"256.0.0.1\"", "\"127.0.0.1 \"", "\"localhost\"", "1"]
                .map(String::from)
                .to_vec(),
        ),
        (
            Url,
            ["\"https://example.com\"", "\"wss://h:1/p?q#f\"", "\"mailto:jane@example.com\""]
                .map(String::from)
                .to_vec(),
            [
                "\"\"",
                "\"example.com\"",
                "\"/forms\"",
                "\"//example.com\"",
                "\"https://\"",
                "\" https://a.b\"",
                "\"http://a b\"",
            ]
            .map(String::from)
            .to_vec(),
        ),
        (
            Password,
            vec![text("Abcdefg1"), text(&("Aa1".to_owned() + &"x".repeat(253)))],
            vec![
                text("Abcdef1"),
                text("abcdefg1"),
                text("ABCDEFG1"),
                text("Abcdefgh"),
                text(&("Aa1".to_owned() + &"x".repeat(254))),
            ],
        ),
        (
            StringList,
            ["[]", "[\"a\",\"\"]"].map(String::from).to_vec(),
            ["\"a\"", "{}", "[1]", "[\"a\",null]", "[[\"a\"]]"].map(String::from).to_vec(),
        ),
        (
            WebChannelData,
            ["{}", "{\"a\":[1,\"\\n\"]}"].map(String::from).to_vec(),
            ["[]", "\"a\"", "1", "true"].map(String::from).to_vec(),
        ),
    ];
    assert_eq!(cases.len(), ValueType::ALL.len());
    for (value_type, fitting, misfitting) in cases {
        for text in fitting {
            assert_eq!(value_type.check(&value(&text)), Ok(()), "{} {text}", value_type.name());
        }
        for text in misfitting {
            assert!(value_type.check(&value(&text)).is_err(), "{} {text}", value_type.name());
        }
    }
}

#[test]
fn inside_objects_and_arrays_each_scalar_is_judged_and_names_are_not() {
    let info = value(r#"{"browserDeviceInfo":{"née\\":"chrome","n":1,"b":true,"x":null,"l":["a"]}}"#);
    assert_eq!(ValueType::AlphanumSpecial200.check(&info), Ok(()));
    let misfit = ValueType::Number.check(&value(r#"{"a":[1,"2",{"b":"x"}]}"#)).expect_err("x is no number");
    assert_eq!(misfit.path, "a[2].b");
}
