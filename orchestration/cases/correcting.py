"""Corrections in a workspace: found in the publication, signed by two people, read by the next run."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from governance.cases.correctable import CORRECTABLE, canonical_value, check_correctable
from governance.cases.corrections import IS_REVOKED, Correction, Overlay, read_corrections
from governance.cases.events import Recorded
from governance.errors import CorrectionError
from governance.log import GOVERNANCE_LOG
from orchestration.cases.desks import (
    load_signer_key,
    open_casework,
    open_published,
    read_files,
    reading_ledger,
    to_json_event,
)
from orchestration.errors import UsageError
from orchestration.redacting import PersonKey
from orchestration.workspace import Workspace

_COMMAND = "assay correction"
PAYLOAD_LOG = "payload"
_RECORD_BITS = 23
_PARTS = {"deployment": "part_ids", "incident": "telling_ids", "issue": "[issue_id]"}
_SPANS = {"deployment": ("started_at", "finished_at"), "incident": ("started_at", "resolved_at")}
_SERVICES = {"deployment": "service_id", "incident": "null", "issue": "null"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What a person says is wrong, before it is found in the publication.

    Attributes:
        fact: `deployment:ID`, `incident:ID` or `issue:ID`; None where the record tells which.
        column: Which column of it.
        value: The right value; `none` where there is none.
        part: One part of a deployment, where only that is wrong.
        record_id: The record that says otherwise.
        json_path: Where in it.
        evidence_record_id: A record that shows the right value.
        files: Files that show it.
        dispute: The dispute that led to it.
    """

    fact: str | None
    column: str
    value: str
    part: str | None = None
    record_id: int | None = None
    json_path: str | None = None
    evidence_record_id: int | None = None
    files: tuple[Path, ...] = ()
    dispute: str | None = None


@dataclass(frozen=True, slots=True)
class _Fact:
    kind: str
    fact_id: str
    part_ids: tuple[str, ...]
    service_id: str | None
    record_ids: tuple[int, ...]
    was: str | None


def propose_correction(
    workspace: Workspace, claim: Claim, key: PersonKey, *, text: str, reason_code: str, at: datetime
) -> Recorded:
    """Propose a correction of a published fact; it waits for a second person.

    Raises:
        UsageError: the fact, the record or the evidence is not there.
        CorrectionError: the claim does not fit together, or the person may not propose it.
        WorkspaceLockedError: a run works here.
    """
    evidence = read_files(claim.files)
    with open_casework(workspace, command=_COMMAND, at=at) as casework:
        with open_published(workspace) as con:
            overlay = _overlay(con, claim)
            _check_time(con, overlay, casework.corrections.corrections().values(), at=at)
        pages = casework.session.ledger.size(PAYLOAD_LOG)
        if claim.evidence_record_id is not None and not 0 <= claim.evidence_record_id >> _RECORD_BITS < pages:
            raise UsageError(f"There is no record {claim.evidence_record_id} in the evidence.")
        if claim.dispute is not None and not casework.disputes.find(claim.dispute).is_open:
            raise CorrectionError(f"{claim.dispute} is closed; a correction follows from an open dispute")
        signer = load_signer_key(key)
        return casework.corrections.propose(
            overlay, signer, text=text, reason_code=reason_code, at=at, evidence=evidence
        )


def approve_correction(workspace: Workspace, case_id: str, key: PersonKey, *, at: datetime) -> Recorded:
    """Put a correction into force; the next run takes it into facts and numbers.

    Raises:
        CorrectionError: it does not wait, or the same person proposed it.
        WorkspaceLockedError: a run works here.
    """
    with open_casework(workspace, command=_COMMAND, at=at) as casework:
        return casework.corrections.approve(case_id, load_signer_key(key), at=at)


def revoke_correction(
    workspace: Workspace, case_id: str, key: PersonKey, *, reason_code: str, at: datetime
) -> str:
    """Stand against a correction, and return the state that it is in then.

    Raises:
        CorrectionError: it is revoked already, or the same person stands against it already.
        WorkspaceLockedError: a run works here.
    """
    with open_casework(workspace, command=_COMMAND, at=at) as casework:
        casework.corrections.revoke(case_id, load_signer_key(key), reason_code=reason_code, at=at)
        return casework.corrections.find(case_id).state


