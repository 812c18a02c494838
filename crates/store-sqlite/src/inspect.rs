//! A look at a file before anything is begun on it. Nothing is changed: no file is made, no table.

use std::{fs::OpenOptions, path::Path};

use domain::finding::Finding;
use sqlx::{ConnectOptions, Connection, Row, sqlite::SqliteConnectOptions};

use crate::{
    folder,
    open::{migrations, options},
};

const DATABASE: &str = "database";
const TABLES: &str = "tables";

/// What is found of the file that an `sqlite:` URL names.
pub async fn inspect(url: &str) -> Vec<Finding> {
    let options = match options(url) {
        Ok(options) => options,
        Err(error) => return vec![Finding::failed(DATABASE, error.to_string())],
    };
    let file = options.get_filename();
    let shown = file.display();
    if let Some(problem) = folder::problem(file) {
        return vec![Finding::failed(DATABASE, format!("{shown}: {problem}"))];
    }
    if !file.exists() {
        return vec![Finding::fine(DATABASE, format!("{shown} is not there yet: the start makes it"))];
    }
    // Neither makes nor truncates it.
    if let Err(error) = OpenOptions::new().read(true).write(true).open(file) {
        return vec![Finding::failed(DATABASE, format!("{shown} cannot be written: {error}"))];
    }
    let tables = match tables(file).await {
        Ok(found) => found.finding(),
        Err(error) => Finding::failed(TABLES, format!("{shown}: {error}")),
    };
    vec![Finding::fine(DATABASE, format!("{shown} can be written")), tables]
}

/// The tables of a file.
enum Tables {
    /// Every step of the migrations was taken.
    Current,
    /// Not all of them were.
    Older,
    /// There are none.
    None,
    /// Another program's, which do not get in the way.
    BesideOthers,
    /// Another program's, one of which has the name of the service's.
    Foreign,
}

impl Tables {
    fn finding(self) -> Finding {
        match self {
            Self::Current => Finding::fine(TABLES, "they are those of this version"),
            Self::Older => {
                Finding::warning(TABLES, "they are not those of this version: the start brings them there")
            }
            Self::None => Finding::fine(TABLES, "there are none yet: the start makes them"),
            Self::BesideOthers => Finding::warning(
                TABLES,
                "the file has those of another program: the start puts its own beside them; is it the right file?",
            ),
            Self::Foreign => Finding::failed(
                TABLES,
                "the file has a table channel_session that another program has made: name another file",
            ),
        }
    }
}

async fn tables(file: &Path) -> Result<Tables, sqlx::Error> {
    let mut log = file.as_os_str().to_owned();
    log.push("-wal");
    // Where nobody has it open, SQLite would make files beside it; opened as immutable, it makes none.
    let is_at_rest = !Path::new(&log).exists();
    let options = SqliteConnectOptions::new().filename(file).read_only(true).immutable(is_at_rest);
    let mut connection = options.disable_statement_logging().connect().await?;
    let counts = "SELECT count(*) AS tables, count(*) FILTER (WHERE name = '_sqlx_migrations') AS migrations,
                         count(*) FILTER (WHERE name = 'channel_session') AS sessions
                  FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite!_%' ESCAPE '!'";
    let row = sqlx::raw_sql(counts).fetch_one(&mut connection).await?;
    let count = |name| row.try_get::<i64, _>(name);
    let found = match (count("migrations")?, count("sessions")?, count("tables")?) {
        (0, 0, 0) => Tables::None,
        (0, 0, _) => Tables::BesideOthers,
        (0, ..) => Tables::Foreign,
        _ => {
            let steps = sqlx::raw_sql("SELECT version FROM _sqlx_migrations WHERE success");
            let steps = steps.fetch_all(&mut connection).await?;
            let taken = steps.iter().map(|row| row.try_get("version")).collect::<Result<Vec<i64>, _>>()?;
            let is_current = migrations().iter().all(|step| taken.contains(&step.version));
            if is_current { Tables::Current } else { Tables::Older }
        }
    };
    let _ = connection.close().await;
    Ok(found)
}
