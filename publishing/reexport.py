"""Exporting a publication once more, from a warehouse that was built again, and comparing it byte for byte.

Parquet and CSV are equal in bytes for equal rows (DESIGN, invariant 3); tables are compared by logical hash.
The workbook and the report are drawn from the same tables and carry the instant of publication.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from publishing.analyst import open_published, rebuild_marts
from publishing.durable import sha256_file
from publishing.errors import ManifestError
from publishing.flat_files import MARTS, is_exported, write_flat_files
from publishing.logical_hash import logical_hash
from publishing.manifest import Manifest
from publishing.publication import ANALYST
from publishing.review import Withholding

_REBUILT = "rebuilt.duckdb"


@dataclass(frozen=True, slots=True)
class Comparison:
    """One table or file, as published and as made again; a hash is None where there is none."""

    name: str
    published: str | None
    replayed: str | None

    @property
    def is_equal(self) -> bool:
        """Whether both are the same."""
        return self.published == self.replayed


def withholdings_of(manifest: Manifest) -> tuple[Withholding, ...]:
    """Return what the gate kept back of a publication.

    Raises:
        ManifestError: the manifest does not say it.
    """
    try:
        return tuple(
            Withholding(**{**one, "scope_kinds": tuple(one["scope_kinds"])})
            for one in manifest.document["withholdings"]
        )
    except (KeyError, TypeError) as error:
        raise ManifestError(
            f"the manifest of {manifest.publication_id} does not say what was kept back, so its exports "
            f"cannot be made again: {error!r}"
        ) from error


def export_again(
    warehouse: Path, published: Path, manifest: Manifest, *, target: Path, threads: int | None = None
) -> list[Comparison]:
    """Make a publication's tables and flat files again and compare each with what was published.

    Args:
        warehouse: What was built again.
        published: The publication's folder.
        manifest: Its manifest.
        target: An empty folder for the new files.
        threads: How many threads; as many as the machine has where None.

    Returns:
        A comparison for every table, then for every flat file, also of those that only one side has.

    Raises:
        ManifestError: the manifest does not say what was kept back.
        PublicationInputError: the warehouse cannot be read.
    """
    rebuilt = target / _REBUILT
    tables = rebuild_marts(
        warehouse,
        rebuilt,
        published=published / ANALYST,
        withholdings=withholdings_of(manifest),
        threads=threads,
    )
    (target / MARTS).mkdir()
    with open_published(rebuilt, threads=threads) as con:
        hashes = {table.name: logical_hash(con, table).sha256 for table in tables}
        paths = [
            path for table in tables if is_exported(table) for path in write_flat_files(con, table, target)
        ]
    listed = {entry["name"]: entry["logical_sha256"] for entry in manifest.document["tables"]}
    flat = {entry.path: entry.sha256 for entry in manifest.files if entry.path.startswith(f"{MARTS}/")}
    files = {path: sha256_file(target / path) for path in paths}
    return [*_compared("table ", listed, hashes), *_compared("", flat, files)]


def _compared(label: str, published: dict[str, str], replayed: dict[str, str]) -> Iterator[Comparison]:
    for name in sorted(published.keys() | replayed.keys()):
        yield Comparison(f"{label}{name}", published.get(name), replayed.get(name))


def differing(comparisons: Sequence[Comparison]) -> list[Comparison]:
    """Return those that are not equal."""
    return [one for one in comparisons if not one.is_equal]
