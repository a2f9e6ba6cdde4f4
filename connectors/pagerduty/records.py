"""The few fields of PagerDuty's records that paging and fan-out need; everything else stays as received."""

import msgspec

from connectors.http.instants import Instant


class Named(msgspec.Struct):
    """A record that other streams go through by its identifier."""

    id: str


class Incident(msgspec.Struct):
    """An incident, as far as it must be read again."""

    id: str
    status: str
    created_at: Instant

    @property
    def is_resolved(self) -> bool:
        """Whether it is over; a resolved incident is never opened again."""
        return self.status == "resolved"
