"""Planted answers of sources: what each check of what a source itself says must turn red about."""

from tests.quality_checks.fault import Fault

_SAMPLE = (
    "insert into quality.sampled_records by name select '{kind}' as source, '{kind}' as kind, "
    "'{stream}' as stream, '{subject}' as subject, 'acme/shop 7' as record_key, "
    "(select max(record_id) from {subject}) as staged_record_id, "
)
_TOTAL = (
    "insert into quality.source_totals by name select '{kind}' as source, '{kind}' as kind, "
    "'{stream}' as stream, '{subject}' as subject, 'acme/shop' as scope, 1 as tolerance_count, "
)

SOURCE_FAULTS = (
    Fault(
        "sampled_records_match",
        "the source tells another value under the same last update",
        _SAMPLE + "'differs' as verdict, ['state'] as differing_columns, "
        "['state is #1 in staging, #2 at the source'] as differences",
    ),
    Fault(
        "sampled_values_moved_with_notice",
        "a label was renamed",
        _SAMPLE + "'unversioned_change' as verdict, ['labels'] as differing_columns",
    ),
    Fault(
        "sampled_records_still_exist",
        "a record was dropped at the source",
        _SAMPLE + "'vanished' as verdict",
    ),
    Fault(
        "samples_were_taken",
        "the source was down",
        _SAMPLE + "'not_taken' as verdict, 'no connection' as problem",
    ),
    Fault(
        "source_totals_arrived",
        "the source counts more than arrived, by more than the tolerance",
        _TOTAL + "'compared' as verdict, 12 as total_count, 10 as staged_count",
    ),
    Fault(
        "source_totals_not_exceeded",
        "the source counts less than staging holds",
        _TOTAL + "'compared' as verdict, 10 as total_count, 12 as staged_count",
    ),
    Fault(
        "source_totals_were_told",
        "the source tells a bound instead of a total",
        _TOTAL + "'capped' as verdict, 1000 as total_count, 990 as staged_count",
    ),
)
