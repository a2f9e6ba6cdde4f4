"""Appending to the ledger and proving from it, beside bare hashing of the same leaves."""

import hashlib
import secrets
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.measuring import stopwatch
from lineage.ledger import Ledger, NoteSigner, merkle

LEAVES = 200_000
LEAVES_A_TRANSACTION = 512
PROOFS = 500


def measure(factor: int) -> Iterator[Figure]:
    """Append, checkpoint, prove; the factor multiplies the leaves up to ten times."""
    leaves = [
        b'{"commitment":"%s","kind":"page","v":1}' % secrets.token_hex(32).encode()
        for _ in range(LEAVES * min(factor, 10))
    ]
    with stopwatch() as raw:
        for leaf in leaves:
            hashlib.sha256(b"\x00" + leaf).digest()
        for leaf in leaves:  # a Merkle tree of n leaves has n - 1 inner nodes of 65 bytes
            hashlib.sha256(leaf[:65]).digest()
    with tempfile.TemporaryDirectory() as folder, Ledger(Path(folder) / "ledger.sqlite") as ledger:
        with stopwatch() as appending:
            for start in range(0, len(leaves), LEAVES_A_TRANSACTION):
                with ledger.transaction() as transaction:
                    for leaf in leaves[start : start + LEAVES_A_TRANSACTION]:
                        transaction.append("payload", leaf)
        yield Figure(
            "leaves appended, 512 a transaction",
            len(leaves) / appending.seconds,
            "leaves/s",
            len(leaves) / raw.seconds,
            "hashing leaves and nodes in memory",
        )
        yield from _proving(ledger, leaves)


def _proving(ledger: Ledger, leaves: list[bytes]) -> Iterator[Figure]:
    signer = NoteSigner.generate("benchmark", random_bytes=secrets.token_bytes)
    with stopwatch() as signing:
        ledger.checkpoint("payload", signer, at=datetime(2026, 1, 1, tzinfo=UTC))
    yield Figure("checkpoint signed", signing.seconds * 1000, "ms")
    size, root = len(leaves), ledger.root("payload")
    with stopwatch() as proving:
        for index in range(0, size, size // PROOFS):
            proof = ledger.inclusion_proof("payload", index, size)
            assert merkle.verify_inclusion(merkle.leaf_hash(leaves[index]), index, size, proof, root=root)
    yield Figure("inclusion proof made and verified", proving.seconds / PROOFS * 1000, "ms")
    with stopwatch() as verifying:
        assert not [finding for finding in ledger.verify() if finding.is_fatal]
    yield Figure("both logs verified", size / verifying.seconds, "leaves/s")
