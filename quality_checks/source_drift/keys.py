"""Keys that are data: an issue's `customfield_10016` or a label's name is no path of its own."""

import re
from typing import Final

from quality_checks.source_drift.contracts import ANY_KEY

KEYS_OF_ONE_OBJECT: Final = 200
_PLAIN = re.compile(r"[A-Za-z_@$][A-Za-z0-9_.:$/-]{0,59}")
_DATA = re.compile(r"\d{3,}|[0-9a-f]{12,}|.@.")
_CUSTOM_FIELD = re.compile(r"customfield_\d+")


def general_key(key: str) -> str:
    """Return the key as a path has it: `*` where it is data, `customfield_*` for Jira's own fields.

    A key is data that is no plain name of at most 60 characters, holds a number of three digits or more, a
    long hexadecimal number or an address.
    """
    if _CUSTOM_FIELD.fullmatch(key):
        return "customfield_" + ANY_KEY
    return key if _PLAIN.fullmatch(key) and not _DATA.search(key) else ANY_KEY
