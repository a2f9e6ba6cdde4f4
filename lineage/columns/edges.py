"""Edges of column lineage: which input column an output column rests on, and how.

The kinds and their two types are those of OpenLineage's `ColumnLineageDatasetFacet` (version 1-2-0): DIRECT
where the value is made of the input, INDIRECT where the input decides which rows, groups or branches count.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

ROWS = "*"
"""Stands for a relation's rows where no column of it is read, as in `count(*)`."""
WHOLE_RELATION = ""
"""Stands for every column of the output: a filter or a join decides about rows, not about one column."""


class Kind(IntEnum):
    """How an input enters an output; a larger number of DIRECT kinds covers a smaller one."""

    IDENTITY = 1
    TRANSFORMATION = 2
    AGGREGATION = 3
    JOIN = 4
    FILTER = 5
    GROUP_BY = 6
    SORT = 7
    WINDOW = 8
    CONDITIONAL = 9

    @property
    def is_direct(self) -> bool:
        """Whether the value itself is made of the input."""
        return self <= Kind.AGGREGATION

    @property
    def type(self) -> str:
        """`DIRECT` or `INDIRECT`."""
        return "DIRECT" if self.is_direct else "INDIRECT"


@dataclass(frozen=True, slots=True, order=True)
class ColumnEdge:
    """One input of one output column.

    Attributes:
        output_column: The column; empty where the input decides about the rows of the whole output.
        input_relation: The relation that is read, by the name that its schema was given under.
        input_column: Its column; `*` where only the presence of rows counts.
        json_path: The place inside the column, as in `$[*].commit.author.date`; empty for all of it.
        kind: How the input enters.
    """

    output_column: str
    input_relation: str
    input_column: str
    json_path: str
    kind: Kind


@dataclass(frozen=True, slots=True, order=True)
class Unresolved:
    """An output column whose lineage, or a part of it, could not be read; nothing is dropped in silence.

    Attributes:
        output_column: The column; empty for the rows of the whole output, `*` where its columns are unknown.
        expression: What could not be followed, as it stands in the SQL.
        reason: Why, in words.
    """

    output_column: str
    expression: str
    reason: str


@dataclass(frozen=True, slots=True)
class ColumnLineage:
    """The lineage of one query.

    Attributes:
        columns: The output columns, in order.
        edges: Every input of every column, sorted.
        unresolved: What could not be read, sorted.
    """

    columns: tuple[str, ...]
    edges: tuple[ColumnEdge, ...]
    unresolved: tuple[Unresolved, ...]

    @property
    def constants(self) -> tuple[str, ...]:
        """Columns that rest on no input and hide nothing: literals and the like."""
        known = {edge.output_column for edge in self.edges} | {each.output_column for each in self.unresolved}
        return tuple(name for name in self.columns if name not in known)


@dataclass(frozen=True, slots=True)
class RelationSchema:
    """A relation that a query may read.

    Attributes:
        name: The name that edges call it by, such as `raw.github__commits`.
        columns: Types by name of its columns, in order; an empty type is an unknown one.
    """

    name: str
    columns: Mapping[str, str]
