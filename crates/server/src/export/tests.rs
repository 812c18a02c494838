//! Exports from a store in memory, and back again.

use std::{fs, path::Path};

use super::*;
use crate::import::{self, tests::memory::Memory};

fn filled(count: usize) -> Memory {
    let store = Memory::default();
    for number in 1..=count {
        let id = format!("s{number:04}");
        store.put(&id, &format!(r#"{{"big": 12345678901234567890, "a b": [0.10, null], "id": "{id}"}}"#));
    }
    store
}

async fn export(store: &Memory, args: &Args) -> (Result<u64, Error>, String, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let result = run(args, store.shared(), &TenantId::only(), &mut out, &mut err).await;
    let text = |bytes| String::from_utf8(bytes).expect("text");
    (result, text(out), text(err))
}

fn to_file(output: &Path, array: bool) -> Args {
    Args { output: Some(output.to_owned()), array }
}

fn names(folder: &Path) -> Vec<String> {
    let name = |entry: fs::DirEntry| entry.file_name().into_string().expect("a name that is text");
    fs::read_dir(folder).expect("a folder").map(|entry| name(entry.expect("an entry"))).collect()
}

#[tokio::test]
async fn documents_are_canonical_and_in_the_order_of_their_ids() {
    let first = r#"{"id":"s0001","a b":[0.10,null],"big":12345678901234567890}"#;
    let second = r#"{"id":"s0002","a b":[0.10,null],"big":12345678901234567890}"#;
    for (count, array, expected) in [
        (0, false, String::new()),
        (1, false, format!("{first}\n")),
        (2, false, format!("{first}\n{second}\n")),
        (0, true, "[]\n".to_owned()),
        (1, true, format!("[\n{first}\n]\n")),
        (2, true, format!("[\n{first},\n{second}\n]\n")),
    ] {
        let (result, out, err) = export(&filled(count), &Args { output: None, array }).await;
        assert_eq!(result.expect("the export succeeds"), count as u64);
        assert_eq!(out, expected);
        assert_eq!(
            err,
            if count == 1 { "exported 1 session\n".into() } else { format!("exported {count} sessions\n") }
        );
    }
}

#[tokio::test]
async fn what_is_exported_can_be_imported_again() {
    for count in [0, 1, PAGE - 1, PAGE, PAGE + 1, 3 * PAGE + 7] {
        for array in [false, true] {
            let folder = tempfile::tempdir().expect("a folder");
            let file = folder.path().join("sessions");
            let store = filled(count);
            // What would not survive the conversion that an import makes by itself.
            store.put("raw", r#"{"id":"raw","x":{"$oid":"y"}}"#);
            // Stored under an id that the document does not hold.
            store.put("without", "{}");
            let (result, out, _) = export(&store, &to_file(&file, array)).await;
            assert_eq!(result.expect("the export succeeds"), count as u64 + 2);
            assert_eq!(out, "");
            assert_eq!(names(folder.path()), ["sessions"]);

            let again = Memory::default();
            let args = import::Args { file, raw: true, existing: import::Existing::Refuse };
            let mut err = Vec::new();
            let tenant = TenantId::only();
            let source = import::open(&args).expect("it was written");
            let report = import::run(&args, source, again.shared(), &tenant, &mut Vec::new(), &mut err).await;
            assert_eq!(report.expect("the import succeeds").imported, count as u64 + 2);
            assert_eq!(again.get("without").as_deref(), Some(r#"{"id":"without"}"#));
            again.put("without", "{}");
            let canonical = |(id, document): (String, String)| {
                (id, Document::parse(&document).expect("a document").text().to_owned())
            };
            let expected: Vec<_> = store.all().into_iter().map(canonical).collect();
            assert_eq!(again.all().into_iter().collect::<Vec<_>>(), expected);
        }
    }
}

#[tokio::test]
async fn an_export_that_fails_leaves_the_file_as_it_was() {
    let lost = Memory { is_lost_behind_the_first_page: true, ..filled(PAGE + 1) };
    let broken = filled(1);
    broken.put("t", "{");
    for (store, message) in [
        (lost, "the export is not complete, sessions written: 100; the store failed: disk on fire"),
        (
            broken,
            "the export is not complete, sessions written: 1; the stored document of t is broken: \
             EOF while parsing an object at line 1 column 1",
        ),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("sessions");
        let (result, _, err) = export(&store, &to_file(&file, false)).await;
        assert_eq!(result.expect_err("it stops").to_string(), message);
        assert_eq!(err, "");
        assert_eq!(names(folder.path()), [""; 0]);

        fs::write(&file, "yesterday's").expect("a file");
        export(&store, &to_file(&file, true)).await.0.expect_err("it stops");
        assert_eq!(fs::read_to_string(&file).expect("the file"), "yesterday's");
        assert_eq!(names(folder.path()), ["sessions"]);

        // On standard output there is no end that would make it look whole.
        let (result, out, err) = export(&store, &Args { output: None, array: true }).await;
        result.expect_err("it stops");
        assert!(!out.ends_with("]\n"), "{out}");
        assert_eq!(err, "");
    }
}

#[tokio::test]
async fn a_file_that_is_there_is_replaced_also_behind_a_link_and_a_folder_is_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("sessions");
    fs::write(&file, "yesterday's").expect("a file");
    #[cfg(unix)]
    let output = {
        let link = folder.path().join("link");
        std::os::unix::fs::symlink("sessions", &link).expect("a link");
        link
    };
    #[cfg(not(unix))]
    let output = file.clone();
    assert_eq!(export(&filled(3), &to_file(&output, false)).await.0.expect("the export succeeds"), 3);
    assert_eq!(fs::read_to_string(&file).expect("the file").lines().count(), 3);

    let (result, ..) = export(&filled(3), &to_file(folder.path(), false)).await;
    let message = result.expect_err("a folder cannot be replaced").to_string();
    assert!(message.ends_with(": this is no regular file"), "{message}");
}

/// Takes some bytes and then fails.
struct Closing {
    room: usize,
    kind: ErrorKind,
}

impl Write for Closing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.room == 0 {
            return Err(self.kind.into());
        }
        let count = self.room.min(bytes.len());
        self.room -= count;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_reader_that_stops_reading_ends_the_export_quietly() {
    let args = Args { output: None, array: false };
    let tenant = TenantId::only();
    let mut err = Vec::new();
    let mut out = Closing { room: 50, kind: ErrorKind::BrokenPipe };
    run(&args, filled(500).shared(), &tenant, &mut out, &mut err).await.expect("no error");
    assert!(err.is_empty());

    let mut out = Closing { room: 50, kind: ErrorKind::StorageFull };
    let error = run(&args, filled(500).shared(), &tenant, &mut out, &mut err).await.expect_err("a full disk");
    assert!(matches!(error, Error::Output(error) if error.kind() == ErrorKind::StorageFull));
    assert!(err.is_empty());
}
