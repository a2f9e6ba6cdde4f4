"""The queries that are sent.

Times in JQL have minutes and are read in the account's time zone, so a query for "12:00" means another
instant for each account. Epoch milliseconds mean the same for everybody; windows begin and end on whole
minutes, so nothing is rounded.
"""

from collections.abc import Callable, Mapping
from datetime import datetime

SITE = "site"
"""The scope of everything that an account sees; keys of projects have capitals."""

_MILLISECONDS = 1000


def updated_in(scope: str, fields: str) -> Callable[[datetime, datetime], Mapping[str, str]]:
    """The parameters that ask for the issues of a scope that were last updated in a window.

    Args:
        scope: Key of a project, or the whole site.
        fields: What to bring along, separated by commas.
    """
    project = "" if scope == SITE else f'project = "{scope}" AND '

    def parameters(start: datetime, end: datetime) -> Mapping[str, str]:
        bounds = f"updated >= {_milliseconds(start)} AND updated < {_milliseconds(end)}"
        return {"jql": f"{project}{bounds} ORDER BY updated ASC, key ASC", "fields": fields}

    return parameters


def keys_of(project: str) -> str:
    """The query for every issue of a project."""
    return f'project = "{project}" ORDER BY key ASC'


def _milliseconds(instant: datetime) -> int:
    return round(instant.timestamp() * _MILLISECONDS)
