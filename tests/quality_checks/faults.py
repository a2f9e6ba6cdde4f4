"""One planted fault (or more) for every check: an SQL statement that must turn it red, and only by intent."""

from tests.quality_checks.fault import Fault
from tests.quality_checks.length_faults import LENGTH_FAULTS
from tests.quality_checks.recomputed_faults import RECOMPUTED_FAULTS
from tests.quality_checks.sibling_faults import SIBLING_FAULTS
from tests.quality_checks.source_faults import SOURCE_FAULTS

__all__ = ["FAULTS", "Fault"]

_OF_STREAM = "kind = '{kind}' and stream = '{stream}'"
_NEWEST_WINDOW = f"window_index = (select max(window_index) from raw.fetch_windows where {_OF_STREAM})"
_NEWEST_PAGE = f"log_index = (select max(log_index) from raw.evidence_pages where {_OF_STREAM})"
_NEWEST_ROW = "record_id = (select max(record_id) from {subject})"

EVIDENCE_FAULTS = (
    Fault(
        "claimed_totals_arrived",
        "the source counts one more than it lists",
        f"update raw.fetch_windows set claimed_total = record_count + 1 where {_NEWEST_WINDOW}",
    ),
    Fault(
        "claimed_totals_nearly_arrived",
        "the source counts three times as many as it lists",
        f"update raw.fetch_windows set claimed_total = 3 * record_count where {_NEWEST_WINDOW}",
    ),
    Fault(
        "window_pages_exist",
        "a page of a closed window is gone",
        f"delete from raw.evidence_pages where {_NEWEST_PAGE}",
    ),
    Fault(
        "window_pages_exist",
        "a page stands under another source",
        f"update raw.evidence_pages set source = 'other' where {_NEWEST_PAGE}",
    ),
    Fault(
        "window_record_counts_match",
        "a window says more records than its pages",
        f"update raw.fetch_windows set record_count = record_count + 1 where {_NEWEST_WINDOW}",
    ),
    Fault(
        "places_were_read",
        "a repository was never read to its end",
        f"delete from raw.fetch_windows where {_OF_STREAM} and scope in ('acme', 'acme/search')",
    ),
    Fault(
        "streams_were_read",
        "a stream was never read anywhere",
        f"delete from raw.fetch_windows where {_OF_STREAM}",
    ),
    Fault(
        "pages_parse",
        "a page is half a document",
        f"""
        update raw.{{kind}}__{{stream}} set body = '{{{{'::blob where {_NEWEST_PAGE};
        delete from quality.landed_pages where {_OF_STREAM};
        delete from quality.landed_records where {_OF_STREAM};
        """,
    ),
    Fault(
        "page_record_counts_match",
        "the connector counted one record too many",
        f"update raw.evidence_pages set record_count = record_count + 1 where {_NEWEST_PAGE}",
    ),
    Fault(
        "landed_keys_are_staged",
        "a row is missing",
        f"delete from {{subject}} where {_NEWEST_ROW}",
    ),
    Fault(
        "landed_keys_are_staged",
        "a row is doubled",
        f"insert into {{subject}} select * from {{subject}} where {_NEWEST_ROW}",
    ),
    Fault(
        "landed_keys_are_staged",
        "a row stands under another source",
        f"update {{subject}} set source = 'other' where {_NEWEST_ROW}",
    ),
    Fault(
        "landed_people_are_staged",
        "people are missing",
        "delete from {subject}",
    ),
    Fault(
        "newest_sets_are_staged",
        "a row of the newest set is missing",
        f"delete from {{subject}} where {_NEWEST_ROW}",
    ),
    Fault(
        "newest_sets_are_staged",
        "a row of the set before was left standing",
        """
        insert into staging.stg_github__reviews
        select * replace (oldest.record_id as record_id)
        from staging.stg_github__reviews, (
            select min(log_index) << 23 as record_id from raw.github__reviews
        ) as oldest
        limit 1
        """,
        subjects=("staging.stg_github__reviews",),
    ),
    Fault(
        "staged_rows_name_their_records",
        "a row names a place where no record is",
        f"update {{subject}} set record_id = record_id + 4096 where {_NEWEST_ROW}",
    ),
    Fault(
        "no_value_lost_in_casts",
        "a value had another type than documented",
        f"update {{subject}} set cast_loss_count = 1 where {_NEWEST_ROW}",
    ),
    Fault(
        "parents_were_read",
        "one parent's list was never read",
        f"delete from raw.fetch_windows where {_NEWEST_WINDOW}",
    ),
)
_DEPLOYMENT = "'github:github:deployment:2'"

