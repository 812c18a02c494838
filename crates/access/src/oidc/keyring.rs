//! An issuer's keys as they are now, and the work in the background that keeps them so.

mod fetching;
mod pace;

use std::sync::{Arc, Mutex, PoisonError};

use tokio::{
    sync::{Notify, Semaphore, watch},
    time::Instant,
};
use tokio_util::task::AbortOnDropHandle;

use super::{
    fetch::Fetch,
    keys::{Keys, Missing},
    verify::{Reason, Unverified},
};

pub(super) use pace::Pace;

/// An issuer's keys. They are replaced as a whole: one that the issuer has dropped is not valid any more. Whoever bears a
/// token of a known key never waits, whatever is being fetched.
pub(super) struct Keyring {
    known: watch::Receiver<Known>,
    asked: Mutex<Option<Asked>>,
    /// Wakes the fetching up.
    wake: Arc<Notify>,
    /// Permits for calls that wait.
    waiting: Semaphore,
    pace: Pace,
    _fetching: AbortOnDropHandle<()>,
}

/// What is known of an issuer's keys.
struct Known {
    keys: Option<Arc<Keys>>,
    /// How many fetches have ended.
    fetches: u64,
    is_fetching: bool,
}

/// The last time that a token asked for a fetch.
#[derive(Clone, Copy)]
struct Asked {
    at: Instant,
    /// How many had ended then.
    fetches: u64,
}

impl Keyring {
    pub(super) fn new(source: Box<dyn Fetch>, keys: Option<Arc<Keys>>, pace: Pace) -> Self {
        let is_fetching = keys.is_none();
        let (sender, known) = watch::channel(Known { keys, fetches: u64::from(!is_fetching), is_fetching });
        let wake = Arc::new(Notify::new());
        let fetching = tokio::spawn(fetching::keep_fetching(source, sender, Arc::clone(&wake), pace));
        Self {
            known,
            asked: Mutex::new(None),
            wake,
            waiting: Semaphore::new(pace.max_waiting),
            pace,
            _fetching: AbortOnDropHandle::new(fetching),
        }
    }

    /// The keys as they are now.
    pub(super) fn keys(&self) -> Option<Arc<Keys>> {
        self.known.borrow().keys.clone()
    }

    /// Keys of which one is the token's. One that is not known is fetched, if that is due.
    pub(super) async fn for_token(&self, token: &Unverified<'_>) -> Result<Arc<Keys>, Reason> {
        match self.find(token) {
            Err(Reason::NoKeys | Reason::NoKey(Missing::Unknown)) => {}
            found => return found,
        }
        self.refresh().await;
        self.find(token)
    }

    fn find(&self, token: &Unverified<'_>) -> Result<Arc<Keys>, Reason> {
        let keys = self.keys().ok_or(Reason::NoKeys)?;
        token.key(&keys)?;
        Ok(keys)
    }

    /// Waits for a fetch: the one that is under way, or another where none was asked for of late. Does not wait where neither
    /// is, nor where too many do.
    async fn refresh(&self) {
        let Ok(_place) = self.waiting.try_acquire() else { return };
        let Some(fetches) = self.ask() else { return };
        self.fetched_since(fetches).await;
    }

    /// How many fetches have ended before the one that is to be waited for.
    fn ask(&self) -> Option<u64> {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let (fetches, is_fetching) = {
            let known = self.known.borrow();
            (known.fetches, known.is_fetching)
        };
        if is_fetching || asked.is_some_and(|last| last.fetches == fetches) {
            return Some(fetches);
        }
        if asked.is_some_and(|last| last.at.elapsed() < self.pace.unknown) {
            return None;
        }
        *asked = Some(Asked { at: Instant::now(), fetches });
        self.wake.notify_one();
        Some(fetches)
    }

    /// How many fetches have ended.
    #[cfg(test)]
    pub(super) fn fetches(&self) -> u64 {
        self.known.borrow().fetches
    }

    /// Waits until more fetches have ended than these.
    pub(super) async fn fetched_since(&self, fetches: u64) {
        let mut known = self.known.clone();
        // It fails where there is no fetching any more, and so nothing to wait for.
        let _ = known.wait_for(|known| known.fetches > fetches).await;
    }
}
