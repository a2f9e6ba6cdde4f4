"""Where a value stands in a record: `$.fields.status.name`, `$.labels[*].name`, `$.value[0]`, `@scope`.

A key that is no plain word stands in double quotes: `$."github.com/project-slug".url`. Upper and lower case
count. `$.` may be left out, as in the keys of a stream.
"""

import re
from dataclasses import dataclass
from typing import Final, Literal

PageColumn = Literal["scope", "parent_key", "fetched_at"]

_PAGE_COLUMNS: Final[dict[str, PageColumn]] = {
    "@scope": "scope",
    "@parent_key": "parent_key",
    "@fetched_at": "fetched_at",
}
_SEGMENT = re.compile(
    r"""\.?(?:(?P<name>[A-Za-z0-9_-]+)|"(?P<quoted>[^"'\\{}%]+)")|\[(?P<index>\d+)\]|(?P<every>\[\*\])"""
)


@dataclass(frozen=True, slots=True)
class Path:
    """A path, taken apart.

    Attributes:
        keys: Keys of objects and places in lists, up to the first `[*]`.
        below: What follows the first `[*]` as further paths of keys: one for each further `[*]`; None where
            there is no `[*]` at all.
        page: The page's own column, where the path is one.
    """

    keys: tuple[str | int, ...] = ()
    below: tuple[tuple[str, ...], ...] | None = None
    page: PageColumn | None = None

    @property
    def is_list(self) -> bool:
        """Whether the path leads to many values."""
        return self.below is not None


def parse_path(text: str) -> Path:
    """Take a path apart.

    Raises:
        ValueError: It is no such path.
    """
    if text in _PAGE_COLUMNS:
        return Path(page=_PAGE_COLUMNS[text])
    segments = _segments(text)
    if None not in segments:
        return Path(keys=tuple(each for each in segments if each is not None))
    at = segments.index(None)
    below: list[tuple[str, ...]] = [()]
    for segment in segments[at + 1 :]:
        if segment is None:
            below.append(())
        elif isinstance(segment, int):
            raise ValueError(
                f"{text!r} names a place in a list below [*]; take the whole list as json instead."
            )
        else:
            below[-1] += (segment,)
    return Path(keys=tuple(each for each in segments[:at] if each is not None), below=tuple(below))


def joined(path: str, field: str) -> str:
    """The path of a field below a path; the path itself where the field is empty."""
    if not field:
        return path
    return f"{path}.{field.removeprefix('$.')}" if path != "$" else f"$.{field.removeprefix('$.')}"


def _segments(text: str) -> list[str | int | None]:
    segments: list[str | int | None] = []
    at = 1 if text.startswith("$") else 0
    while at < len(text):
        match = _SEGMENT.match(text, at)
        if match is None:
            raise ValueError(
                f'{text!r} is no path such as $.fields.status.name, $.labels[*].name or $."odd key".id.'
            )
        at = match.end()
        name = match["name"] or match["quoted"]
        segments.append(name or (None if match["every"] else int(match["index"])))
    return segments
