//! Batches: how one is cut into waves in which each session comes once, and how a wave is begun.

use std::collections::HashMap;

use domain::{
    Error,
    attempt::Attempt,
    session::{Id, TenantId},
};
use sqlx::{Postgres, pool::PoolConnection};

use crate::{Store, error};

/// Runs items in waves, each session at most once in a wave, and returns the results in the items' order.
///
/// A statement sees every row once, so the second change of a session needs a second statement to build on the first.
/// Within a wave items come in the order of their ids: two waves that lock the same rows then lock them alike.
pub(crate) async fn in_waves<T, R, F: Future<Output = Vec<Result<R, Error>>>>(
    items: Vec<T>,
    key: impl Fn(&T) -> (&TenantId, &Id),
    run: impl Fn(Vec<T>) -> F,
) -> Vec<Result<R, Error>> {
    let mut results: Vec<_> = items.iter().map(|_| None).collect();
    for mut wave in split(items, &key) {
        wave.sort_by(|(_, a), (_, b)| key(a).cmp(&key(b)));
        let (places, items): (Vec<usize>, Vec<T>) = wave.into_iter().unzip();
        for (place, result) in places.into_iter().zip(run(items).await) {
            results[place] = Some(result);
        }
    }
    results.into_iter().map(|result| result.unwrap_or_else(|| Err(missing()))).collect()
}

/// Results as they come in; none yet for an item that is still open.
pub(crate) type Results<R> = [Option<Result<R, Error>>];

/// Gets a connection for those of a wave's items that are open, and says of each that it is sent now. Returns the
/// connection and the places of the items; the others, and all if there is no connection, have their results.
pub(crate) async fn begin<T, R>(
    store: &Store,
    wave: &[T],
    attempt: impl Fn(&T) -> &Attempt,
    results: &mut Results<R>,
) -> Option<(PoolConnection<Postgres>, Vec<usize>)> {
    let open: Vec<usize> = (0..wave.len()).filter(|&at| results[at].is_none()).collect();
    let connection = match store.connection().await {
        Ok(connection) => connection,
        Err(error) => {
            error::for_each(&open, results, &error);
            return None;
        }
    };
    let mut sent = Vec::with_capacity(open.len());
    for at in open {
        match attempt(&wave[at]).send() {
            Ok(()) => sent.push(at),
            Err(given_up) => results[at] = Some(Err(given_up)),
        }
    }
    (!sent.is_empty()).then_some((connection, sent))
}

/// The error for an item that a statement returned no row for, which would be a defect.
pub(crate) fn missing() -> Error {
    Error::Internal("the statement returned no row for an item".into())
}

fn split<T>(items: Vec<T>, key: impl Fn(&T) -> (&TenantId, &Id)) -> Vec<Vec<(usize, T)>> {
    let mut seen: HashMap<(TenantId, Id), usize> = HashMap::new();
    let mut waves: Vec<Vec<(usize, T)>> = Vec::new();
    for (place, item) in items.into_iter().enumerate() {
        let (tenant, id) = key(&item);
        let count = seen.entry((tenant.clone(), id.clone())).or_default();
        let wave = *count;
        *count += 1;
        if wave == waves.len() {
            waves.push(Vec::new());
        }
        waves[wave].push((place, item));
    }
    waves
}
