"""The manifest: every file of a publication with its hash, and what the numbers in them rest on."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from governance.canonical import canonical_json
from governance.gate import Decision
from publishing.context import CheckResult
from publishing.durable import sha256_file
from publishing.errors import ManifestError
from publishing.logical_hash import LogicalHash

MANIFEST = "manifest.json"
CHECKPOINT = "checkpoint.txt"
PAYLOAD_CHECKPOINT = "payload-checkpoint.txt"
REGISTERS_CHECKPOINT = "registers-checkpoint.txt"
PROOF = "publication.tlog-proof"
UNLISTED = (MANIFEST, CHECKPOINT, PROOF)


@dataclass(frozen=True, slots=True)
class FileEntry:
    """One file of a publication; `path` is relative to its folder, `rows` None where rows mean nothing."""

    path: str
    file_bytes: int
    sha256: str
    rows: int | None

    def to_document(self) -> dict[str, Any]:
        """Return the entry as it stands in the manifest."""
        return {"path": self.path, "bytes": self.file_bytes, "sha256": self.sha256, "rows": self.rows}


@dataclass(frozen=True, slots=True)
class Manifest:
    """A manifest that was read: its document, and the hash of its very bytes."""

    document: Mapping[str, Any]
    sha256: str

    @property
    def publication_id(self) -> str:
        """The publication."""
        return str(self.document["publication_id"])

    @property
    def content_sha256(self) -> str:
        """The hash of what is published, whenever and under whatever id."""
        return str(self.document["content_sha256"])

    @property
    def files(self) -> tuple[FileEntry, ...]:
        """The files that the manifest lists."""
        return tuple(
            FileEntry(entry["path"], entry["bytes"], entry["sha256"], entry["rows"])
            for entry in self.document["files"]
        )


def list_files(folder: Path, rows: Mapping[str, int]) -> list[FileEntry]:
    """Hash every file below a folder, in the order of their paths."""
    paths = sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and path.relative_to(folder).as_posix() not in UNLISTED
    )
    return [
        FileEntry(path, (folder / path).stat().st_size, sha256_file(folder / path), rows.get(path))
        for path in paths
    ]


def spell_manifest(document: Mapping[str, Any]) -> bytes:
    """Spell a manifest for people and for hashing: sorted, indented, UTF-8, a newline at the end."""
    canonical_json(document)
    return (json.dumps(document, sort_keys=True, indent=2, ensure_ascii=False) + "\n").encode()


def read_manifest(folder: Path) -> Manifest:
    """Read a publication's manifest.

    Raises:
        ManifestError: it is missing, or no manifest.
    """
    try:
        content = (folder / MANIFEST).read_bytes()
        document = json.loads(content)
        manifest = Manifest(document, hashlib.sha256(content).hexdigest())
        _ = (manifest.publication_id, manifest.content_sha256, manifest.files)
    except FileNotFoundError as error:
        raise ManifestError(f"{folder} has no {MANIFEST}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise ManifestError(f"{folder / MANIFEST} cannot be read: {error!r}") from error
    return manifest


def environment_sha256(environment: Mapping[str, str]) -> str:
    """Hash the versions of the software that made a publication; a definition hash holds none of them."""
    return hashlib.sha256(canonical_json(dict(environment))).hexdigest()


def content_sha256(
    hashes: Sequence[LogicalHash], *, decisions: Sequence[Decision], checks: Sequence[CheckResult]
) -> str:
    """Hash what is published, whenever and under whatever id.

    That is the tables by content, the metrics' definitions, what the gate let through, and which checks
    hold. Times, ids, the evidence cutoff and the wording of checks are left out: a run that finds no news
    gives the same hash.
    """
    document = {
        "tables": {one.table: {"rows": one.rows, "sha256": one.sha256} for one in hashes},
        "gate": {
            one.metric: [
                *(one.metric_version, one.tier, one.definition_hash, one.is_open),
                *([one.purpose] if one.purpose else []),
            ]
            for one in decisions
        },
        "checks": sorted([one.name, one.subject, one.severity, one.is_passed] for one in checks),
    }
    return hashlib.sha256(canonical_json(document)).hexdigest()