def purge_correction(
    workspace: Workspace, case_id: str, key: PersonKey, *, reason_code: str, at: datetime
) -> Recorded | None:
    """Destroy the private content of a revoked correction.

    Raises:
        CorrectionError: it is not revoked, or the person lacks the role.
        WorkspaceLockedError: a run works here.
    """
    with open_casework(workspace, command=_COMMAND, at=at) as casework:
        return casework.corrections.purge(case_id, load_signer_key(key), reason_code=reason_code, at=at)


def read_evidence(
    workspace: Workspace, case_id: str, key: PersonKey, *, at: datetime
) -> list[dict[str, bytes]]:
    """Return the words and files of a correction to somebody who may sign it.

    Raises:
        CorrectionError: there is none of that name, or the key has not the role.
        WorkspaceLockedError: a run works here.
    """
    with open_casework(workspace, command=_COMMAND, at=at) as casework:
        return casework.corrections.contents(case_id, load_signer_key(key))


def list_corrections(workspace: Workspace) -> list[dict[str, Any]]:
    """Return every correction, and whether the present publication has it."""
    with reading_ledger(workspace) as ledger:
        corrections = read_corrections(ledger.every_leaf(GOVERNANCE_LOG))
        size = ledger.size(GOVERNANCE_LOG)
    applied = _applied(workspace) if corrections else {}
    return [
        {
            "correction": one.case_id,
            "state": one.state,
            **one.overlay.to_document(),
            "leaf_index": one.leaf_index,
            "publication": _publication_says(one, applied.get(one.overlay.fact)),
            "governance_log_size": size,
            "events": [to_json_event(each) for each in one.events],
        }
        for one in corrections.values()
    ]


def _publication_says(correction: Correction, applied: set[int] | None) -> str:
    """Say whether the present publication shows a correction; one that fits no fact must not stay unseen."""
    if applied is None:
        return "nothing is published"
    is_shown = correction.leaf_index in applied
    if correction.is_in_force:
        return "has it" if is_shown else "lacks it: run `assay run`; if it stays, the fact is gone"
    return "has it still: run `assay run`" if is_shown else "lacks it"


def _applied(workspace: Workspace) -> dict[str, set[int]]:
    try:
        with open_published(workspace) as con:
            return {
                kind: {
                    row[0]
                    for row in con.execute(
                        f"select distinct unnest(correction_leaf_indexes) from marts.fct_{kind}s"
                    ).fetchall()
                }
                for kind in CORRECTABLE
            }
    except (UsageError, duckdb.BinderException):  # nothing is published, or by a version without corrections
        return {}


def _overlay(con: duckdb.DuckDBPyConnection, claim: Claim) -> Overlay:
    """Return what a claim says of the fact that it means.

    Raises:
        UsageError: there is no such fact, record or part.
        CorrectionError: the value is none, or is the published one.
    """
    fact = _fact(con, claim)
    value = canonical_value(fact.kind, claim.column, claim.value)
    if value == fact.was:
        raise CorrectionError(
            f"{claim.column} of {fact.fact_id} is {value or 'none'} in the publication already"
        )
    if claim.record_id is not None and claim.record_id not in fact.record_ids:
        raise UsageError(f"Record {claim.record_id} is none of those that make {fact.kind} {fact.fact_id}.")
    if claim.column == "finished_at" and len(fact.part_ids) > 1:
        raise CorrectionError(
            f"{fact.fact_id} has several parts, each with an end of its own; name one with --part: "
            f"{', '.join(fact.part_ids)}"
        )
    return Overlay(
        fact=fact.kind,
        fact_id=fact.fact_id,
        part_ids=fact.part_ids,
        service_id=fact.service_id,
        column=claim.column,
        value=value,
        was=fact.was,
        record_id=claim.record_id,
        json_path=claim.json_path,
        evidence_record_id=claim.evidence_record_id,
        dispute=claim.dispute,
    )


