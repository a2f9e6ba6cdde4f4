"""What goes wrong: one small function for each row of the matrix, between a client and a sound API."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import Enum
from itertools import cycle
from typing import Any
from urllib.parse import urlencode, urlsplit

import msgspec

from tests.connectors.matrix.sources import MatrixSource
from tests.connectors.matrix.vendor import Answer, Disturb, Vendor
from tests.replay.loopback import Request, Response

HOURS_OFF = timedelta(hours=5)
LIMITED = b'{"message":"You have exceeded a secondary rate limit. Please wait a few minutes."}'
_OK = 200


class Ends(Enum):
    """How a run under a fault ends."""

    WELL = "as if nothing had happened"
    BADLY = "unfinished; the next run goes on"
    WITHOUT_ONE = "complete but for one scope, which the next run reads"
    REFUSED = "with credentials that do not count any more; the next run goes on"


@dataclass(frozen=True, slots=True)
class Case:
    """What a fault needs to know.

    Attributes:
        source: What is read.
        vendor: What answers.
        requests: How many requests the run takes without a fault.
    """

    source: MatrixSource
    vendor: Vendor
    requests: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One row.

    Attributes:
        disturb: Makes what stands between client and API, anew for each run.
        ends: How the run ends.
        client_is_ahead: How far the client's clock is ahead of the server's.
        goes_on: Whether the world goes on meanwhile, so that the next run tells whether anything was lost.
        says: A part of the one message that every failure must have.
        skipped: Sources that the fault cannot meet, with the reason.
    """

    disturb: Callable[[Case], Disturb]
    ends: Ends = Ends.WELL
    client_is_ahead: timedelta = timedelta()
    goes_on: bool = False
    says: str = ""
    skipped: Mapping[str, str] = field(default_factory=dict)


def _sometimes(*bad: Response, every: int = 3) -> Callable[[Case], Disturb]:
    """Answer every so many targets badly, each of the given answers once, before the right one comes."""

    def disturb(_case: Case) -> Disturb:
        waiting: dict[tuple[str, bytes], Iterator[Response]] = {}

        def answer(request: Request, sound: Answer) -> Response:
            place = request.target, request.body
            if place not in waiting:
                waiting[place] = iter(bad) if len(waiting) % every == 0 else iter(())
            return next(waiting[place], None) or sound()

        return answer

    return disturb


def _spoilt_once(
    spoil: Callable[[Response], Response], *, at_most: int = 1 << 30
) -> Callable[[Case], Disturb]:
    """Spoil the first sound answer of every third target."""

    def disturb(_case: Case) -> Disturb:
        seen: set[tuple[str, bytes]] = set()
        spoilt = 0

        def answer(request: Request, sound: Answer) -> Response:
            nonlocal spoilt
            response, place = sound(), (request.target, request.body)
            is_new = place not in seen
            seen.add(place)
            if not is_new or len(seen) % 3 != 1 or response.status != _OK or spoilt >= at_most:
                return response
            spoilt += 1
            return spoil(response)

        return answer

    return disturb


def _from_the_middle_on(bad: Response) -> Callable[[Case], Disturb]:
    """Answer half of the run's requests, then only badly."""

    def disturb(case: Case) -> Disturb:
        asked = 0

        def answer(_request: Request, sound: Answer) -> Response:
            nonlocal asked
            asked += 1
            return bad if asked > case.requests // 2 else sound()

        return answer

    return disturb


def _one_scope(spoil: Callable[[Response], Response]) -> Callable[[Case], Disturb]:
    """Spoil all that is said about one scope."""

    def disturb(case: Case) -> Disturb:
        def answer(request: Request, sound: Answer) -> Response:
            return spoil(sound()) if case.source.is_bad(request) else sound()

        return answer

    return disturb


def _sound(_case: Case) -> Disturb:
    return lambda _request, sound: sound()


