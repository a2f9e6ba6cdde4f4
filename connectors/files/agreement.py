"""Whether the landed records are still what the landed files give: anybody can make them again."""

from collections.abc import Iterator
from itertools import zip_longest

from connectors.evidence import EvidenceStore
from connectors.files.documents import Derivation, FileScope, HeldDocument
from connectors.files.landing import Pages, record_bodies
from connectors.files.reading import Progress


def disagreements(store: EvidenceStore, pages: Pages, source: str, scope: FileScope) -> Iterator[str]:
    """Make the records of a scope again from its landed files, and name each page that is another.

    Args:
        store: Where evidence lies.
        pages: Finds the pages of the scope.
        source: Name of the source.
        scope: The scope.
    """
    files = HeldDocument.all_in(store.cursor(source, scope.files, scope.name))
    for derivation in scope.derivations:
        cursor = store.cursor(source, derivation.stream, scope.name) or {}
        progress = Progress(derivation, dict(cursor.get("documents", {})))
        for held in files.values():
            if progress.is_done(held):
                part_count = progress.part_count(held)
                yield from _differing(store, pages, scope, held, derivation, part_count=part_count)


def _differing(
    store: EvidenceStore,
    pages: Pages,
    scope: FileScope,
    held: HeldDocument,
    derivation: Derivation,
    *,
    part_count: int,
) -> Iterator[str]:
    landed = pages.held_records(scope.name, held, derivation, part_count=part_count)
    with pages.open_held(scope.name, held) as content:
        made = record_bodies(derivation.records(held, content))
        for page, again in zip_longest(landed, made):
            body = None if page is None or page.reused is None else store.page(page.reused).body
            if again is None or body != again[0]:
                where = held.place if page is None else page.url
                yield f"{derivation.stream}: {where} is not what its file gives"
