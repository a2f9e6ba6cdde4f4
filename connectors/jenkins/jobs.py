"""Reads the tree of folders and jobs: one request for a scope, one more for each folder that lies deeper."""

from collections import deque
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import aclosing
from functools import partial

from connectors.committer import split_cursor
from connectors.errors import PermanentSourceError
from connectors.events import Event, WindowClosed, WindowOpened
from connectors.evidence import EvidenceStore
from connectors.http.lanes import Unit
from connectors.http.reading import Reader
from connectors.jenkins.trees import WHOLE_SERVER

JOBS = "jobs"


def read_jobs(scopes: list[str], reader: Reader, _store: EvidenceStore) -> Iterator[Unit]:
    """One unit for each folder or job that the settings name."""
    for scope in scopes:
        yield Unit(scope, partial(_events, reader, scope))


def jobs_listed(scopes: list[str], source: str, store: EvidenceStore, *, wanted_by: str) -> dict[str, str]:
    """The version of each job that the last complete reading found, by full name.

    A folder that could not be read does not keep the others from being read.

    Raises:
        PermanentSourceError: No scope was ever read.
    """
    cursors = [split_cursor(store.cursor(source, JOBS, scope))[0] for scope in scopes]
    found = [settled["current"] for settled in cursors if "current" in settled]
    if not found:
        raise PermanentSourceError(
            f"The jobs of {', '.join(scopes)} were not read yet, and {wanted_by} goes through them. "
            "Extract jobs first.",
            source=source,
            stream=wanted_by,
        )
    return {name: version for current in found for name, version in current.items()}


async def _events(reader: Reader, scope: str) -> AsyncGenerator[Event, None]:
    """The window of one scope. It starts again after a break: the set must be of one time."""
    yield WindowOpened(scope=scope, started_at=reader.clock(), is_resumable=False)
    current: dict[str, str] = {}
    waiting = deque([scope])
    while waiting:
        folder = waiting.popleft()
        url = reader.chains.url(reader.stream.path_for(folder))
        async with aclosing(reader.chains.pages(url)) as pages:
            async for page in pages:
                for item in reader.chains.stored_listing(page).records:
                    current |= item.versions()
                    waiting.extend(_checked(reader, folder, item.deeper()))
                yield page.with_findings(progress={})
    yield WindowClosed(cursor=_cursor(current))


def _checked(reader: Reader, folder: str, names: Iterator[str]) -> Iterator[str]:
    """The names, each of which must lie below the folder: else the walk might go round in circles."""
    for name in names:
        if folder != WHOLE_SERVER and not name.startswith(f"{folder}/"):
            raise PermanentSourceError(
                f"The folder {folder} holds {name}, which does not lie below it. Report it to whoever runs "
                "the server; the next run tries again.",
                source=reader.source,
                stream=reader.stream.name,
            )
        yield name


def _cursor(current: Mapping[str, str]) -> dict[str, object]:
    return {"current": dict(sorted(current.items()))}
