"""Walk one chain of pages: conditional where possible, on one host, and never without end."""

import hashlib
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import chain
from typing import Any
from urllib.parse import unquote, urlsplit

from connectors.errors import PermanentSourceError
from connectors.events import PageArrived
from connectors.evidence import EvidenceStore, ParentVersion, Validator
from connectors.evidence.record_values import RECORDS_AT
from connectors.http.ahead import Ahead, Guide
from connectors.http.answers import Answer
from connectors.http.listings import Listing, header_of_total, listing_reader
from connectors.http.origin import OWN_HOSTS
from connectors.http.pagers import LinkHeader
from connectors.http.places import parts_of
from connectors.http.redaction import kept_headers, redact_url
from connectors.http.session import Session
from connectors.http.streams import HttpStream, Reading

_EMPTY_PAGES = 10
_FAR_SECONDS = 0.015
_GROWING_AT_THE_END = frozenset({Reading.WHOLE, Reading.PER_PARENT, Reading.PER_CURRENT_PARENT})


@dataclass(frozen=True, slots=True)
class ChainPage:
    """One page of a chain.

    Attributes:
        arrived: What goes to the committer.
        listing: The records, if the body came with this answer; None for a page not modified.
        is_unchanged: Whether it equals the page that the same request gave before.
    """

    arrived: PageArrived
    listing: Listing | None
    is_unchanged: bool

    def leading_to(self, place: str | None) -> "ChainPage":
        """The page with another place for the chain to go on at."""
        return replace(self, arrived=replace(self.arrived, next_place=place))

    def with_findings(
        self,
        *,
        progress: Mapping[str, Any],
        parents: tuple[ParentVersion, ...] = (),
        claimed_total: int | None = None,
    ) -> PageArrived:
        """The page for the committer, with what its reader has learned from it."""
        return replace(self.arrived, progress=progress, parents=parents, claimed_total=claimed_total)


@dataclass(slots=True)
class _Seen:
    """What a chain has met, to notice that it goes round in circles."""

    urls: set[str] = field(default_factory=set)
    bodies: set[str] = field(default_factory=set)
    empty_pages: int = 0


