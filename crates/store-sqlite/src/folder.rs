//! The folder that the database's file is in: SQLite makes others beside it, and where it cannot, says only that it cannot
//! open the file.

use std::{
    fs::{self, OpenOptions},
    io::ErrorKind,
    path::Path,
};

/// What is wrong with it; none if that is not why a file cannot be opened. Makes a file there, and removes it.
pub(crate) fn problem(file: &Path) -> Option<String> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let shown = folder.display();
    if let Err(error) = fs::metadata(folder) {
        let fix = if error.kind() == ErrorKind::NotFound { "; make it, or name another one" } else { "" };
        return Some(format!("its folder {shown} cannot be opened: {error}{fix}"));
    }
    if file.is_dir() {
        return Some(format!("{} is a folder; name a file in it", file.display()));
    }
    let probe = folder.join(format!(".channel-sessions-{}", std::process::id()));
    match OpenOptions::new().write(true).create_new(true).open(&probe) {
        Ok(_) => {
            let _ = fs::remove_file(&probe);
            None
        }
        Err(error) => Some(format!("no file can be made in its folder {shown}: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_is_named_where_it_is_at_fault() {
        let folder = std::env::temp_dir();
        assert_eq!(problem(&folder.join("x.db")), None);
        let missing = folder.join("there/is/none");
        let problem_of_missing = problem(&missing.join("x.db")).expect("there is none");
        assert!(problem_of_missing.contains(&*missing.to_string_lossy()), "{problem_of_missing}");
        assert!(problem(&folder).expect("it is none").contains("is a folder"));
    }
}
