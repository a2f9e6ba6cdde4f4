"""Jenkins' `tree` parameter: which properties of a bean, and which part of a list, an answer holds.

`jobs[name,builds[number]{0,10}]` asks for two properties of each job and for its first ten builds. A range
begins with its first number and ends before its second; one number alone asks for one element.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

_TOKEN = re.compile(r"[A-Za-z0-9_]+|[\[\]{},]")


class TreeError(ValueError):
    """The parameter cannot be read."""


@dataclass(slots=True)
class Wanted:
    """What is asked of a property: the properties below it, and a range where it is a list."""

    properties: "dict[str, Wanted]" = field(default_factory=dict)
    start: int = 0
    end: int | None = None


def parse_tree(text: str) -> Wanted:
    """Read the parameter.

    Raises:
        TreeError: Something stands where a name, a bracket or a range should.
    """
    tokens = [match.group() for match in _TOKEN.finditer(text)]
    if "".join(tokens) != text:
        raise TreeError(f"{text!r} holds characters that no tree has.")
    wanted, rest = _properties(tokens)
    if rest:
        raise TreeError(f"{text!r} goes on after its end.")
    return wanted


def prune(value: Any, wanted: Wanted) -> Any:
    """The part of a value that is wanted; what is computed on demand (a callable) is computed only then."""
    if callable(value):
        value = value()
    if isinstance(value, Mapping):
        kept = {"_class": value["_class"]} if "_class" in value else {}
        found = {name: below for name, below in wanted.properties.items() if name in value}
        return kept | {name: prune(value[name], below) for name, below in found.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [prune(each, wanted) for each in value[wanted.start : wanted.end]]
    return value


def _properties(tokens: list[str]) -> tuple[Wanted, list[str]]:
    wanted = Wanted()
    while tokens:
        name, tokens = tokens[0], tokens[1:]
        if not name.isidentifier():
            raise TreeError(f"{name!r} stands where a property should.")
        below = Wanted()
        if tokens[:1] == ["["]:
            below, tokens = _properties(tokens[1:])
            if tokens[:1] != ["]"]:
                raise TreeError(f"The bracket after {name} is not closed.")
            tokens = tokens[1:]
        if tokens[:1] == ["{"]:
            tokens = _range(below, tokens[1:])
        wanted.properties[name] = below
        if tokens[:1] != [","]:
            return wanted, tokens
        tokens = tokens[1:]
    raise TreeError("A property is missing at the end.")


def _range(wanted: Wanted, tokens: list[str]) -> list[str]:
    if "}" not in tokens:
        raise TreeError("The range is not closed.")
    end = tokens.index("}")
    first, comma, last = "".join(tokens[:end]).partition(",")
    try:
        wanted.start = int(first or 0)
        if not comma:
            wanted.end = wanted.start + 1
        elif last:
            wanted.end = int(last)
    except ValueError as error:
        raise TreeError("A range holds numbers only.") from error
    return tokens[end + 1 :]
