//! Imports from files into a store in memory.

pub(crate) mod memory;

use std::{fs, io::Read};

use memory::Memory;

use super::*;

/// What a person at the terminal gets.
struct Ran {
    result: Result<Report, Error>,
    out: String,
    bad_lines: Vec<String>,
}

impl Ran {
    #[track_caller]
    fn error(&self) -> String {
        assert_eq!(self.out, "", "an import that stopped has no result");
        self.result.as_ref().expect_err("the import should have stopped").to_string()
    }

    #[track_caller]
    fn report(&self) -> (u64, u64, u64) {
        let Report { imported, skipped, refused } = *self.result.as_ref().expect("the import should succeed");
        let noun = if imported == 1 { "session" } else { "sessions" };
        assert_eq!(self.out, format!("imported {imported} {noun}, skipped {skipped}, refused {refused}\n"));
        assert_eq!(self.bad_lines.len() as u64, refused);
        (imported, skipped, refused)
    }
}

#[derive(clap::Parser)]
struct Command {
    #[command(flatten)]
    args: Args,
}

async fn run_with(store: &Memory, flags: &[&str], content: impl AsRef<[u8]>) -> Ran {
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    fs::write(file.path(), content).expect("the input can be written");
    let path = file.path().to_str().expect("a path that is text");
    let command = ["import", path].into_iter().chain(flags.iter().copied());
    let args = <Command as clap::Parser>::try_parse_from(command).expect("the flags are right").args;
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let source = open(&args).expect("it is there");
    let result = run(&args, source, store.shared(), &TenantId::only(), &mut out, &mut err).await;
    let text = |bytes| String::from_utf8(bytes).expect("reports are text");
    Ran { result, out: text(out), bad_lines: text(err).lines().map(str::to_owned).collect() }
}

async fn run_in(store: &Memory, content: impl AsRef<[u8]>) -> Ran {
    run_with(store, &[], content).await
}