FACT_FAULTS = (
    Fault(
        "deployments_are_conserved",
        "a deployment is lost",
        f"delete from marts.fct_deployments where deployment_id = {_DEPLOYMENT}",
    ),
    Fault(
        "deployments_are_conserved",
        "a deployment stands twice",
        "insert into marts.fct_deployments select * from marts.fct_deployments limit 1",
    ),
    Fault(
        "deployments_are_conserved",
        "a deployment is nobody's",
        f"update marts.fct_deployments set service_id = null where deployment_id = {_DEPLOYMENT}",
    ),
    Fault(
        "deployment_parts_stand_once",
        "a part belongs to two deployments",
        f"update marts.fct_deployments set part_ids = list_append(part_ids, {_DEPLOYMENT})",
    ),
    Fault(
        "deployments_have_one_service",
        "no service takes a deployment",
        f"delete from marts.fct_deployments where deployment_id = {_DEPLOYMENT}",
    ),
    Fault(
        "deployments_have_one_service",
        "two services take the same deployment",
        f"insert into marts.fct_deployments by name select * replace ('search' as service_id) "
        f"from marts.fct_deployments where deployment_id = {_DEPLOYMENT}",
    ),
    Fault(
        "deployments_belong_to_their_owner",
        "a deployment went to the team that owns the service now",
        f"update marts.fct_deployments set team_id = 'commerce' where deployment_id = {_DEPLOYMENT}",
    ),
    Fault(
        "deployments_count_on_their_day",
        "a deployment counts on the UTC day",
        "update marts.fct_deployments set deployed_date = (finished_at at time zone 'UTC')::date",
    ),
    Fault(
        "changes_are_conserved",
        "a change is lost",
        "delete from marts.fct_changes where commit_sha = 'own'",
    ),
    Fault(
        "changes_are_conserved",
        "a change stands twice",
        "insert into marts.fct_changes select * from marts.fct_changes where commit_sha = 'own'",
    ),
    Fault(
        "changes_are_conserved",
        "a change is excluded without a reason",
        "update marts.fct_changes set exclusion_reason = null",
    ),
    Fault(
        "commits_are_accounted_for",
        "a commit is neither a change nor carries one",
        "delete from intermediate.int_pull_request_changes",
    ),
    Fault(
        "lead_time_parts_sum_to_the_whole",
        "a part swallows a second",
        "update marts.fct_changes set coding_seconds = coding_seconds + 1 where commit_sha = 'own'",
    ),
    Fault(
        "lead_times_span_their_instants",
        "a lead time is in minutes",
        "update marts.fct_changes set lead_time_seconds = lead_time_seconds // 60",
    ),
    Fault(
        "lead_times_span_their_instants",
        "a part is negative",
        "update marts.fct_changes set coding_seconds = -1",
    ),
    Fault(
        "failures_are_failed_deployments",
        "a failed deployment has no failure",
        "delete from marts.fct_change_failures where link_basis = 'explicit'",
    ),
    Fault(
        "failures_are_failed_deployments",
        "a failure names a rollout that reached nobody",
        "update marts.fct_change_failures set deployment_id = 'github:github:deployment:3'",
    ),
    Fault(
        "incidents_stand_once",
        "an incident is lost",
        "delete from marts.fct_incidents where incident_id = 'paged'",
    ),
    Fault(
        "incidents_stand_once",
        "an incident that two tools tell of stands twice",
        "insert into marts.fct_incidents by name select 'posted' as incident_id, ['posted'] as telling_ids",
    ),
    Fault(
        "incidents_stand_once",
        "what one tool tells of is forgotten",
        "update marts.fct_incidents set telling_ids = [incident_id]",
    ),
    *(
        Fault(
            f"{what}s_are_conserved",
            f"a {what} is lost",
            "delete from {subject} where {key} = (select max({key}) from {subject})".replace("{key}", key),
        )
        for what, key in (
            ("pull_request", "pull_request_id"),
            ("review", "review_id"),
            ("issue", "issue_id"),
            ("ci_run", "run_id"),
        )
    ),
)
_CELL = "metric = 'deployment_frequency' and scope_id = 'shop' and period_start = date '2026-01-01'"

