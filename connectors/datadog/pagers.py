"""How monitors are paged through."""

from dataclasses import dataclass

import msgspec

from connectors.datadog.records import Monitor
from connectors.http.answers import Answer
from connectors.http.pagers import with_parameters

_OFFSET = "id_offset"


@dataclass(frozen=True, slots=True)
class AfterLastMonitor:
    """Each page starts after the greatest number of the one before; the last page is the empty one.

    "Get all monitors" has numbered pages too, which slip when a monitor is deleted meanwhile. A short page
    is not the last one: the server may give fewer monitors than were asked for.
    """

    size: int = 100

    def first(self, url: str) -> str:
        """The listing from its start."""
        return with_parameters(url, {_OFFSET: "0", "page_size": str(self.size)})

    def following(self, url: str, answer: Answer, *, record_count: int) -> str | None:
        """The listing after this page's monitors."""
        if record_count == 0:
            return None
        monitors = msgspec.json.decode(answer.body, type=list[Monitor])
        return with_parameters(url, {_OFFSET: str(max(monitor.id for monitor in monitors))})