def _half(response: Response) -> bytes:
    return response.body[: max(1, len(response.body) // 2)]


def _time_passes(case: Case) -> Disturb:
    """The world goes on in the middle of the run: new records, edited ones, others in other places."""
    asked = 0

    def answer(_request: Request, sound: Answer) -> Response:
        nonlocal asked
        asked += 1
        if asked == case.requests // 2:
            case.vendor.go_on()
        return sound()

    return answer


def _replica_lags(case: Case) -> Disturb:
    """Every second answer is some minutes old: newer versions come before older ones."""
    turns = cycle((False, True))

    def answer(request: Request, sound: Answer) -> Response:
        return case.vendor.answer_of_the_past(request) if next(turns) else sound()

    return answer


_OFFSETS = {"startAt": 0, "offset": 0, "page[offset]": 0, "startIndex": 1}
_SIZES = ("per_page", "limit", "maxResults", "page[size]", "count", "page_size")
_PLACES = (
    "page",
    "page[number]",
    "nextPageToken",
    "page-token",
    "id_offset",
    "tree",
    "updated_after",
    "after",
)
_PAGING = frozenset((*_OFFSETS, *_SIZES, *_PLACES))
_TOTALS = ("total", "totalResults", "total_count", "total_filtered_count")


def _chain(request: Request) -> tuple[str, str]:
    kept = {name: text for name, text in request.query.items() if name not in _PAGING}
    return request.path, urlencode(sorted(kept.items()))


def _page_comes_again(_case: Case) -> Disturb:
    """The first page of a chain comes again in place of its second, once for each chain."""
    first: dict[tuple[str, str], tuple[str, Response]] = {}
    done: set[tuple[str, str]] = set()

    def answer(request: Request, sound: Answer) -> Response:
        response, chain = sound(), _chain(request)
        if request.method != "GET" or response.status != _OK or len(response.body) < len(b"[{}]"):
            return response
        target, page = first.setdefault(chain, (request.target, response))
        if target == request.target or chain in done or not _is_further(request):
            return response
        done.add(chain)
        return replace(page, headers={**page.headers, "etag": '"again"'})

    return answer


def _is_further(request: Request) -> bool:
    """Whether it is the second page or a later one."""
    beginnings = {
        "page": "1",
        "page[number]": "0",
        "id_offset": "0",
        **{name: str(at) for name, at in _OFFSETS.items()},
    }
    given = {name: text for name, text in request.query.items() if name in beginnings}
    tokens = {"nextPageToken", "page-token"} & set(request.query)
    return bool(tokens) or any(beginnings[name] != text for name, text in given.items())


def _pages_overlap(case: Case) -> Disturb:
    """A record came in at the front while pages are read: each page begins with the last record before it."""
    before: dict[tuple[str, str], Response] = {}

    def answer(request: Request, sound: Answer) -> Response:
        chain = _chain(request)
        moved = next((name for name in _OFFSETS if name in request.query), None)
        if not _is_further(request):
            response = sound()
        elif moved is not None:
            at = max(_OFFSETS[moved], int(request.query[moved]) - 1)
            query = {**request.query, moved: str(at)}
            target = f"{urlsplit(request.target).path}?{urlencode(query)}"
            earlier = replace(request, target=target, query=query)
            return _with_one_more(case.vendor.answer_of(earlier))
        else:
            response = _with_record_before(sound(), before.get(chain))
        before[chain] = response
        return response

    return answer


def _with_one_more(response: Response) -> Response:
    """Totals as they are after a record came in."""

    def counted(value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {
            name: inner + 1 if name in _TOTALS and isinstance(inner, int) else counted(inner)
            for name, inner in value.items()
        }

    return replace(response, body=msgspec.json.encode(counted(msgspec.json.decode(response.body))))


def _with_record_before(response: Response, page: Any) -> Response:
    if page is None or response.status != _OK:
        return response
    records = list_in(msgspec.json.decode(page.body))
    document = msgspec.json.decode(response.body)
    listed = list_in(document)
    if not records or not listed:
        return response
    listed.insert(0, records[-1])
    return replace(
        response, body=msgspec.json.encode(document), headers={**response.headers, "etag": '"moved"'}
    )


def list_in(document: Any) -> list[Any]:
    """The list of records of a body; empty where there is none."""
    if isinstance(document, list):
        return document
    inside = document.values() if isinstance(document, dict) else ()
    lists = [value for value in inside if isinstance(value, list)]
    return next((value for value in lists if value and isinstance(value[0], dict)), [])


def _with_new_fields(_case: Case) -> Disturb:
    """Every record has a field that nobody heard of."""

    def answer(_request: Request, sound: Answer) -> Response:
        response = sound()
        document = msgspec.json.decode(response.body) if response.status == _OK else None
        for record in list_in(document):
            if isinstance(record, dict):
                record["brand_new"] = {"nested": [1, None, "ü"]}
        return response if document is None else replace(response, body=msgspec.json.encode(document))

    return answer


def _status(status: int, body: bytes = b"{}", **headers: str) -> Response:
    return Response(body, status, {name.replace("_", "-"): text for name, text in headers.items()})


NO_PAGES = {
    "argocd": "applications are listed whole, without pages",
    "prometheus": "an answer is whole or refused, without pages",
    "alertmanager": "everything is listed whole, without pages",
}
NO_PAGES_OF_OURS = {
    **NO_PAGES,
    "jenkins": "ranges of the tree overlap on purpose: the reader checks the seam itself",
}

FAULTS: Mapping[str, Fault] = {
    "429_with_retry_after": Fault(disturb=_sometimes(_status(429, LIMITED, retry_after="7"))),
    "429_without_retry_after": Fault(disturb=_sometimes(_status(429), every=9)),
    "secondary_limit_with_retry_after": Fault(
        disturb=_sometimes(_status(403, LIMITED, retry_after="60"), every=9)
    ),
    "secondary_limit_without_retry_after": Fault(disturb=_sometimes(_status(403, LIMITED), every=9)),
    "5xx_burst": Fault(disturb=_sometimes(*(_status(code) for code in (502, 503, 500, 504)))),
    "5xx_from_the_middle_on": Fault(
        disturb=_from_the_middle_on(_status(503)), ends=Ends.BADLY, says="HTTP 503"
    ),
    "reset_mid_body": Fault(disturb=_spoilt_once(lambda sound: replace(sound, cut_at=len(_half(sound))))),
    "reset_without_an_answer": Fault(disturb=_sometimes(Response(is_reset=True))),
    "slow_drip": Fault(disturb=_spoilt_once(lambda sound: replace(sound, drip_seconds=0.01), at_most=1)),
    "truncated_json": Fault(disturb=_spoilt_once(lambda sound: replace(sound, body=_half(sound)))),
    "truncated_json_for_one_scope": Fault(
        disturb=_one_scope(lambda sound: replace(sound, body=_half(sound))),
        ends=Ends.WITHOUT_ONE,
        says="cut short or damaged",
    ),
    "html_for_one_scope": Fault(
        disturb=_one_scope(lambda _: Response(b"<html>Sign in", headers={"content-type": "text/html"})),
        ends=Ends.WITHOUT_ONE,
        says="something else than the API",
    ),
    "a_new_field": Fault(disturb=_with_new_fields),
    "a_page_comes_again": Fault(
        disturb=_page_comes_again, ends=Ends.BADLY, says="does not end", skipped=NO_PAGES_OF_OURS
    ),
    "pages_overlap": Fault(disturb=_pages_overlap, skipped=NO_PAGES_OF_OURS),
    "items_move_between_pages": Fault(disturb=_time_passes, goes_on=True),
    "updates_out_of_order": Fault(disturb=_replica_lags, goes_on=True),
    "the_clock_is_hours_ahead": Fault(disturb=_sound, client_is_ahead=HOURS_OFF, goes_on=True),
    "the_clock_is_hours_behind": Fault(disturb=_sound, client_is_ahead=-HOURS_OFF, goes_on=True),
    "the_token_expires": Fault(
        disturb=_from_the_middle_on(_status(401)), ends=Ends.REFUSED, says="does not accept the credentials"
    ),
    "permission_lost_on_one_scope": Fault(
        disturb=_one_scope(lambda _: _status(403, b'{"message":"No."}')),
        ends=Ends.WITHOUT_ONE,
        says="HTTP 403",
    ),
    "one_scope_is_deleted": Fault(
        disturb=_one_scope(lambda _: _status(404)), ends=Ends.WITHOUT_ONE, says="HTTP 404"
    ),
}
