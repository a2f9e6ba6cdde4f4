"""Following columns upstream and downstream over stored edges.

A place is a column of a relation, a field inside a source's column, or `*`: the rows of a relation. What
decides about a relation's rows decides about each of its columns, so it is followed too, unless direct
edges alone are asked.
"""

import difflib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

import duckdb

from lineage.columns.edges import ROWS
from lineage.errors import ColumnNotFoundError

Direction = Literal["upstream", "impact"]
_MOST_NEAR = 5


class Place(NamedTuple):
    """A column, or a field inside it; `*` stands for the rows."""

    relation: str
    column: str
    path: str = ""

    @property
    def text(self) -> str:
        """The place as people write it: `marts.fct_changes.n`, `github.commits:$[*].sha`."""
        if self.path and self.column == "body":
            return f"{self.relation}:{self.path}"
        return f"{self.relation}.{self.column}{':' if self.path else ''}{self.path}"


class Step(NamedTuple):
    """One edge of a walk, from the input to the output."""

    source: Place
    target: Place
    subtype: str
    depth: int


@dataclass(frozen=True, slots=True)
class Walk:
    """What was found around one place.

    Attributes:
        places: Every place that was reached, by its distance; the start has none.
        steps: The edges between them.
    """

    start: Place
    direction: Direction
    places: dict[Place, int]
    steps: tuple[Step, ...]


class _Edge(NamedTuple):
    output: Place
    input: Place
    type: str
    subtype: str


class ColumnGraph:
    """The stored edges of one publication or warehouse.

    Args:
        con: A connection to a file with the schema `lineage`.
    """

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        rows = con.execute(
            "select output_relation, output_column, input_relation, input_column, json_path, type, subtype "
            "from lineage.column_edges order by all"
        ).fetchall()
        self._edges = [
            _Edge(Place(a, b or ROWS), Place(c, d, path), type_, subtype)
            for a, b, c, d, path, type_, subtype in rows
        ]
        named = con.execute("select relation, column_name from lineage.columns order by all").fetchall()
        self._columns = {Place(relation, column) for relation, column in named}

    @cached_property
    def places(self) -> frozenset[Place]:
        """Every place that can be asked for."""
        return frozenset(self._columns).union(each.input for each in self._edges)

    @cached_property
    def _by_output(self) -> dict[Place, list[_Edge]]:
        found: dict[Place, list[_Edge]] = defaultdict(list)
        for each in self._edges:
            found[each.output].append(each)
        return found

    @cached_property
    def _by_input(self) -> dict[Place, list[_Edge]]:
        found: dict[Place, list[_Edge]] = defaultdict(list)
        for each in self._edges:
            found[each.input].append(each)
        return found

    @cached_property
    def _readers(self) -> dict[str, list[str]]:
        found: dict[str, set[str]] = defaultdict(set)
        for each in self._edges:
            found[each.input.relation].add(each.output.relation)
        return {name: sorted(readers) for name, readers in found.items()}

    @cached_property
    def _inside(self) -> dict[Place, list[Place]]:
        """Fields by the column that they lie in."""
        found: dict[Place, list[Place]] = defaultdict(list)
        for place in self.places:
            if place.path:
                found[place._replace(path="")].append(place)
        return found

    def find(self, text: str) -> Place:
        """Return the place that a name means: in full, or by a suffix that is clear.

        Raises:
            ColumnNotFoundError: there is none, or several; the nearest are named.
        """
        wanted = text.strip()
        exact = [place for place in self.places if place.text.lower() == wanted.lower()]
        if exact:
            return exact[0]
        inside = self._field(wanted)
        if inside is not None:
            return inside
        endings = (f".{wanted.lower()}", f"/{wanted.lower()}")
        found = sorted(place for place in self.places if place.text.lower().endswith(endings))
        if len(found) == 1:
            return found[0]
        if found:
            names = [place.text for place in found]
            raise ColumnNotFoundError(f"{text} may mean several columns; name one in full", available=names)
        raise ColumnNotFoundError(f"there is no column {text}", suggestions=self._near(wanted))

    def walk(
        self, start: Place, direction: Direction, *, depth: int | None = None, is_direct_only: bool = False
    ) -> Walk:
        """Follow the edges from a place, nearest first.

        Args:
            start: Where.
            direction: `upstream` to what it rests on, `impact` to what rests on it.
            depth: How many edges far; None to the end.
            is_direct_only: Whether filters, joins, groups and the like are left out.
        """
        places = {start: 0}
        steps: set[Step] = set()
        waiting = [start]
        while waiting:
            following: list[Place] = []
            for place in waiting:
                if depth is not None and places[place] >= depth:
                    continue
                for edge in self._from(place, direction, is_direct_only=is_direct_only):
                    reached = edge.input if direction == "upstream" else edge.output
                    steps.add(Step(edge.input, edge.output, edge.subtype, places[place] + 1))
                    if reached not in places:
                        places[reached] = places[place] + 1
                        following.append(reached)
            waiting = following
        return Walk(start, direction, places, tuple(sorted(steps)))

    def _from(self, place: Place, direction: Direction, *, is_direct_only: bool) -> Iterator[_Edge]:
        found = self._up(place) if direction == "upstream" else self._down(place)
        for edge in found:
            if edge.type == "DIRECT" or not is_direct_only:
                yield edge

    def _up(self, place: Place) -> Iterable[_Edge]:
        yield from (edge._replace(output=place) for edge in self._by_output.get(place._replace(path=""), ()))
        if place.column != ROWS:
            rows = Place(place.relation, ROWS)
            yield from (edge._replace(output=place) for edge in self._by_output.get(rows, ()))

    def _down(self, place: Place) -> Iterable[_Edge]:
        yield from self._by_input.get(place, ())
        whole = place._replace(path="")
        for other in (whole, *self._inside.get(whole, ())):
            if other != place and (_lies_in(other, place) or _lies_in(place, other)):
                yield from (edge._replace(input=place) for edge in self._by_input.get(other, ()))
        if place.column == ROWS:
            for reader in self._readers.get(place.relation, ()):
                yield _Edge(Place(reader, ROWS), place, "INDIRECT", "FILTER")

    def _field(self, wanted: str) -> Place | None:
        """Return a place inside a source that is no edge's end itself: `github.commits:$[*].commit`."""
        relation, colon, path = wanted.partition(":$")
        place = Place(relation, "body", f"${path}")
        around = self._inside.get(place._replace(path=""), ()) if colon else ()
        return (
            place
            if any(each.path.startswith((f"{place.path}.", f"{place.path}[")) for each in around)
            else None
        )

    def _near(self, wanted: str) -> Sequence[str]:
        names = {place.text for place in self.places}
        last = {name.rpartition(".")[2]: name for name in sorted(names)}
        near = difflib.get_close_matches(wanted, sorted(names), n=_MOST_NEAR, cutoff=0.6)
        near += [
            last[each]
            for each in difflib.get_close_matches(
                wanted.rpartition(".")[2], sorted(last), n=_MOST_NEAR, cutoff=0.7
            )
        ]
        return list(dict.fromkeys(near))[:_MOST_NEAR]


def _lies_in(inner: Place, outer: Place) -> bool:
    """Whether a place is part of another: a field of a record, a record of a page."""
    return not outer.path or inner.path.startswith((f"{outer.path}.", f"{outer.path}["))


def unresolved_rows(con: duckdb.DuckDBPyConnection) -> list[tuple[str, str, str, str]]:
    """Return what could not be followed: relation, column (empty for its rows), expression and reason."""
    return con.execute("select * from lineage.unresolved_columns order by all").fetchall()
