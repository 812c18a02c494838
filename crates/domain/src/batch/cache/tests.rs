//! What the cache keeps, for how long, and in how many bytes.

use super::*;
use crate::session::document;

fn id(number: usize) -> Id {
    Id::parse(&format!("session-{number}")).expect("an id")
}

/// A session of about a kilobyte.
fn session(revision: i64) -> Cached {
    let text = format!(
        r#"{{"channelData":{{"additionalAttributes":[{{"key":"k","value":{revision}}}]}},"x":"{}"}}"#,
        "x".repeat(900)
    );
    Cached { revision: Revision::new(revision), document: document(&text) }
}

fn put(cache: &SessionCache, number: usize, session: Cached) {
    cache.put(cache.generation(), TenantId::only(), id(number), session);
}

fn taken(cache: &SessionCache, number: usize) -> Option<i64> {
    let taken = cache.take([(&TenantId::only(), &id(number))].into_iter());
    taken.into_iter().flatten().next().map(|session| session.revision.get())
}

/// What is counted, and what it is counted from.
fn counted(cache: &SessionCache) -> (usize, usize) {
    let sessions = cache.lock();
    (sessions.bytes, sessions.by_key.iter().map(|(key, session)| bytes(key, session)).sum())
}

#[test]
fn a_session_is_taken_once_and_as_it_was_put_last() {
    let cache = SessionCache::new(SessionCache::DEFAULT_BYTES);
    put(&cache, 1, session(5));
    put(&cache, 2, session(6));
    put(&cache, 1, session(7));
    assert_eq!((taken(&cache, 1), taken(&cache, 1), taken(&cache, 2)), (Some(7), None, Some(6)));
    let other = TenantId::from_stored("other");
    put(&cache, 1, session(8));
    assert!(cache.take([(&other, &id(1))].into_iter())[0].is_none(), "another tenant's is another session");
    assert_eq!(taken(&cache, 1), Some(8));
    assert_eq!(counted(&cache), (0, 0));
}

#[test]
fn the_sessions_that_were_written_longest_ago_make_room() {
    const BYTES: usize = 100_000;
    let cache = SessionCache::new(BYTES);
    for number in 0..1000 {
        put(&cache, number, session(1));
        // Written again and again.
        assert_eq!(taken(&cache, 0), Some(1));
        put(&cache, 0, session(1));
        let (bytes, sum) = counted(&cache);
        assert!(bytes == sum && bytes <= BYTES, "{bytes} {sum}");
    }
    let kept = cache.lock().by_key.len();
    assert!((30..100).contains(&kept), "{kept} sessions of a kilobyte are kept");
    assert_eq!((taken(&cache, 1), taken(&cache, 999), taken(&cache, 0)), (None, Some(1), Some(1)));
}

#[test]
fn a_session_that_is_larger_than_the_cache_drives_out_none() {
    let cache = SessionCache::new(7_000);
    put(&cache, 1, session(1));
    put(&cache, 2, session(1));
    let large = document(&format!(r#"{{"x":"{}"}}"#, "x".repeat(8_000)));
    put(&cache, 2, Cached { revision: Revision::new(2), document: large });
    assert_eq!((taken(&cache, 1), taken(&cache, 2)), (Some(1), None), "what was there of it is gone");
    let none = SessionCache::new(0);
    put(&none, 1, session(1));
    assert_eq!(taken(&none, 1), None);
}

/// A small text may hold a list that takes much more memory than it.
#[test]
fn a_list_counts_with_what_it_takes_in_memory() {
    let cache = SessionCache::new(SessionCache::DEFAULT_BYTES);
    let list = format!(r#"{{"channelData":{{"additionalAttributes":[{}1]}}}}"#, "1,".repeat(9_999));
    put(&cache, 1, Cached { revision: Revision::FIRST, document: document(&list) });
    assert!(counted(&cache).0 >= list.len() + 10_000 * size_of::<json::Value>(), "{:?}", counted(&cache));
}

#[test]
fn what_was_written_before_the_cache_was_cleared_is_not_kept() {
    let cache = SessionCache::new(SessionCache::DEFAULT_BYTES);
    let before = cache.generation();
    put(&cache, 1, session(1));
    cache.clear();
    cache.put(before, TenantId::only(), id(2), session(1));
    put(&cache, 3, session(1));
    assert_eq!((taken(&cache, 1), taken(&cache, 2), taken(&cache, 3)), (None, None, Some(1)));
}

#[test]
fn it_prints_nothing_of_a_session() {
    let cache = SessionCache::new(SessionCache::DEFAULT_BYTES);
    put(&cache, 1, session(1));
    let printed = format!("{cache:?}");
    assert!(printed.contains("sessions: 1") && !printed.contains("xxx"), "{printed}");
}
