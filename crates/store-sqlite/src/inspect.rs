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
    let tables = match is_current(file).await {
        Ok(true) => Finding::fine(TABLES, "they are those of this version"),
        Ok(false) => {
            Finding::warning(TABLES, "they are not those of this version: the start brings them there")
        }
        Err(error) => Finding::failed(TABLES, format!("{shown}: {error}")),
    };
    vec![Finding::fine(DATABASE, format!("{shown} can be written")), tables]
}

/// Whether every step of the migrations was taken.
async fn is_current(file: &Path) -> Result<bool, sqlx::Error> {
    let mut log = file.as_os_str().to_owned();
    log.push("-wal");
    // Where nobody has it open, SQLite would make files beside it; opened as immutable, it makes none.
    let is_at_rest = !Path::new(&log).exists();
    let options = SqliteConnectOptions::new().filename(file).read_only(true).immutable(is_at_rest);
    let mut connection = options.disable_statement_logging().connect().await?;
    let tables = "SELECT count(*) AS tables FROM sqlite_schema WHERE name = '_sqlx_migrations'";
    let is_there: i64 = sqlx::raw_sql(tables).fetch_one(&mut connection).await?.try_get("tables")?;
    if is_there == 0 {
        return Ok(false);
    }
    let steps = sqlx::raw_sql("SELECT version FROM _sqlx_migrations WHERE success")
        .fetch_all(&mut connection)
        .await?;
    let taken = steps.iter().map(|row| row.try_get("version")).collect::<Result<Vec<i64>, _>>()?;
    let _ = connection.close().await;
    Ok(migrations().iter().all(|step| taken.contains(&step.version)))
}
