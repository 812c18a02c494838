//! The suite on a store that keeps nothing but a map: what it asks for can be done, by the rule as it stands.

use store_testkit::{Fresh, memory::Memory};

async fn fresh() -> Fresh {
    Fresh::new(Memory::default(), ())
}

store_testkit::conformance!(fresh);
