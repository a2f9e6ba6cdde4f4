"""Expectation suites as data: what a landing and a mart look like when nothing is wrong with them.

Great Expectations runs them (`quality_checks.expectations`); it is not imported here. Each suite reads a
slice, never raw history: structure and keys of whole tables belong to the dbt tests, agreement between two
places to reconciliation.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from quality_checks.results import CheckDeclaration, Severity

NEWEST_ROWS = 20_000
NEWEST_VALUES = 100_000
MOST_RECORDS_A_PAGE = 1_000
MOST_DAYS = 30 * 365  # older than anything that a tracker or a repository of code tells of
OLDEST_PULL_REQUEST = "2008-01-01"  # GitHub opened to the public in 2008


@dataclass(frozen=True, slots=True)
class Expectation:
    """One expectation of a suite.

    Attributes:
        name: The check's name.
        sentence: What must hold, in plain words.
        kind: The class of Great Expectations.
        arguments: Its arguments.
        severity: Whether it stops publication.
    """

    name: str
    sentence: str
    kind: str
    arguments: Mapping[str, object]
    severity: Severity = "blocking"


@dataclass(frozen=True, slots=True)
class Suite:
    """Expectations over one slice.

    Attributes:
        name: The suite.
        subject: The relation that the slice is cut from.
        slice_sql: The slice.
        key: The columns that name an offending row.
        applies_sql: A query for one boolean; without it the suite always applies.
        subjects: Where the slice has a column `subject`: the relations that each get a result of their own.
        remedy: What to do when one of them is red.
    """

    name: str
    subject: str
    slice_sql: str
    key: tuple[str, ...]
    remedy: str
    expectations: tuple[Expectation, ...]
    applies_sql: str | None = None
    owner: str = field(default="data engineering")
    subjects: tuple[str, ...] = ()

    def declarations(self) -> Iterator[CheckDeclaration]:
        """The suite's checks without their arguments."""
        for expectation in self.expectations:
            for subject in self.subjects or (self.subject,):
                yield CheckDeclaration(
                    expectation.name,
                    subject,
                    "expectations",
                    expectation.severity,
                    self.owner,
                    expectation.sentence,
                )


def _between(column: str, low: object, high: object) -> dict[str, object]:
    return {"column": column, "min_value": low, "max_value": high}


def _ordered(later: str, earlier: str) -> dict[str, object]:
    return {
        "column_A": later,
        "column_B": earlier,
        "or_equal": True,
        "ignore_row_if": "either_value_is_missing",
    }


_PULL_REQUESTS_LISTED = """
    select count(*) > 0 from raw.fetch_windows where kind = 'github' and stream = 'pull_requests'
"""

LANDED_PAGES = Suite(
    name="pull_request_pages",
    subject="raw.github__pull_requests",
    slice_sql=f"""
        select log_index, url, record_count, body_sha256
        from raw.evidence_pages
        where kind = 'github' and stream = 'pull_requests'
        order by log_index desc
        limit {NEWEST_ROWS}
    """,
    key=("log_index",),
    applies_sql=_PULL_REQUESTS_LISTED,
    remedy="Look at the page's URL and body: the endpoint answered otherwise than it documents.",
    expectations=(
        Expectation(
            "pages_landed",
            "A stream that was read left at least one page.",
            "ExpectTableRowCountToBeBetween",
            {"min_value": 1, "max_value": NEWEST_ROWS},
        ),
        Expectation(
            "page_record_counts_are_plausible",
            f"A page holds 0 to {MOST_RECORDS_A_PAGE} records.",
            "ExpectColumnValuesToBeBetween",
            _between("record_count", 0, MOST_RECORDS_A_PAGE),
        ),
        Expectation(
            "page_addresses_are_complete",
            "A page names the address that it was fetched from.",
            "ExpectColumnValuesToMatchRegex",
            {"column": "url", "regex": "^https?://[^/]+/."},
        ),
        Expectation(
            "page_hashes_are_sha256",
            "A page's hash is 64 hexadecimal digits.",
            "ExpectColumnValuesToMatchRegex",
            {"column": "body_sha256", "regex": "^[0-9a-f]{64}$"},
        ),
        Expectation(
            "pages_are_numbered_once",
            "A log index stands for one page.",
            "ExpectColumnValuesToBeUnique",
            {"column": "log_index"},
        ),
    ),
)

