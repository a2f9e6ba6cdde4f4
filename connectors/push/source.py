"""Deliveries become evidence: what waits in the inbox is landed as it came, one page each, in order."""

import hashlib
from collections.abc import Callable, Iterator
from urllib.parse import quote

from connectors.committer import BatchLimits, Committer, split_cursor
from connectors.errors import PermanentSourceError
from connectors.events import Event, PageArrived, WindowClosed, WindowOpened
from connectors.kinds import Opening
from connectors.push.inbox import DamagedInboxError, Delivery, Inbox
from connectors.push.settings import PushSettings
from connectors.push.streams import STREAM_OF
from connectors.reports import Diagnosis, Progress, StreamEstimate, StreamReport, Tally
from connectors.streams import Place, Stream, TimeWindow

_LANDED, _DELIVERY = "landed", "delivery"


class PushSource:
    """Lands what was received.

    Args:
        settings: The endpoints.
        opening: Store and clocks.
        inbox: Where deliveries wait.
    """

    kind = "push"

    def __init__(self, settings: PushSettings, opening: Opening, inbox: Inbox) -> None:
        self.name = settings.name
        self.streams: tuple[Stream, ...] = streams_received(settings)
        self._store = opening.store
        self._runtime = opening.runtime
        self._limits = opening.limits or BatchLimits()
        self._inbox = inbox

    def extract(
        self,
        stream: str,
        *,
        run_id: str,
        on_progress: Callable[[Progress], None] | None = None,
        window: TimeWindow | None = None,
        place: Place | None = None,
    ) -> StreamReport:
        """Land what waits of one stream; what evidence holds already, also after a crash, stays as it is.

        Args:
            stream: Name of the stream.
            run_id: The run, as it stands in evidence.
            on_progress: Told after each batch.
            window: Refused: a sender delivers once.
            place: Refused, too.

        Raises:
            PermanentSourceError: There is no such stream, or a delivery is damaged.
        """
        self._check(stream, window, place)
        tally = Tally()
        started = self._runtime.monotonic()
        committer = Committer(
            store=self._store,
            source=self.name,
            stream=stream,
            run_id=run_id,
            clock=self._runtime.clock,
            monotonic=self._runtime.monotonic,
            tally=tally,
            limits=self._limits,
        )
        try:
            for event in self._events(stream):
                committer.take(event)
                if committer.is_full:
                    committer.commit()
                    if on_progress is not None:
                        on_progress(tally.progress(self.name, stream))
        except DamagedInboxError as error:
            committer.abandon_window()
            raise PermanentSourceError(str(error), source=self.name, stream=stream) from error
        finally:
            committer.commit()
        self._inbox.forget_bodies(stream, up_to=self._landed(stream))
        return tally.report(self.name, stream, seconds=self._runtime.monotonic() - started)

    def check(self) -> list[Diagnosis]:
        """How much waits."""
        waiting = self._inbox.count()
        told = ", ".join(f"{count} of {stream}" for stream, count in sorted(waiting.items())) or "nothing"
        return [Diagnosis("inbox", is_ok=True, message=f"{self.name}: {told} waits to be landed.")]

    def estimate(self) -> list[StreamEstimate]:
        """No requests: others send."""
        return [StreamEstimate(stream.name, 0, 0) for stream in self.streams]

    def _check(self, stream: str, window: TimeWindow | None, place: Place | None) -> None:
        known = [each.name for each in self.streams]
        if stream not in known:
            raise PermanentSourceError(
                f"There is no such stream in this source. It has {', '.join(known)}.",
                source=self.name,
                stream=stream,
            )
        if window is not None or place is not None:
            raise PermanentSourceError(
                "What others send cannot be read again, for it came from outside. Ask the sender to deliver "
                "it again, then run.",
                source=self.name,
                stream=stream,
            )

    def _events(self, stream: str) -> Iterator[Event]:
        for delivery in self._inbox.waiting(stream, after=self._landed(stream)):
            yield WindowOpened(
                scope=delivery.event,
                started_at=delivery.received_at,
                parent_key=delivery.delivery_id,
                is_resumable=False,
            )
            yield _page(self.name, delivery)
            yield WindowClosed(cursor={_LANDED: delivery.sequence, _DELIVERY: delivery.delivery_id})

    def _landed(self, stream: str) -> int:
        """The last delivery of this inbox that evidence holds; each cursor was committed with its page.

        An inbox that was lost or restored counts from another place. Cursors that do not fit it count for
        nothing then: a delivery that lands twice is one row, one that is passed over is lost.
        """
        cursors = [split_cursor(state)[0] for state in self._store.cursors(self.name, stream).values()]
        landed = [(each[_LANDED], each[_DELIVERY]) for each in cursors if _DELIVERY in each]
        return max(
            (
                sequence
                for sequence, delivery in landed
                if self._inbox.holds(stream, sequence=sequence, delivery_id=delivery)
            ),
            default=0,
        )


def streams_received(settings: PushSettings) -> tuple[Stream, ...]:
    """The streams that the endpoints bring, in the order in which the endpoints stand."""
    found = dict.fromkeys(STREAM_OF[endpoint.provider].name for endpoint in settings.endpoints)
    by_name = {stream.name: stream for stream in STREAM_OF.values()}
    wanted = settings.streams
    return tuple(by_name[name] for name in found if wanted is None or name in wanted)


def _page(source: str, delivery: Delivery) -> PageArrived:
    place = f"push:{quote(source)}/{quote(delivery.address)}?delivery={quote(delivery.delivery_id, safe='')}"
    return PageArrived(
        url=place,
        status=202,
        headers=delivery.headers,
        fetched_at=delivery.received_at,
        body=delivery.body,
        body_sha256=hashlib.sha256(delivery.body).hexdigest(),
        record_count=1,
        method="POST",
    )
