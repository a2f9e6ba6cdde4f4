"""What a first extraction will cost, from a few requests about a few repositories.

Each listing is asked for with one record a page; the number of its last page is the number of records.
Children are counted by their parents. The figures are of the whole history where the API cannot count from
a day on, so they err on the high side.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec

from connectors.errors import PermanentSourceError
from connectors.github.config import GitHubConfig
from connectors.github.streams import ORGANISATION_STREAMS
from connectors.http.instants import text_of
from connectors.http.pagers import link_relation, parameter_of, with_parameters
from connectors.http.rules import Bounds
from connectors.http.session import Session
from connectors.http.streams import HttpStream, Reading
from connectors.reports import StreamEstimate

_SAMPLED_REPOSITORIES = 3
_PAGE = 100
_CHILD_BYTES = {
    "reviews": 4_000,
    "pull_request_commits": 12_000,
    "timeline": 45_000,
    "deployment_statuses": 7_000,
    "workflow_jobs": 12_000,
    "team_members": 10_000,
}
"""Typical bytes of one parent's children, measured on public repositories."""

_anything: Callable[[bytes], Any] = msgspec.json.decode


@dataclass(frozen=True, slots=True)
class _Count:
    records: float = 0.0
    record_bytes: float = 0.0


async def estimate_streams(
    session: Session, config: GitHubConfig, *, streams: tuple[HttpStream, ...]
) -> list[StreamEstimate]:
    """Requests and bytes of a first extraction, by stream."""
    sample, repository_count = await _repositories(session, config)
    counts: dict[str, _Count] = {}
    for stream in streams:
        counts[stream.name] = await _count(session, stream, config, sample)
    scale = repository_count / len(sample) if sample else 0.0
    return [_estimate(stream, counts, scale, repository_count) for stream in streams]


async def _repositories(session: Session, config: GitHubConfig) -> tuple[list[str], int]:
    """A few repositories to ask about, and how many there are."""
    if config.repositories:
        names = list(config.repositories)
        return _spread(names), len(names)
    url = session.origin.url(f"/orgs/{config.organisation}/repos?per_page={_PAGE}")
    answer, listed = await session.get(url, read=_anything)
    names = sorted(item["full_name"] for item in listed or [])
    pages = int(parameter_of(link_relation(answer.header("link"), "last") or "", "page") or 1)
    return _spread(names), len(names) if pages == 1 else pages * _PAGE


def _spread(names: list[str]) -> list[str]:
    step = max(1, len(names) // _SAMPLED_REPOSITORIES)
    return names[::step][:_SAMPLED_REPOSITORIES]


async def _count(session: Session, stream: HttpStream, config: GitHubConfig, sample: list[str]) -> _Count:
    """Records of a stream over the sampled repositories, or in the organisation."""
    if stream.parent is not None or stream.name == "repositories":
        return _Count()
    scopes = sample
    if stream.name in ORGANISATION_STREAMS:
        scopes = [config.organisation] if config.organisation else []
    records, size = 0.0, 0.0
    for scope in scopes:
        counted = await _count_scope(session, stream, config, scope)
        records += counted.records
        size += counted.records * counted.record_bytes
    return _Count(records, size / records if records else 0.0)


async def _count_scope(session: Session, stream: HttpStream, config: GitHubConfig, scope: str) -> _Count:
    path = stream.path_for(scope, **_bounds(stream, config))
    url = session.origin.url(with_parameters(path, {"per_page": "1"}))
    try:
        answer, value = await session.get(url, read=_anything)
    except PermanentSourceError:
        return _Count()
    if isinstance(value, dict):
        records, total = value.get(stream.envelope or "", []), value.get("total_count")
    else:
        records, total = value or [], None
    if total is None:
        last = link_relation(answer.header("link"), "last")
        total = int(parameter_of(last, "page") or 1) if last else len(records)
        if last is None and link_relation(answer.header("link"), "next") and records:
            total = int(records[0].get("number", 1))
    return _Count(float(total), float(len(answer.body)))


def _bounds(stream: HttpStream, config: GitHubConfig) -> dict[str, str]:
    since = text_of(Bounds(config.since).since_at)
    if not since:
        return {}
    if stream.name == "workflow_runs":
        return {"created": f">={since}"}
    return {"since": since} if stream.reading is Reading.UPDATED_SINCE or stream.name == "commits" else {}


def _estimate(
    stream: HttpStream, counts: dict[str, _Count], scale: float, repository_count: int
) -> StreamEstimate:
    if stream.name == "repositories":
        requests = repository_count if stream.is_single else math.ceil(repository_count / _PAGE)
        return StreamEstimate(stream.name, requests, repository_count * 6_000)
    is_of_organisation = stream.name in ORGANISATION_STREAMS
    factor = 1.0 if is_of_organisation else scale
    if stream.parent is not None:
        parents = math.ceil(counts[stream.parent].records * factor) if stream.parent in counts else 0
        return StreamEstimate(stream.name, parents, parents * _CHILD_BYTES.get(stream.name, 10_000))
    count = counts[stream.name]
    records = count.records * factor
    listings = 1 if is_of_organisation and count.records else repository_count * (not is_of_organisation)
    requests = max(listings, math.ceil(records / _PAGE + listings / 2)) if records else listings
    return StreamEstimate(stream.name, requests, math.ceil(records * count.record_bytes))