class Chains:
    """Walks chains of one stream.

    Args:
        session: Asks the source.
        store: Knows what earlier requests gave.
        stream: The declaration.
        read: Decodes a body; by default as the declaration says.
    """

    def __init__(
        self,
        session: Session,
        store: EvidenceStore,
        stream: HttpStream,
        read: Callable[[bytes], Listing] | None = None,
    ) -> None:
        self._session = session
        self._store = store
        self._stream = stream
        self._read: Callable[[bytes], Listing] = read or listing_reader(stream)
        self._answer_seconds = 0.0

    def of(
        self,
        stream: HttpStream,
        *,
        read: Callable[[bytes], Listing] | None = None,
        max_attempts: int | None = None,
    ) -> "Chains":
        """The chains of another declaration of the stream, in the same session.

        Args:
            stream: The declaration.
            read: Decodes a body; by default as the declaration says. What it raises is not caught.
            max_attempts: Tries for one page; by default as many as usual.
        """
        session = self._session
        if max_attempts is not None:
            session = replace(session, policy=replace(session.policy, max_attempts=max_attempts))
        return Chains(session, self._store, stream, read)

    async def single(self, place: str) -> ChainPage:
        """One page by itself, whatever it says about others."""
        return await self._page(place)

    def hold(self, seconds: float) -> None:
        """Let no request of the source start for so long, and fewer be under way after that."""
        self._session.pacer.hold(seconds)
        self._session.flights.limited()

    @property
    def is_far(self) -> bool:
        """Whether the last page was waited for so long that it pays to read several at once."""
        return self._answer_seconds >= _FAR_SECONDS

    @property
    def is_unpaced(self) -> bool:
        """Whether no rate bounds the requests, so that a few more cost only time."""
        return self._session.pacer.is_unbounded

    @property
    def clock_skew(self) -> timedelta:
        """How far our clock is ahead of the server's, as the last answer told; none on this machine."""
        skew = self._session.tally.clock_skew_seconds
        if skew is None or self._session.origin.host in OWN_HOSTS:
            return timedelta()
        return timedelta(seconds=skew)

    def url(self, path: str) -> str:
        """The absolute URL of a path."""
        return self._session.origin.url(path)

    def holds(self, url: str) -> bool:
        """Whether the URL is on the configured origin."""
        return self._session.origin.holds(url)

    def stored_listing(self, page: ChainPage) -> Listing:
        """The records of a page, read back from evidence if the source sent no body."""
        if page.listing is not None:
            return page.listing
        if page.arrived.reused is None:
            raise RuntimeError(f"{page.arrived.url} has neither a body nor a held page")
        return self._read(self._store.page(page.arrived.reused).body)

    async def pages(
        self, first: str, *, pages_before: int = 0, guide: Guide | None = None
    ) -> AsyncGenerator[ChainPage, None]:
        """The pages of a chain from a place on.

        Args:
            first: The first page to read: an absolute URL, or a path below the base URL.
            pages_before: Pages that the chain had before a break.
            guide: Knows an order in which nothing moves, so that pages may be asked for ahead; None to go
                from link to link, one page after the other.

        Raises:
            PermanentSourceError: The chain leaves the host, repeats itself or does not end.
        """
        seen = _Seen()
        place: str | None = self.absolute(first)
        count = pages_before
        flights = self._session.flights
        ahead = Ahead(
            self._whole_page,
            allowed=lambda: flights.allowed,
            monotonic=self._session.pacer.monotonic,
        )
        try:
            while place is not None:
                count += 1
                self._check_url(place, seen, count)
                page = await ahead.page(place)
                self._check_content(place, page, seen)
                if guide is not None:
                    page = self._guided(guide, place, page)
                place = page.arrived.next_place
                if guide is not None and place is not None:
                    likely = chain([place], map(self.absolute, guide.likely()))
                    await ahead.look(likely, page_bytes=len(page.arrived.body))
                yield page
        finally:
            await ahead.close()

    def _guided(self, guide: Guide, place: str, page: ChainPage) -> ChainPage:
        """The page, leading to where its guide goes on."""

        def updates() -> list[datetime]:
            return [record.updated_at for record in self.stored_listing(page).records if record.updated_at]

        own, link = page.arrived.next_place, page.arrived.headers.get("link")
        following = guide.following(place, own, link, updates)
        return page if following == own else page.leading_to(following and self.absolute(following))

    def absolute(self, place: str) -> str:
        """A place as an absolute URL."""
        return place if "://" in place else self.url(place)

    async def _whole_page(self, url: str) -> ChainPage:
        asked_at = self._session.pacer.monotonic()
        page = await self._page(url)
        self._answer_seconds = self._session.pacer.monotonic() - asked_at
        if self._may_hide_a_link(page):
            page = await self._page(url, is_conditional=False)
        return page

    async def _page(self, url: str, *, is_conditional: bool = True) -> ChainPage:
        key = request_key(self._session.source, url)
        held = self._store.validator(key)
        conditions = _conditions(held) if is_conditional and self._stream.is_conditional else {}
        target, content = parts_of(url)
        answer, listing = await self._session.get(
            target,
            read=self._read,
            conditions=conditions,
            content=content if self._stream.method == "POST" else None,
        )
        if listing is None and held is not None:
            return self._not_modified(url, answer, held)
        if listing is None:
            raise RuntimeError(f"{redact_url(url)} has no body and nothing is held")
        return self._received(url, answer, listing, held)

    def _received(self, url: str, answer: Answer, listing: Listing, held: Validator | None) -> ChainPage:
        digest = hashlib.sha256(answer.body).hexdigest()
        is_unchanged = held is not None and held.body_sha256 == digest
        next_url = self._next_url(url, answer, len(listing.records))
        key = request_key(self._session.source, url)
        arrived = PageArrived(
            url=redact_url(self._recorded(url)),
            status=answer.status,
            headers=self._kept(answer),
            fetched_at=answer.fetched_at,
            body=b"" if is_unchanged else answer.body,
            body_sha256=digest,
            record_count=len(listing.records),
            reused=_index(held) if held is not None and is_unchanged else None,
            request_key=key if self._is_remembered(next_url) else None,
            etag=answer.header("etag"),
            last_modified=answer.header("last-modified"),
            is_remembered=is_unchanged and _is_same(held, answer, next_url),
            next_place=next_url,
            claimed_total=self._claimed_total(answer, listing),
            method=self._stream.method,
        )
        return ChainPage(arrived, listing, is_unchanged=is_unchanged)

    def _kept(self, answer: Answer) -> dict[str, str]:
        """The headers that evidence keeps, and where the records stand in the body."""
        kept = kept_headers(answer.headers)
        return kept if self._stream.envelope is None else kept | {RECORDS_AT: self._stream.envelope}

    def _recorded(self, place: str) -> str:
        """The URL as evidence keeps it: with the body of a POST, without what only a pager needs."""
        return place if self._stream.method == "POST" else parts_of(place)[0]

    def _claimed_total(self, answer: Answer, listing: Listing) -> int | None:
        name = header_of_total(self._stream)
        text = answer.header(name) if name is not None else None
        return int(text) if text is not None and text.isdigit() else listing.claimed_total

    def _not_modified(self, url: str, answer: Answer, held: Validator) -> ChainPage:
        link = answer.header("link")
        next_url = held.next_url if link is None else self._next_url(url, answer, held.record_count)
        arrived = PageArrived(
            url=redact_url(self._recorded(url)),
            status=answer.status,
            headers=kept_headers(answer.headers),
            fetched_at=answer.fetched_at,
            body=b"",
            body_sha256=held.body_sha256,
            record_count=held.record_count,
            reused=_index(held),
            request_key=held.request_key,
            etag=held.etag,
            last_modified=held.last_modified,
            is_remembered=next_url == held.next_url,
            next_place=next_url,
            method=self._stream.method,
        )
        return ChainPage(arrived, None, is_unchanged=True)

    def _next_url(self, url: str, answer: Answer, record_count: int) -> str | None:
        target = self._stream.pager.following(url, answer, record_count=record_count)
        if target is None:
            return None
        session = self._session
        link, _, content = target.partition("#")
        followed = session.origin.follow(
            link, seen_at=answer.url, source=session.source, stream=session.stream
        )
        if _listing_at(followed) not in {_listing_at(url), _listing_at(answer.url)}:
            raise PermanentSourceError(
                f"The next page of this listing is said to be {redact_url(followed)}, which is another "
                "listing. What came before is kept. Report it to whoever runs the server.",
                source=session.source,
                stream=session.stream,
                page=redact_url(url),
            )
        return f"{followed}#{content}" if content else followed

    def _is_remembered(self, next_url: str | None) -> bool:
        """A next link with a secret in it must not be stored, so such a page is not remembered at all."""
        return next_url is None or redact_url(next_url) == next_url

    def _may_hide_a_link(self, page: ChainPage) -> bool:
        """Whether a page not modified was full and last: new records may stand on a page after it.

        An entity tag covers the body. When a listing grows at its end, past a full last page, that body stays
        and only the `Link` header changes, which a 304 without that header does not show.
        """
        pager = self._stream.pager
        return (
            page.listing is None
            and self._stream.reading in _GROWING_AT_THE_END
            and page.arrived.next_place is None
            and "link" not in page.arrived.headers
            and isinstance(pager, LinkHeader)
            and page.arrived.record_count >= pager.size
        )

    def _check_url(self, url: str, seen: _Seen, count: int) -> None:
        if url in seen.urls:
            raise self._endless(url, "its next link leads back to a page of the same chain")
        if count > self._stream.max_pages:
            raise self._endless(url, f"it has more than {self._stream.max_pages:,} pages")
        seen.urls.add(url)

    def _check_content(self, url: str, page: ChainPage, seen: _Seen) -> None:
        digest = page.arrived.body_sha256
        if page.arrived.record_count == 0:
            seen.empty_pages += 1
            if seen.empty_pages > _EMPTY_PAGES and page.arrived.next_place is not None:
                raise self._endless(url, f"{seen.empty_pages} pages in a row were empty")
            return
        seen.empty_pages = 0
        if digest in seen.bodies:
            raise self._endless(url, "two of its pages are the same, byte for byte")
        seen.bodies.add(digest)

    def _endless(self, url: str, finding: str) -> PermanentSourceError:
        return PermanentSourceError(
            f"The listing does not end: {finding}. The pages before it are kept. Report it to whoever runs "
            "the server; the next run tries again.",
            source=self._session.source,
            stream=self._session.stream,
            page=redact_url(url),
        )


def request_key(source: str, url: str) -> str:
    """The key under which the answer to a request is remembered: sources do not share answers."""
    return hashlib.sha256(f"{source} GET {url}".encode()).hexdigest()


def _listing_at(place: str) -> str:
    """What a URL lists: the last step of its path. The steps before may name the same thing by its id."""
    return unquote(urlsplit(place).path).rstrip("/").rpartition("/")[2]


def _conditions(held: Validator | None) -> dict[str, str]:
    if held is None:
        return {}
    if held.etag:
        return {"if-none-match": held.etag}
    return {"if-modified-since": held.last_modified} if held.last_modified else {}


def _is_same(held: Validator | None, answer: Answer, next_url: str | None) -> bool:
    return held is not None and (held.etag, held.last_modified, held.next_url) == (
        answer.header("etag"),
        answer.header("last-modified"),
        next_url,
    )


def _index(held: Validator) -> int:
    if not isinstance(held.log_index, int):
        raise TypeError("a validator that was read back names its page by log index")
    return held.log_index
