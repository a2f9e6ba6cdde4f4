"""How the hosts read a CODEOWNERS file: where it lies, and what a line may say."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

DialectName = Literal["github", "gitlab"]


@dataclass(frozen=True, slots=True)
class Dialect:
    """One host's reading.

    Attributes:
        locations: Paths of the file: the first that is there counts.
        has_sections: Whether `[Section]` groups lines; elsewhere a bracket is an error.
        has_escapes: Whether a backslash before `#` makes it a part of the path.
        most_bytes: A larger file is not read by the host.
    """

    locations: tuple[str, ...]
    has_sections: bool
    has_escapes: bool
    most_bytes: int


DIALECTS: Mapping[DialectName, Dialect] = {
    "github": Dialect(
        locations=(".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"),
        has_sections=False,
        has_escapes=False,
        most_bytes=3 * 1024 * 1024,
    ),
    "gitlab": Dialect(
        locations=("CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS"),
        has_sections=True,
        has_escapes=True,
        most_bytes=3 * 1024 * 1024,
    ),
}
