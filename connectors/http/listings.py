"""What paging and fan-out need of a body: the records, narrowly, and the total that the API claims."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec

from connectors.http.pagers import value_at
from connectors.http.streams import HttpStream

_COUNT = "total_count"
_HEADER = "header:"


@dataclass(frozen=True, slots=True)
class Listing:
    """The records of one page, and how many the API claims to hold in the range asked for."""

    records: list[Any]
    claimed_total: int | None = None


def listing_reader(stream: HttpStream) -> Callable[[bytes], Listing]:
    """A decoder of the stream's bodies; the whole body is checked to be JSON, little of it is kept.

    The decoder raises `msgspec.ValidationError` for another shape, `msgspec.DecodeError` for broken JSON.
    """
    if stream.is_single:
        is_unread = stream.record is msgspec.Raw
        single = msgspec.json.Decoder(dict[str, msgspec.Raw] if is_unread else stream.record)
        return lambda body: Listing([single.decode(body)])
    if stream.envelope is None:
        plain = msgspec.json.Decoder(list[stream.record])  # type: ignore[name-defined]  # built at run time
        return lambda body: Listing(plain.decode(body))
    return _enveloped(stream, stream.envelope.split("."))


def header_of_total(stream: HttpStream) -> str | None:
    """The header in which the API claims its total, by lower-case name; None if it does not."""
    is_header = stream.total is not None and stream.total.startswith(_HEADER)
    return stream.total.removeprefix(_HEADER).lower() if stream.total and is_header else None


def _enveloped(stream: HttpStream, path: list[str]) -> Callable[[bytes], Listing]:
    """A list inside objects, null for an empty one or absent beside a total of 0; on request, the total."""
    total = stream.total or _COUNT
    holds_total = len(path) == 1 and "." not in total and not total.startswith(_HEADER)
    shape: Any = list[stream.record] | None  # type: ignore[name-defined]  # built at run time
    for name in reversed(path):
        fields: list[Any] = [("held", shape)]
        if holds_total:
            fields = [("held", shape | msgspec.UnsetType, msgspec.UNSET), ("total", int | None, None)]
        shape = msgspec.defstruct("Envelope", fields, rename={"held": name, "total": total})
    decoder = msgspec.json.Decoder(shape)

    def read(body: bytes) -> Listing:
        value: Any = decoder.decode(body)
        claimed = value.total if holds_total else None
        for _ in path:
            value = value.held
        if value is msgspec.UNSET and claimed != 0:
            raise msgspec.ValidationError(f"Object missing required field `{path[-1]}`")
        if not holds_total and not total.startswith(_HEADER) and stream.total is not None:
            found = value_at(body, tuple(total.split(".")))
            claimed = found if isinstance(found, int) else None
        return Listing([] if value is msgspec.UNSET else value or [], claimed)

    return read
