"""Blanking named values in a JSON body; every other byte stays as it was received."""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from connectors.evidence.errors import RedactionError

_BLANK = "null"
_SEGMENT = re.compile(
    r"""\.(?P<star>\*) | \.(?P<name>[^.\[\]*'"\s]+) | \[(?P<index>\d+)\] | \[(?P<every>\*)\]
      | \['(?P<single>[^']+)'\] | \["(?P<double>[^"]+)"\]""",
    re.VERBOSE,
)
_SPACE = " \t\r\n"
_decoder = json.JSONDecoder()


@dataclass(frozen=True, slots=True)
class _Every:
    """Matches every member and every item."""


Segment = str | int | _Every
_EVERY = _Every()


def parse_path(path: str) -> tuple[Segment, ...]:
    """A JSON path as segments: `$[3].user.email`, `$.jobs[*].name`, `$[0]['odd name']`.

    Raises:
        RedactionError: it is not such a path, or it names the whole body.
    """
    segments: list[Segment] = []
    at = 1
    while path.startswith("$") and at < len(path):
        match = _SEGMENT.match(path, at)
        if match is None:
            break
        at = match.end()
        index, name = match["index"], match["name"] or match["single"] or match["double"]
        segments.append(int(index) if index is not None else name if name is not None else _EVERY)
    if not segments or at != len(path):
        raise RedactionError(
            f"{path!r} is no JSON path to a value inside a body, such as $[3].user.email or $[*].title"
        )
    return tuple(segments)


def blank(body: bytes, paths: Sequence[str]) -> bytes:
    """The body with the values at the paths replaced by null.

    Raises:
        RedactionError: the body is not JSON in UTF-8, or a path names nothing that is there, or only nulls.
    """
    try:
        text = body.decode()
        json.loads(text)
    except ValueError as error:
        raise RedactionError(
            "the body is not JSON, so no path leads into it; redaction by path works on JSON bodies only"
        ) from error
    if not paths:
        raise RedactionError("a redaction names at least one JSON path")
    spans = _Spans(text)
    for path in paths:
        found = spans.of(parse_path(path))
        if all(text[start:end] == _BLANK for start, end in found):
            raise RedactionError(
                f"{path} names no value that this body has" if not found else f"{path} is blank already"
            )
        spans.wanted += found
    return _replace(text, spans.wanted).encode()


def _replace(text: str, spans: Iterable[tuple[int, int]]) -> str:
    parts, kept_from = [], 0
    for start, end in sorted(spans):
        if start < kept_from:
            continue  # inside a value that is blanked as a whole
        parts += [text[kept_from:start], _BLANK]
        kept_from = end
    return "".join([*parts, text[kept_from:]])


@dataclass(slots=True)
class _Spans:
    """Where values stand in a JSON text."""

    text: str
    wanted: list[tuple[int, int]] = field(default_factory=list)
    _found: list[tuple[int, int]] = field(default_factory=list)

    def of(self, path: tuple[Segment, ...]) -> list[tuple[int, int]]:
        """Start and end of each value at the path; repeated members count each."""
        self._found = []
        self._value(self._skip(0), path)
        return self._found

    def _value(self, at: int, path: tuple[Segment, ...]) -> int:
        """Walk the value at `at`; returns the position behind it."""
        if path and self.text[at] == "{":
            return self._object(at, path)
        if path and self.text[at] == "[":
            return self._array(at, path)
        end = _decoder.raw_decode(self.text, at)[1]
        if not path:
            self._found.append((at, end))
        return end

    def _object(self, at: int, path: tuple[Segment, ...]) -> int:
        at = self._skip(at + 1)
        while self.text[at] != "}":
            name, at = _decoder.raw_decode(self.text, at)
            at = self._skip(self._skip(at) + 1)
            at = self._child(at, path, is_match=path[0] in (name, _EVERY))
        return at + 1

    def _array(self, at: int, path: tuple[Segment, ...]) -> int:
        at, position = self._skip(at + 1), 0
        while self.text[at] != "]":
            at = self._child(at, path, is_match=path[0] in (position, _EVERY))
            position += 1
        return at + 1

    def _child(self, at: int, path: tuple[Segment, ...], *, is_match: bool) -> int:
        """Walk or skip a member's value; returns the position of the next one or of the closing bracket."""
        at = self._skip(self._value(at, path[1:]) if is_match else _decoder.raw_decode(self.text, at)[1])
        return self._skip(at + 1) if self.text[at] == "," else at

    def _skip(self, at: int) -> int:
        while self.text[at] in _SPACE:
            at += 1
        return at
