"""Which records a number is read against."""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from lineage.trace.context import ORDINAL_BITS, CellContext, Siblings, find_context, services_of
from lineage.trace.document import TracedFact


@dataclass(frozen=True)
class Page:
    """A page, as the archive tells of it."""

    log_index: int
    table: str
    scope: str
    record_count: int
    source: str = "github"
    parent_key: str | None = None


PAGES = (
    Page(1, "github__commits", "acme/checkout", 3),
    Page(2, "github__commits", "acme/search", 2),
    Page(3, "github__teams", "acme", 4),
    Page(4, "github__workflow_jobs", "acme/checkout", 50),
    Page(5, "github__deployments", "acme/checkout", 2),
)
RULES = {
    "github__commits": "place",
    "github__teams": "whole",
    "github__workflow_jobs": "named",
    "github__deployments": "place",
}


class Archive:
    """Five pages."""

    def tables(self) -> Collection[str]:
        return {page.table for page in PAGES}

    def addresses(self, table: str, scopes: Collection[str] | None) -> Sequence[Page]:
        return [page for page in PAGES if page.table == table and (scopes is None or page.scope in scopes)]

    def located(self, log_indexes: Collection[int]) -> Sequence[Page]:
        return [page for page in PAGES if page.log_index in log_indexes]


def record(page: int, ordinal: int) -> int:
    return page << ORDINAL_BITS | ordinal


def fact(*contributing: int, context: tuple[int, ...] = (), **columns: object) -> TracedFact:
    return TracedFact(
        key="one",
        event_at=None,
        measure=None,
        is_deciding=True,
        columns={"service_id": "checkout", "repository": "acme/checkout", **columns},
        record_ids=contributing,
        context_record_ids=context,
    )


def found(*facts: TracedFact, **options: object) -> CellContext:
    return find_context(facts, Archive(), rules=RULES, **options)  # type: ignore[arg-type]


def test_a_cell_is_read_against_its_places_and_small_streams_and_nothing_else() -> None:
    context = found(fact(record(5, 0)))
    assert [(frame.stream, frame.place, frame.records) for frame in context.frames] == [
        ("github__commits", "acme/checkout", 3),
        ("github__deployments", "acme/checkout", 1),
        ("github__teams", "acme", 4),
    ]


def test_of_a_large_stream_only_records_that_facts_name_are_context() -> None:
    context = found(fact(record(5, 0), context=(record(4, 7), record(4, 9))))
    (frame,) = (frame for frame in context.frames if frame.stream == "github__workflow_jobs")
    assert (frame.rule, frame.records, frame.pages) == ("named", 2, 1)


def test_what_contributes_is_no_context_even_where_another_fact_names_it_so() -> None:
    context = found(fact(record(5, 0)), fact(record(5, 1), context=(record(5, 0),)))
    assert context.contributing == {record(5, 0), record(5, 1)}
    assert not [frame for frame in context.frames if frame.stream == "github__deployments"]


def test_the_whole_organisation_is_everywhere() -> None:
    places = {frame.place for frame in found(fact(record(5, 0)), is_everywhere=True).frames}
    assert "acme/search" in places


def test_places_of_siblings_are_the_cells_own() -> None:
    beside = Siblings(frozenset(), frozenset({"acme/search"}))
    assert any(frame.place == "acme/search" for frame in found(fact(), siblings=beside).frames)


def test_a_repository_is_known_by_the_name_that_its_records_have() -> None:
    context = found(fact(record(2, 0), repository="acme/finder"))
    assert any(frame.place == "acme/search" for frame in context.frames)


def test_a_frame_hashes_every_id_in_order() -> None:
    (teams,) = (frame for frame in found(fact()).frames if frame.stream == "github__teams")
    ids = b"".join(record(3, ordinal).to_bytes(8, "big") for ordinal in range(4))
    assert teams.record_ids_sha256 == hashlib.sha256(ids).hexdigest()


def test_streams_that_no_model_of_the_metric_reads_are_no_context() -> None:
    context = find_context([fact(record(4, 1))], Archive(), rules={"github__teams": "whole"})
    assert {frame.stream for frame in context.frames} == {"github__teams"}


def test_a_fact_of_several_services_belongs_to_each() -> None:
    assert services_of([fact(service_id=None, service_ids=["checkout", "search", None])]) == {
        "checkout",
        "search",
    }
