"""What a number is read against: records that do not make it, and without which it could not be told.

The commit graph below a deployment, the deployments before it, who owned the service, how the workspace's
statuses are named: none of it is counted in the number, all of it decides what counts. Each stream says how
its records stand to a cell (`lineage.replay.bundle.ContextRule`); here the rule is applied to one cell. An
organisation's cell may have a million records of context, so they are told in frames: stream, place, how
many, and one hash over all of their ids.
"""

import hashlib
from array import array
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from lineage.trace.document import TracedFact

ORDINAL_BITS = 23
"""A record's id is its page's place in the log, and its own place in the page in the low 23 bits."""

ANYWHERE = "*"
_SERVICES = ("service_id",)
_SERVICE_LISTS = ("service_ids",)
_REPOSITORIES = ("repository",)


class Address(Protocol):
    """A page, by what is needed to choose it."""

    @property
    def log_index(self) -> int:
        """Its place in the payload log."""

    @property
    def table(self) -> str:
        """Its stream, with the kind of source: `github__reviews`."""

    @property
    def source(self) -> str:
        """The source's name."""

    @property
    def scope(self) -> str:
        """The place that it was asked about: a repository, a project, a site."""

    @property
    def parent_key(self) -> str | None:
        """The parent whose children it holds."""

    @property
    def record_count(self) -> int:
        """How many records it holds."""


class Archive(Protocol):
    """Where pages stand."""

    def tables(self) -> Collection[str]:
        """Return the streams that have pages."""

    def addresses(self, table: str, scopes: Collection[str] | None) -> Sequence[Address]:
        """Return the pages of a stream, of some scopes or of all."""

    def located(self, log_indexes: Collection[int]) -> Sequence[Address]:
        """Return where these pages stand."""


@dataclass(frozen=True, slots=True)
class ContextFrame:
    """Records of one stream at one place that a number is read against.

    Attributes:
        stream: the stream with the kind of source: `github__commits`.
        source: the source's name.
        place: what was asked about: a repository, a project, a site.
        rule: why they are context: `whole`, `place` or `named`.
        pages: how many pages hold them.
        records: how many they are.
        record_ids_sha256: SHA-256 over their ids in order, each as eight bytes, most significant first.
    """

    stream: str
    source: str
    place: str
    rule: str
    pages: int
    records: int
    record_ids_sha256: str


@dataclass(frozen=True, slots=True)
class CellContext:
    """The records that a replay of a cell reads, and what they are.

    Attributes:
        contributing: ids of records that make the number.
        named: ids of other records that facts name.
        pages: whole pages of context, by place in the log.
        frames: what the context is, without what contributes.
    """

    contributing: frozenset[int]
    named: frozenset[int]
    pages: Mapping[int, Address] = field(repr=False)
    named_pages: Mapping[int, Address] = field(repr=False)
    frames: tuple[ContextFrame, ...]

    @property
    def record_count(self) -> int:
        """How many records are context."""
        return sum(frame.records for frame in self.frames)


@dataclass(frozen=True, slots=True)
class Siblings:
    """Records of facts beside the cell's own, such as the deployments before those that it counts."""

    record_ids: frozenset[int] = frozenset()
    places: frozenset[str] = frozenset()


def find_context(
    facts: Sequence[TracedFact],
    archive: Archive,
    *,
    rules: Mapping[str, str],
    siblings: Siblings | None = None,
    is_everywhere: bool = False,
) -> CellContext:
    """Find the records that a cell's number is read against.

    Args:
        facts: the cell's facts.
        archive: where pages stand.
        rules: for each stream that the metric's models read, its rule.
        siblings: records and places of facts beside the cell's own.
        is_everywhere: whether every place is the cell's, as for the whole organisation.
    """
    beside = siblings or Siblings()
    contributing = frozenset(one for fact in facts for one in fact.record_ids)
    named = beside.record_ids | {one for fact in facts for one in fact.context_record_ids}
    named_pages = _located(archive, {one >> ORDINAL_BITS for one in contributing | named})
    scopes = _places(facts) | beside.places | {page.scope for page in named_pages.values()}
    pages: dict[int, Address] = {}
    rule_of: dict[int, str] = {}
    for table in sorted(rules.keys() & set(archive.tables())):
        if rules[table] == "named":
            continue
        everywhere = rules[table] == "whole" or is_everywhere
        for page in archive.addresses(table, None if everywhere else scopes):
            pages[page.log_index] = page
            rule_of[page.log_index] = rules[table]
    named_only = frozenset(
        one
        for one in named - contributing
        if one >> ORDINAL_BITS not in pages and _is_read(named_pages, one, rules)
    )
    frames = _frames(pages, rule_of, contributing=contributing, named=named_only, named_pages=named_pages)
    return CellContext(contributing, named_only, pages, named_pages, tuple(frames))


def _is_read(pages: Mapping[int, Address], record_id: int, rules: Mapping[str, str]) -> bool:
    page = pages.get(record_id >> ORDINAL_BITS)
    return page is not None and page.table in rules


def _located(archive: Archive, log_indexes: set[int]) -> dict[int, Address]:
    return {page.log_index: page for page in archive.located(log_indexes)}


def _places(facts: Iterable[TracedFact]) -> frozenset[str]:
    """Return the repositories that the facts themselves name."""
    found = (fact.columns.get(name) for fact in facts for name in _REPOSITORIES)
    return frozenset(place for place in found if isinstance(place, str))


def services_of(facts: Iterable[TracedFact]) -> frozenset[str]:
    """Return the services that the facts belong to."""
    found = set[str]()
    for fact in facts:
        found.update(fact.columns[name] for name in _SERVICES if fact.columns.get(name))
        for name in _SERVICE_LISTS:
            found.update(one for one in fact.columns.get(name) or () if one)
    return frozenset(found)


def _frames(
    pages: Mapping[int, Address],
    rule_of: Mapping[int, str],
    *,
    contributing: Collection[int],
    named: Collection[int],
    named_pages: Mapping[int, Address],
) -> Iterator[ContextFrame]:
    """Group whole pages and single records by stream and place."""
    groups: dict[tuple[str, str, str, str], list[int]] = {}
    for page in pages.values():
        groups.setdefault((page.table, page.source, page.scope, rule_of[page.log_index]), []).append(
            page.log_index
        )
    for (table, source, place, rule), indexes in sorted(groups.items()):
        ids = _ids(pages, sorted(indexes), contributing)
        if ids:
            yield ContextFrame(table, source, place, rule, len(indexes), len(ids), _hash(ids))
    by_name: dict[tuple[str, str, str], list[int]] = {}
    for one in sorted(named):
        page = named_pages[one >> ORDINAL_BITS]
        by_name.setdefault((page.table, page.source, page.scope), []).append(one)
    for (table, source, place), found in sorted(by_name.items()):
        ids = array("q", found)
        held = len({one >> ORDINAL_BITS for one in found})
        yield ContextFrame(table, source, place, "named", held, len(ids), _hash(ids))


def _ids(pages: Mapping[int, Address], indexes: Sequence[int], contributing: Collection[int]) -> "array[int]":
    ids = array("q")
    for index in indexes:
        first = index << ORDINAL_BITS
        every = range(first, first + pages[index].record_count)
        ids.extend(one for one in every if one not in contributing)
    return ids


def _hash(ids: "array[int]") -> str:
    ordered = array("q", ids)
    ordered.byteswap()
    return hashlib.sha256(ordered.tobytes()).hexdigest()
