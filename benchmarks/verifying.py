"""Verification of evidence and logs, beside bare SHA-256 of the same bytes."""

import hashlib
import secrets
from collections.abc import Iterator
from contextlib import closing

import pyarrow.parquet as pq

from benchmarks.figures import Figure
from benchmarks.house import House
from benchmarks.measuring import MEGABYTE, stopwatch
from connectors.evidence import EvidenceStore
from lineage.ledger import Ledger


def measure(factor: int) -> Iterator[Figure]:
    """Verify the fetched evidence: every file, every body, every leaf."""
    workspace = House(factor).fetched().workspace("extracted")
    files = sorted(workspace.evidence.rglob("*.parquet"))
    contents = [file.read_bytes() for file in files]
    bodies = [body for file in files for body in pq.read_table(file, columns=["body"])["body"].to_pylist()]
    with stopwatch() as hashing:
        for content in (*contents, *bodies):
            hashlib.sha256(content).digest()
    total = sum(map(len, contents)) + sum(map(len, bodies))
    with (
        Ledger(workspace.ledger, origin=f"assay/{workspace.settings().organisation}") as ledger,
        closing(EvidenceStore(workspace.evidence, ledger, random_bytes=secrets.token_bytes)) as store,
    ):
        with stopwatch() as verifying:
            assert not [finding for finding in store.verify() if finding.is_fatal]
        with stopwatch() as logs:
            assert not [finding for finding in ledger.verify() if finding.is_fatal]
    yield Figure("evidence and its bodies", total / MEGABYTE, "MB")
    yield Figure("pages", len(bodies), "pages")
    yield Figure(
        "evidence verified",
        total / verifying.seconds / MEGABYTE,
        "MB/s",
        total / hashing.seconds / MEGABYTE,
        "sha256 in memory",
    )
    yield Figure("logs verified", logs.seconds, "s")
