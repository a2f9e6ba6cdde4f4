"""How GitLab's pages follow each other: by its links, or by the last update seen."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

import msgspec

from connectors.http.answers import Answer
from connectors.http.instants import text_of
from connectors.http.pagers import LinkHeader, link_relation, with_parameters


class _Updated(msgspec.Struct):
    updated_at: datetime


_UPDATES = msgspec.json.Decoder(list[_Updated])


@dataclass(frozen=True, slots=True)
class NextPage(LinkHeader):
    """The `Link` header, or `X-Next-Page` where the link names the server as others see it.

    GitLab writes links with the host of its own configuration (`offset_header_builder.rb`), which a client
    inside the network may know by another name.
    """

    def following(self, url: str, answer: Answer, *, record_count: int) -> str | None:
        """The next link, on the host that was asked."""
        del url, record_count
        target = link_relation(answer.header("link"), "next")
        number = answer.header("x-next-page")
        if target is None or not number:
            return target
        is_here = urlsplit(target)[:2] == urlsplit(answer.url)[:2]
        return target if is_here else with_parameters(answer.url, {"page": number})


@dataclass(frozen=True, slots=True)
class UpdatedPages(NextPage):
    """A listing by last update, oldest first, that goes on from the last update seen, not by numbers.

    A record that changes while the listing is read leaves its place, and everything behind it moves up by
    one: the next numbered page then begins one record too late. Asked for "updated at or after the last
    one seen", the server leaves nothing out. Only where a whole page has one and the same instant (a bulk
    change), the numbered page is the way on.
    """

    def following(self, url: str, answer: Answer, *, record_count: int) -> str | None:
        """The listing from the last update on this page."""
        # `super()` without arguments does not work in a class that `slots=True` replaces.
        numbered = NextPage.following(self, url, answer, record_count=record_count)
        if numbered is None:
            return None
        updates = [record.updated_at for record in _UPDATES.decode(answer.body)]
        if not updates or updates[0] == updates[-1]:
            return numbered
        return with_parameters(answer.url, {"updated_after": text_of(updates[-1]), "page": "1"})
