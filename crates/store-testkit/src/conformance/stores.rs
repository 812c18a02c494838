//! The cases that every store runs.

/// What a store decides. Hands the list to another of these macros.
#[doc(hidden)]
#[macro_export]
macro_rules! each_case {
    ($then:ident $($with:path)?) => {
        $crate::$then! { $($with)?;
            abandoned {
                an_update_is_made_wholly_or_not_at_all,
                each_command_of_a_call_is_made_wholly_or_not_at_all,
                sessions_are_fetched_as_before,
                lists_are_read_as_before,
                history_is_read_as_before,
                events_are_read_as_before,
                positions_are_given_as_before,
                ended_sessions_are_found_as_before,
                the_clock_goes_on_as_before,
                its_health_is_told_as_before,
                what_has_expired_goes_wholly_or_not_at_all,
                closing_waits_for_what_was_left,
            }
            cancel_handle {
                an_update_that_was_cancelled_is_not_made,
                a_creation_that_was_cancelled_is_not_made,
                neighbours_of_an_update_that_was_cancelled_are_made,
                an_update_that_was_cancelled_does_not_count_among_those_of_its_session,
                neighbours_of_a_creation_that_was_cancelled_are_made,
                a_creation_that_was_cancelled_leaves_the_id_to_the_next,
                a_batch_of_nothing_but_cancelled_items_changes_nothing,
                a_write_that_was_made_can_no_longer_be_cancelled,
            }
            batch {
                a_call_without_commands_gives_no_results,
                one_that_is_refused_harms_no_other,
                updates_of_one_session_take_effect_in_order,
                an_update_sees_what_the_one_before_it_appended,
                a_repeated_update_in_one_call_changes_once,
                a_refused_update_between_two_of_its_session_harms_neither,
                three_hundred_sessions_are_updated_in_one_call,
                three_hundred_updates_of_one_session_are_made_in_one_call,
                updates_of_a_few_sessions_may_alternate,
                attributes_of_one_update_do_not_reach_its_neighbours,
            }
            concurrency {
                no_key_is_lost,
                updates_of_the_same_keys_do_not_mix,
                the_same_update_changes_once,
                a_list_does_not_outgrow_its_limit,
                batches_in_opposite_orders_do_not_block_each_other,
                of_creations_with_one_id_one_is_made,
                creations_of_the_same_ids_in_opposite_orders_do_not_block_each_other,
                a_reader_sees_no_half_of_an_update,
            }
            create {
                a_new_session_has_the_first_revision,
                an_empty_document_can_be_stored,
                the_id_is_the_requests_and_not_the_documents,
                a_session_that_is_there_is_not_stored_again,
                of_two_sessions_with_one_id_in_a_call_the_first_is_stored,
                results_come_in_order_for_new_sessions_and_those_that_are_there,
                three_hundred_sessions_are_stored_in_one_call,
            }
            delete {
                a_deleted_session_is_gone,
                it_is_found_by_nothing_any_more,
                the_next_session_continues_the_revision,
                a_session_in_its_place_can_be_made_in_every_way,
                its_history_and_events_go_and_one_event_tells_of_it,
                a_conversation_keeps_no_event_of_it,
                a_reader_that_was_on_its_way_is_told_of_it,
                the_event_of_an_earlier_deletion_goes_with_the_next,
                a_missing_session_is_not_found_unless_that_is_fine,
                a_session_of_another_revision_stays,
                a_whole_life_fits_one_call,
                a_session_that_is_deleted_and_made_in_one_call_forgets_what_was,
                many_creations_and_deletions_use_each_revision_once,
            }
            end {
                the_documented_session_keeps_all_else,
                numbers_and_nulls_elsewhere_stay_exact,
                state_and_reason_are_as_asked_for,
                one_event_tells_of_it,
                a_missing_session_is_not_found,
                data_is_attached_to_it_no_more,
                in_one_call_updates_before_it_are_made_and_those_behind_it_refused,
            }
            ended {
                they_come_in_the_order_in_which_they_ended,
                only_those_that_had_ended_before_come,
                active_sessions_do_not_come,
                deleted_sessions_do_not_come,
                one_that_is_active_again_does_not_come,
                one_that_was_replaced_by_an_ended_one_comes,
                one_that_was_stored_as_ended_counts_from_then,
                what_happens_to_an_ended_one_does_not_make_it_end_later,
                in_one_call_the_end_counts_and_not_what_comes_behind_it,
                whoever_cleans_up_comes_to_an_end,
            }
            etag {
                the_present_revision_is_met,
                another_revision_is_refused_and_told,
                a_revision_is_required_of_every_kind_of_change,
                a_deleted_session_meets_no_revision,
                of_many_with_one_etag_one_changes,
            }
            event {
                it_tells_all_of_a_change,
                it_tells_the_trace_of_the_call,
                each_change_has_the_name_of_what_it_is,
                what_changes_nothing_has_none,
                what_is_refused_has_none,
                its_document_is_the_session_as_that_change_left_it,
                the_largest_documents_are_told_whole,
                entries_of_any_kind_are_told_exactly,
                a_session_that_moves_to_another_conversation_says_so,
                a_call_with_many_changes_has_one_for_each,
                many_changes_at_once_have_one_each_without_a_gap,
                an_event_has_the_same_id_whenever_it_is_read,
            }
            event_json {
                the_documented_session_makes_the_documented_event,
                numbers_and_nulls_are_exact,
                ids_and_requesters_are_escaped,
                an_end_and_a_deletion_have_the_same_shape,
            }
            exactness {
                members_of_the_documented_session_survive,
                members_of_other_versions_survive,
                every_kind_of_value_survives,
                numbers_survive_with_every_digit_and_their_scale,
                numbers_with_exponents_come_back_written_out,
                the_longest_numbers_survive,
                text_of_every_unicode_plane_survives,
                text_that_others_would_normalise_survives,
                text_with_escapes_survives,
                names_that_mean_something_to_a_parser_survive,
                names_that_differ_little_stay_apart,
                names_and_texts_of_great_length_survive,
                the_deepest_documents_survive,
                wide_objects_and_long_lists_survive,
                the_largest_values_survive,
            }
            existing {
                one_that_is_to_be_kept_stays,
                one_that_is_to_be_replaced_is_another_as_a_whole,
                the_same_document_is_no_change,
                in_one_call_each_finds_what_the_one_before_it_stored,
                of_many_who_keep_what_is_there_one_stores,
            }
            get {
                a_missing_session_is_not_found,
                fetching_changes_nothing,
                sessions_come_in_the_order_of_the_ids,
                three_hundred_sessions_are_fetched_in_one_call,
                a_call_without_ids_gives_no_results,
            }
            history {
                it_comes_newest_first,
                it_is_what_the_events_told_without_their_documents,
                a_keys_past_has_the_changes_of_that_key,
                a_removed_a_replaced_and_a_created_key_have_a_past,
                keys_are_compared_exactly,
                a_key_of_any_length_has_a_past,
                pages_of_any_size_follow_each_other,
                without_a_key_a_page_is_full_unless_it_is_the_last,
                a_key_that_changed_long_ago_is_found,
                a_key_behind_large_changes_is_found,
                before_a_revision_comes_what_is_older,
                a_session_that_never_was_has_none,
                each_session_has_its_own,
                it_goes_on_after_the_session_is_created_again,
                what_is_not_kept_any_longer_is_gone,
            }
            id {
                odd_ids_come_back_as_they_were,
                ids_of_255_characters_come_back_as_they_were,
                ids_are_compared_exactly,
            }
            lifecycle {
                an_open_store_answers_reads_writes_and_watches,
                looking_after_its_health_tells_no_event,
                its_clock_goes_on,
                a_closed_store_refuses_everything_as_unavailable,
                closing_waits_for_what_is_under_way,
            }
            list {
                the_documented_session_is_found_by_everything,
                every_combination_finds_what_meets_all_of_it,
                a_page_starts_behind_an_id_that_does_not_meet_the_filter,
                what_is_no_text_is_found_by_nothing,
                what_is_too_long_is_found_by_nothing_and_harms_nothing,
                a_text_that_no_document_can_hold_finds_nothing,
                texts_are_compared_exactly,
                a_replaced_session_is_found_by_what_is_new,
                an_ended_session_is_found_as_such,
                an_updated_session_is_found_by_what_it_was,
                a_session_that_is_stored_again_is_found_by_what_is_new,
                sessions_that_stay_are_found_once_while_others_come_go_and_change,
            }
            model {
                every_reply_of_random_calls_is_allowed_and_the_events_tell_what_happened,
            }
            page {
                an_empty_store_has_an_empty_page,
                sessions_come_in_the_order_of_their_ids_bytes,
                pages_of_any_size_follow_each_other_without_gaps,
                a_page_starts_behind_an_id_that_is_not_there,
                nothing_comes_behind_the_last,
                a_page_of_none_is_empty,
                the_largest_limit_gives_all,
                a_page_has_the_sessions_as_they_stand,
                a_session_that_changes_between_two_pages_keeps_its_place,
                sessions_that_stay_are_listed_once_while_others_come_and_go,
            }
            password {
                an_attached_one_is_masked,
                one_that_becomes_something_else_is_masked_where_it_changes,
                those_that_stay_are_masked_in_the_events_of_other_changes,
                a_replacement_tells_neither_the_old_nor_the_new_one,
                the_log_keeps_none_for_any_reader,
            }
            position {
                nothing_is_behind_the_present_position,
                an_empty_store_has_a_position_too,
                what_happens_later_is_behind_it,
                positions_are_short_and_of_visible_ascii,
                each_event_has_a_position_that_continues_behind_it,
                a_position_stays_good_while_more_happens,
                until_a_position_comes_what_is_before_it,
                until_an_event_comes_what_is_before_it_and_itself,
                until_a_position_that_lies_before_comes_nothing,
                a_position_that_the_store_did_not_give_is_refused,
                a_refused_reader_is_told_why,
            }
            precondition {
                another_value_is_refused_and_the_entry_told,
                in_one_call_each_sees_what_those_before_it_left,
                of_many_who_require_absence_one_attaches,
                a_counter_that_many_raise_loses_nothing,
            }
            property {
                any_updates_of_any_session_do_what_the_rule_says,
            }
            reading {
                pages_of_any_size_give_each_event_once,
                one_call_with_many_changes_is_read_in_pages_too,
                a_reader_hears_every_change_of_many_writers_once,
                readers_that_come_while_much_happens_miss_nothing_from_then_on,
                many_readers_hear_the_same,
            }
            repeat {
                a_repeat_is_answered_as_the_first_and_changes_nothing,
                a_repeat_after_other_changes_is_answered_as_the_first,
                a_repeat_needs_no_precondition_any_more,
                a_creation_is_made_once,
                a_replacement_is_made_once,
                a_session_that_was_kept_is_remembered_as_it_was,
                an_end_is_made_once,
                in_one_call_a_repeat_is_answered_as_the_first,
                many_repeats_at_once_change_once_and_are_answered_alike,
                of_many_contents_under_one_id_one_is_made,
                many_creations_under_one_id_are_made_once,
            }
            request_id {
                request_ids_are_compared_exactly,
                each_session_has_its_own,
                an_update_that_changed_nothing_is_remembered_too,
                an_empty_update_is_remembered_too,
                what_was_refused_is_not_remembered,
                they_go_with_the_session,
                a_deletion_under_one_is_not_remembered,
                they_expire_in_steps_and_can_be_used_again,
                retention_of_events_leaves_them,
                what_is_only_validated_is_not_remembered,
            }
            retention {
                where_nothing_has_expired_nothing_goes,
                a_reader_from_before_what_is_gone_is_told_so,
                a_reader_behind_what_is_gone_has_no_gap,
                a_reader_that_comes_then_goes_on,
                a_reader_on_its_way_is_told_when_it_falls_behind,
                an_event_that_is_just_as_old_as_is_kept_stays,
                it_goes_in_steps_of_any_size,
                the_session_stays_as_it_is_and_goes_on,
                a_deletions_event_goes_in_its_time_and_the_revision_stays,
                what_a_deletion_erased_makes_no_reader_late,
                request_ids_that_go_make_no_reader_late,
                it_goes_on_beside_writers,
            }
            scope {
                a_conversations_reader_hears_of_its_sessions_alone,
                several_scopes_at_once_give_each_event_once,
                a_scope_of_nothing_is_read_to_the_end,
                a_scope_is_read_as_all_events_are,
                sessions_of_one_conversation_that_change_much_are_read_to_the_end,
                a_conversation_of_very_many_sessions_is_read_to_the_end,
                events_of_large_sessions_are_read_in_small_pages,
            }
            size {
                separators_of_lists_count_without_spaces,
                separators_of_objects_count_without_spaces,
                empty_lists_and_objects_count_as_two_bytes,
                what_looks_like_a_separator_inside_text_counts_in_full,
                control_characters_count_as_they_are_escaped,
                characters_count_as_many_bytes_as_they_have_in_utf_8,
                numbers_count_as_they_are_written_out,
                the_largest_documents_can_be_stored,
            }
            update_data {
                the_documented_request_changes_nothing_of_the_documented_session,
                another_value_changes_the_documented_session_where_it_stands,
                a_missing_session_is_not_found,
                type_and_value_are_replaced_each_by_itself_too,
                keys_that_need_escapes_are_found_again,
                a_key_of_255_four_byte_characters_is_found_again,
                a_repeated_update_changes_nothing_more,
                the_order_of_members_is_no_change,
                a_numbers_scale_is_a_change,
                numbers_that_one_double_would_stand_for_differ,
                texts_that_look_alike_differ,
            }
            validate_only {
                an_update_is_told_and_not_made,
                a_creation_is_told_and_not_made,
                in_one_call_it_sees_the_changes_before_it_and_those_behind_it_do_not_see_it,
                a_call_that_only_validates_changes_no_moment,
            }
        }
    };
}

/// Their names, each as `noun::statement`.
pub const CASES: &[&str] = crate::each_case! { names_of_cases };
