"""Publishing: from a built warehouse to a sealed folder that everybody may read."""

import hashlib
import re
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from governance.gate import Decision, record_decisions
from governance.log import GOVERNANCE_LOG
from lineage.ledger import Ledger, NoteSigner
from publishing.analyst import build_analyst_database, open_published, review_warehouse, write_about
from publishing.caveats import find_caveats
from publishing.check_summary import summarise_checks
from publishing.completeness import completeness_document, read_completeness
from publishing.context import PublicationContext
from publishing.differences import Side
from publishing.differences.notice import notice_lines, notice_of
from publishing.durable import CURRENT, sync_tree, write_durably
from publishing.errors import ManifestError, PublicationInputError, PublicationRefusedError
from publishing.figures import read_figures
from publishing.flat_files import MARTS, is_exported, write_flat_files
from publishing.logical_hash import LogicalHash, logical_hash
from publishing.manifest import (
    MANIFEST,
    PAYLOAD_CHECKPOINT,
    REGISTERS_CHECKPOINT,
    FileEntry,
    Manifest,
    content_sha256,
    environment_sha256,
    list_files,
    read_manifest,
    spell_manifest,
)
from publishing.recovery import recover_publications
from publishing.report import Provenance, render_report
from publishing.review import Review, Withholding
from publishing.sealed_cells import cells_tree
from publishing.sealed_lists import SealedList, files_tree, sealed_metrics
from publishing.sealing import PAYLOAD_LOG, Cosign, announce, building_folder, finish, payload_note
from publishing.service_levels import read_service_levels
from publishing.tables import Table
from publishing.workbook import write_workbook

ANALYST, WORKBOOK, REPORT = "analyst.duckdb", "assay.xlsx", "report.html"
NOTHING_CHANGED = "nothing changed"
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


@dataclass(frozen=True, slots=True)
class Publication:
    """A publication as it lies on disk. `is_new` is false where an equal one was there already."""

    publication_id: str
    folder: Path
    is_new: bool
    message: str
    manifest_sha256: str
    content_sha256: str
    files: tuple[FileEntry, ...]
    decisions: tuple[Decision, ...] = ()


@dataclass(frozen=True, slots=True)
class _Build:
    """What was written, before anybody is told."""

    files: tuple[FileEntry, ...]
    hashes: tuple[LogicalHash, ...]
    content_sha256: str
    previous: str | None
    completeness: dict[str, Any]
    cells: SealedList
    restatement: dict[str, Any] | None
    withholdings: tuple[Withholding, ...]


@dataclass(frozen=True, slots=True)
class _Run:
    """What the steps of one publishing share."""

    publication_id: str
    building: Path
    context: PublicationContext
    payload_root: str
    cells_secret: str
    at: datetime
    on_step: Callable[[str], None]


def publish(
    warehouse: Path,
    target_root: Path,
    *,
    publication_id: str,
    context: PublicationContext,
    ledger: Ledger,
    signer: NoteSigner,
    at: datetime,
    on_step: Callable[[str], None] | None = None,
    cosign: Cosign | None = None,
) -> Publication:
    """Write a publication and switch `current` to it, unless an equal one is current already.

    Args:
        warehouse: the built DuckDB file; it is read, never written, and nobody may have it open for writing.
        target_root: the folder of publications.
        publication_id: the new folder's name.
        context: everything else that a publication states.
        ledger: where decisions and the publication are recorded before anybody can see it.
        signer: who signs the checkpoints.
        at: the instant of publication.
        on_step: told the name of each step as it begins.
        cosign: asks witnesses about the governance log's new checkpoint.

    Raises:
        PublicationInputError: the warehouse or an argument cannot be used.
        PublicationRefusedError: a blocking check is red, or the gate lets no metric through.
        PersonKeyError: a person's token would have left the warehouse.
    """
    _check_id(publication_id, target_root)
    target_root.mkdir(parents=True, exist_ok=True)
    recover_publications(target_root, ledger=ledger, signer=signer, at=at)
    _refuse_red_checks(context)
    run = _Run(
        publication_id=publication_id,
        building=building_folder(target_root, publication_id),
        context=context,
        payload_root=_payload_root(ledger, context.payload_log_size),
        cells_secret=signer.secret(f"cells of publication {publication_id}").hex(),
        at=at,
        on_step=on_step or (lambda _step: None),
    )
    run.on_step("ask the gate")
    review = review_warehouse(warehouse, context, at=at)
    _refuse_when_all_closed(review.decisions)
    existing = current_publication(target_root)
    run.building.mkdir()
    try:
        build = _build(run, warehouse, review, existing=existing, note=_payload_note(run, ledger, signer))
    except BaseException:
        shutil.rmtree(run.building, ignore_errors=True)
        raise
    if build is None:
        shutil.rmtree(run.building)
        return cast("Publication", existing)  # only its content can be the same
    # from here on the ledger decides: a folder that is left over is finished or removed by recovery
    manifest = _announce(run, ledger, review.decisions, build=build, signer=signer)
    folder = finish(target_root, publication_id, ledger=ledger, signer=signer, at=at, cosign=cosign)
    return Publication(
        publication_id,
        folder,
        is_new=True,
        message="published",
        manifest_sha256=manifest.sha256,
        content_sha256=manifest.content_sha256,
        files=manifest.files,
        decisions=review.decisions,
    )