def _check_time(
    con: duckdb.DuckDBPyConnection, overlay: Overlay, others: Iterable[Correction], *, at: datetime
) -> None:
    """Refuse an instant that cannot be true.

    Raises:
        CorrectionError: it is not over yet, or the end would lie before the beginning.
    """
    begins, ends = _SPANS.get(overlay.fact, ("", ""))
    if overlay.column not in (begins, ends) or overlay.value is None:
        return
    if datetime.fromisoformat(overlay.value) > at:
        raise CorrectionError(f"{overlay.column} would be {overlay.value}, which is still to come")
    said = {name: _known(con, overlay, name, others) for name in (begins, ends)}
    said[overlay.column] = overlay.value
    start, end = said[begins], said[ends]
    if start is not None and end is not None and datetime.fromisoformat(end) < datetime.fromisoformat(start):
        raise CorrectionError(
            f"{ends} would be {end}, before {begins}, which is {start}. Where both are wrong, propose the "
            "one first that makes the time longer"
        )


def _known(
    con: duckdb.DuckDBPyConnection, overlay: Overlay, column: str, others: Iterable[Correction]
) -> str | None:
    """Return an instant of the fact: as the newest correction says that is not revoked, or as published."""
    said = [
        one.overlay.value
        for one in others
        if one.state != IS_REVOKED
        and (one.overlay.fact, one.overlay.fact_id, one.overlay.column)
        == (overlay.fact, overlay.fact_id, column)
    ]
    if said:
        return said[-1]
    row = con.execute(
        f"select {column} from marts.fct_{overlay.fact}s where {overlay.fact}_id = $name",
        {"name": overlay.fact_id},
    ).fetchone()
    return _text(row[0]) if row else None


def _fact(con: duckdb.DuckDBPyConnection, claim: Claim) -> _Fact:
    if claim.fact is not None:
        kind, _, name = claim.fact.partition(":")
        check_correctable(kind, claim.column)
        id_of_part = "true" if claim.part is None else f"list_contains({_PARTS[kind]}, $part)"
        condition = f"({kind}_id = $name or list_contains({_PARTS[kind]}, $name)) and {id_of_part}"
        found = _facts(con, kind, claim, condition, name=name)
        if not found:
            raise UsageError(f"There is no {kind} {name}{_of_part(claim)} in the publication.")
    elif claim.record_id is not None:
        found = [
            fact
            for kind, columns in CORRECTABLE.items()
            if claim.column in columns
            for fact in _facts(con, kind, claim, "list_contains(record_ids, $record_id)")
        ]
        if not found:
            raise UsageError(
                f"Record {claim.record_id} makes no fact whose {claim.column} could be corrected."
            )
    else:
        raise UsageError("Name what is wrong: a fact, as deployment:ID, or a record by --record.")
    if len(found) > 1:
        names = ", ".join(f"{fact.kind}:{fact.fact_id}" for fact in found[:5])
        raise UsageError(f"That may be any of {len(found)} facts; name one: {names}")
    return found[0]


def _facts(
    con: duckdb.DuckDBPyConnection, kind: str, claim: Claim, condition: str, **values: Any
) -> list[_Fact]:
    given = {"part": claim.part, "record_id": claim.record_id, **values}
    rows = con.execute(
        f"select {kind}_id, {_PARTS[kind]}, {_SERVICES[kind]}, record_ids, {claim.column} "
        f"from marts.fct_{kind}s where {condition} order by 1",
        {name: value for name, value in given.items() if f"${name}" in condition},
    ).fetchall()
    return [
        _Fact(
            kind,
            fact_id,
            (claim.part,) if claim.part is not None and kind == "deployment" else tuple(parts),
            service_id,
            tuple(records),
            _text(was),
        )
        for fact_id, parts, service_id, records, was in rows
    ]


def _of_part(claim: Claim) -> str:
    return "" if claim.part is None else f" with a part {claim.part}"


def _text(value: Any) -> str | None:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return None if value is None else str(value)
