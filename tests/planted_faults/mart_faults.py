"""Faults in marts and in the cells that they are made of."""

from tests.planted_faults.warehouse_fault import LeftStanding, WarehouseFault, mistake, spoiled

MART_FAULTS: tuple[WarehouseFault, ...] = (
    mistake(
        "marts",
        "quantiles-are-medians",
        "The 75th percentile is the median.",
        relation="intermediate.int_metric_cells",
        replaced=(("(len(v) - 1) * 75 ", "(len(v) - 1) * 50 "),),
        caught_by=("values_are_what_facts_give",),
    ),
    mistake(
        "marts",
        "weeks-begin-on-tuesday",
        "Weeks begin on Tuesday.",
        relation="intermediate.int_metric_cells",
        replaced=(("date_trunc('week', deployed_date)", "date_trunc('week', deployed_date - 1)"),),
        caught_by=(
            "values_are_what_facts_give",
            "values_count_every_fact",
        ),
    ),
    mistake(
        "marts",
        "organisation-counts-twice",
        "What happens counts twice for the organisation.",
        relation="intermediate.int_metric_cells",
        replaced=(
            (
                "[{'kind': 'organisation', 'id': organisation}]",
                (
                    "[{'kind': 'organisation', 'id': organisation}, {'kind': 'organisation', 'id': "
                    "organisation}]"
                ),
            ),
        ),
        caught_by=(
            "services_add_up_to_the_organisation",
            "values_are_what_facts_give",
        ),
    ),
    mistake(
        "marts",
        "months-lose-their-first-day",
        "The first day of a month counts in the one before.",
        relation="intermediate.int_metric_cells",
        replaced=(("date_trunc('month', deployed_date)", "date_trunc('month', deployed_date - 1)"),),
        caught_by=("values_are_what_facts_give",),
    ),
    mistake(
        "marts",
        "periods-include-the-next-day",
        "Periods end a day late.",
        relation="intermediate.int_reporting_periods",
        replaced=(
            (
                "    period_end,\n    starts_at",
                "    cast(period_end + 1 as date) as period_end,\n    starts_at",
            ),
        ),
        caught_by=(
            "every_period_has_its_values",
            "periods_are_calendar_periods",
        ),
    ),
    mistake(
        "marts",
        "no-team-is-small",
        "The minimum size of teams is not looked at.",
        relation="intermediate.int_teams_withheld",
        replaced=(("where sizes.team_size < limits.minimum_team_size", "where sizes.team_size < 0"),),
        caught_by=(
            "small_teams_are_withheld",
            "numbers_of_small_teams_are_withheld",
            "teams_below_the_minimum_size_are_withheld",
        ),
    ),
    mistake(
        "marts",
        "small-teams-are-shown",
        "Numbers of small teams are shown.",
        relation="marts.mart_metric_values",
        replaced=(
            ("cast(case when withheld_reason is null then value end", "cast(case when true then value end"),
        ),
        caught_by=(
            "ratios_are_their_two_counts",
            "shown_values_equal_long_ones",
            "small_teams_are_withheld",
        ),
    ),
    mistake(
        "marts",
        "values-through-floats",
        "Values go through a float of single precision.",
        relation="marts.mart_metric_values",
        replaced=(
            (
                "cast(case when withheld_reason is null then value end",
                "cast(case when withheld_reason is null then value::float end",
            ),
        ),
        caught_by=(
            "ratios_are_their_two_counts",
            "shown_values_equal_long_ones",
            "values_are_what_facts_give",
        ),
    ),
    mistake(
        "marts",
        "values-silently-empty",
        "Values of less than three events are empty.",
        relation="marts.mart_metric_values",
        replaced=(
            (
                "cast(case when withheld_reason is null then value end",
                "cast(case when withheld_reason is null and n > 2 then value end",
            ),
        ),
        caught_by=(
            "ratios_are_their_two_counts",
            "shown_values_equal_long_ones",
            "values_are_what_facts_give",
        ),
    ),
    mistake(
        "marts",
        "zeros-for-nothing",
        "Where nothing happened, durations are zero.",
        relation="marts.mart_metric_values",
        replaced=(
            (
                "coalesce(facts.value, case when cells.is_count then 0 end) as value",
                "coalesce(facts.value, 0) as value",
            ),
        ),
        caught_by=("empty_values_rest_on_nothing",),
    ),
    mistake(
        "marts",
        "intervals-swapped",
        "The ends of intervals are swapped.",
        relation="marts.mart_metric_values",
        replaced=(
            (
                "cast(case when withheld_reason is null then interval_low end",
                "cast(case when withheld_reason is null then interval_swap end",
            ),
            (
                "cast(case when withheld_reason is null then interval_high end",
                "cast(case when withheld_reason is null then interval_low end",
            ),
            ("interval_swap", "interval_high"),
        ),
        caught_by=(
            "intervals_enclose_their_value",
            "scorecard_intervals_enclose_their_value",
        ),
    ),
    mistake(
        "marts",
        "sizes-of-another-metric",
        "n is that of the deployments, whatever the metric.",
        relation="marts.mart_metric_values",
        replaced=(
            (
                "coalesce(facts.n, 0) as n",
                (
                    "coalesce(max(facts.n) over (partition by cells.scope_kind, cells.scope_id, "
                    "cells.period_grain, cells.period_start), 0) as n"
                ),
            ),
        ),
        caught_by=(
            "ratios_are_their_two_counts",
            "services_add_up_to_the_organisation",
            "values_count_every_fact",
        ),
    ),
    mistake(
        "marts",
        "shares-in-percent",
        "Shares are percentages.",
        relation="marts.mart_metric_values",
        replaced=(
            (
                "cast(case when withheld_reason is null then value end",
                "cast(case when withheld_reason is null then if(is_ratio, 100 * value, value) end",
            ),
        ),
        caught_by=(
            "ratios_are_their_two_counts",
            "shown_values_equal_long_ones",
            "values_are_what_facts_give",
        ),
    ),
    spoiled(
        "marts",
        "a-week-is-missing",
        "A week is missing.",
        relation="marts.mart_metric_values",
        sql="""
            delete
            from {relation}
            where period_grain = 'week'
            and period_start = date '2026-06-08'
        """,
        caught_by=(
            "every_period_has_its_values",
            "shown_values_equal_long_ones",
            "values_count_every_fact",
        ),
    ),
    spoiled(
        "marts",
        "a-team-is-missing",
        "All values of a team are missing.",
        relation="marts.mart_metric_values",
        sql="""
            delete
            from {relation}
            where scope_kind = 'team'
            and scope_id = (select min(scope_id)
            from {relation}
            where scope_kind = 'team'
            and value is not null)
        """,
        caught_by=(
            "shown_values_equal_long_ones",
            "wide_values_equal_long_ones",
        ),
    ),
    WarehouseFault(
        "values-of-the-run-before",
        "marts",
        "The values of metrics are those of the run before.",
        (
            "every_period_has_its_values",
            "shown_values_equal_long_ones",
            "values_are_what_facts_give",
        ),
        LeftStanding("marts.mart_metric_values"),
    ),
    WarehouseFault(
        "weeks-of-the-run-before",
        "marts",
        "The table of weeks is that of the run before.",
        ("wide_values_equal_long_ones",),
        LeftStanding("marts.mart_dora_weekly"),
    ),
    WarehouseFault(
        "days-of-the-run-before",
        "marts",
        "The table of days is that of the run before.",
        ("wide_values_equal_long_ones",),
        LeftStanding("marts.mart_dora_daily"),
    ),
    WarehouseFault(
        "flow-of-the-run-before",
        "marts",
        "The table of the flow of work is that of the run before.",
        ("shown_values_equal_long_ones",),
        LeftStanding("marts.mart_flow_weekly"),
    ),
    WarehouseFault(
        "scorecards-of-the-run-before",
        "marts",
        "Scorecards are those of the run before.",
        ("scorecards_show_the_values_of_teams",),
        LeftStanding("marts.mart_team_scorecard"),
    ),
    WarehouseFault(
        "attainments-of-the-run-before",
        "marts",
        "Attainments of objectives are those of the run before.",
        ("attainments_are_those_of_the_windows",),
        LeftStanding("marts.mart_slo_attainment"),
    ),
    WarehouseFault(
        "benchmarks-of-the-run-before",
        "marts",
        "Benchmarks are those of the run before.",
        ("benchmarks_are_of_the_same_events",),
        LeftStanding("marts.mart_dora_benchmarks"),
    ),
    WarehouseFault(
        "coverage-of-the-run-before",
        "marts",
        "Coverage of ownership is that of the run before.",
        ("coverage_counts_every_fact",),
        LeftStanding("marts.mart_ownership_coverage"),
    ),
    WarehouseFault(
        "breakdown-of-the-run-before",
        "marts",
        "The parts of lead times are those of the run before.",
        ("lead_time_shares_are_of_all_changes",),
        LeftStanding("marts.mart_lead_time_breakdown"),
    ),
    spoiled(
        "marts",
        "columns-swapped",
        "Two columns of the wide table have changed places.",
        relation="marts.mart_flow_weekly",
        sql="""
            update {relation}
            set issue_cycle_time_p75 = issue_cycle_time_p90, issue_cycle_time_p90 = issue_cycle_time_p75
        """,
        caught_by=("shown_values_equal_long_ones",),
    ),
    mistake(
        "marts",
        "breakdown-counts-waiting",
        "Shares of lead times are of the sum of some parts.",
        relation="marts.mart_lead_time_breakdown",
        replaced=(("pickup_seconds", "review_seconds"),),
        caught_by=(
            "lead_time_shares_are_of_all_changes",
            "parts_of_lead_time_sum_to_the_whole",
        ),
    ),
    mistake(
        "marts",
        "rates-per-calendar-day",
        "Scorecards show the values of the month before.",
        relation="marts.mart_team_scorecard",
        replaced=(
            (
                "case when is_shown then shrunk.value end as value",
                "case when is_shown then baselines.baseline.value end as value",
            ),
        ),
        caught_by=(
            "scorecards_show_the_values_of_teams",
            "scorecard_intervals_enclose_their_value",
        ),
    ),
)
