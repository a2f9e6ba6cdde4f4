"""Sealing a publication of incentive cells, each provable alone: roots, ledger, witness, proof."""

import hashlib
import secrets
import tempfile
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from benchmarks.figures import Figure
from benchmarks.measuring import stopwatch
from governance.circumstances import PredicateResult
from governance.gate import Decision, record_decisions
from lineage.ledger import Ledger, MerkleTree, Note, NoteSigner, Witness, WitnessRequest
from lineage.ledger.leaf_proof import ListedItem, check_leaf_proof, prove_leaf
from lineage.ledger.witness_folder import create_witness, open_witness
from publishing.analyst import open_published
from publishing.durable import sync_tree, write_durably
from publishing.manifest import MANIFEST, PAYLOAD_CHECKPOINT, Manifest, list_files, spell_manifest
from publishing.sealed_cells import cells_tree, find_cells
from publishing.sealed_lists import SealedList, files_tree, sealed_metrics
from publishing.sealing import announce, announced_at, building_folder, finish

CELLS = 10_000
METRICS = 20
EVIDENCE = 25_000
PROOFS = 50
_PURPOSE = "cells of publication one"
AT = datetime(2026, 7, 1, tzinfo=UTC)

_VALUES = """
create schema marts;
create table marts.mart_metric_values as
select 'metric_' || (i % $metrics) as metric, 1 as metric_version, 'dora_2026' as profile,
       'team' as scope_kind, 'team-' || (i // $metrics) as scope_id, 'month' as period_grain,
       date '2026-06-01' as period_start, date '2026-07-01' as period_end,
       (i * 7.25)::decimal(28, 9) as value, i as numerator, i + 1 as denominator, 20 + i % 90 as n,
       (i * 7)::decimal(28, 9) as interval_low, (i * 8)::decimal(28, 9) as interval_high,
       'seconds' as unit, []::varchar[] as flags
from range($cells) r(i)
"""


def measure(factor: int) -> Iterator[Figure]:
    """Seal 10,000 cells times the factor, and prove some of them."""
    cells = CELLS * factor
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        signer = NoteSigner.generate("assay/benchmark", random_bytes=secrets.token_bytes)
        with Ledger(folder / "ledger.sqlite", origin="assay/benchmark") as ledger:
            with ledger.transaction() as transaction:
                transaction.append_many("payload", [b'{"n":%d}' % number for number in range(EVIDENCE)])
            building = _built(folder, ledger, signer, cells)
            witness = _witness(folder, signer)
            with stopwatch() as raw:
                _hash_leaves(cells)
            decisions = _decisions()
            with stopwatch() as sealing:
                tree = _seal(building, ledger, signer, decisions, witness)
            assert tree.size == cells
            yield Figure(
                f"publication of {cells:,} incentive cells sealed",
                sealing.seconds,
                "s",
                raw.seconds,
                "hashing as many leaves and nodes",
            )
            yield from _proving(
                folder / "one", ledger, signer=signer, metrics=sealed_metrics(decisions), tree=tree
            )


def _built(folder: Path, ledger: Ledger, signer: NoteSigner, cells: int) -> Path:
    building = building_folder(folder, "one")
    building.mkdir()
    with duckdb.connect(str(building / "analyst.duckdb")) as con:
        con.execute("select $1", ["the first parameter imports pandas, as a run has done long before"])
        con.execute(_VALUES.replace("$metrics", str(METRICS)).replace("$cells", str(cells)))
    (building / PAYLOAD_CHECKPOINT).write_text(ledger.signed("payload", EVIDENCE, signer))
    return building


def _witness(folder: Path, signer: NoteSigner) -> Witness:
    log = ("assay/benchmark/governance", signer.verifier)
    create_witness(folder / "audit", "internal-audit", (log,), random_bytes=secrets.token_bytes)
    return open_witness(folder / "audit", clock=lambda: AT)


def _decisions() -> list[Decision]:
    asked = tuple(PredicateResult(f"predicate_{n}", True, "seen", "wanted", "act") for n in range(12))  # noqa: FBT003
    return [
        Decision(f"metric_{n}", 1, "incentive", hashlib.sha256(b"%d" % n).hexdigest(), asked, AT)
        for n in range(METRICS)
    ]


def _seal(
    building: Path, ledger: Ledger, signer: NoteSigner, decisions: list[Decision], witness: Witness
) -> MerkleTree:
    secret = signer.secret(_PURPOSE).hex()
    files = list_files(building, {})
    sync_tree(building)
    with open_published(building / "analyst.duckdb") as con:
        tree = cells_tree(con, secret=secret, definition_hashes=sealed_metrics(decisions))
    document = {
        "publication_id": "one",
        "content_sha256": "",
        "previous": None,
        "published_at": AT.isoformat(),
        "evidence": {"payload_log_size": EVIDENCE, "payload_root": ledger.root("payload", EVIDENCE).hex()},
        "files": [entry.to_document() for entry in files],
        "sealed": {
            "cells": {**SealedList.of(tree).to_document(), "secret": secret},
            "files": SealedList.of(files_tree(files)).to_document(),
        },
    }
    content = spell_manifest(document)
    with ledger.transaction() as transaction:
        record_decisions(transaction, decisions)
        write_durably(building / MANIFEST, content)
        announce(transaction, Manifest(document, hashlib.sha256(content).hexdigest()))

    def cosign(note: str) -> str:
        return (
            Note.parse(note).with_signatures([witness.add_checkpoint(WitnessRequest(0, (), note))]).document()
        )

    finish(building.parent, "one", ledger=ledger, signer=signer, at=AT, cosign=cosign)
    return tree


def _proving(
    folder: Path, ledger: Ledger, *, signer: NoteSigner, metrics: Mapping[str, str | None], tree: MerkleTree
) -> Iterator[Figure]:
    index, note = announced_at(ledger, "one"), (folder / "checkpoint.txt").read_text()
    secret = signer.secret(_PURPOSE).hex()
    with stopwatch() as finding, open_published(folder / "analyst.duckdb") as con:
        cells = find_cells(con, {"metric": "metric_3"}, secret=secret, definition_hashes=metrics)[:PROOFS]
    yield Figure("cells of a metric found", finding.seconds * 1000, "ms")
    with stopwatch() as proving:
        for cell in cells:
            item = ListedItem("cell", cell.leaf, cell.index, tuple(tree.inclusion_proof(cell.index)))
            proof = prove_leaf(ledger, "governance", index, note=note, item=item)
            check_leaf_proof(proof, [signer.verifier])
    yield Figure("proof of a cell made and verified", proving.seconds / len(cells) * 1000, "ms")


def _hash_leaves(cells: int) -> None:
    for number in range(cells):
        hashlib.sha256(b"\x00%0400d" % number).digest()
        hashlib.sha256(b"\x01%064d" % number).digest()
