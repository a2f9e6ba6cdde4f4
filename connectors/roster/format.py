"""How the files of a roster are written."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from connectors.files.tabular import EndDates


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterFormat:
    """How a roster is written.

    Attributes:
        names: The files' own names of columns.
        accepted: Further columns that may stand there.
        date_format: How days are written; None for ISO 8601.
        ends: Whether ends are the last day or the first day after.
    """

    names: Mapping[str, str] = field(default_factory=dict)
    accepted: tuple[str, ...] = ()
    date_format: str | None = None
    ends: EndDates = "exclusive"

    @property
    def fingerprint(self) -> str:
        """Changes with everything that changes records."""
        return f"{sorted(self.names.items())} {self.date_format} {self.ends}"
