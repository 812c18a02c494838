//! Making changes: read what they are about, have the domain decide, write what comes of it, and begin again with those
//! whose sessions somebody else has changed in between.

use std::collections::BTreeMap;

use domain::{
    Error,
    change::{Change, Changed, Operation},
    session::{Id, TenantId},
    working::{Working, Write},
};
use sqlx::PgConnection;

use crate::{connections::Connections, error, load, write};

/// How often a batch is begun again before it is refused. Each time, some other process has changed one of its sessions,
/// so that even a session that everybody changes takes a few only.
const MAX_ROUNDS: usize = 1000;

/// Makes a batch of changes, and gives a result for each, in order.
pub(crate) async fn run(connections: &Connections, changes: &[Change]) -> Vec<Result<Changed, Error>> {
    let mut results: Results = changes.iter().map(|_| None).collect();
    for _ in 0..MAX_ROUNDS {
        if results.iter().all(Option::is_some) {
            break;
        }
        if let Err(error) = round(connections, changes, &mut results).await {
            for result in results.iter_mut().filter(|result| result.is_none()) {
                *result = Some(Err(error.clone()));
            }
        }
    }
    results.into_iter().map(|result| result.unwrap_or(Err(Error::Overloaded))).collect()
}

/// Results as they come in; none yet for a change that is still open.
type Results = Vec<Option<Result<Changed, Error>>>;

/// One session's part of a batch: what is to be written, and the changes that it is made of, with their answers.
pub(crate) struct Part {
    pub(crate) tenant: TenantId,
    pub(crate) id: Id,
    pub(crate) write: Write,
    answers: Vec<(usize, Result<Changed, Error>)>,
}

/// Does once all that is open. An error is about the whole round, of which then nothing was written.
async fn round(connections: &Connections, changes: &[Change], results: &mut Results) -> Result<(), Error> {
    let mut connection = connections.get().await?;
    let parts = decide(&mut connection, changes, results).await?;
    if write_all(&mut connection, parts, results).await {
        connection.keep();
    }
    Ok(())
}

/// Reads the sessions and has the domain decide. What needs no write has its result then; the rest is returned.
async fn decide(
    connection: &mut PgConnection,
    changes: &[Change],
    results: &mut Results,
) -> Result<Vec<Part>, Error> {
    // In the order of their keys: two statements that lock the same rows then lock them alike.
    let mut sessions: BTreeMap<(&TenantId, &Id), Vec<usize>> = BTreeMap::new();
    for (at, change) in changes.iter().enumerate().filter(|(at, _)| results[*at].is_none()) {
        sessions.entry((&change.tenant, &change.id)).or_default().push(at);
    }
    let keys: Vec<_> = sessions.keys().copied().collect();
    let open = sessions.values().flatten().map(|&at| &changes[at]);
    let states = load::run(connection, &keys, open).await?;

    let mut parts = Vec::new();
    for (((tenant, id), places), state) in sessions.into_iter().zip(states) {
        let mut state = match state {
            Ok(state) => state,
            Err(error) => {
                for at in places {
                    results[at] = Some(Err(error.clone()));
                }
                continue;
            }
        };
        let answers = apply(&mut state, changes, places);
        match state.into_write() {
            Some(write) => parts.push(Part { tenant: tenant.clone(), id: id.clone(), write, answers }),
            None => answers.into_iter().for_each(|(at, answer)| results[at] = Some(answer)),
        }
    }
    Ok(parts)
}

/// Has a session's changes decided, in order. Those behind a deletion stay open: what the deletion erases has to be gone
/// before they begin anew.
fn apply(
    state: &mut Working,
    changes: &[Change],
    places: Vec<usize>,
) -> Vec<(usize, Result<Changed, Error>)> {
    let mut answers = Vec::with_capacity(places.len());
    for at in places {
        let change = &changes[at];
        // Everything that could still be called off has been waited for.
        let sent = if change.validate_only { Ok(()) } else { change.attempt.send() };
        let answer = sent.and_then(|()| state.apply(change));
        let is_deleted = matches!(change.operation, Operation::Delete(_))
            && answer.as_ref().is_ok_and(|answer| answer.changed && !change.validate_only);
        answers.push((at, answer));
        if is_deleted {
            break;
        }
    }
    answers
}

/// Writes parts. What the database refuses is cut in halves until what it refuses is alone: no session's write fails for
/// another's. Says whether all of it went well.
async fn write_all(connection: &mut PgConnection, parts: Vec<Part>, results: &mut Results) -> bool {
    let mut is_well = true;
    // Together they would all take the statement that takes longer.
    let (updates, others) = parts.into_iter().partition(|part| write::is_update(&part.write));
    let mut todo: Vec<Vec<Part>> = vec![others, updates];
    while let Some(mut parts) = todo.pop() {
        if parts.is_empty() {
            continue;
        }
        match write::run(connection, &parts).await {
            Ok(written) => {
                for (part, written) in parts.into_iter().zip(written) {
                    // Somebody else's change came first where it is not: that stays open.
                    if written {
                        part.answers.into_iter().for_each(|(at, answer)| results[at] = Some(answer));
                    }
                }
            }
            // Nothing of the statement was done. Read again, what was in its way is found.
            Err(error) if error::is_conflict(&error) => is_well = false,
            Err(error) => {
                is_well = false;
                let error = error::of_write(error);
                if parts.len() > 1 && matches!(error, Error::Internal(_)) {
                    let rest = parts.split_off(parts.len() / 2);
                    todo.extend([rest, parts]);
                    continue;
                }
                for (at, _) in parts.into_iter().flat_map(|part| part.answers) {
                    results[at] = Some(Err(error.clone()));
                }
            }
        }
    }
    is_well
}
