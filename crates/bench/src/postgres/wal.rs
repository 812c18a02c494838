//! How much PostgreSQL writes, and what of it.

use std::{ops::Range, process::Stdio};

use tokio::process::Command;

use super::{Database, Server};
use crate::Failure;

const END: &str = "SELECT (pg_current_wal_insert_lsn() - '0/0')::bigint";

/// A record whose commit has everything before it written out, so that it can be read.
const WRITE_OUT: &str = "SELECT pg_logical_emit_message(true, 'benchmark', '')";

const EVENTS: &str = "SELECT pg_total_relation_size('channel_session_event')";

const DOCUMENTS: &str = "SELECT document::text FROM channel_session LIMIT 100";

impl Database {
    /// How many bytes of write-ahead log there are.
    pub(crate) async fn wal_end(&self) -> Result<i64, Failure> {
        let mut connection = self.connect().await?;
        let end = sqlx::query_scalar(END).fetch_one(&mut connection).await?;
        sqlx::raw_sql(WRITE_OUT).execute(&mut connection).await?;
        Ok(end)
    }

    /// What the events' table takes, with all that belongs to it.
    pub(crate) async fn events_bytes(&self) -> Result<i64, Failure> {
        Ok(sqlx::query_scalar(EVENTS).fetch_one(&mut self.connect().await?).await?)
    }

    /// What the text of a document takes on average, without white space, as callers get it.
    pub(crate) async fn document_bytes(&self) -> Result<f64, Failure> {
        let documents: Vec<String> =
            sqlx::query_scalar(DOCUMENTS).fetch_all(&mut self.connect().await?).await?;
        let mut bytes = 0;
        for document in &documents {
            bytes += serde_json::from_str::<serde_json::Value>(document)?.to_string().len();
        }
        Ok(bytes as f64 / documents.len() as f64)
    }
}

impl Server {
    /// Bytes of images of whole pages in a part of the write-ahead log.
    pub(crate) async fn page_images(&self, part: Range<i64>) -> Result<i64, Failure> {
        let position = |at: i64| format!("{:X}/{:X}", at >> 32, at & 0xFFFF_FFFF);
        let output = Command::new(self.programs().join("pg_waldump"))
            .arg("--stats")
            .arg("--path")
            .arg(self.data_folder().join("pg_wal"))
            .args(["--start", &position(part.start), "--end", &position(part.end)])
            .stdin(Stdio::null())
            .output()
            .await?;
        let images = images(&String::from_utf8_lossy(&output.stdout));
        images.ok_or_else(|| format!("pg_waldump: {}", String::from_utf8_lossy(&output.stderr)).into())
    }
}

/// Of the last line of pg_waldump's statistics, the bytes of images: behind the counts of records and of their bytes.
fn images(statistics: &str) -> Option<i64> {
    let total = statistics.lines().find(|line| line.starts_with("Total"))?;
    total.split_ascii_whitespace().filter_map(|field| field.parse().ok()).nth(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_the_third_number_of_the_total() {
        let statistics = "\
WAL statistics between 0/1500028 and 0/1600000:
Type                                           N      (%)          Record size      (%)             FPI size      (%)
----                                           -      ---          -----------      ---             --------      ---
Heap                                          12 ( 60.00)                 1200 ( 50.00)                 8192 ( 50.00)
                                        --------                      --------                      --------
Total                                         20                          2400 [12.78%]                16384 [87.22%]                18784 [100%]
";
        assert_eq!(images(statistics), Some(16384));
        assert_eq!(images("pg_waldump: error\n"), None);
    }
}