fn numbered(count: usize) -> Vec<String> {
    (1..=count).map(|number| format!(r#"{{"id":"s{number:04}"}}"#)).collect()
}

#[tokio::test]
async fn formats_are_told_apart() {
    // The look ahead that separates them begins with the last byte of the buffer.
    let late = " ".repeat(input::BUFFER_BYTES - 1) + "{\n\"id\":\"a\"}{\"id\":\"b\",\"n\":[1,\"]},{\"]}";
    for content in [
        "{\"id\":\"a\"}\n{\"id\":\"b\",\"n\":[1,\"]},{\"]}\n",
        "{\"id\":\"a\"}\n{\"id\":\"b\",\"n\":[1,\"]},{\"]}",
        "\u{feff}{\"id\":\"a\"}\r\n\r\n  \t\n {\"id\":\"b\",\"n\":[1,\"]},{\"]} \r\n",
        "[{\"id\":\"a\"},{\"id\":\"b\",\"n\":[1,\"]},{\"]}]",
        "\u{feff}\n [\r\n  {\r\n    \"id\": \"a\"\r\n  } ,\n  {\"id\":\"b\",\"n\":[1,\n\"]},{\"]}\n]\n\n",
        "{\n  \"id\": \"a\"\n}\n{\n  \"id\": \"b\",\n  \"n\": [1,\n \"]},{\"]\n}\n",
        "{ \r\n\"id\": \"a\"}{\"id\": \"b\", \"n\": [1, \"]},{\"]}",
        &late,
    ] {
        let store = Memory::default();
        assert_eq!(run_in(&store, content).await.report(), (2, 0, 0), "{content}");
        assert_eq!(store.get("a").as_deref(), Some(r#"{"id":"a"}"#), "{content}");
        assert_eq!(store.get("b").as_deref(), Some(r#"{"n":[1,"]},{"],"id":"b"}"#), "{content}");
    }
}

#[tokio::test]
async fn strings_with_escapes_do_not_end_an_element() {
    let store = Memory::default();
    let content = r#"[{"id":"a","s":"\\"},{"id":"b","s":"\"]}"},{"id":"c","s":"\\\"},["}]"#;
    assert_eq!(run_in(&store, content).await.report(), (3, 0, 0));
    assert_eq!(store.get("c").as_deref(), Some(r#"{"s":"\\\"},[","id":"c"}"#));
}

#[tokio::test]
async fn a_list_of_nothing_is_a_success_and_nothing_is_none() {
    for content in ["[]", " [ \n ] \n"] {
        assert_eq!(run_in(&Memory::default(), content).await.report(), (0, 0, 0), "{content:?}");
    }
    for content in ["", "\n\n", "\u{feff}"] {
        let ran = run_in(&Memory::default(), content).await;
        assert!(matches!(ran.result, Err(Error { cause: Cause::Empty, .. })), "{content:?}");
    }
}

#[tokio::test]
async fn bad_lines_are_reported_in_order_and_the_others_stored() {
    let store = Memory::default();
    store.put("there", "{}");
    let lines: [&[u8]; 11] = [
        br#"{"id":"a"}"#,
        br#"{"id":"b"} {"id":"c"}"#,
        b"",
        b"{\"id\":\"\xff\"}",
        b"[1]",
        br#"{"name":"nobody"}"#,
        br#"{"id":"there"}"#,
        br#"{"id":"a"}"#,
        br#"{"id":"d","x":"\u0000","y":"\ud800"}"#,
        br#"{"id":"e"}"#,
        br#"{"id":"cut"#,
    ];
    let ran = run_in(&store, lines.join(&b'\n')).await;
    assert_eq!(ran.report(), (2, 0, 8));
    assert_eq!(
        ran.bad_lines,
        [
            "line 2: not JSON: trailing characters at column 12",
            "line 4: not UTF-8: the byte behind the first 7 is wrong",
            "line 5: document must be an object; this is an array",
            "line 6: id must be given: the id to store the session under",
            "line 7: a channel session with the id there exists already",
            "line 8: a channel session with the id a exists already",
            "line 9: x must not hold the character U+0000, as text here does; \
         y must be valid Unicode; text here holds a lone surrogate",
            "line 11: not JSON: EOF while parsing a string at column 10; \
         a document has to be on one line, as `jq -c .` writes it",
        ]
    );
    assert_eq!(store.all().into_keys().collect::<Vec<_>>(), ["a", "e", "there"]);
    assert_eq!(store.get("there").as_deref(), Some("{}"));
}

#[tokio::test]
async fn bad_elements_are_reported_with_their_number_and_line() {
    let store = Memory::default();
    let ran =
        run_in(&store, b"[\n5,\n {\"id\":\"a\"}, null,\n\n\"x\" , {\"id\":\"\xff\"}, {\"id\":\"b\"}]").await;
    assert_eq!(ran.report(), (2, 0, 4));
    assert_eq!(
        ran.bad_lines,
        [
            "line 2 (element 1): document must be an object; this is a number",
            "line 3 (element 3): document must be an object; this is null",
            "line 5 (element 4): document must be an object; this is a string",
            "line 5 (element 5): not UTF-8: the byte behind the first 7 is wrong",
        ]
    );
}

#[tokio::test]
async fn an_array_that_is_cut_off_or_broken_stops_the_import() {
    for (content, message) in [
        (r#"[{"id":"a"}"#, "line 1: the array's `]` is missing: the input may have been cut off here"),
        ("[{\"id\":\"a\"},\n", "line 2: the array's `]` is missing: the input may have been cut off here"),
        (
            "[{\"id\":\"a\"},\n{\"id\":\"b",
            "line 2 (element 2): not JSON: the input ends within it, and may have been cut off",
        ),
        (
            "[{\"id\":\"a\"},\n{\"x\":{\n\"id\":tru},\"y\":1}, {\"id\":\"c\"}]",
            "line 2 (element 2): not JSON: expected ident at column 9, on line 3",
        ),
        (r#"[{"id":"a"},,{"id":"b"}]"#, "line 1: not JSON: expected an element"),
        (r#"[{"id":"a"},]"#, "line 1: not JSON: expected an element"),
        (r#"[{"id":"a"} {"id":"b"}]"#, "line 1: not JSON: expected `,` or `]` behind the last element"),
        (r#"[{"id":"a"}}"#, "line 1: not JSON: expected `,` or `]` behind the last element"),
        (r#"[{"id":"a"},}]"#, "line 1 (element 2): not JSON: expected value at column 1, on line 1"),
        (
            r#"[{"id":"a"},{"id":"b"]]"#,
            "line 1 (element 2): not JSON: expected `,` or `}` at column 10, on line 1",
        ),
        ("[{\"id\":\"a\"}]\n{\"id\":\"b\"}\n", "line 2: there is more behind the end of the array"),
        (r#"[{"id":"a"}][{"id":"b"}]"#, "line 1: there is more behind the end of the array"),
        (
            "{\n\"id\":\"a\"\n}\n{\n\"id\":\"b\"\n",
            "line 4 (document 2): not JSON: the input ends within it, and may have been cut off",
        ),
        (
            "{\n\"id\":\"a\"\n},\n{\n\"id\":\"b\"\n}",
            "line 3 (document 2): not JSON: expected value at column 1, on line 3",
        ),
    ] {
        let store = Memory::default();
        let ran = run_in(&store, content).await;
        let error = ran.error();
        assert_eq!(error.lines().next(), Some(message), "{content}");
        assert!(error.contains("before that it imported 1 session, skipped 0, refused 0."), "{error}");
        assert_eq!(store.all().len(), 1, "{content}");
    }
}

#[tokio::test]
async fn sessions_that_are_there_can_be_skipped_and_stay_as_they_are() {
    let store = Memory::default();
    store.put("a", r#"{"id":"a","is":"old"}"#);
    let content = "{\"id\":\"a\"}\n{\"id\":\"b\",\"n\":1}\n{\"id\":\"b\",\"n\":2}\n5\n";
    let ran = run_with(&store, &["--existing", "skip"], content).await;
    assert_eq!(ran.report(), (1, 2, 1));
    assert_eq!(store.get("a").as_deref(), Some(r#"{"id":"a","is":"old"}"#));
    assert_eq!(store.get("b").as_deref(), Some(r#"{"n":1,"id":"b"}"#));
}

#[tokio::test]
async fn what_mongoexport_writes_becomes_plain_unless_it_is_to_stay_raw() {
    let line = r#"{"_id":{"$oid":"64e2f08a6155b317cd3f88fd"},"at":{"$date":{"$numberLong":"0"}},"n":{"$numberLong":"12345678901234567890"}}"#;
    let store = Memory::default();
    assert_eq!(run_in(&store, line).await.report(), (1, 0, 0));
    let plain =
        r#"{"n":12345678901234567890,"at":"1970-01-01T00:00:00.000Z","id":"64e2f08a6155b317cd3f88fd"}"#;
    assert_eq!(store.get("64e2f08a6155b317cd3f88fd").as_deref(), Some(plain));

    let ran = run_with(&store, &["--raw"], line).await;
    assert_eq!(ran.report(), (0, 0, 1));
    assert_eq!(ran.bad_lines, ["line 1: id must be given: the id to store the session under"]);
    let raw = r#"{"n":{"$numberLong":"1"},"id":"a","_id":{"$oid":"b"}}"#;
    assert_eq!(run_with(&store, &["--raw"], raw).await.report(), (1, 0, 0));
    assert_eq!(store.get("a").as_deref(), Some(r#"{"n":{"$numberLong":"1"},"id":"a","_id":{"$oid":"b"}}"#));
}

#[tokio::test]
async fn numbers_stay_exact() {
    let document = r#"{"a":12345678901234567890,"b":0.10,"c":1.7976931348623157e400,"d":null,"id":"x"}"#;
    let ran = run_in(&Memory::default(), document).await;
    assert_eq!(
        ran.bad_lines,
        ["line 1: c must take at most 400 characters when written out without exponent"]
    );
    for (flags, content) in [
        (&[][..], r#"{"a":12345678901234567890,"b":0.10,"id":"x"}"#),
        (&["--raw"], r#"[{"a":12345678901234567890,"b":0.10,"id":"x"}]"#),
    ] {
        let store = Memory::default();
        run_with(&store, flags, content).await.report();
        assert_eq!(store.get("x").as_deref(), Some(r#"{"a":12345678901234567890,"b":0.10,"id":"x"}"#));
    }
}

#[tokio::test]
async fn what_is_too_long_is_refused_and_the_next_one_read() {
    let long = format!(r#"{{"id":"long","x":"{}"}}"#, "x".repeat(entries::MAX_BYTES));
    let large = format!(r#"{{"id":"large","x":"{}"}}"#, "x".repeat(domain::session::Document::MAX_BYTES));
    for (content, too_long, too_large) in [
        (format!("{{\"id\":\"a\"}}\n{long}\n{large}\n{{\"id\":\"b\"}}\n"), "line 2", "line 3"),
        (
            format!("[{{\"id\":\"a\"}},\n{long},\n{large},\n{{\"id\":\"b\"}}]"),
            "line 2 (element 2)",
            "line 3 (element 3)",
        ),
    ] {
        let store = Memory::default();
        let ran = run_in(&store, content).await;
        assert_eq!(ran.report(), (2, 0, 2));
        assert_eq!(
            ran.bad_lines,
            [
                format!("{too_long}: longer than 16777216 bytes"),
                format!(
                    "{too_large}: a session's document may be at most 2097152 bytes of JSON without white space; \
                 this would be 2097173 or more"
                ),
            ]
        );
        assert_eq!(store.all().into_keys().collect::<Vec<_>>(), ["a", "b"]);
    }
}

#[tokio::test]
async fn more_than_a_batch_is_stored() {
    for count in [batch::MAX_ENTRIES - 1, batch::MAX_ENTRIES, batch::MAX_ENTRIES + 1, 1050] {
        let store = Memory::default();
        let expected = (count as u64, 0, 0);
        assert_eq!(run_in(&store, numbered(count).join("\n")).await.report(), expected);
        assert_eq!(store.all().len(), count);
        let store = Memory::default();
        assert_eq!(run_in(&store, format!("[{}]", numbered(count).join(","))).await.report(), expected);
        assert_eq!(store.all().len(), count);
    }
}

#[tokio::test]
async fn a_store_that_fails_stops_the_import_and_a_repeat_does_the_rest() {
    let content = format!("5\n{}\n", numbered(1000).join("\n"));
    // Once within a batch, once right behind one.
    for room in [250, 299] {
        let store = Memory { room: Some(room), ..Memory::default() };
        let ran = run_in(&store, &content).await;
        let expected = format!(
            "line {}: the store cannot do this now: no answer (it may have stored this all the same)\n\
             The import stopped there; before that it imported {room} sessions, skipped 0, refused 1. To go on once \
             this is fixed, import the same file again with `--existing skip`.",
            room + 2
        );
        assert_eq!(ran.error(), expected);
        assert_eq!(ran.bad_lines.len(), 1);
        assert_eq!(store.all().len(), room);

        let store = Memory { room: None, ..store };
        let ran = run_with(&store, &["--existing", "skip"], &content).await;
        assert_eq!(ran.report(), (1000 - room as u64, room as u64, 1));
    }
}

#[test]
fn a_file_that_cannot_be_read_is_an_error() {
    let args = Args { file: "no/such/file".into(), raw: false, existing: Existing::Refuse };
    let error = open(&args).err().expect("there is no such file").to_string();
    assert!(error.starts_with("cannot open no/such/file: "), "{error}");
}

/// Gives a byte at a time, so that everything falls between two reads, and fails at the end.
struct Trickle(io::Cursor<Vec<u8>>);

impl Read for Trickle {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0.read(&mut buffer[..1]) {
            Ok(0) => Err(io::Error::other("the disk is broken")),
            read => read,
        }
    }
}

#[tokio::test]
async fn an_input_that_fails_half_way_is_an_error_and_what_came_before_is_stored() {
    for (content, line) in
        [("\u{feff}{\"id\":\"a\"}\r\n{\"id\":\"b\"}", 2), ("\u{feff} [{\"id\":\"a\"},\n\n{", 3)]
    {
        let store = Memory::default();
        let input = Box::new(Trickle(io::Cursor::new(content.as_bytes().to_vec())));
        let tenant = TenantId::only();
        let target = batch::Target { store: store.shared(), tenant: &tenant, existing: Existing::Refuse };
        let mut report = Report::default();
        let end = import(input, false, &target, &Progress::hidden(), &mut Vec::new(), &mut report).await;
        let cause = end.expect_err("the input fails").to_string();
        assert_eq!(cause, format!("line {line}: cannot read on: the disk is broken"));
        assert_eq!(report.imported, 1);
        assert_eq!(store.all().into_keys().collect::<Vec<_>>(), ["a"]);
    }
}
