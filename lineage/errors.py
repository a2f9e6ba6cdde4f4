"""Errors of lineage.

LineageError
├── DefinitionError        a metric's upstream cannot be read from the compiled models
├── NameNotFoundError      a name is not known; the nearest names are given
│   ├── CellNotFoundError      there is no such metric, scope or period
│   └── ColumnNotFoundError    there is no such column, or its name means several
├── TraceInputError        the database lacks what a trace reads, or an argument has the wrong form
└── ReplayInputError       what a publication stored for its replay is missing or another, or does not run
"""

from collections.abc import Sequence

_MOST_LISTED = 12


class LineageError(Exception):
    """The root of everything lineage raises on purpose, the ledger's own errors aside."""


class DefinitionError(LineageError):
    """A metric's upstream cannot be read from the compiled models."""


class TraceInputError(LineageError):
    """The database lacks what a trace reads, or an argument has the wrong form."""


class ReplayInputError(LineageError):
    """What a publication stored for its replay is missing or not what it was, or it does not run."""


class NameNotFoundError(LineageError):
    """A name is not known; the message says which are near.

    Attributes:
        suggestions: the nearest names, best first.
        available: names that exist; the message lists the first of them, and how many more there are.
    """

    def __init__(
        self, message: str, *, suggestions: Sequence[str] = (), available: Sequence[str] = ()
    ) -> None:
        hint = f" Did you mean {' or '.join(suggestions)}?" if suggestions else ""
        rest = f" and {len(available) - _MOST_LISTED} more" if len(available) > _MOST_LISTED else ""
        shown = ", ".join(available[:_MOST_LISTED])
        listed = f" Available: {shown}{rest}." if available and not suggestions else ""
        super().__init__(f"{message}.{hint}{listed}")
        self.suggestions = tuple(suggestions)
        self.available = tuple(available)


class CellNotFoundError(NameNotFoundError):
    """There is no such metric, scope or period."""


class ColumnNotFoundError(NameNotFoundError):
    """There is no such column, or its name means several."""
