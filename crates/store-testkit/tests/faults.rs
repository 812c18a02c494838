//! A case that cannot fail shows nothing: each fault that a store may have is noticed by every case that is named here,
//! and a store without it passes them. They are all cases that every store runs: what a store may do wrong is no rule.

mod faulty;

use std::{
    panic,
    sync::{Arc, Once},
    thread,
};

use channel_sessions_store_testkit::{CASES, cases};
use domain::store::Store;
use faulty::{Fault, Faulty};

/// A case that fails is what is wanted here, so that it says nothing. The tests themselves run in other threads.
fn keep_quiet() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let loud = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if thread::current().name() != Some("tokio-rt-worker") {
                loud(info);
            }
        }));
    });
}

macro_rules! notice {
    ($($test:ident: $fault:ident [$($noun:ident::$case:ident),+ $(,)?])+) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                keep_quiet();
                $(
                    let name = concat!(stringify!($noun), "::", stringify!($case));
                    assert!(CASES.contains(&name), "{name} does not run on every store");
                    for (fault, notices) in [(Fault::None, false), (Fault::$fault, true)] {
                        let store: Arc<dyn Store> = Arc::new(Faulty::new(fault));
                        let case = tokio::spawn(async move { cases::$noun::$case(&store).await });
                        let case = case.await.map_err(|failure| failure.to_string());
                        assert_eq!(case.is_err(), notices, "{name} with {fault:?}: {case:?}");
                    }
                )+
            }
        )+
    };
}

