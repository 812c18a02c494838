//! Where PostgreSQL's programs are, and how to get them where there are none.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// The oldest release that is good enough: the oldest that is maintained.
const OLDEST: u32 = 14;

/// The folder that holds `initdb` and `postgres`. Installs them where there are none and the process may.
///
/// # Errors
/// What was tried, and what to do.
pub(super) fn find() -> Result<PathBuf, String> {
    if let Some(folder) = installed() {
        return Ok(folder);
    }
    let tried = install();
    installed().ok_or_else(|| {
        format!(
            "these tests need a PostgreSQL server and found none. Install PostgreSQL {OLDEST} or later, so \
             that initdb and postgres are on PATH, under /usr/lib/postgresql/*/bin or where pg_config \
             --bindir says (Debian: apt-get install postgresql); or set TEST_DATABASE_URL to a server where \
             databases may be created, such as postgres://user:password@localhost. {tried}"
        )
    })
}

fn installed() -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = env::split_paths(&path).collect();
    folders.extend(debian_folders());
    folders.extend(output("pg_config", &["--bindir"]).map(|line| PathBuf::from(line.trim())));
    let folder = folders.into_iter().find(|folder| is_good(folder))?;
    // Links to the two may stand alone; the other programs are where they lead to.
    let server = fs::canonicalize(folder.join("postgres")).ok()?;
    Some(server.parent().filter(|own| own.join("initdb").is_file()).map_or(folder, Path::to_owned))
}

/// The folders of Debian's packages, the newest release first.
fn debian_folders() -> Vec<PathBuf> {
    let releases = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut releases: Vec<(u32, PathBuf)> = releases
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .collect();
    releases.sort();
    releases.into_iter().rev().map(|(_, folder)| folder).collect()
}

fn is_good(folder: &Path) -> bool {
    folder.join("initdb").is_file()
        && output(folder.join("postgres"), &["--version"])
            .and_then(|line| release(&line))
            .is_some_and(|release| release >= OLDEST)
}

/// The release in `postgres (PostgreSQL) 15.13 (Debian 15.13-0+deb12u1)`, also where it is `18beta1`.
fn release(line: &str) -> Option<u32> {
    let version = line.split_whitespace().nth(2)?;
    version.split(|char: char| !char.is_ascii_digit()).next()?.parse().ok()
}

/// Installs Debian's package, and says what came of it.
fn install() -> String {
    let is_root = output("id", &["-u"]).is_some_and(|user| user.trim() == "0");
    let prefix: &[&str] = if is_root {
        &["env"]
    } else if output("sudo", &["-n", "true"]).is_some() {
        &["sudo", "-n", "env"]
    } else {
        return "(Installing Debian's package needs root, or sudo without a password.)".to_owned();
    };
    let apt_get = |arguments: &[&str]| {
        let mut command = Command::new(prefix[0]);
        command.args(&prefix[1..]).args(["DEBIAN_FRONTEND=noninteractive", "apt-get"]);
        // Test processes of other crates may be about the same.
        command.args(["-o", "DPkg::Lock::Timeout=300"]).args(arguments).stdin(Stdio::null()).output()
    };
    // A stale list of packages may do, so only the installation counts.
    drop(apt_get(&["update"]));
    match apt_get(&["install", "--yes", "--no-install-recommends", "postgresql"]) {
        Ok(done) if done.status.success() => "(Debian's package was installed.)".to_owned(),
        Ok(done) => {
            format!("(apt-get install postgresql failed: {})", String::from_utf8_lossy(&done.stderr).trim())
        }
        Err(error) => format!("(apt-get cannot be run: {error})"),
    }
}

/// What a program prints, if it can be run and succeeds.
fn output(program: impl AsRef<std::ffi::OsStr>, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_is_read_from_what_postgres_says() {
        for (line, expected) in [
            ("postgres (PostgreSQL) 15.13 (Debian 15.13-0+deb12u1)\n", Some(15)),
            ("postgres (PostgreSQL) 18beta1", Some(18)),
            ("postgres (PostgreSQL) 9.6.24", Some(9)),
            ("postgres", None),
        ] {
            assert_eq!(release(line), expected, "{line}");
        }
    }
}
