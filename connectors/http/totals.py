"""Reading the number out of an answer that counts."""

from datetime import UTC, date, datetime, time
from typing import Any
from urllib.parse import quote

import msgspec

from connectors.http.pagers import link_relation, parameter_of, value_at, with_parameters
from connectors.http.places import place_of
from connectors.http.questions import Question, Reply, SourceTotal

_HEADER, _SAMPLE, _LAST = "header:", "sample:", "link:last"


def total_question(
    total: SourceTotal, scope: str, *, until: datetime, since: date | None, scope_safe: str = "/"
) -> Question:
    """The question how many records a scope has.

    Args:
        total: The declaration.
        scope: Repository, project or organisation.
        until: Records created before it count, where the source can be asked so.
        since: The first day that the settings ask for.
        scope_safe: Characters of the scope that stay as they are in the path.
    """
    filled: dict[str, Any] = {
        "until": until.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "until_ms": _milliseconds(until),
        "since": _since_text(total, since),
    }
    path = total.path.format(scope=quote(scope, safe=scope_safe), **filled)
    asked = ((name, text.format(scope=scope, **filled)) for name, text in total.parameters)
    query = {name: text for name, text in asked if text}
    place = with_parameters(path, query) if query else path
    if total.body is not None:
        place = place_of(
            place, {name: text.format(scope=scope, **filled) for name, text in total.body.items()}
        )
    return Question(key=scope, scope=scope, place=place)


def _since_text(total: SourceTotal, since: date | None) -> str:
    if since is None or total.since is None:
        return ""
    midnight = datetime.combine(since, time.min, tzinfo=UTC)
    return total.since.format(day=since.isoformat(), day_ms=_milliseconds(midnight))


def _milliseconds(instant: datetime) -> int:
    return round(instant.timestamp() * 1000)


def total_of(total: SourceTotal, reply: Reply) -> int | None:
    """The number that an answer tells; None where it tells none."""
    if total.at == _LAST:
        return _last_page(reply)
    if total.at.startswith(_HEADER):
        text = reply.headers.get(total.at.removeprefix(_HEADER).lower(), "")
        return int(text) if text.isascii() and text.isdigit() else None
    found = _value(reply.body, total.at.removeprefix(_SAMPLE))
    if total.at.startswith(_SAMPLE):
        return _of_sample(found)
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def is_partial(total: SourceTotal, reply: Reply) -> bool:
    """Whether the source says itself that its count is not complete."""
    told = None if total.partial_at is None else _value(reply.body, total.partial_at)
    return told is True or (isinstance(told, list) and bool(told))


def _of_sample(found: object) -> int | None:
    """The number of an instant and a number as text, as Prometheus writes a scalar."""
    text = found[-1] if isinstance(found, list) and found else None
    return int(text) if isinstance(text, str) and text.isascii() and text.isdigit() else None


def _value(body: bytes, path: str) -> object:
    try:
        return value_at(body, tuple(path.split(".")))
    except msgspec.DecodeError:
        return None


def _last_page(reply: Reply) -> int | None:
    """The number of the last page; where there is one page only, its records."""
    link = link_relation(reply.headers.get("link"), "last")
    if link is not None:
        number = parameter_of(link, "page") or ""
        return int(number) if number.isdigit() else None
    if link_relation(reply.headers.get("link"), "next") is not None:
        return None
    try:
        listed: list[Any] = msgspec.json.decode(reply.body, type=list[Any])
    except (msgspec.DecodeError, msgspec.ValidationError):
        return None
    return len(listed)
