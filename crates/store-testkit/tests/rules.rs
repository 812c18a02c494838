//! The rules that no store decides, on the store that takes the least time.

use channel_sessions_store_testkit::{Fresh, memory::Memory};

async fn fresh() -> Fresh {
    Fresh::new(Memory::default(), ())
}

channel_sessions_store_testkit::rules!(fresh);
