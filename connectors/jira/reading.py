"""How Jira is read where declarations do not say enough: searches by project, histories, keys, sprints."""

from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import aclosing
from dataclasses import fields as fields_of
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import msgspec

from connectors.errors import PermanentSourceError
from connectors.events import Event, PageArrived, Resumption, WindowClosed, WindowOpened
from connectors.evidence import EvidenceStore
from connectors.http.children import each_scope, named_parents
from connectors.http.instants import instant_of, text_of
from connectors.http.lanes import Unit
from connectors.http.names import names_listed
from connectors.http.pagers import SinglePage
from connectors.http.reading import Reader, read_scope
from connectors.http.rules import WholeRule
from connectors.http.streams import HttpStream
from connectors.http.windows import read_windows
from connectors.jira.fields import custom_fields
from connectors.jira.jql import SITE, keys_of, updated_in
from connectors.jira.records import Issue
from connectors.jira.settings import JiraSettings
from connectors.jira.streams import FIELDS_READ

_PROJECT_STREAMS = frozenset(
    {"projects", "versions", "components", "issues", "changelogs", "histories", "boards", "sprints"}
)
_ELSEWHERE = {"cloud": "histories", "data_center": "changelogs"}
_FIELDS = "fields"
_KANBAN = "kanban"


def scopes_of(settings: JiraSettings, stream: HttpStream, store: EvidenceStore) -> list[str]:
    """The scopes of a stream: the projects that the settings list, or the whole site; none where it is not.

    Cloud has no histories (their search is removed there), Data Center no changelogs in bulk.
    """
    del store
    if stream.name == _ELSEWHERE[settings.deployment]:
        return []
    by_project = stream.name in _PROJECT_STREAMS or (stream.name == "worklogs" and settings.projects)
    return list(settings.projects) if settings.projects and by_project else [SITE]


def issue_units(settings: JiraSettings, reader: Reader, store: EvidenceStore) -> Iterator[Unit]:
    """One search by last update for each scope; other fields than last time mean everything again.

    Raises:
        PermanentSourceError: A custom field cannot be told from its name.
    """
    wanted = _fields_wanted(settings, store, source=reader.source, stream=reader.stream.name)
    for scope in scopes_of(settings, reader.stream, store):
        yield Unit(scope, partial(_with_fields, _searching(reader, scope, wanted), scope, wanted))


def item_parameters(settings: JiraSettings, stream: HttpStream, store: EvidenceStore) -> Mapping[str, str]:
    """What one issue is asked for with: the fields that searches bring along.

    Raises:
        PermanentSourceError: A custom field cannot be told from its name.
    """
    if stream.name != "issues":
        return {}
    return {_FIELDS: _fields_wanted(settings, store, source=settings.name, stream=stream.name)}


def _fields_wanted(settings: JiraSettings, store: EvidenceStore, *, source: str, stream: str) -> str:
    listed = names_listed("fields", SITE, source=source, store=store, wanted_by=stream)
    return ",".join(
        [FIELDS_READ, *custom_fields(listed, settings.custom_fields, source=source, stream=stream)]
    )


def history_units(settings: JiraSettings, reader: Reader, store: EvidenceStore) -> Iterator[Unit]:
    """One search by last update for each scope, with the whole changelog of each issue."""
    for scope in scopes_of(settings, reader.stream, store):
        yield Unit(scope, partial(_complete, _searching(reader, scope, "updated"), scope))


def key_units(settings: JiraSettings, reader: Reader, store: EvidenceStore) -> Iterator[Unit]:
    """One listing of keys for each project whose last one is older than the settings allow."""
    keys = settings.projects or names_listed(
        "projects", SITE, source=reader.source, store=store, wanted_by=reader.stream.name
    )
    for key in keys:
        read_at = instant_of(reader.cursor(key)[0].get("read_at"))
        if read_at is None or reader.clock() - read_at >= timedelta(hours=settings.reconcile_hours):
            yield Unit(key, partial(read_scope, reader, key, partial(_keys_rule, reader, key)))