MART_FAULTS = (
    Fault(
        "values_count_every_fact",
        "an event counts in two periods",
        f"update marts.mart_metric_values set n = n + 1 where {_CELL}",
    ),
    Fault(
        "values_count_every_fact",
        "a fact has no cell",
        "delete from marts.mart_metric_values where metric = 'change_lead_time' and scope_id = 'shop'",
    ),
    Fault(
        "services_add_up_to_the_organisation",
        "the organisation counts what no service has",
        "update marts.mart_metric_values set numerator = numerator + 1 where scope_kind = 'organisation'",
    ),
    Fault(
        "ratios_are_their_two_counts",
        "a ratio is a percentage",
        "update marts.mart_metric_values set numerator = 1, value = 100 where unit = 'ratio' and n > 0",
    ),
    Fault(
        "ratios_are_their_two_counts",
        "n is not the denominator",
        "update marts.mart_metric_values set n = n + 1 where unit = 'ratio'",
    ),
    Fault(
        "wide_values_equal_long_ones",
        "the wide table lacks a scope",
        "delete from {subject} where scope_id = 'shop'",
        subjects=("marts.mart_dora_monthly",),
    ),
    Fault(
        "wide_values_equal_long_ones",
        "the wide table shows another value",
        "insert into {subject} by name select 'service' as scope_kind, 7 as deployment_frequency, "
        "7 as deployment_frequency_n",
    ),
)

_JANUARY = "[{{'gap_from': timestamptz '2026-01-10', 'gap_until': timestamptz '2026-01-11'}}]"
_OF_DEPLOYMENTS = "kind = 'github' and stream = 'deployments'"

INCOMPLETENESS_FAULTS = (
    Fault(
        "cells_over_gaps_are_marked",
        "a stretch that was not read leaves no mark",
        f"update marts.mart_stream_completeness set gaps = {_JANUARY} where stream = 'issues'",
    ),
    Fault(
        "cells_over_gaps_are_marked",
        "a place that was never read leaves no mark",
        f"delete from raw.fetch_windows where {_OF_DEPLOYMENTS} and scope = 'acme/shop'",
    ),
    Fault(
        "cells_over_gaps_are_marked",
        "a list of which two thirds are missing leaves no mark",
        f"update raw.fetch_windows set claimed_total = 3 * record_count where {_OF_DEPLOYMENTS}",
    ),
    Fault(
        "cells_over_gaps_are_marked",
        "a value is marked though all was read",
        f"update marts.mart_metric_values set flags = ['incomplete'] where {_CELL}",
    ),
)

_PULL_REQUESTS = "staging.stg_github__pull_requests"
_PAGES = "update raw.evidence_pages set {change} where stream = 'pull_requests'"
_VALUES = "update marts.mart_metric_values set {change}"

EXPECTATION_FAULTS = (
    Fault("pages_landed", "no page landed", "delete from raw.evidence_pages"),
    Fault(
        "page_record_counts_are_plausible", "a count is negative", _PAGES.format(change="record_count = -1")
    ),
    Fault("page_addresses_are_complete", "an address has no host", _PAGES.format(change="url = '/pulls'")),
    Fault("page_hashes_are_sha256", "a hash is cut", _PAGES.format(change="body_sha256 = body_sha256[:63]")),
    Fault("pages_are_numbered_once", "two pages share a number", _PAGES.format(change="log_index = 7")),
    Fault("pull_requests_landed", "no row came of the pages", f"delete from {_PULL_REQUESTS}"),
    Fault("pull_request_states_are_known", "a new state", f"update {_PULL_REQUESTS} set state = 'ajar'"),
    Fault("pull_request_states_are_present", "no state", f"update {_PULL_REQUESTS} set state = null"),
    Fault(
        "pull_request_ids_are_unique", "one id for all", f"update {_PULL_REQUESTS} set pull_request_id = 1"
    ),
    Fault("pull_request_numbers_are_positive", "number 0", f"update {_PULL_REQUESTS} set number = 0"),
    Fault(
        "pull_request_authors_are_mostly_present",
        "two of six lost their author",
        f"update {_PULL_REQUESTS} set author_token = null where pull_request_id < 3",
    ),
    Fault(
        "pull_request_heads_are_mostly_present",
        "one of six lost its head",
        f"update {_PULL_REQUESTS} set head_sha = null where pull_request_id = 1",
    ),
    Fault(
        "pull_requests_are_updated_after_creation",
        "updated the day before",
        f"update {_PULL_REQUESTS} set updated_at = created_at - interval 1 day where pull_request_id = 1",
    ),
    Fault(
        "pull_requests_are_merged_after_creation",
        "merged the day before",
        f"update {_PULL_REQUESTS} set merged_at = created_at - interval 1 day where pull_request_id = 1",
    ),
    Fault("sample_sizes_are_not_negative", "minus one event", _VALUES.format(change="n = -1")),
    Fault("sample_sizes_are_present", "no n", _VALUES.format(change="n = null")),
    Fault("values_are_not_negative", "a negative duration", _VALUES.format(change="value = -1")),
    Fault(
        "durations_are_plausible",
        "microseconds for seconds",
        "update marts.mart_metric_values set value = 1000000 * 86400::bigint where unit = 'seconds'",
    ),
    Fault(
        "intervals_reach_down_to_the_value",
        "it starts above",
        _VALUES.format(change="interval_low = value + 1"),
    ),
    Fault(
        "intervals_reach_up_to_the_value", "it ends below", _VALUES.format(change="interval_high = value - 1")
    ),
    Fault("periods_end_after_they_start", "no days", _VALUES.format(change="period_end = period_start")),
    Fault("grains_are_known", "a fortnight", _VALUES.format(change="period_grain = 'fortnight'")),
    Fault("scopes_are_known", "a person", _VALUES.format(change="scope_kind = 'person'")),
    Fault("metrics_are_known", "lines of code", _VALUES.format(change="metric = 'lines_of_code'")),
    Fault("ratios_are_at_most_one", "a percentage", _VALUES.format(change="value = 100")),
    Fault(
        "numerators_are_within_denominators",
        "more failures",
        _VALUES.format(change="numerator = denominator + 1"),
    ),
)

