//! The list of all cases, and the tests that it becomes.

/// Makes a test of each case of the suite.
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

/// The list, the one place where a case is named besides its definition. Hands it to another of these macros.
#[doc(hidden)]
#[macro_export]
macro_rules! each_case {
    ($then:ident $($with:path)?) => {
        $crate::$then! { $($with)?;
            active {
                a_session_is_active_unless_it_says_otherwise,
                is_active_false_makes_it_inactive,
                active_false_makes_it_inactive_where_is_active_is_absent,
                active_counts_for_nothing_where_is_active_is_there,
                what_is_not_the_boolean_false_is_not_false,
                other_members_say_nothing_about_it,
                inactive_is_found_out_before_anything_about_the_list,
                nothing_to_attach_is_fine_only_for_active_sessions,
            }
            attempt {
                an_update_that_was_given_up_is_not_made,
                a_creation_that_was_given_up_is_not_made,
                neighbours_of_an_update_that_was_given_up_are_made,
                an_update_that_was_given_up_does_not_count_among_those_of_its_session,
                neighbours_of_a_creation_that_was_given_up_are_made,
                a_creation_that_was_given_up_leaves_the_id_to_the_next,
                a_batch_of_nothing_but_given_up_items_changes_nothing,
                a_write_that_was_made_can_no_longer_be_given_up,
            }
            batch {
                a_call_without_updates_gives_no_results,
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
            channel_data {
                an_absent_channel_data_counts_as_empty,
                a_null_channel_data_counts_as_empty,
                an_absent_list_counts_as_empty,
                a_null_list_counts_as_empty,
                a_list_that_is_made_is_held_to_the_limit,
                members_of_the_same_names_elsewhere_are_left_alone,
                a_channel_data_that_is_no_object_is_malformed,
                additional_attributes_that_are_no_list_are_malformed,
                a_malformed_document_is_found_out_before_the_limit,
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
                a_call_without_sessions_gives_no_results,
            }
            entries {
                scalars_stay,
                arrays_stay,
                objects_without_a_key_stay,
                keys_that_are_no_strings_match_nothing,
                a_key_equals_no_others_json_text,
                a_key_deep_inside_an_entry_matches_nothing,
                others_keep_their_places_around_a_replaced_entry,
                types_and_values_of_any_kind_are_replaced,
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
            get {
                a_missing_session_is_not_found,
                fetching_changes_nothing,
                sessions_come_in_the_order_of_the_ids,
                three_hundred_sessions_are_fetched_in_one_call,
                a_call_without_ids_gives_no_results,
            }
            id {
                odd_ids_come_back_as_they_were,
                ids_of_255_characters_come_back_as_they_were,
                ids_are_compared_exactly,
            }
            lifecycle {
                an_open_store_gives_a_sign_of_life,
                a_closed_store_refuses_everything_as_unavailable,
                closing_waits_for_what_is_under_way,
            }
            limit {
                a_list_grows_to_the_limit_and_not_beyond,
                a_list_at_the_limit_can_be_overridden,
                a_list_that_came_in_longer_can_be_overridden_and_not_grown,
                a_request_that_would_outgrow_the_limit_is_refused_as_a_whole,
                repeated_keys_of_a_request_count_once,
                a_key_that_is_stored_twice_counts_twice,
                entries_that_are_no_objects_count,
                each_item_brings_its_own_limit,
                a_limit_of_none_lets_no_list_grow,
                the_largest_limit_is_none,
                the_limit_is_checked_before_the_size,
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
            }
            property {
                any_updates_of_any_session_do_what_the_rule_says,
            }
            size {
                separators_of_lists_count_without_spaces,
                separators_of_objects_count_without_spaces,
                empty_lists_and_objects_count_as_two_bytes,
                what_looks_like_a_separator_inside_text_counts_in_full,
                control_characters_count_as_they_are_escaped,
                characters_count_as_many_bytes_as_they_have_in_utf_8,
                numbers_count_as_they_are_written_out,
                a_list_that_is_made_counts_with_all_that_holds_it,
                the_largest_documents_can_be_stored,
            }
            update_data {
                the_documented_request_changes_nothing_of_the_documented_session,
                another_value_changes_the_documented_session_where_it_stands,
                a_missing_session_is_not_found,
                an_entry_is_replaced_where_it_stands,
                type_and_value_are_replaced_each_by_itself_too,
                other_members_of_an_entry_stay,
                a_member_that_an_entry_lacks_is_a_change_also_where_it_becomes_null,
                a_key_that_is_stored_twice_is_replaced_twice,
                an_appended_attribute_comes_last,
                appended_attributes_keep_the_requests_order,
                a_key_that_is_repeated_in_a_request_ends_with_its_last_value,
                keys_compare_exactly,
                keys_that_need_escapes_are_found_again,
                a_key_of_255_four_byte_characters_is_found_again,
                a_hundred_attributes_are_attached_at_once,
                a_repeated_update_changes_nothing_more,
                the_order_of_members_is_no_change,
                a_numbers_scale_is_a_change,
                numbers_that_one_double_would_stand_for_differ,
                texts_that_look_alike_differ,
                every_value_type_is_stored_by_its_name,
            }
        }
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

/// The cases' names, each as `noun::statement`.
pub const CASES: &[&str] = crate::each_case! { names_of_cases };
