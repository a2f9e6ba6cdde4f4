"""How a red check is mended: the command, and what it fetches again.

`refetch` names a place of evidence: a window of time, a list, or the list of one parent. The others mend what
fetching again does not: `run` goes on from the cursors, `rebuild` makes the models anew, `restore` finds the
damaged file, which comes back from a backup.
"""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Final, Literal

Action = Literal["refetch", "run", "rebuild", "restore"]


@dataclass(frozen=True, slots=True)
class Repair:
    """One thing to do about a red check.

    Attributes:
        action: What kind of thing it is.
        command: The whole command line, ready to be run in the workspace.
        source: The source to ask again; None where nothing is fetched.
        stream: The stream of that source.
        scope: The repository, project or site; None for every one that was read.
        parent_key: The parent whose own list is read again; None where there is none.
        requested_from: Start of the window, as it stands in the command; None for a list without windows.
        requested_until: Its end, which does not belong to it.
    """

    action: Action
    command: str
    source: str | None = None
    stream: str | None = None
    scope: str | None = None
    parent_key: str | None = None
    requested_from: str | None = None
    requested_until: str | None = None


RUN: Final = Repair("run", "assay run")
REBUILD: Final = Repair("rebuild", "assay run --full-refresh")
RESTORE: Final = Repair("restore", "assay verify")
WITHOUT_FETCHING: Final = {"run": RUN, "rebuild": REBUILD, "restore": RESTORE}


def refetch(
    source: str,
    stream: str,
    *,
    scope: str | None = None,
    parent_key: str | None = None,
    requested_from: datetime | None = None,
    requested_until: datetime | None = None,
) -> Repair:
    """Fetch exactly one place again.

    Args:
        source: Name of the source.
        stream: Name of the stream.
        scope: The repository, project or site; None for every one.
        parent_key: The parent whose own list it is.
        requested_from: Start of the window of time; only together with its end.
        requested_until: Its end, which does not belong to it.
    """
    first, until = written_instant(requested_from), written_instant(requested_until)
    options = {"--scope": scope, "--parent": parent_key, "--from": first, "--until": until}
    given = [word for name, value in options.items() if value is not None for word in _words(name, value)]
    return Repair(
        action="refetch",
        command=shlex.join(["assay", "repair", f"{source}.{stream}", *given]),
        source=source,
        stream=stream,
        scope=scope,
        parent_key=parent_key,
        requested_from=first,
        requested_until=until,
    )


def _words(option: str, value: str) -> list[str]:
    """An option and its value; a value that looks like an option stands in one word with it."""
    return [f"{option}={value}"] if value.startswith("-") else [option, value]


def written_instant(instant: datetime | None) -> str | None:
    """An instant as the command takes it: a day, where it is the start of one in UTC."""
    if instant is None:
        return None
    in_utc = instant.astimezone(UTC)
    if in_utc.time() == time.min:
        return in_utc.date().isoformat()
    return in_utc.isoformat().replace("+00:00", "Z")


def named_command(repairs: Sequence[Repair]) -> str:
    """The sentence of a red check's message that says what mends it."""
    if not repairs:
        return ""
    more = f", and {len(repairs) - 1} more that `assay repair` lists" if len(repairs) > 1 else ""
    return f"To mend it, run `{repairs[0].command}`{more}."
