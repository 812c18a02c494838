//! All attacks at once.

use super::{
    answers::{ask_and_take_nothing, updates_are_answered, watch_and_read_nothing},
    beside_a_good_caller, create_large,
    lists::ask_for_lists_and_read_nothing,
    requests::{send_messages_that_do_not_end, send_short_numbers, send_tiny_parts},
    service,
};
use crate::{
    starvation::ask_for_lists_and_call_off,
    support::{Store, on_both_stores, timeout::until},
};

on_both_stores!(all_attacks_at_once);

async fn all_attacks_at_once(store: Store) {
    let service = service(store).await;
    create_large(&service, "large").await;
    let attacks = async || {
        let kept = (watch_and_read_nothing(&service).await, ask_for_lists_and_read_nothing(&service));
        let answers = tokio::join!(
            ask_and_take_nothing(&service),
            send_messages_that_do_not_end(&service),
            send_tiny_parts(&service),
            send_short_numbers(&service),
            ask_for_lists_and_call_off(&service),
            updates_are_answered(&service),
        );
        (kept, answers)
    };
    let attacks = beside_a_good_caller(&service, attacks).await;
    // When it is over, and also while those who do not read are still there, all is as before.
    until("room for a large answer", async || service.rest().get("large").await.status.is_success()).await;
    drop(attacks);
}
