"""The short notice of a restatement: what a reader of the new publication is told about the one before."""

from collections import Counter
from pathlib import Path
from typing import Any

from publishing.differences.causes import CAUSES
from publishing.differences.changed_cells import ChangedCell
from publishing.differences.comparison import Comparison, compare_publications
from publishing.differences.sides import Side, read_side
from publishing.errors import PublishingError

_LARGEST = 5
_MOST_MONTHS = 12


def notice_document(comparison: Comparison) -> dict[str, Any]:
    """Return the notice as it stands in the manifest: counts, causes, months and the largest changes.

    It says how many settled values are another now (restated), and how many cells differ for whatever reason.
    """
    restated = comparison.restated
    return {
        "previous": comparison.old.publication_id,
        "values_before": comparison.compared,
        "values_restated": len(restated),
        "cells_added": sum(cell.change == "added" for cell in comparison.cells),
        "cells_removed": sum(cell.change == "removed" for cell in comparison.cells),
        "cells_changed": sum(cell.change == "changed" for cell in comparison.cells),
        "causes": comparison.by_cause(restated),
        "definitions_changed": sorted(comparison.definitions),
        "months": [
            {"month": month, "values_before": before, "values_restated": count}
            for month, before, count in restated_months(comparison)[:_MOST_MONTHS]
        ],
        "largest": [_cell(cell) for cell in largest(restated)],
        "marts_changed": {
            mart.name: {"added": mart.added, "removed": mart.removed, "changed": mart.changed}
            for mart in comparison.marts
        },
    }


def notice_of(previous: Path, new: Side) -> dict[str, Any]:
    """Compare a publication that is being made with the one before, and return the notice.

    A publication before that cannot be read any more is no reason to publish nothing: the notice says so.
    """
    try:
        return notice_document(compare_publications(read_side(previous), new))
    except PublishingError as error:
        return {"previous": previous.name, "problem": str(error)}


def restated_months(comparison: Comparison) -> list[tuple[str, int, int]]:
    """Return (month, values before, values restated) of each month with a restated value, newest first."""
    counted = Counter(
        cell.period_start.strftime("%Y-%m") for cell in comparison.restated if cell.period_grain == "month"
    )
    return [
        (month, comparison.compared_by_month.get(month, 0), counted[month])
        for month in sorted(counted, reverse=True)
    ]


def largest(cells: tuple[ChangedCell, ...], *, most: int = _LARGEST) -> list[ChangedCell]:
    """Return the months and quarters that changed most, by share of the old value; others where none did."""
    long = [cell for cell in cells if cell.period_grain in ("month", "quarter")] or list(cells)
    return sorted(
        long, key=lambda cell: (-cell.relative_change, cell.metric, cell.scope_id, cell.period_start)
    )[:most]


def _cell(cell: ChangedCell) -> dict[str, Any]:
    return {
        "metric": cell.metric,
        "scope": f"{cell.scope_kind}:{cell.scope_id}",
        "period_grain": cell.period_grain,
        "period_start": cell.period_start.isoformat(),
        "old_value": None if cell.old_value is None else format(cell.old_value.normalize(), "f"),
        "new_value": None if cell.new_value is None else format(cell.new_value.normalize(), "f"),
        "unit": cell.unit,
        "causes": list(cell.causes),
    }


def notice_lines(document: dict[str, Any] | None) -> list[str]:
    """Say a notice in sentences, for the report and the screen; nothing where there was none before."""
    if document is None:
        return []
    if "problem" in document:
        return [f"What changed since {document['previous']} is not known: {document['problem']}"]
    previous, restated, before = document["previous"], document["values_restated"], document["values_before"]
    if not restated:
        return [f"None of the {before:,} values of {previous} was restated."]
    sentences = [f"{restated:,} of the {before:,} values of {previous} were restated."]
    sentences += [
        f"{month['values_restated']:,} of the {month['values_before']:,} values of {month['month']}."
        for month in document["months"][:_LARGEST]
    ]
    sentences += [f"{count:,} because {CAUSES[cause]}." for cause, count in document["causes"].items()]
    if document["definitions_changed"]:
        named = ", ".join(document["definitions_changed"][:_LARGEST])
        sentences.append(f"Definitions that changed: {named}.")
    return sentences + [_change_sentence(cell) for cell in document["largest"][:1]]


def _change_sentence(cell: dict[str, Any]) -> str:
    return (
        f"The largest: {cell['metric']} of {cell['scope']} in the {cell['period_grain']} of "
        f"{cell['period_start']} was {cell['old_value']} {cell['unit']} and is "
        f"{cell['new_value'] if cell['new_value'] is not None else 'no value'} now."
    )