def current_publication(target_root: Path) -> Publication | None:
    """Return the publication that `current` points to, or None."""
    link = target_root / CURRENT
    if not link.exists():
        return None
    folder = target_root / link.readlink()
    try:
        manifest = read_manifest(folder)
    except ManifestError:
        return None  # `assay verify` names the damage; a new publication replaces it
    return Publication(
        manifest.publication_id,
        folder,
        is_new=False,
        message=NOTHING_CHANGED,
        manifest_sha256=manifest.sha256,
        content_sha256=manifest.content_sha256,
        files=manifest.files,
    )


def _check_id(publication_id: str, root: Path) -> None:
    if not _ID.fullmatch(publication_id) or publication_id == CURRENT:
        raise PublicationInputError(f"{publication_id!r} cannot name a publication's folder")
    if (root / publication_id).exists():
        raise PublicationInputError(f"{publication_id} is published already; published values never change")


def _refuse_red_checks(context: PublicationContext) -> None:
    red = [one for one in context.checks if one.severity == "blocking" and not one.is_passed]
    if red:
        listed = "; ".join(f"{one.name} ({one.subject}): {one.message}" for one in red[:5])
        raise PublicationRefusedError(
            f"{len(red)} blocking checks are red: {listed}. Mend what they name and run again"
        )


def _refuse_when_all_closed(decisions: Sequence[Decision]) -> None:
    if decisions and not any(decision.is_open for decision in decisions):
        reasons = sorted({reason for decision in decisions for reason in decision.reasons})
        raise PublicationRefusedError(f"the gate lets no metric through: {' | '.join(reasons[:5])}")


def _payload_root(ledger: Ledger, size: int) -> str:
    present = ledger.size(PAYLOAD_LOG)
    if size > present:
        raise PublicationInputError(
            f"the warehouse claims {size} leaves of evidence; the ledger has {present}. "
            "Build the warehouse from this ledger's evidence"
        )
    return ledger.root(PAYLOAD_LOG, size).hex()


def _payload_note(run: _Run, ledger: Ledger, signer: NoteSigner) -> str:
    return payload_note(ledger, run.context.payload_log_size, signer, cosigned=run.context.cosigned_payload)


def _build(
    run: _Run, warehouse: Path, review: Review, *, existing: Publication | None, note: str
) -> _Build | None:
    """Write every file but the last two; None when the content is that of `existing`."""
    run.on_step("copy the marts")
    analyst = run.building / ANALYST
    tables = build_analyst_database(warehouse, analyst, review=review, checks=run.context.checks)
    with open_published(analyst) as con:
        hashes = [logical_hash(con, table) for table in tables]
        completeness = completeness_document(read_completeness(con))
    content = content_sha256(hashes, decisions=review.decisions, checks=run.context.checks)
    if existing is not None and existing.content_sha256 == content:
        return None
    write_about(analyst, _about(run), review.decisions)
    run.on_step("compare with the publication before")
    restatement = notice_of(existing.folder, _side(run, analyst)) if existing else None
    (run.building / PAYLOAD_CHECKPOINT).write_text(note, encoding="utf-8")
    if run.context.cosigned_registers is not None:
        (run.building / REGISTERS_CHECKPOINT).write_text(run.context.cosigned_registers, encoding="utf-8")
    rows = _write_files(run, tables, review.decisions, restatement=restatement)
    run.on_step("seal")
    files = list_files(run.building, rows)
    sync_tree(run.building)
    previous = existing.publication_id if existing else None
    with open_published(analyst) as con:
        cells = cells_tree(con, secret=run.cells_secret, definition_hashes=sealed_metrics(review.decisions))
    return _Build(
        tuple(files),
        tuple(hashes),
        content,
        previous,
        completeness,
        SealedList.of(cells),
        restatement,
        review.withholdings,
    )


def _side(run: _Run, analyst: Path) -> Side:
    context = run.context
    marts = {name: hashes["definition_sha256"] for name, hashes in context.definitions.items()}
    return Side(
        publication_id=run.publication_id,
        database=analyst,
        payload_log_size=context.payload_log_size,
        definitions={**context.definition_hashes, **marts},
    )


