//! What is written under another name until it is complete: `.NAME.XXXXXX.part` beside where it is to stand.
//!
//! A process that is killed leaves it there. The next one that writes the same file removes it, and knows by a lock those that
//! somebody is still writing.

use std::{
    ffi::{OsStr, OsString},
    fs::{self, File, TryLockError},
    io::{self, ErrorKind},
    path::Path,
};

use tempfile::Builder;

const SUFFIX: &str = ".part";

/// How many characters make a name one that nobody else has.
const RANDOM_CHARACTERS: usize = 6;

/// How often another name is tried: whoever removes what was left may take one for it that has just been made.
const ATTEMPTS: usize = 8;

/// Says of what was made that somebody is writing it, for as long as it is not dropped.
pub(crate) struct Claim {
    _locked: File,
}

/// Makes a file or a folder in the folder of `target`, and removes what was left there of others.
///
/// # Errors
/// It cannot be made: which folder is at fault, and what to do.
pub(crate) fn begin<T: AsRef<Path>>(
    target: &Path,
    make: impl Fn(&Builder<'_, '_>, &Path) -> io::Result<T>,
) -> io::Result<(T, Claim)> {
    let mut prefix = OsString::from(".");
    prefix.push(target.file_name().ok_or_else(|| io::Error::other("this is no file name"))?);
    prefix.push(".");
    let folder = folder(target);
    remove_left(folder, &prefix);
    let mut builder = Builder::new();
    builder.prefix(&prefix).suffix(SUFFIX).rand_bytes(RANDOM_CHARACTERS);
    for _ in 0..ATTEMPTS {
        // Its error names what nobody has asked for.
        let made = make(&builder, folder).map_err(|error| explained(folder, &error))?;
        let Ok(file) = File::open(made.as_ref()) else { continue };
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => continue,
            // Where there are no locks, nobody gets one, and nobody removes anything.
            Ok(()) | Err(TryLockError::Error(_)) => {}
        }
        if made.as_ref().exists() {
            return Ok((made, Claim { _locked: file }));
        }
    }
    Err(io::Error::other(format!("what is made in the folder {} does not stay there", folder.display())))
}

/// The folder that a file is in.
pub(crate) fn folder(file: &Path) -> &Path {
    file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Why nothing can be made in a folder, and what to do.
fn explained(folder: &Path, error: &io::Error) -> io::Error {
    let (kind, shown) = (error.kind(), folder.display());
    let said = match fs::metadata(folder) {
        Err(missing) if missing.kind() == ErrorKind::NotFound => {
            format!("there is no folder {shown}: make it, or name another one")
        }
        Ok(other) if !other.is_dir() => format!("{shown} is no folder: name another one"),
        Ok(_) | Err(_) => format!("nothing can be made in the folder {shown}: {kind}"),
    };
    io::Error::new(kind, said)
}

/// Removes what processes that were killed have left of a file. What cannot be removed stays.
fn remove_left(folder: &Path, prefix: &OsStr) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        // What else has such a name is none of this program's, and a pipe would keep it waiting.
        let is_dir = match entry.file_type() {
            Ok(kind) if kind.is_dir() || kind.is_file() => kind.is_dir(),
            Ok(_) | Err(_) => continue,
        };
        if !is_left(&entry.file_name(), prefix) {
            continue;
        }
        let path = entry.path();
        // Held until it is gone.
        let Ok(file) = File::open(&path) else { continue };
        if file.try_lock().is_err() {
            continue;
        }
        let removed = if is_dir { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        if removed.is_ok() {
            tracing::info!(path = %path.display(), "removed what a process that was killed had left");
        }
    }
}

fn is_left(name: &OsStr, prefix: &OsStr) -> bool {
    let random = name.as_encoded_bytes().strip_prefix(prefix.as_encoded_bytes());
    let random = random.and_then(|rest| rest.strip_suffix(SUFFIX.as_bytes()));
    // Of another file, whose name begins like this one's, there are more.
    random.is_some_and(|it| it.len() == RANDOM_CHARACTERS && it.iter().all(u8::is_ascii_alphanumeric))
}

#[cfg(test)]
mod tests {
    use tempfile::{NamedTempFile, TempDir};

    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).expect("a folder");
        let mut names: Vec<_> =
            entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("text")).collect();
        names.sort_unstable();
        names
    }

    fn begin_file(target: &Path) -> (NamedTempFile, Claim) {
        begin(target, |builder, folder| builder.tempfile_in(folder)).expect("a file")
    }

    fn begin_folder(target: &Path) -> (TempDir, Claim) {
        begin(target, |builder, folder| builder.tempdir_in(folder)).expect("a folder")
    }

    #[test]
    fn what_was_left_is_removed_and_nothing_else() {
        let place = tempfile::tempdir().expect("a folder");
        let target = place.path().join("copy.db");
        let left = |name: &str| place.path().join(name);
        fs::create_dir(left(".copy.db.abc123.part")).expect("a folder");
        fs::write(left(".copy.db.abc123.part/x"), "half").expect("a file");
        fs::write(left(".copy.db.DEF456.part"), "half").expect("a file");
        let others =
            [".copy.db.part", ".copy.db.old.abc123.part", ".other.db.abc123.part", "copy.db.abc123.part"];
        for other in others {
            fs::write(left(other), "mine").expect("a file");
        }
        let (file, claim) = begin_file(&target);
        let own = file.path().file_name().expect("a name").to_str().expect("text").to_owned();
        let mut expected: Vec<_> = others.into_iter().map(ToOwned::to_owned).chain([own]).collect();
        expected.sort_unstable();
        assert_eq!(names(place.path()), expected);
        drop((file, claim));
    }

    #[test]
    fn what_somebody_is_writing_stays() {
        let place = tempfile::tempdir().expect("a folder");
        let target = place.path().join("copy.db");
        let (first, claim) = begin_folder(&target);
        let (second, _second) = begin_file(&target);
        assert!(first.path().exists() && second.path().exists());
        // As if its process was killed.
        let first = first.keep();
        drop(claim);
        let (third, _third) = begin_folder(&target);
        assert!(!first.exists() && second.path().exists() && third.path().exists());
    }

    #[test]
    fn a_folder_that_is_at_fault_is_named_with_what_to_do() {
        let place = tempfile::tempdir().expect("a folder");
        fs::write(place.path().join("file"), "").expect("a file");
        for (folder, said) in [("none", "there is no folder "), ("file", "file is no folder")] {
            let target = place.path().join(folder).join("copy.db");
            let error = begin(&target, |builder, folder| builder.tempfile_in(folder))
                .err()
                .expect("no file")
                .to_string();
            assert!(error.contains(said) && error.contains("name another one"), "{error}");
            assert!(!error.contains(".part"), "{error}");
        }
    }
}
