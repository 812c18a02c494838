//! The cases that run on one store.

/// What the domain decides. Hands the list to another of these macros.
#[doc(hidden)]
#[macro_export]
macro_rules! each_rule {
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
            delete {
                a_session_that_has_ended_can_be_deleted,
                a_malformed_session_can_be_deleted,
            }
            end {
                a_state_that_is_an_object_gets_its_name_and_reason,
                a_state_that_is_text_gets_the_name,
                a_state_that_is_absent_or_null_becomes_an_object,
                each_member_that_says_whether_it_is_active_says_that_it_is_not,
                where_nothing_says_that_it_is_active_is_active_is_added,
                a_session_that_has_ended_is_not_ended_again,
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
            etag {
                one_of_several_revisions_is_enough,
                tags_that_no_session_has_are_met_by_none,
                any_revision_asks_for_a_session_and_no_more,
            }
            event {
                nobody_in_particular_is_anonymous,
            }
            event_json {
                a_conversation_is_the_topic_where_it_has_no_id_of_its_own,
            }
            existing {
                where_there_is_none_it_is_stored_in_every_way,
                the_revision_can_be_required,
                a_refusal_does_not_ask_for_the_revision,
                its_event_says_whether_it_begins_ends_or_goes_on,
                its_event_tells_each_entry_that_changed,
                entries_that_moved_have_not_changed,
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
            list {
                a_conversation_is_the_topic_where_it_has_no_id_of_its_own,
                active_is_what_updates_mean_by_it,
            }
            password {
                one_that_changes_is_masked_before_and_after,
                what_becomes_one_is_masked_where_it_changes,
                a_removed_one_is_masked,
                a_key_that_is_stored_twice_is_masked_twice_where_one_of_them_is_one,
            }
            precondition {
                an_expected_value_that_is_there_is_met,
                values_are_compared_by_their_text,
                the_order_of_members_is_no_difference,
                no_value_is_expected_of_an_absent_key,
                an_entry_without_a_value_has_none_not_even_null,
                an_absence_is_met_once,
                a_key_that_is_stored_twice_has_to_be_as_required_twice,
                all_preconditions_have_to_hold_and_the_first_that_does_not_is_told,
                preconditions_are_about_what_was_there_before,
                preconditions_without_a_change_are_checked,
                checks_come_in_their_order,
                what_is_refused_makes_no_event,
            }
            removal {
                a_removed_key_is_gone,
                a_key_that_is_stored_twice_is_removed_twice,
                the_last_key_leaves_an_empty_list,
                an_absent_key_is_no_change,
                an_absent_key_beside_one_that_is_there_changes_once,
                nothing_to_remove_from_stays_as_it_is,
                the_others_keep_their_order_and_their_members,
                keys_compare_exactly,
                keys_that_need_escapes_are_found,
                a_hundred_keys_are_removed_at_once,
                keys_are_removed_before_others_are_attached,
                what_is_removed_makes_room_for_what_is_attached,
                a_list_that_came_in_longer_can_shrink_and_be_exchanged,
                a_key_that_comes_again_comes_last,
                a_malformed_channel_data_is_told,
                a_session_that_is_not_active_loses_nothing,
                one_event_tells_all_that_was_removed_and_attached,
            }
            repeat {
                what_is_no_content_may_differ,
                a_repeat_of_a_refusal_is_decided_again,
            }
            request_id {
                other_content_is_refused,
            }
            size {
                a_list_that_is_made_counts_with_all_that_holds_it,
            }
            update_data {
                an_entry_is_replaced_where_it_stands,
                other_members_of_an_entry_stay,
                a_member_that_an_entry_lacks_is_a_change_also_where_it_becomes_null,
                a_key_that_is_stored_twice_is_replaced_twice,
                an_appended_attribute_comes_last,
                appended_attributes_keep_the_requests_order,
                a_key_that_is_repeated_in_a_request_ends_with_its_last_value,
                keys_compare_exactly,
                a_hundred_attributes_are_attached_at_once,
                every_value_type_is_stored_by_its_name,
            }
            validate_only {
                what_would_change_nothing_is_told_so,
                everything_is_checked,
                an_end_and_a_deletion_are_told_and_not_made,
                the_deletion_of_nothing_is_told,
            }
        }
    };
}

/// Their names, each as `noun::statement`.
pub const RULES: &[&str] = crate::each_rule! { names_of_cases };
