//! The allocator of the program `channel-sessions`; or, in a build for that, one that counts how often it is asked, which is
//! as often whoever gives the memory.

#[cfg(not(feature = "count-allocations"))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

#[cfg(feature = "count-allocations")]
#[global_allocator]
static ALLOCATOR: stats_alloc::StatsAlloc<std::alloc::System> = stats_alloc::StatsAlloc::system();

/// How often this process has asked for memory, or for more in place of what it had. None where that is not counted.
pub(crate) fn count() -> Option<usize> {
    #[cfg(feature = "count-allocations")]
    {
        let stats = ALLOCATOR.stats();
        Some(stats.allocations + stats.reallocations)
    }
    #[cfg(not(feature = "count-allocations"))]
    None
}