notice! {
    forgotten_requests_are_noticed: ForgetsRequests [
        repeat::a_repeat_is_answered_as_the_first_and_changes_nothing,
        repeat::a_repeat_after_other_changes_is_answered_as_the_first,
        repeat::many_repeats_at_once_change_once_and_are_answered_alike,
        repeat::of_many_contents_under_one_id_one_is_made,
        model::every_reply_of_random_calls_is_allowed_and_the_events_tell_what_happened,
    ]
    forgotten_requests_that_changed_nothing_are_noticed: ForgetsRequestsThatChangedNothing [
        request_id::an_update_that_changed_nothing_is_remembered_too,
        request_id::an_empty_update_is_remembered_too,
    ]
    ignored_revisions_are_noticed: IgnoresRevisions [
        etag::another_revision_is_refused_and_told,
        etag::of_many_with_one_etag_one_changes,
        etag::a_revision_is_required_of_every_kind_of_change,
        model::every_reply_of_random_calls_is_allowed_and_the_events_tell_what_happened,
    ]
    ignored_preconditions_are_noticed: IgnoresPreconditions [
        precondition::another_value_is_refused_and_the_entry_told,
        precondition::of_many_who_require_absence_one_attaches,
        precondition::a_counter_that_many_raise_loses_nothing,
        model::every_reply_of_random_calls_is_allowed_and_the_events_tell_what_happened,
    ]
    changes_that_should_only_be_validated_are_noticed: MakesWhatIsOnlyValidated [
        validate_only::an_update_is_told_and_not_made,
        validate_only::a_creation_is_told_and_not_made,
        validate_only::in_one_call_it_sees_the_changes_before_it_and_those_behind_it_do_not_see_it,
        model::every_reply_of_random_calls_is_allowed_and_the_events_tell_what_happened,
    ]
    changes_that_were_cancelled_are_noticed: MakesWhatWasCancelled [
        cancel_handle::an_update_that_was_cancelled_is_not_made,
        request_id::what_was_refused_is_not_remembered,
    ]
    lost_updates_are_noticed: LosesUpdates [
        concurrency::no_key_is_lost,
        precondition::a_counter_that_many_raise_loses_nothing,
        model::every_reply_of_random_calls_is_allowed_and_the_events_tell_what_happened,
    ]
    calls_that_are_gone_through_backwards_are_noticed: GoesBackwardsThroughCalls [
        batch::updates_of_one_session_take_effect_in_order,
        delete::a_whole_life_fits_one_call,
        existing::in_one_call_each_finds_what_the_one_before_it_stored,
        model::every_reply_of_random_calls_is_allowed_and_the_events_tell_what_happened,
    ]
    reading_what_was_is_noticed: ReadsWhatWas [
        update_data::type_and_value_are_replaced_each_by_itself_too,
        model::every_reply_of_random_calls_is_allowed_and_the_events_tell_what_happened,
    ]
    skipped_events_are_noticed: SkipsEvents [
        reading::a_reader_hears_every_change_of_many_writers_once,
        event::many_changes_at_once_have_one_each_without_a_gap,
        model::every_reply_of_random_calls_is_allowed_and_the_events_tell_what_happened,
    ]
    events_that_are_skipped_between_pages_are_noticed: SkipsEventsBetweenPages [
        reading::pages_of_any_size_give_each_event_once,
        reading::a_reader_hears_every_change_of_many_writers_once,
        model::every_reply_of_random_calls_is_allowed_and_the_events_tell_what_happened,
    ]
    events_that_come_twice_are_noticed: RepeatsEventsBetweenPages [
        reading::pages_of_any_size_give_each_event_once,
        model::every_reply_of_random_calls_is_allowed_and_the_events_tell_what_happened,
    ]
    events_out_of_order_are_noticed: DisordersEvents [
        reading::a_reader_hears_every_change_of_many_writers_once,
        event::many_changes_at_once_have_one_each_without_a_gap,
        model::every_reply_of_random_calls_is_allowed_and_the_events_tell_what_happened,
    ]
    shown_passwords_are_noticed: ShowsPasswords [
        password::an_attached_one_is_masked,
        password::those_that_stay_are_masked_in_the_events_of_other_changes,
        model::every_reply_of_random_calls_is_allowed_and_the_events_tell_what_happened,
    ]
    readers_that_go_too_far_are_noticed: IgnoresUntil [
        position::until_a_position_comes_what_is_before_it,
        position::until_an_event_comes_what_is_before_it_and_itself,
    ]
    readers_that_start_too_early_are_noticed: StartsReadersTooEarly [
        position::nothing_is_behind_the_present_position,
        reading::readers_that_come_while_much_happens_miss_nothing_from_then_on,
    ]
    positions_that_are_none_are_noticed: TakesAnyPosition [
        position::a_position_that_the_store_did_not_give_is_refused,
    ]
    readers_that_are_late_and_not_told_are_noticed: HidesThatAReaderIsLate [
        retention::a_reader_from_before_what_is_gone_is_told_so,
        retention::a_reader_on_its_way_is_told_when_it_falls_behind,
    ]
    deleting_too_much_is_noticed: ExpiresTooMuch [
        retention::an_event_that_is_just_as_old_as_is_kept_stays,
        request_id::they_expire_in_steps_and_can_be_used_again,
    ]
    sessions_that_are_skipped_between_pages_are_noticed: SkipsSessionsBetweenPages [
        page::pages_of_any_size_follow_each_other_without_gaps,
        page::sessions_that_stay_are_listed_once_while_others_come_and_go,
        list::every_combination_finds_what_meets_all_of_it,
    ]
    ignored_filters_are_noticed: IgnoresFilters [
        list::every_combination_finds_what_meets_all_of_it,
        list::a_replaced_session_is_found_by_what_is_new,
        model::every_reply_of_random_calls_is_allowed_and_the_events_tell_what_happened,
    ]
    a_past_that_outlives_its_session_is_noticed: KeepsThePastOfTheDeleted [
        delete::its_history_and_events_go_and_one_event_tells_of_it,
    ]
    a_past_that_is_skipped_between_pages_is_noticed: SkipsThePastBetweenPages [
        history::pages_of_any_size_follow_each_other,
        history::a_key_that_changed_long_ago_is_found,
    ]
    a_past_that_ends_with_an_empty_page_is_noticed: EndsThePastWithAnEmptyPage [
        history::a_key_that_changed_long_ago_is_found,
    ]
    ended_sessions_out_of_order_are_noticed: DisordersEnded [
        ended::they_come_in_the_order_in_which_they_ended,
    ]
    a_store_that_never_closes_is_noticed: NeverCloses [
        lifecycle::a_closed_store_refuses_everything_as_unavailable,
        abandoned::closing_waits_for_what_was_left,
    ]
    connections_that_abandoned_calls_keep_are_noticed: KeepsWhatIsLeft [
        abandoned::an_update_is_made_wholly_or_not_at_all,
        abandoned::each_command_of_a_call_is_made_wholly_or_not_at_all,
        abandoned::sessions_are_fetched_as_before,
        abandoned::lists_are_read_as_before,
        abandoned::history_is_read_as_before,
        abandoned::events_are_read_as_before,
        abandoned::positions_are_given_as_before,
        abandoned::ended_sessions_are_found_as_before,
        abandoned::the_clock_goes_on_as_before,
        abandoned::its_health_is_told_as_before,
        abandoned::what_has_expired_goes_wholly_or_not_at_all,
    ]
    updates_that_are_lost_behind_abandoned_ones_are_noticed: LosesWhatComesBehindWhatIsLeft [
        abandoned::an_update_is_made_wholly_or_not_at_all,
        abandoned::each_command_of_a_call_is_made_wholly_or_not_at_all,
    ]
    abandoned_changes_without_their_record_are_noticed: MakesHalfOfWhatIsLeft [
        abandoned::an_update_is_made_wholly_or_not_at_all,
        abandoned::each_command_of_a_call_is_made_wholly_or_not_at_all,
    ]
}