def _about(run: _Run) -> dict[str, str]:
    return {
        "publication_id": run.publication_id,
        "organisation": run.context.organisation,
        "published_at": run.at.astimezone(UTC).isoformat(),
        "time_zone": run.context.time_zone,
        "payload_log_size": str(run.context.payload_log_size),
        "payload_root": run.payload_root,
    }


def _write_files(
    run: _Run, tables: Sequence[Table], decisions: Sequence[Decision], *, restatement: dict[str, Any] | None
) -> dict[str, int]:
    """Write marts, workbook and report from the analysts' database; return the rows of each file."""
    exported = [table for table in tables if is_exported(table)]
    rows: dict[str, int] = {}
    (run.building / MARTS).mkdir()
    with open_published(run.building / ANALYST) as con:
        for table in exported:
            run.on_step(f"export {table.name}")
            rows |= write_flat_files(con, table, run.building)
        figures = read_figures(con, organisation=run.context.organisation)
        run.on_step("write the workbook")
        written = write_workbook(
            con, run.building / WORKBOOK, tables=exported, figures=figures, about=_about(run), at=run.at
        )
        rows[WORKBOOK] = sum(written.values())
        run.on_step("draw the report")
        provenance = Provenance(
            run.publication_id,
            run.at,
            run.context.payload_log_size,
            run.payload_root,
            tuple(decisions),
            run.context,
        )
        caveats = find_caveats(con, figures, decisions, run.context.checks)
        levels = read_service_levels(con, month=figures.focus_month)
        report = render_report(
            figures,
            provenance,
            caveats,
            levels=levels,
            readings=read_completeness(con),
            restatement=notice_lines(restatement),
        )
    (run.building / REPORT).write_text(report, encoding="utf-8")
    return rows


def _announce(
    run: _Run, ledger: Ledger, decisions: Sequence[Decision], *, build: _Build, signer: NoteSigner
) -> Manifest:
    """Record decisions and publication in one transaction; the manifest is on disk before it commits."""
    with ledger.transaction() as transaction:
        for leaf in run.context.definition_leaves:
            transaction.append(GOVERNANCE_LOG, leaf)
        leaves = record_decisions(transaction, decisions)
        document = _manifest_document(run, build, decisions, leaves, signed_by=signer.verifier.text())
        content = spell_manifest(document)
        write_durably(run.building / MANIFEST, content)
        manifest = Manifest(document, hashlib.sha256(content).hexdigest())
        announce(transaction, manifest)
    return manifest


def _purpose_document(context: PublicationContext) -> dict[str, Any] | None:
    """What metrics that pay are published for, and what nobody may do with them."""
    purpose = context.purposes.named(context.purpose)
    if purpose is None:
        return None
    return {
        "name": purpose.name,
        "title": purpose.title,
        "owner": purpose.owner,
        "forbidden_uses": list(purpose.forbidden_uses),
    }


def _manifest_document(
    run: _Run, build: _Build, decisions: Sequence[Decision], leaves: Sequence[int], *, signed_by: str
) -> dict[str, Any]:
    context = run.context
    return {
        "v": 1,
        "publication_id": run.publication_id,
        "organisation": context.organisation,
        "published_at": run.at.astimezone(UTC).isoformat(),
        "time_zone": context.time_zone,
        "content_sha256": build.content_sha256,
        "previous": build.previous,
        "signed_by": signed_by,
        "evidence": {"payload_log_size": context.payload_log_size, "payload_root": run.payload_root},
        "purpose": _purpose_document(context),
        "environment": dict(context.environment),
        "replay": dict(context.replay),
        "withholdings": [asdict(one) for one in build.withholdings],
        "sealed": {
            "cells": {**build.cells.to_document(), "secret": run.cells_secret},
            "files": SealedList.of(files_tree(build.files)).to_document(),
        },
        "witnesses": [asdict(witness) for witness in context.counted_witnesses],
        "environment_sha256": environment_sha256(context.environment),
        "definitions": {name: dict(hashes) for name, hashes in context.definitions.items()},
        "files": [entry.to_document() for entry in build.files],
        "tables": [
            {"name": one.table, "rows": one.rows, "logical_sha256": one.sha256} for one in build.hashes
        ],
        "gate": [
            {**decision.to_document(), "leaf": leaf} for decision, leaf in zip(decisions, leaves, strict=True)
        ],
        "check_summary": summarise_checks(context.checks).to_document(),
        "completeness": build.completeness,
        "restatement": build.restatement,
        "checks": [
            {
                "name": one.name,
                "subject": one.subject,
                "severity": one.severity,
                "is_passed": one.is_passed,
                "message": one.message,
            }
            for one in context.checks
        ],
    }
