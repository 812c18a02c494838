//! The check behind each run of updates: everything that was acknowledged is in the database, once, and nothing else is.

use std::collections::HashMap;

use super::stage::Store;
use crate::{
    Failure,
    load::{Acknowledged, Load},
};

/// How many acknowledgements are looked up at once.
const CHUNK: usize = 10_000;

/// Looks up what came of a load.
///
/// # Errors
/// What is missing, what is there twice, or what does not go together.
pub(crate) async fn run(store: Store<'_>, load: &Load) -> Result<(), Failure> {
    if let Some([one, other]) = twice(&load.acknowledged) {
        return Err(format!("two updates were acknowledged with one revision: {one:?} and {other:?}").into());
    }
    for chunk in load.acknowledged.chunks(CHUNK) {
        let missing = store.missing(chunk).await?;
        if let Some(first) = missing.first().and_then(|index| chunk.get(*index)) {
            let count = missing.len();
            return Err(format!(
                "{count} acknowledged updates are not in the database; the first is {first:?}"
            )
            .into());
        }
    }
    // No call has failed, or there would be no load to check: so there are as many events as calls.
    let (events, calls) = (store.events().await?, load.calls.len());
    if events != calls {
        return Err(format!("there are {events} events of {calls} updates").into());
    }
    let astray = store.astray().await?;
    if let Some(first) = astray.first() {
        let count = astray.len();
        return Err(format!(
            "of {count} sessions the revision is not what their events say; the first is {first}"
        )
        .into());
    }
    Ok(())
}

/// Two acknowledgements that name the same revision of the same session.
fn twice(acknowledged: &[Acknowledged]) -> Option<[Acknowledged; 2]> {
    let mut known = HashMap::with_capacity(acknowledged.len());
    acknowledged.iter().find_map(|it| {
        let earlier = known.insert((it.session, it.revision), *it)?;
        Some([earlier, *it])
    })
}

impl Store<'_> {
    /// Takes away what the last run has left.
    pub(crate) async fn empty(self) -> Result<(), Failure> {
        match self {
            Self::Postgres(database) => database.empty().await,
            Self::Sqlite(database) => database.empty(),
        }
    }

    async fn missing(self, acknowledged: &[Acknowledged]) -> Result<Vec<usize>, Failure> {
        match self {
            Self::Postgres(database) => database.missing(acknowledged).await,
            Self::Sqlite(database) => database.missing(acknowledged),
        }
    }

    async fn events(self) -> Result<usize, Failure> {
        match self {
            Self::Postgres(database) => database.events().await,
            Self::Sqlite(database) => database.events(),
        }
    }

    async fn astray(self) -> Result<Vec<String>, Failure> {
        match self {
            Self::Postgres(database) => database.astray().await,
            Self::Sqlite(database) => database.astray(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::update::Token;

    #[test]
    fn one_revision_of_one_session_is_acknowledged_once() {
        let acknowledged = |session, revision| Acknowledged { session, revision, token: Token::next() };
        let mut all = vec![acknowledged(1, 2), acknowledged(2, 2), acknowledged(1, 3)];
        assert_eq!(twice(&all), None);
        all.push(acknowledged(2, 2));
        assert_eq!(twice(&all), Some([all[1], all[3]]));
    }
}
