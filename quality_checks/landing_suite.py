"""The suite over every stream's newest landing, made of the streams' contracts: none is written by hand."""

from collections.abc import Sequence

from quality_checks.landing_profiles import PROFILES
from quality_checks.streams import StreamContract
from quality_checks.suites import Expectation, Suite

_AT_MOST_ALLOWED = {"min_value": 0, "max_value": 1}

_EXPECTATIONS = (
    Expectation(
        "landing_volumes_are_usual",
        "A run brings about as many records of a stream as the runs before it did.",
        "ExpectColumnValuesToBeBetween",
        {"column": "volume_deviation", **_AT_MOST_ALLOWED},
        severity="warning",
    ),
    Expectation(
        "landed_columns_keep_their_values",
        "A column that had values does not lose them all from one landing to the next.",
        "ExpectColumnValuesToBeBetween",
        {"column": "null_deviation", **_AT_MOST_ALLOWED},
        severity="warning",
    ),
    Expectation(
        "landed_keys_are_unique",
        "A key stands once in the newest landing.",
        "ExpectColumnValuesToBeBetween",
        {"column": "doubled_keys", "min_value": 0, "max_value": 0},
    ),
)


def landing_suite(streams: Sequence[StreamContract]) -> Suite:
    """Return the suite over the profiles of these streams, with a result for each stream.

    Args:
        streams: The streams that have a staging model.
    """
    return Suite(
        name="landings",
        subject="staging",
        subjects=tuple(dict.fromkeys(contract.staging for contract in streams)),
        slice_sql=f"select * from {PROFILES} order by all",
        key=("item",),
        remedy="Look at the stream's newest pages: ask whether the source changed what it delivers, or to "
        "whom. If it did not, fetch them again: assay run; days of a windowed stream: assay backfill.",
        expectations=_EXPECTATIONS,
    )
