"""Which definition was in force when: leaves of the governance log, and proofs that verify offline."""

import base64
import binascii
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from lineage.definitions import MetricDefinition
from lineage.errors import DefinitionError
from lineage.ledger import Checkpoint, Ledger, LedgerError, NoteVerifier, canonical_json, verify_note
from lineage.ledger.merkle import leaf_hash, verify_inclusion

GOVERNANCE_LOG = "governance"
DEFINITION_MARK = b'"kind":"definition_in_force"'
_CHECKPOINTS = "SELECT size, note FROM checkpoints WHERE log = 'governance' ORDER BY size DESC LIMIT 1"


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
    """

    leaf_index: int
    metric: str
    metric_version: int | None
    profile: str | None
    sha256: str | None
    document_sha256: str | None
    publication_id: str
    from_at: datetime


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
            found = _parse(index, leaf)
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


def prove(ledger: Ledger, entries: Iterable[InForce]) -> dict[str, Any]:
    """Return a document that proves, to whoever has the log's key, that the log holds these leaves.

    Raises:
        DefinitionError: no signed checkpoint covers all of them yet.
    """
    with ledger.reader() as connection:
        row = connection.execute(_CHECKPOINTS).fetchone()
    listed = sorted(entries, key=lambda entry: entry.leaf_index)
    size = int(row[0]) if row else 0
    if not listed or size <= listed[-1].leaf_index:
        raise DefinitionError(
            "no signed checkpoint covers these definitions yet; the next publication signs one: assay publish"
        )
    return {
        "v": 1,
        "kind": "definitions_in_force_proof",
        "checkpoint": str(row[1]),
        "leaves": [
            {
                "index": entry.leaf_index,
                "leaf": ledger.leaf(GOVERNANCE_LOG, entry.leaf_index).decode(),
                "hashes": [
                    base64.b64encode(one).decode()
                    for one in ledger.inclusion_proof(GOVERNANCE_LOG, entry.leaf_index, size)
                ],
            }
            for entry in listed
        ],
    }


def verify_proof(document: Mapping[str, Any], verifiers: Sequence[NoteVerifier]) -> list[InForce]:
    """Check a proof offline and return what it proves.

    Args:
        document: What `prove` wrote.
        verifiers: The keys that are trusted to sign checkpoints.

    Raises:
        DefinitionError: it has another form, is signed by nobody trusted, or a leaf is not in the log.
    """
    try:
        note = verify_note(str(document["checkpoint"]), list(verifiers))
        checkpoint = Checkpoint.parse(note.text)
        leaves = [
            (int(one["index"]), str(one["leaf"]).encode(), list(one["hashes"])) for one in document["leaves"]
        ]
        proofs = [[base64.b64decode(each, validate=True) for each in hashes] for _, _, hashes in leaves]
    except (LedgerError, KeyError, TypeError, ValueError, binascii.Error) as error:
        raise DefinitionError(f"this is no proof of definitions by a trusted key: {error}") from error
    if not checkpoint.origin.endswith(f"/{GOVERNANCE_LOG}"):
        raise DefinitionError(f"the checkpoint is of the log {checkpoint.origin}, not of a governance log")
    for (index, leaf, _), proof in zip(leaves, proofs, strict=True):
        if not verify_inclusion(leaf_hash(leaf), index, checkpoint.size, proof, root=checkpoint.root):
            raise DefinitionError(f"leaf {index} is not in the log that the checkpoint signs")
    return [_parse(index, leaf) for index, leaf, _ in leaves]


def _parse(index: int, leaf: bytes) -> InForce:
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
        )
    except (KeyError, TypeError, ValueError) as error:
        raise DefinitionError(f"leaf {index} of the governance log is no definition: {error}") from error


def _refuse_other_kind(value: Mapping[str, Any]) -> None:
    if value["v"] != 1 or value["kind"] != "definition_in_force":
        raise ValueError(f"version {value['v']!r} of {value['kind']!r}")
