"""A sound row for every condition that no row of a model may meet, and what makes it meet the condition.

Values are SQL. A condition of several parts has a fault for each part.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Values = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class RowFaults:
    """What is planted for one condition.

    Attributes:
        sound: A row that keeps the rule: SQL by column.
        faults: Changes of that row, each of which breaks it.
    """

    sound: Values
    faults: Sequence[Values]


_INTERVAL = RowFaults(
    {"valid_from": "date '2026-01-01'", "valid_until": "date '2026-02-01'"},
    ({"valid_until": "date '2026-01-01'"}, {"valid_until": "date '2025-12-31'"}),
)
_INTERVALS = (
    "a_rule_ends_after_it_begins",
    "a_statement_on_a_service_ends_after_it_begins",
    "a_claim_ends_after_it_begins",
    "a_statement_on_a_member_ends_after_it_begins",
    "a_placement_ends_after_it_begins",
    "a_team_path_ends_after_it_begins",
    "an_employment_ends_after_it_begins",
    "a_membership_ends_after_it_begins",
    "an_assignment_ends_after_it_begins",
    "an_ownership_ends_after_it_begins",
    "a_conflict_ends_after_it_begins",
)

_OWNERSHIP = {
    "own_exposure_is_part_of_the_whole": RowFaults(
        {"own_fte_days": "1", "fte_days": "2", "own_person_count": "1", "person_count": "2"},
        ({"own_fte_days": "3"}, {"own_person_count": "3"}, {"person_count": "0", "own_person_count": "0"}),
    ),
    "a_day_of_a_member_is_at_most_a_day": RowFaults(
        {"fte_days": "0"}, ({"fte_days": "-0.1"}, {"fte_days": "1.1"})
    ),
    "a_team_with_days_has_a_size": RowFaults(
        {"fte_days": "20", "own_fte_days": "20", "team_size": "1"},
        ({"team_size": "0"}, {"team_size": "null"}, {"own_fte_days": "21"}),
    ),
    "own_services_are_part_of_all": RowFaults(
        {"own_service_count": "1", "service_count": "1"},
        ({"own_service_count": "2"}, {"own_service_count": "0", "service_count": "0"}),
    ),
    "an_assignment_is_at_most_full_time": RowFaults(
        {"fte_units": "10000"}, ({"fte_units": "10001"}, {"fte_units": "-1"})
    ),
    "every_row_of_owned_events_counts_some": RowFaults({"event_count": "1"}, ({"event_count": "0"},)),
    "owned_and_unowned_add_up": RowFaults(
        {"event_count": "3", "owned_event_count": "2", "unowned_event_count": "1"},
        (
            {"owned_event_count": "3"},
            {"event_count": "0", "owned_event_count": "0", "unowned_event_count": "0"},
        ),
    ),
}

_OBJECTIVES = {
    "empty_slices_are_slices": RowFaults(
        {"gap_slice_count": "1", "no_traffic_slice_count": "1", "slice_count": "2"}, ({"slice_count": "1"},)
    ),
    "slices_tell_good_and_bad_apart": RowFaults(
        {"good_count": "2", "bad_count": "1", "total_count": "3"},
        (
            {"total_count": "4"},
            {"good_count": "-1", "total_count": "0"},
            {"bad_count": "-1", "total_count": "1"},
        ),
    ),
    "slices_spend_what_they_count": RowFaults(
        {"spent_units": "1", "counted_units": "1"}, ({"spent_units": "2"}, {"spent_units": "-1"})
    ),
    "gaps_know_no_counts": RowFaults(
        {"state": "'gap'", "total_count": "null"}, ({"total_count": "0"}, {"state": "'good'"})
    ),
    "windows_end_after_they_start": RowFaults(
        {"window_starts_at": "timestamp '2026-01-01'", "window_ends_at": "timestamp '2026-02-01'"},
        ({"window_ends_at": "timestamp '2026-01-01'"},),
    ),
    "attainment_is_a_share": RowFaults(
        {"attainment_ratio": "1"}, ({"attainment_ratio": "1.001"}, {"attainment_ratio": "-0.1"})
    ),
    "budget_left_is_what_is_not_spent": RowFaults(
        {"budget_left_units": "-1", "budget_units": "2", "spent_units": "3"}, ({"budget_left_units": "0"},)
    ),
    "what_counts_nothing_is_neither_met_nor_missed": RowFaults(
        {"counted_units": "0", "is_met": "null"}, ({"is_met": "true"}, {"counted_units": "1"})
    ),
    "alerts_end_after_they_start": RowFaults(
        {"started_at": "1", "ended_at": "2", "is_open": "false"},
        ({"ended_at": "1"}, {"is_open": "true"}, {"ended_at": "null::integer"}),
    ),
}

_WORK = {
    "cycle_parts_sum_to_the_cycle": RowFaults(
        {
            "cycle_seconds": "10",
            "cycle_active_seconds": "4",
            "cycle_waiting_seconds": "3",
            "cycle_done_seconds": "2",
            "cycle_unknown_seconds": "1",
        },
        ({"cycle_seconds": "11"}, {"cycle_unknown_seconds": "0"}),
    ),
    "cycles_belong_to_done_issues": RowFaults(
        {"cycle_state": "'done'", "cycle_seconds": "9", "cycle_business_seconds": "9"},
        (
            {"cycle_state": "'open'"},
            {"cycle_seconds": "null::integer"},
            {"cycle_seconds": "-1", "cycle_business_seconds": "-2"},
            {"cycle_business_seconds": "10"},
        ),
    ),
    "spans_end_after_they_start": RowFaults(
        {"duration_seconds": "2", "business_seconds": "1"},
        (
            {"duration_seconds": "-1", "business_seconds": "-1"},
            {"business_seconds": "-1"},
            {"business_seconds": "3"},
        ),
    ),
    "only_the_last_span_is_open": RowFaults(
        {"is_current": "true", "ended_at": "null"}, ({"ended_at": "1"}, {"is_current": "false"})
    ),
    "what_enters_a_sprint_leaves_it": RowFaults(
        {
            "committed_count": "4",
            "added_count": "2",
            "removed_count": "1",
            "completed_count": "3",
            "carried_over_count": "2",
        },
        ({"carried_over_count": "1"},),
    ),
    "reviews_do_not_precede_their_pull_request": RowFaults(
        {"first_review_seconds": "9", "first_review_business_seconds": "9"},
        (
            {"first_review_seconds": "-1", "first_review_business_seconds": "-1"},
            {"first_review_business_seconds": "10"},
        ),
    ),
    "shifts_have_a_length": RowFaults(
        {"shift_seconds": "2", "out_of_hours_seconds": "2"},
        (
            {"shift_seconds": "0", "out_of_hours_seconds": "0"},
            {"out_of_hours_seconds": "-1"},
            {"out_of_hours_seconds": "3"},
        ),
    ),
}

_DELIVERY = {
    "lead_time_belongs_to_deployed_changes": RowFaults(
        {"state": "'deployed'", "lead_time_seconds": "5"},
        ({"state": "'waiting'"}, {"lead_time_seconds": "null::integer"}, {"lead_time_seconds": "-5"}),
    ),
    "lead_time_parts_are_not_negative": RowFaults(
        {
            "coding_seconds": "1",
            "pickup_seconds": "null",
            "review_seconds": "1",
            "merge_to_deploy_seconds": "0",
            "unattributed_seconds": "0",
        },
        ({"coding_seconds": "-1"}, {"unattributed_seconds": "-1"}),
    ),
    "only_excluded_changes_have_a_reason": RowFaults(
        {"state": "'excluded'", "exclusion_reason": "'no_baseline'"},
        ({"exclusion_reason": "null"}, {"state": "'waiting'"}),
    ),
    "waiting_changes_have_no_deployment": RowFaults(
        {"state": "'waiting'", "deployment_id": "null"}, ({"deployment_id": "'1'"},)
    ),
    "response_times_are_not_negative": RowFaults(
        {
            "detection_seconds": "1",
            "acknowledgement_seconds": "1",
            "mitigation_seconds": "1",
            "resolution_seconds": "0",
        },
        ({"detection_seconds": "-1"}, {"resolution_seconds": "-1"}),
    ),
    "recovery_time_belongs_to_restored_failures": RowFaults(
        {"state": "'restored'", "recovery_seconds": "0"},
        ({"state": "'open'"}, {"recovery_seconds": "null::integer"}, {"recovery_seconds": "-1"}),
    ),
    "failures_and_kinds_belong_to_what_reached_users": RowFaults(
        {
            "is_production": "true",
            "outcome": "'success'",
            "is_change_failure": "true",
            "is_unplanned": "true",
            "is_without_change": "true",
        },
        ({"is_production": "false"}, {"outcome": "'failed_rollout'"}),
    ),
    "rollbacks_and_hotfixes_are_unplanned": RowFaults(
        {"is_rollback": "true", "is_hotfix": "true", "is_unplanned": "true"}, ({"is_unplanned": "false"},)
    ),
    "explicit_failures_are_failures": RowFaults(
        {"is_change_failure_explicit": "true", "is_change_failure": "true"},
        ({"is_change_failure": "false"},),
    ),
    "no_rows_where_stg_unparsed_pages_not_is_redacted": RowFaults(
        {"is_redacted": "true"}, ({"is_redacted": "false"},)
    ),
}

_SCORECARD_NUMBERS = (
    "value",
    "interval_low",
    "interval_high",
    "numerator",
    "denominator",
    "n",
    "team_size",
    "service_days",
    "fte_days",
    "peer_count",
    "shrunken_value",
    "baseline_value",
    "adjusted_baseline_value",
    "counter_values",
)
_PLACES = (
    "peer_count",
    "peer_median",
    "peer_deviation",
    "peer_score",
    "peer_position",
    "own_share",
    "shrunken_value",
)

_SCORECARD = {
    "withheld_teams_show_no_number": RowFaults(
        {"withheld_reason": "'below_team_size'", **dict.fromkeys(_SCORECARD_NUMBERS, "null")},
        tuple({column: "1"} for column in _SCORECARD_NUMBERS),
    ),
    "teams_below_the_minimum_size_are_withheld": RowFaults(
        {"withheld_reason": "null", "team_size": "5"}, ({"team_size": "4"}, {"team_size": "null::integer"})
    ),
    "what_is_not_compared_has_no_place": RowFaults(
        {"not_compared_reason": "'few_peers'", **dict.fromkeys(_PLACES, "null")},
        tuple({column: "1"} for column in _PLACES),
    ),
    "what_is_compared_has_enough_peers": RowFaults(
        {"not_compared_reason": "null", "peer_count": "3"},
        ({"peer_count": "2"}, {"peer_count": "null::integer"}),
    ),
    "what_is_compared_has_an_interval": RowFaults(
        {"not_compared_reason": "null", "value": "1", "interval_low": "1", "interval_high": "1"},
        ({"value": "null"}, {"interval_low": "null"}, {"interval_high": "null"}),
    ),
    "scorecard_intervals_enclose_their_value": RowFaults(
        {"value": "1", "interval_low": "1", "interval_high": "1"},
        ({"interval_low": "2"}, {"interval_high": "0"}),
    ),
    "shrunken_values_lie_between_the_teams_and_the_groups": RowFaults(
        {"own_share": "1", "shrunken_value": "1", "not_compared_reason": "null"},
        (
            {"own_share": "1.1"},
            {"own_share": "-0.1"},
            {"shrunken_value": "null"},
            {"not_compared_reason": "'x'"},
        ),
    ),
    "baselines_are_earlier_than_their_period": RowFaults(
        {
            "period_start": "3",
            "baseline_period_start": "2",
            "adjusted_baseline_period_start": "1",
            "baseline_value": "7",
        },
        (
            {"baseline_period_start": "3"},
            {"adjusted_baseline_period_start": "3"},
            {"baseline_value": "null::integer"},
        ),
    ),
    "counters_stand_beside_their_metric": RowFaults(
        {"withheld_reason": "null", "counter_values": "[1, null]", "counter_metrics": "['a', 'b']"},
        ({"counter_values": "[1]"},),
    ),
    "only_counts_are_divided": RowFaults(
        {"normalisation": "'per_fte'", "comparison": "'normalized'", "denominator": "null::integer"},
        ({"comparison": "'own_history'"}, {"denominator": "4"}),
    ),
}

_MARTS = {
    "a_place_is_complete_where_it_has_no_gap": RowFaults(
        {"is_complete": "true", "gap_count": "0", "gaps": "[]::varchar[]"},
        ({"is_complete": "false"}, {"gap_count": "1"}, {"gaps": "['a day']"}),
    ),
    "a_difference_has_a_reason": RowFaults(
        {"difference": "1", "profile_value": "2", "dora_2026_value": "1", "reason": "'other links'"},
        ({"reason": "null::varchar"}, {"reason": "''", "difference": "null", "profile_value": "null"}),
    ),
    "scores_lie_between_0_and_10": RowFaults(
        {"throughput_score": "0", "instability_score": "10", "overall_score": "5"},
        ({"throughput_score": "-1"}, {"instability_score": "11"}),
    ),
    "clusters_are_named_over_three_metrics_or_more": RowFaults(
        {"nearest_cluster_2024": "'low'", "cluster_metric_count": "3"},
        ({"cluster_metric_count": "2"}, {"nearest_cluster_2024": "null"}),
    ),
    "ranges_of_clusters_are_ordered_scores": RowFaults(
        {"lowest_score": "1", "highest_score": "2"},
        ({"lowest_score": "3"}, {"lowest_score": "-1"}, {"highest_score": "11"}),
    ),
    "intervals_enclose_their_value": RowFaults(
        {"value": "1", "interval_low": "1", "interval_high": "1"},
        ({"interval_low": "2"}, {"interval_high": "0"}),
    ),
    "numerators_stay_within_denominators": RowFaults(
        {"numerator": "1", "denominator": "1"}, ({"numerator": "2"}, {"numerator": "-1"})
    ),
    "empty_values_rest_on_nothing": RowFaults(
        {"value": "null::integer", "n": "0", "numerator": "null::integer", "denominator": "null::integer"},
        ({"n": "1"}, {"value": "1"}),
    ),
    "what_is_withheld_shows_no_number": RowFaults(
        {
            "flags": "['withheld']",
            **dict.fromkeys(
                (
                    "n",
                    "value",
                    "numerator",
                    "denominator",
                    "interval_low",
                    "interval_high",
                    "dispositions_unknown_share",
                ),
                "null::integer",
            ),
        },
        ({"n": "1"}, {"value": "1"}, {"interval_high": "1"}, {"flags": "[]::varchar[]"}),
    ),
    "days_of_withheld_teams_have_no_row": RowFaults(
        {"period_grain": "'week'", "flags": "['withheld']"}, ({"period_grain": "'day'"},)
    ),
    "numbers_of_small_teams_are_withheld": RowFaults(
        {
            "scope_kind": "'team'",
            "n": "null::integer",
            "scope_id": "'payments'",
            "period_start": "date '2026-02-03'",
        },
        ({"n": "0"},),
    ),
    "parts_of_lead_time_sum_to_the_whole": RowFaults(
        {
            "change_lead_time_total_seconds": "15",
            "change_coding_time_total_seconds": "1",
            "change_pickup_time_total_seconds": "2",
            "change_review_time_total_seconds": "3",
            "change_merge_to_deploy_time_total_seconds": "4",
            "change_unattributed_time_total_seconds": "5",
        },
        ({"change_lead_time_total_seconds": "16"},),
    ),
}

ROW_FAULTS: Mapping[str, RowFaults] = {
    **dict.fromkeys(_INTERVALS, _INTERVAL),
    **_OWNERSHIP,
    **_OBJECTIVES,
    **_WORK,
    **_DELIVERY,
    **_SCORECARD,
    **_MARTS,
}
