"""What paging and fan-out need of a body: the records, narrowly, and the total that the API claims."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec

from connectors.http.streams import HttpStream


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
        single = msgspec.json.Decoder(stream.record)
        return lambda body: Listing([single.decode(body)])
    if stream.envelope is None:
        plain = msgspec.json.Decoder(list[stream.record])  # type: ignore[name-defined]  # built at run time
        return lambda body: Listing(plain.decode(body))
    envelope = msgspec.defstruct(
        "Envelope",
        [("records", list[stream.record]), ("total_count", int | None, None)],  # type: ignore[name-defined]
        rename={"records": stream.envelope},
    )
    wrapped = msgspec.json.Decoder(envelope)

    def read(body: bytes) -> Listing:
        value: Any = wrapped.decode(body)
        return Listing(value.records, value.total_count)

    return read
