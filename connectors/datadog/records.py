"""The few fields of Datadog's records that paging and fan-out need; everything else stays as received."""

import msgspec


class Objective(msgspec.Struct):
    """A service level objective, whose history is read by its identifier."""

    id: str


class Monitor(msgspec.Struct):
    """A monitor: the next page starts after its number."""

    id: int


class HistoryData(msgspec.Struct):
    """What happened to an objective in a window."""

    from_ts: int
    to_ts: int


class History(msgspec.Struct):
    """The answer about a window; one without data is not an answer."""

    data: HistoryData