LANDED_PULL_REQUESTS = Suite(
    name="pull_request_landing",
    subject="staging.stg_github__pull_requests",
    slice_sql=f"""
        select
            pull_request_id, number, state, created_at, updated_at, merged_at, author_token, head_sha
        from staging.stg_github__pull_requests
        order by record_id desc
        limit {NEWEST_ROWS}
    """,
    key=("pull_request_id",),
    applies_sql="""
        select coalesce(sum(record_count), 0) > 0
        from raw.evidence_pages
        where kind = 'github' and stream = 'pull_requests'
    """,
    remedy="Trace one of the records to its page. A value outside the documented ones means that the source "
    "changed its format.",
    expectations=(
        Expectation(
            "pull_requests_landed",
            "Pages with records give rows.",
            "ExpectTableRowCountToBeBetween",
            {"min_value": 1, "max_value": NEWEST_ROWS},
        ),
        Expectation(
            "pull_request_states_are_known",
            "A pull request is open or closed.",
            "ExpectColumnValuesToBeInSet",
            {"column": "state", "value_set": ["open", "closed"]},
        ),
        Expectation(
            "pull_request_states_are_present",
            "Every pull request has a state.",
            "ExpectColumnValuesToNotBeNull",
            {"column": "state"},
        ),
        Expectation(
            "pull_request_ids_are_unique",
            "A pull request stands once in the landing.",
            "ExpectColumnValuesToBeUnique",
            {"column": "pull_request_id"},
        ),
        Expectation(
            "pull_request_numbers_are_positive",
            "Pull requests are numbered from 1.",
            "ExpectColumnValuesToBeBetween",
            _between("number", 1, None),
        ),
        Expectation(
            "pull_request_authors_are_mostly_present",
            "At most one pull request in five has lost its author's account.",
            "ExpectColumnValuesToNotBeNull",
            {"column": "author_token", "mostly": 0.8},
            severity="warning",
        ),
        Expectation(
            "pull_request_heads_are_mostly_present",
            "Nearly every pull request names the commit at its head.",
            "ExpectColumnValuesToNotBeNull",
            {"column": "head_sha", "mostly": 0.99},
        ),
        Expectation(
            "pull_requests_are_updated_after_creation",
            "A pull request is never updated before it was opened.",
            "ExpectColumnPairValuesAToBeGreaterThanB",
            _ordered("updated_at", "created_at"),
        ),
        Expectation(
            "pull_requests_are_merged_after_creation",
            "A pull request is never merged before it was opened.",
            "ExpectColumnPairValuesAToBeGreaterThanB",
            _ordered("merged_at", "created_at"),
        ),
    ),
)

# The newest periods, each whole, of as many values as Great Expectations takes in well under a second.
# What is withheld has no value.
_VALUES = f"""
    select
        concat_ws(' ', metric, scope_kind, scope_id, period_grain, period_start) as cell,
        metric, period_grain, scope_kind, period_start, period_end, n, numerator, denominator,
        value::double / case unit when 'seconds' then 86400 when 'minutes' then 1440 when 'days' then 1 end
            as duration_days,
        value::double as value, interval_low::double as interval_low, interval_high::double as interval_high,
        metric in (select metric from marts.dim_metrics) as is_in_catalogue
    from marts.mart_metric_values
    where not list_contains(flags, 'withheld') and period_start >= (
        select min(period_start) from (
            select period_start from marts.mart_metric_values order by period_start desc limit {NEWEST_VALUES}
        )
    )
"""
_MART_REMEDY = "Trace the cell with `assay trace`: its facts show which event is outside the rule."

METRIC_VALUES = Suite(
    name="metric_values",
    subject="marts.mart_metric_values",
    slice_sql=_VALUES,
    key=("cell",),
    remedy=_MART_REMEDY,
    expectations=(
        Expectation(
            "sample_sizes_are_not_negative",
            "n counts events.",
            "ExpectColumnValuesToBeBetween",
            _between("n", 0, None),
        ),
        Expectation(
            "sample_sizes_are_present",
            "Every value says from how many events it comes.",
            "ExpectColumnValuesToNotBeNull",
            {"column": "n"},
        ),
        Expectation(
            "values_are_not_negative",
            "Counts, ratios and durations are never below zero.",
            "ExpectColumnValuesToBeBetween",
            _between("value", 0, None),
        ),
        Expectation(
            "durations_are_plausible",
            f"No duration is longer than {MOST_DAYS} days: milliseconds in a column of seconds are.",
            "ExpectColumnValuesToBeBetween",
            _between("duration_days", 0, MOST_DAYS),
        ),
        Expectation(
            "intervals_reach_down_to_the_value",
            "An interval's lower end is not above the value.",
            "ExpectColumnPairValuesAToBeGreaterThanB",
            _ordered("value", "interval_low"),
        ),
        Expectation(
            "intervals_reach_up_to_the_value",
            "An interval's upper end is not below the value.",
            "ExpectColumnPairValuesAToBeGreaterThanB",
            _ordered("interval_high", "value"),
        ),
        Expectation(
            "periods_end_after_they_start",
            "A period has at least one day.",
            "ExpectColumnPairValuesAToBeGreaterThanB",
            _ordered("period_end", "period_start") | {"or_equal": False},
        ),
        Expectation(
            "grains_are_known",
            "Periods are days, weeks, months or quarters.",
            "ExpectColumnValuesToBeInSet",
            {"column": "period_grain", "value_set": ["day", "week", "month", "quarter"]},
        ),
        Expectation(
            "scopes_are_known",
            "Values belong to services, teams or the organisation.",
            "ExpectColumnValuesToBeInSet",
            {"column": "scope_kind", "value_set": ["service", "team", "organisation"]},
        ),
        Expectation(
            "metrics_are_known",
            "Every value belongs to a metric of the catalogue.",
            "ExpectColumnValuesToBeInSet",
            {"column": "is_in_catalogue", "value_set": [True]},
        ),
    ),
)

RATIOS = Suite(
    name="metric_ratios",
    subject="marts.mart_metric_values",
    slice_sql=f"{_VALUES} and unit = 'ratio'",
    key=("cell",),
    remedy=_MART_REMEDY,
    expectations=(
        Expectation(
            "ratios_are_at_most_one",
            "A share of deployments lies between 0 and 1.",
            "ExpectColumnValuesToBeBetween",
            _between("value", 0, 1),
        ),
        Expectation(
            "numerators_are_within_denominators",
            "No more deployments fail than there are.",
            "ExpectColumnPairValuesAToBeGreaterThanB",
            _ordered("denominator", "numerator"),
        ),
    ),
)

SUITES: tuple[Suite, ...] = (LANDED_PAGES, LANDED_PULL_REQUESTS, METRIC_VALUES, RATIOS)
