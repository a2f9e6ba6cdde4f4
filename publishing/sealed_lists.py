"""What a publication's leaf lists below roots of their own: values that somebody answers for, and files.

A leaf of the governance log stays small, and each cell or file can be proven alone: its path to the list's
root, then the leaf's path to the log's.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from governance.canonical import canonical_json
from governance.gate import Decision
from lineage.ledger import MerkleTree
from publishing.manifest import FileEntry

SEALED_TIERS = ("certified", "incentive")


@dataclass(frozen=True, slots=True)
class SealedList:
    """A list: how many items, and the root of the RFC 6962 tree over them, in hexadecimal."""

    size: int
    root: str

    @classmethod
    def of(cls, tree: MerkleTree) -> "SealedList":
        """Return what a leaf says of a tree."""
        return cls(tree.size, tree.root.hex())

    def to_document(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {"size": self.size, "root": self.root}


def sealed_metrics(decisions: Iterable[Decision]) -> dict[str, str | None]:
    """Return the metrics whose every value is a leaf, with the definition hash that was decided on."""
    return {
        decision.metric: decision.definition_hash
        for decision in decisions
        if decision.is_open and decision.tier in SEALED_TIERS
    }


def metrics_of_manifest(document: Mapping[str, Any]) -> dict[str, str | None]:
    """Return the same from a manifest."""
    return {
        entry["metric"]: entry["definition_hash"]
        for entry in document["gate"]
        if entry["is_open"] and entry["tier"] in SEALED_TIERS
    }


def files_tree(files: Sequence[FileEntry]) -> MerkleTree:
    """Return the tree over a publication's files, in the order of the manifest."""
    return MerkleTree.over(file_leaf(entry).encode() for entry in files)


def file_leaf(entry: FileEntry) -> str:
    """Return the canonical text that stands for a file."""
    leaf = {"v": 1, "kind": "file", "path": entry.path, "bytes": entry.file_bytes, "sha256": entry.sha256}
    return canonical_json(leaf).decode()
