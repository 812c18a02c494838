//! The suite on a store that keeps nothing but a map: what it asks for can be done, by the rule as it stands.

mod memory;

use store_testkit::Fresh;

async fn fresh() -> Fresh {
    Fresh::new(memory::Memory::default(), ())
}

store_testkit::conformance!(fresh);
