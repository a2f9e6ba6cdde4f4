"""`assay diff`: two publications by name, what differs between them, and who holds the earlier values."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from governance.deliveries import Delivery
from orchestration.exporting import deliveries_of
from orchestration.publications import publication_folder
from orchestration.workspace import Workspace
from publishing.differences import ChangedCell, ChangedFact, Comparison, compare_publications, read_side
from publishing.differences.notice import notice_document


@dataclass(frozen=True, slots=True)
class Difference:
    """A comparison, narrowed to what was asked for, with those who received the earlier publication."""

    comparison: Comparison
    cells: tuple[ChangedCell, ...]
    recipients: tuple[Delivery, ...]


def difference_of(
    workspace: Workspace, old: str, new: str, *, metric: str | None = None, scope: str | None = None
) -> Difference:
    """Compare two publications of a workspace.

    Args:
        workspace: Whose.
        old: The earlier publication: an id, `previous` or `current`.
        new: The later one.
        metric: Only this metric's cells.
        scope: Only this scope's cells, as `team:payments`.

    Raises:
        UsageError: there is no such publication.
        PublishingError: one of them cannot be read.
    """
    before, after = (publication_folder(workspace, name) for name in (old, new))
    comparison = compare_publications(read_side(before), read_side(after))
    cells = tuple(
        cell
        for cell in comparison.cells
        if (metric is None or cell.metric == metric)
        and (scope is None or f"{cell.scope_kind}:{cell.scope_id}" == scope)
    )
    return Difference(comparison, cells, tuple(deliveries_of(workspace, comparison.old.publication_id)))


def difference_document(difference: Difference) -> dict[str, Any]:
    """Return a difference as JSON: the notice, every cell with facts and records, marts, recipients."""
    comparison = difference.comparison
    return {
        "old": comparison.old.publication_id,
        "new": comparison.new.publication_id,
        "summary": notice_document(comparison),
        "definitions": {
            name: {"old": old, "new": new} for name, (old, new) in comparison.definitions.items()
        },
        "cells": [_cell(cell) for cell in difference.cells],
        "marts": [
            {
                "mart": mart.name,
                "added": mart.added,
                "removed": mart.removed,
                "changed": mart.changed,
                "rows": [
                    {
                        "key": dict(row.key),
                        "change": row.change,
                        "causes": list(row.causes),
                        "values": [{"column": name, "old": old, "new": new} for name, old, new in row.values],
                    }
                    for row in mart.rows
                ],
            }
            for mart in comparison.marts
        ],
        "recipients_of_old": [delivery.to_document() for delivery in difference.recipients],
    }


def _cell(cell: ChangedCell) -> dict[str, Any]:
    return {
        "metric": cell.metric,
        "profile": cell.profile,
        "scope": f"{cell.scope_kind}:{cell.scope_id}",
        "period_grain": cell.period_grain,
        "period_start": cell.period_start.isoformat(),
        "change": cell.change,
        "unit": cell.unit,
        "old_value": spell(cell.old_value),
        "new_value": spell(cell.new_value),
        "old_n": cell.old_n,
        "new_n": cell.new_n,
        "old_flags": list(cell.old_flags),
        "new_flags": list(cell.new_flags),
        "causes": list(cell.causes),
        "facts": [_fact(fact) for fact in cell.facts],
        "record_ids": list(cell.record_ids),
    }


def _fact(fact: ChangedFact) -> dict[str, Any]:
    return {
        "relation": fact.relation,
        "key": fact.key,
        "change": fact.change,
        "columns": list(fact.columns),
        "cause": fact.cause,
        "new_record_ids": list(fact.new_record_ids),
        "late_record_ids": list(fact.late_record_ids),
        "lost_record_ids": list(fact.lost_record_ids),
    }


def spell(value: Decimal | None) -> str | None:
    """Spell a value without needless zeros."""
    return None if value is None else format(value.normalize(), "f")
