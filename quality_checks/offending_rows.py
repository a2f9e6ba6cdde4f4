"""Rules that hold row by row, as comparisons: nothing is asked for, and what offends is found."""

from collections.abc import Mapping

from quality_checks.comparisons import Comparison
from quality_checks.fact_comparisons import REBUILD
from quality_checks.results import Layer, Severity


def no_row_offends(
    name: str,
    sentence: str,
    offenders: Mapping[str, str],
    *,
    measure: str = "rows",
    layer: Layer = "facts",
    severity: Severity = "blocking",
    remedy: str = REBUILD,
) -> Comparison:
    """Declare a rule that no row of some relations may break.

    Args:
        name: The comparison's name.
        sentence: What must hold, in plain words.
        offenders: By relation a SELECT of `item`, one for each offending row: what it is called.
        measure: What is counted.
        layer: The hand-over that is looked at.
        severity: Whether an offender stops publication.
        remedy: What to do about one.
    """
    found = " union all ".join(
        f"select '{subject}' as subject, item, count(*) as value from ({select}) group by item"
        for subject, select in offenders.items()
    )
    return Comparison(
        name=name,
        subjects=tuple(offenders),
        layer=layer,
        sentence=sentence,
        left="select ''::varchar as subject, ''::varchar as item, 0::bigint as value where false",
        right=found,
        measure=measure,
        remedy=remedy,
        severity=severity,
    )
