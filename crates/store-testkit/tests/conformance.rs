//! The suite on a store that keeps nothing but a map: what it asks for can be done, by the rule as it stands.

use channel_sessions_store_testkit::{Fresh, memory::Memory};

async fn fresh() -> Fresh {
    Fresh::new(Memory::default(), ())
}

channel_sessions_store_testkit::conformance!(fresh);
