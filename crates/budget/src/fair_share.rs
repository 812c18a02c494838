//! The rule by which tenants share what has a limit for all of them together.
//!
//! No tenant may come to hold more than three times what it leaves free. So one that floods is refused while there still is
//! room for the others, and nothing that was let in has to be taken away again. Two that flood come to hold three sevenths
//! each, however unlike their floods are, and so on: what is refused is always the next of whoever has most. The price is
//! that one tenant alone holds three quarters of a limit at most. Where nobody has to say who they are, there is but one
//! tenant, and the rule does not apply.
//!
//! It is asked wherever a limit refuses: [`crate::Permits`] and [`crate::Memory`] here, and the queue of the batcher, which
//! always does. Where a limit has callers wait, they wait in [`crate::Turns`], and how much of the processors a tenant takes
//! is bounded by [`crate::AtWork`].

/// How many times what is left free a tenant may hold. Too few, and much of a limit stays unused; too many, and a tenant that
/// comes while another one floods has little room.
const TIMES: usize = 3;

/// Whether a tenant that holds `own` of something may have `more` of the `free` rest. One that holds none may have all of the
/// rest: else what is large by itself could never be let in.
#[must_use]
pub fn is_fair(own: usize, more: usize, free: usize) -> bool {
    more <= free && (own == 0 || own.saturating_add(more) <= free.saturating_mul(TIMES))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How much each of some tenants comes to hold of a limit, when all of them want one more again and again.
    fn held(limit: usize, tenants: usize) -> Vec<usize> {
        let mut held = vec![0; tenants];
        for _ in 0..limit {
            for at in 0..tenants {
                let free = limit - held.iter().sum::<usize>();
                held[at] += usize::from(is_fair(held[at], 1, free));
            }
        }
        held
    }

    #[test]
    fn tenants_that_want_all_come_to_hold_as_much_as_each_other_and_leave_some_free() {
        assert_eq!(held(1024, 1), [768]);
        assert_eq!(held(700, 2), [300, 300]);
        let ten = held(3100, 10);
        assert!(ten.iter().all(|held| (295..=305).contains(held)), "{ten:?}");
        assert_eq!((held(1, 1), held(2, 1)), (vec![1], vec![2]));
    }

    #[test]
    fn who_holds_nothing_has_all_that_is_left_and_nobody_more_than_that() {
        assert!(is_fair(0, 10, 10) && is_fair(0, 1, 1));
        assert!(!is_fair(0, 11, 10) && !is_fair(1, 10, 3) && !is_fair(1, 1, 0));
    }
}