PUBLICATION_FAULTS = (
    Fault(
        "published_rows_equal_the_warehouse",
        "a fact is left out",
        "delete from marts.fct_deployments where service_id = 'search'",
    ),
    Fault(
        "published_rows_equal_the_warehouse",
        "a fact says something else",
        "update marts.fct_deployments set deployed_date = deployed_date + 1 where service_id = 'search'",
    ),
    Fault(
        "published_rows_equal_the_warehouse",
        "a fact was made up",
        "insert into marts.fct_reviews by name select 'github:github:review:0' as review_id",
    ),
    Fault(
        "published_values_equal_the_mart",
        "a value is rounded",
        "update marts.mart_metric_values set value = value + 1 where metric = 'deployment_frequency'",
    ),
    Fault(
        "published_values_equal_the_mart",
        "an unwelcome month is left out",
        "delete from marts.mart_metric_values where period_start = date '2026-02-01'",
    ),
    Fault(
        "published_values_equal_the_mart",
        "a value is emptied without being withheld",
        "update marts.mart_metric_values set value = null where metric = 'deployment_frequency'",
    ),
    Fault(
        "published_wide_values_equal_the_mart",
        "the wide table flatters",
        "update marts.mart_dora_monthly set deployment_frequency = 99",
    ),
    Fault(
        "published_wide_values_equal_the_mart",
        "the wide table lacks a scope",
        "delete from marts.mart_dora_monthly where scope_id = 'search'",
    ),
    Fault(
        "small_teams_show_no_number",
        "the long table shows a count of a small team",
        "insert into marts.mart_metric_values by name select 'changes_deployed' as metric, "
        "'team' as scope_kind, 'payments' as scope_id, 'month' as period_grain, "
        "date '2026-02-01' as period_start, 3 as n",
    ),
    Fault(
        "small_teams_show_no_number",
        "a wide table shows a value of a small team",
        "insert into marts.mart_dora_monthly by name select 'team' as scope_kind, 'payments' as scope_id, "
        "date '2026-02-01' as period_start, 3 as change_lead_time",
    ),
    Fault(
        "small_teams_show_no_number",
        "a table that is new shows what a small team did",
        "create table marts.mart_team_novelties as select 'payments' as team_id, 'month' as period_grain, "
        "date '2026-02-01' as period_start, 3 as novelty_count",
    ),
    Fault(
        "files_equal_the_database",
        "the Parquet file is of another build",
        "copy (select * replace (n + 1 as n) from marts.mart_metric_values) "
        "to '{folder}/mart_metric_values.parquet'",
    ),
    Fault(
        "files_equal_the_database",
        "the CSV file is cut",
        "copy (from marts.mart_metric_values limit 3) to '{folder}/mart_metric_values.csv'",
    ),
)
FAULTS = (
    *EVIDENCE_FAULTS,
    *SOURCE_FAULTS,
    *SIBLING_FAULTS,
    *FACT_FAULTS,
    *LENGTH_FAULTS,
    *MART_FAULTS,
    *INCOMPLETENESS_FAULTS,
    *RECOMPUTED_FAULTS,
)
