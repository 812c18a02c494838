//! A line before what only a few may do at once.

use std::sync::Arc;

use domain::Error;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Clones are the same one.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    /// Who is in it, those whose turn it is included.
    permits: Arc<Semaphore>,
    turns: Arc<Semaphore>,
}

/// A turn, which ends when it is dropped.
#[derive(Debug)]
pub(crate) struct Turn {
    _permit: OwnedSemaphorePermit,
    _turn: OwnedSemaphorePermit,
}

/// How many lists are read at once. Each has a connection of the database's while it reads: too many, and they have those
/// of reads and updates of single sessions; too few, and a slow one holds up the others.
const TURNS: usize = 4;

/// How many may wait beside them. More would wait for longer than they care to, and are refused at once.
const MAX_WAITING: usize = 64;

impl Default for Line {
    fn default() -> Self {
        Self {
            permits: Arc::new(Semaphore::new(TURNS + MAX_WAITING)),
            turns: Arc::new(Semaphore::new(TURNS)),
        }
    }
}

impl Line {
    /// Waits for a turn. Whoever stops waiting leaves the line.
    ///
    /// # Errors
    /// [`Error::Overloaded`] if the line is too long.
    pub(crate) async fn turn(&self) -> Result<Turn, Error> {
        let overloaded = |_| Error::Overloaded;
        let permit = self.permits.clone().try_acquire_owned().map_err(overloaded)?;
        let turn = self.turns.clone().acquire_owned().await.map_err(|_| Error::Overloaded)?;
        Ok(Turn { _permit: permit, _turn: turn })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_few_have_a_turn_some_wait_and_more_are_refused() {
        let line = Line::default();
        let mut turns = Vec::new();
        for _ in 0..TURNS {
            turns.push(line.turn().await.expect("a turn"));
        }
        let mut waiting: Vec<_> = (0..MAX_WAITING).map(|_| Box::pin(line.turn())).collect();
        for waiting in &mut waiting {
            assert!(futures_util::poll!(waiting).is_pending());
        }
        assert!(matches!(line.turn().await, Err(Error::Overloaded)));
        // Who leaves makes room, and so does who is done.
        waiting.pop();
        turns.pop();
        assert!(waiting.remove(0).await.is_ok());
        assert!(futures_util::poll!(Box::pin(line.turn())).is_pending());
    }
}
