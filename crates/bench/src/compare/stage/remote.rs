//! A database as it is on another machine: behind a network, and with a disk that does not answer from a cache.

use std::time::Duration;

use sqlx::AssertSqlSafe;

use crate::{
    Failure,
    postgres::{Database, Network, Server},
};

/// From here to there, and as long back: together, what is usual within a data centre.
const ONE_WAY: Duration = Duration::from_micros(500);

/// What a flush of the write-ahead log takes in addition: what a disk takes that is reached over a network.
const FLUSH: Duration = Duration::from_millis(2);

/// Makes one. The network has to be kept for as long as it is used.
///
/// PostgreSQL waits for `commit_delay` each time before it flushes, as the one who does so for all who have committed by
/// then, and here however few those are. A slow disk would take that time in the flush itself: who commits meanwhile waits
/// for the next one there, and here only for this one. So both sides have it a little better here than on such a disk.
pub(super) async fn create(server: &Server, name: &'static str) -> Result<(Database, Network), Failure> {
    let database = server.create(name).await?;
    let mut connection = database.connect().await?;
    for (setting, value) in [("commit_delay", FLUSH.as_micros()), ("commit_siblings", 0)] {
        let set = format!("ALTER DATABASE {name} SET {setting} = {value}");
        sqlx::raw_sql(AssertSqlSafe(set)).execute(&mut connection).await?;
    }
    let network = Network::start(server.port(), ONE_WAY)?;
    Ok((server.behind(network.port(), name), network))
}
