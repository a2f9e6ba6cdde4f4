"""Patterns of paths: `*` within a folder, `**` across folders, `?` for one character."""

import re

_PARTS = re.compile(r"(?P<folders>\*\*/)|(?P<rest>\*\*)|(?P<star>\*)|(?P<one>\?)|(?P<text>[^*?]+)")
_MEANINGS = {"folders": "(?:[^/]+/)*", "rest": ".*", "star": "[^/]*", "one": "[^/]"}


def path_pattern(pattern: str) -> re.Pattern[str]:
    """The pattern as a regular expression, to be matched against whole paths."""
    parts = (
        re.escape(match[0]) if match.lastgroup == "text" else _MEANINGS[match.lastgroup or "text"]
        for match in _PARTS.finditer(pattern)
    )
    return re.compile("".join(parts))
