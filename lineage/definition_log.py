"""Which definition was in force when, by the governance log; `lineage.definition_proofs` proves it."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from lineage.definitions import MetricDefinition
from lineage.errors import DefinitionError
from lineage.ledger import canonical_json

GOVERNANCE_LOG = "governance"
DEFINITION_MARK = b'"kind":"definition_in_force"'


@dataclass(frozen=True, slots=True)
class InForce:
    """One leaf: from this instant on a metric was defined so; no hash where it was retired.

    Attributes:
        leaf_index: Its place in the governance log.
        metric: The metric, or the relation of a mart.
        metric_version: The newest version that it defines.
        profile: That version's profile.
        sha256: The definition hash; None from the day of its retirement on.
        document_sha256: The name of its document.
        publication_id: The publication that brought it into force.
        from_at: When.
        previous_leaf: The leaf of the definition whose place it takes; None for a metric's first.
    """

    leaf_index: int
    metric: str
    metric_version: int | None
    profile: str | None
    sha256: str | None
    document_sha256: str | None
    publication_id: str
    from_at: datetime
    previous_leaf: int | None = None


def definition_leaves(
    defined: Mapping[str, MetricDefinition],
    known: Mapping[str, Sequence[InForce]],
    *,
    publication_id: str,
    at: datetime,
    documents: Mapping[str, str],
) -> list[bytes]:
    """Return the leaves that a publication adds: definitions that differ from those in force, retirements.

    Args:
        defined: What every metric means now.
        known: The history, see `read_history`.
        publication_id: The publication that brings them into force.
        at: When. A clock that was set back does not help: nothing comes into force before what the log has.
        documents: The hash of each metric's document.
    """
    at = max([at, *(entry.from_at for entries in known.values() for entry in entries)])
    leaves = []
    for metric in sorted({*defined, *known}):
        last = known[metric][-1] if known.get(metric) else None
        now = defined.get(metric)
        before = (last.sha256, last.document_sha256) if last else (None, None)
        if (now.sha256 if now else None, documents[metric] if now else None) == before:
            continue
        newest = _newest_version(now) if now else (None, None)
        leaves.append(
            canonical_json(
                {
                    "v": 1,
                    "kind": "definition_in_force",
                    "metric": metric,
                    "metric_version": newest[0],
                    "profile": newest[1],
                    "definition_sha256": now.sha256 if now else None,
                    "document_sha256": documents[metric] if now else None,
                    "previous_leaf": last.leaf_index if last else None,
                    "publication_id": publication_id,
                    "from": at.astimezone(UTC).isoformat(),
                }
            )
        )
    return leaves


def _newest_version(definition: MetricDefinition) -> tuple[int | None, str | None]:
    rows = definition.document.get("definition") or ()
    newest: Mapping[str, Any] = max(rows, key=lambda row: row.get("metric_version") or 0, default={})
    return newest.get("metric_version"), newest.get("profile")


def read_history(leaves: Iterable[tuple[int, bytes]]) -> dict[str, list[InForce]]:
    """Return every metric's definitions in the order in which they came into force."""
    history: dict[str, list[InForce]] = {}
    for index, leaf in leaves:
        if DEFINITION_MARK in leaf:
            found = parse_definition(index, leaf)
            history.setdefault(found.metric, []).append(found)
    return dict(sorted(history.items()))


def in_force(history: Mapping[str, Sequence[InForce]], *, before: datetime) -> dict[str, InForce]:
    """Return what was in force just before an instant, by metric; retired metrics are left out."""
    found = {}
    for metric, entries in history.items():
        newest = next((entry for entry in reversed(entries) if entry.from_at < before), None)
        if newest is not None and newest.sha256 is not None:
            found[metric] = newest
    return found


def parse_definition(index: int, leaf: bytes) -> InForce:
    """Read one leaf.

    Raises:
        DefinitionError: it is no definition, or of a version that nobody knows here.
    """
    try:
        value = json.loads(leaf)
        _refuse_other_kind(value)
        return InForce(
            leaf_index=index,
            metric=value["metric"],
            metric_version=value["metric_version"],
            profile=value["profile"],
            sha256=value["definition_sha256"],
            document_sha256=value["document_sha256"],
            publication_id=value["publication_id"],
            from_at=datetime.fromisoformat(value["from"]),
            previous_leaf=value["previous_leaf"],
        )
    except (KeyError, TypeError, ValueError) as error:
        raise DefinitionError(f"leaf {index} of the governance log is no definition: {error}") from error


def _refuse_other_kind(value: Mapping[str, Any]) -> None:
    if value["v"] != 1 or value["kind"] != "definition_in_force":
        raise ValueError(f"version {value['v']!r} of {value['kind']!r}")