def sprint_units(settings: JiraSettings, reader: Reader, store: EvidenceStore) -> Iterator[Unit]:
    """One listing for each board that may have sprints; a board of several projects is asked once."""
    seen: set[str] = set()

    def units_of(scope: str) -> list[Unit]:
        listed = names_listed(
            "boards", scope, source=reader.source, store=store, wanted_by=reader.stream.name
        )
        boards = [number for number, _, kind in (text.partition("=") for text in listed) if kind != _KANBAN]
        unseen = [board for board in boards if board not in seen]
        seen.update(boards)
        return named_parents(reader, scope, unseen)

    yield from each_scope(scopes_of(settings, reader.stream, store), units_of)


class _KeysRule(WholeRule):
    """Every key of a project, and when they were listed."""

    def __init__(self, stream: HttpStream, scope: str, read_at: str) -> None:
        super().__init__(stream, scope)
        self._read_at = read_at

    def path(self) -> str:
        """The search for the project's keys."""
        return self._stream.path_for(self._scope, jql=keys_of(self._scope))

    def cursor(self, *, is_exhausted: bool) -> dict[str, Any]:
        """When the listing began."""
        del is_exhausted
        return {"read_at": self._read_at}


def _keys_rule(
    reader: Reader, key: str, _settled: Mapping[str, Any], _progress: Mapping[str, Any] | None
) -> _KeysRule:
    return _KeysRule(reader.stream, key, text_of(reader.clock()))


def _searching(reader: Reader, scope: str, wanted: str) -> Reader:
    """The reader, for a scope's own search."""
    stream = reader.stream
    if stream.windows is None:
        raise TypeError(f"the stream {stream.name} is read by windows and declares none")
    own = replace(stream, windows=replace(stream.windows, parameters=updated_in(scope, wanted)))
    return replace(reader, stream=own, chains=reader.chains.of(own))


class _Afresh(Reader):
    """A reader that knows nothing of earlier runs."""

    __slots__ = ()

    def cursor(self, scope: str) -> tuple[dict[str, Any], Resumption | None]:
        """Nothing."""
        del scope
        return {}, None


async def _with_fields(reader: Reader, scope: str, wanted: str) -> AsyncGenerator[Event, None]:
    """The windows of a search; its cursor holds only for the fields that it was reached with."""
    if reader.cursor(scope)[0].get(_FIELDS, wanted) != wanted:
        reader = _Afresh(**{each.name: getattr(reader, each.name) for each in fields_of(reader)})
    async with aclosing(read_windows(reader, scope)) as events:
        async for event in events:
            if isinstance(event, WindowOpened):
                yield replace(event, cursor={**event.cursor, _FIELDS: wanted})
            elif isinstance(event, WindowClosed):
                yield replace(event, cursor={**(event.cursor or {}), _FIELDS: wanted})
            else:
                yield event


class _Found(msgspec.Struct):
    issues: list[Issue] = []


_FOUND = msgspec.json.Decoder(_Found)


async def _complete(reader: Reader, scope: str) -> AsyncGenerator[Event, None]:
    """The windows of a search, and before each page those of its issues whose embedded history is not whole.

    They come first, so that a run that breaks off between them goes on with the page itself.
    """
    path = "/rest/api/2/issue/{parent_key}"
    single = replace(
        reader.stream, path=path, parameters=(("fields", "updated"), ("expand", "changelog")),
        pager=SinglePage(), envelope=None, is_single=True,
    )  # fmt: skip
    alone = replace(reader, stream=single, chains=reader.chains.of(single))
    async with aclosing(read_windows(reader, scope)) as events:
        async for event in events:
            if isinstance(event, PageArrived) and event.body:
                for issue in _FOUND.decode(event.body).issues:
                    if issue.changelog.is_cut:
                        async for page in _whole_history(alone, scope, issue):
                            yield replace(page, next_place=event.url)
            yield event


async def _whole_history(reader: Reader, scope: str, issue: Issue) -> AsyncGenerator[PageArrived, None]:
    place = reader.chains.url(reader.stream.path_for(scope, issue.id))
    async with aclosing(reader.chains.pages(place)) as pages:
        async for page in pages:
            (found,) = reader.chains.stored_listing(page).records
            if found.changelog.is_cut:
                raise PermanentSourceError(
                    f"The server holds {found.changelog.total} changes of issue {issue.id} and gives only "
                    f"{len(found.changelog.histories)}, so its history cannot be read whole. Ask whoever "
                    "runs the server what bounds `expand=changelog`.",
                    source=reader.source,
                    stream=reader.stream.name,
                    page=page.arrived.url,
                )
            yield reader.arrived(page, scope, {})
