//! Which cases run where, and the tests that they become.
//!
//! If a store can break a case, every store runs it ([`CASES`]): by what its SQL finds, writes and orders, by the text that
//! comes back, by what callers and instances see of each other, by what it answers from a cache, by how it keeps events and
//! request ids. If only a change in `domain` can break it, for it is about what is decided of one command between a store's
//! read and its write, it is a rule and runs on the store in memory alone ([`RULES`]). In doubt, every store runs it.

mod rules;
mod stores;

pub use rules::RULES;
pub use stores::CASES;

/// Makes a test of each case that every store runs.
///
/// `fresh` is the path of an `async fn() -> store_testkit::Fresh`, which gives each test an empty store:
///
/// ```ignore
/// store_testkit::conformance!(fresh);
/// ```
///
/// The tests run on a runtime with several threads, by `tokio::test`, so the crate needs tokio's `macros` and
/// `rt-multi-thread`.
#[macro_export]
macro_rules! conformance {
    ($fresh:path) => {
        $crate::each_case! { tests_of_cases $fresh }
    };
}

/// Makes a test of each rule, as [`conformance!`] does of what every store runs.
#[macro_export]
macro_rules! rules {
    ($fresh:path) => {
        $crate::each_rule! { tests_of_cases $fresh }
    };
}

/// A module for each noun, so that a test's name is a sentence about it.
#[doc(hidden)]
#[macro_export]
macro_rules! tests_of_cases {
    ($fresh:path; $($noun:ident { $($case:ident,)* })*) => {
        $(
            mod $noun {
                // The path that was given means what it means outside.
                #[allow(unused_imports, reason = "not needed where the path is absolute")]
                use super::*;

                $(
                    #[::tokio::test(flavor = "multi_thread", worker_threads = 2)]
                    async fn $case() {
                        let fresh: $crate::Fresh = $fresh().await;
                        $crate::cases::$noun::$case(&fresh.store).await;
                    }
                )*
            }
        )*
    };
}

/// The names alone.
#[doc(hidden)]
#[macro_export]
macro_rules! names_of_cases {
    (; $($noun:ident { $($case:ident,)* })*) => {
        &[$($(concat!(stringify!($noun), "::", stringify!($case)),)*)*]
    };
}
