"""A ledger with a rotated key, a witness and a publication that feeds pay, for the cases of tampering."""

import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from lineage.ledger import (
    Ledger,
    Note,
    NoteSigner,
    TlogProof,
    WitnessSigner,
    append_rotation,
    verify_ledger,
)
from lineage.ledger.endorsements import keep_cosignature
from lineage.ledger.leaf_proof import ListedItem, prove_leaf
from publishing import publish, verify_publications
from publishing.analyst import open_published
from publishing.context import CountedWitness
from publishing.manifest import read_manifest
from publishing.offline import verify_exported_file, verify_proof_file
from publishing.sealed_cells import cells_tree, find_cells
from publishing.sealed_lists import metrics_of_manifest
from publishing.sealing import announced_at
from tests.publishing.incentive import METRIC, SCHEMA, paying_context
from tests.publishing.release import CONTEXT

AT = datetime(2026, 7, 1, 3, tzinfo=UTC)
ORIGIN = "assay/acme"
RETIRED, SIGNER, THIEF = (NoteSigner("assay/acme", bytes([n]) * 32) for n in (1, 2, 9))
WITNESS = WitnessSigner("internal-audit", b"\x07" * 32)
Found = list[tuple[str, str]]


@dataclass(frozen=True)
class World:
    """The folder of one organisation: ledger, publications, and two proofs that somebody keeps."""

    folder: Path

    @property
    def ledger_file(self) -> Path:
        return self.folder / "ledger" / "ledger.sqlite"

    @property
    def published(self) -> Path:
        return self.folder / "published"

    @property
    def publication(self) -> Path:
        return self.published / "paid"

    @property
    def proof(self) -> Path:
        return self.folder / "cell.tlog-proof"

    def ledger(self) -> Ledger:
        return Ledger(self.ledger_file, origin=ORIGIN)

    def sql(self, *statements: str) -> None:
        """What somebody with an SQLite shell does, who then makes the seal fit."""
        connection = sqlite3.connect(self.ledger_file)
        for statement in statements:
            connection.execute(statement)
        connection.commit()
        connection.close()
        self.reseal()

    def reseal(self) -> None:
        self.ledger_file.with_suffix(".dirty").touch()
        with self.ledger() as ledger:
            ledger.seal()

    def edit(self, file: str, change: Callable[[bytes], bytes]) -> None:
        path = self.publication / file
        path.write_bytes(change(path.read_bytes()))

    def in_ledger(self) -> Found:
        found = verify_ledger(self.ledger_file, origin=ORIGIN, verifiers=(SIGNER.verifier,))
        return [(one.object_name, one.problem) for one in found if one.is_fatal]

    def in_publications(self) -> Found:
        with self.ledger() as ledger:
            found = list(verify_publications(self.published, ledger, verifiers=[SIGNER.verifier]))
        return [(one.object_name, one.problem) for one in found if one.is_fatal]

    def in_exported_file(self) -> Found:
        file = self.publication / "marts" / "mart_metric_values.csv"
        found = verify_exported_file(file, verifiers=[SIGNER.verifier], witnesses=[WITNESS.key])
        return [(one.object_name, one.problem) for one in found if one.is_fatal]

    def in_proof(self) -> Found:
        report = verify_proof_file(
            self.proof.read_text(), verifiers=[SIGNER.verifier], witnesses=[WITNESS.key]
        )
        return [(one.object_name, one.problem) for one in report.findings if one.is_fatal]


def make_world(folder: Path, warehouse: Path) -> World:
    """Make everything as it should be; no check finds anything in it."""
    world = World(folder)
    with world.ledger() as ledger:
        with ledger.transaction() as transaction:
            transaction.append_many("payload", [b'{"n":%d}' % number for number in range(200)])
            transaction.append_many("governance", [b'{"kind":"note","n":%d}' % n for n in range(4)])
        for log in ("payload", "governance"):
            ledger.checkpoint(log, RETIRED, at=AT)
        with ledger.transaction() as transaction:
            append_rotation(transaction, RETIRED, SIGNER, at=AT, reason="yearly")
        with ledger.transaction() as transaction:
            transaction.append_many("payload", [b'{"n":%d}' % number for number in range(200, 300)])
        for log in ("payload", "governance"):
            ledger.checkpoint(log, SIGNER, at=AT)
        _publish(world, warehouse, ledger)
        world.proof.write_text(_cell_proof(world, ledger).document())
    return world


def cosign(ledger: Ledger, log: str, size: int) -> str:
    """Have the witness cosign, and keep it as the workspace does."""
    note = Note.parse(ledger.signed(log, size, SIGNER))
    note = note.with_signatures([WITNESS.cosign(note.text, at=AT)])
    with ledger.transaction() as transaction:
        keep_cosignature(transaction, log, note, WITNESS.key)
    return note.document()


def _publish(world: World, warehouse: Path, ledger: Ledger) -> None:
    paying = world.folder / "assay.duckdb"
    shutil.copy(warehouse, paying)
    with duckdb.connect(str(paying)) as con:
        con.execute(SCHEMA)
    head = (
        "operated_by: data-platform\n"
        f"witnesses: [{{name: internal-audit, key: {WITNESS.key.text()}, team: internal-audit}}]\n"
    )
    context = replace(
        CONTEXT,
        **paying_context(world.folder, head=head)
        | {
            "cosigned_by": (WITNESS.name,),
            "counted_witnesses": (
                CountedWitness(WITNESS.name, WITNESS.key.text(), "internal-audit", AT.isoformat()),
            ),
            "cosigned_payload": cosign(ledger, "payload", CONTEXT.payload_log_size),
            "cosigned_registers": cosign(ledger, "governance", ledger.size("governance")),
        },
    )
    publish(
        paying,
        world.published,
        publication_id="paid",
        context=context,
        ledger=ledger,
        signer=SIGNER,
        at=AT,
        cosign=lambda _note: cosign(ledger, "governance", ledger.size("governance")),
    )


def _cell_proof(world: World, ledger: Ledger) -> TlogProof:
    manifest = read_manifest(world.publication)
    options = {
        "secret": manifest.document["sealed"]["cells"]["secret"],
        "definition_hashes": metrics_of_manifest(manifest.document),
    }
    with open_published(world.publication / "analyst.duckdb") as con:
        cell = find_cells(con, {"metric": METRIC}, **options)[0]
        steps = tuple(cells_tree(con, **options).inclusion_proof(cell.index))
    note = (world.publication / "checkpoint.txt").read_text()
    item = ListedItem("cell", cell.leaf, cell.index, steps)
    return prove_leaf(ledger, "governance", announced_at(ledger, "paid"), note=note, item=item)
