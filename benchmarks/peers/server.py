"""A process that serves one large repository: `python -m benchmarks.peers.server`, told by one line of JSON.

Pages are made from templates of the simulated organisation's own records, blown up to the size of real ones.
It answers after a latency, and refuses as GitHub does who passes 900 points in a minute. It prints its
address; for each further line on its input it prints what was asked so far.
"""

import asyncio
import json
import math
import re
import socket
import sys
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx

from connectors.sandbox import serve, simulate

REPOSITORY = "acme/large"
PULL_REQUEST_BYTES = 17_000
FIRST_SECOND = 1_577_836_800
SECONDS_APART = 600
PAGE = 100
WINDOW_SECONDS = 60.0
_LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")
_LIMITS = {"limit": 100_000, "remaining": 99_999, "reset": 1_999_999_999, "used": 1}
_LISTS = {"pulls": "pull_requests", "issues": "issues", "commits": "commits"}


@dataclass(slots=True)
class Templates:
    """One record of each list, as bytes with places to fill in, and the repository."""

    repository: bytes
    records: dict[str, bytes]

    @classmethod
    def of_sandbox(cls) -> "Templates":
        """Take them from the simulated organisation."""
        with serve(simulate(services=3, months=3)) as server, httpx.Client(trust_env=False) as client:
            base = f"{server.base_url}/repos/acme/checkout"
            repository = client.get(base).json()
            records = {}
            for name in _LISTS:
                listed = client.get(f"{base}/{name}", params={"state": "all", "per_page": 100}).json()
                if name == "issues":
                    listed = [each for each in listed if "pull_request" not in each]
                records[name] = cls._template(name, listed[0])
        text = json.dumps(repository).replace("checkout", REPOSITORY.partition("/")[2])
        return cls(text.encode(), records)

    @staticmethod
    def _template(name: str, record: dict[str, object]) -> bytes:
        record = json.loads(json.dumps(record).replace("acme/checkout", REPOSITORY).replace("%", ""))
        record["node_id"] = "@SHA@"
        if name == "commits":
            record |= {"sha": "@SHA@", "parents": [{"sha": "@PARENT@", "url": "", "html_url": ""}]}
        else:
            record |= {
                "id": "@ID@",
                "number": "@NUMBER@",
                "updated_at": "@AT@",
                "created_at": "@AT@",
                "type": None,
            }
        if name == "pulls":
            record["body"] = "x" * max(0, PULL_REQUEST_BYTES - len(json.dumps(record)))
        text = json.dumps(record, separators=(",", ":"))
        for place in ("ID", "NUMBER"):
            text = text.replace(f'"@{place}@"', f"@{place}@")
        return text.encode()

    def record(self, name: str, number: int) -> bytes:
        """A record by its number; the newest has the highest."""
        at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(FIRST_SECOND + number * SECONDS_APART))
        parent = f"{number - 1:040x}" if number > 1 else ""
        values = {
            b"@ID@": str(number + 10_000_000 * len(name)),
            b"@NUMBER@": str(number),
            b"@AT@": at,
            b"@SHA@": f"{number:040x}",
            b"@PARENT@": parent,
        }
        text = re.sub(rb"@[A-Z]+@", lambda found: values[found.group()].encode(), self.records[name])
        if name == "commits" and number == 1:
            text = text.replace(b'"parents":[{"sha":"","url":"","html_url":""}]', b'"parents":[]')
        return text


@dataclass(slots=True)
class LargeRepository:
    """Answers requests about the repository.

    Attributes:
        templates: What records look like.
        counts: Records of each list.
        latency_seconds: How long every answer takes.
        points_per_minute: After so many requests in a minute the next ones are refused; None for no limit.
    """

    templates: Templates
    counts: dict[str, int]
    latency_seconds: float
    points_per_minute: int | None
    requests: int = 0
    refused: int = 0
    body_bytes: int = 0
    first_at: float = 0.0
    last_at: float = 0.0
    _times: deque[float] = field(default_factory=deque)
    _records: dict[str, list[bytes]] = field(default_factory=dict)

    def prepare(self) -> None:
        """Make all records beforehand where they fit into memory, so that nobody waits for them."""
        for name, count in self.counts.items():
            self._records[name] = [self.templates.record(name, number) for number in range(1, count + 1)]

    def answer(self, target: str) -> tuple[int, bytes, dict[str, str]]:
        """Status, body and headers for a path and query."""
        now = time.monotonic()
        self.first_at = self.first_at or now
        self.last_at = now
        self.requests += 1
        if self._is_over(now):
            self.refused += 1
            body = b'{"message": "You have exceeded a secondary rate limit."}'
            return 403, body, {"retry-after": "60"}
        parts = urlsplit(target)
        path = parts.path.rstrip("/")
        if path == "/rate_limit":
            return 200, b'{"resources":{"core":{"limit":100000,"remaining":99999,"reset":1999999999}}}', {}
        if path == "/graphql":
            known = {"nameWithOwner": REPOSITORY, "databaseId": 1}
            return 200, json.dumps({"data": {"repo0": known, "rateLimit": {"cost": 1}}}).encode(), {}
        if path == f"/repos/{REPOSITORY}":
            return 200, self.templates.repository, {}
        name = path.rpartition("/")[2]
        if not path.startswith(f"/repos/{REPOSITORY}/") or name not in _LISTS:
            return 404, b'{"message": "Not Found"}', {}
        return self._list(name, path, dict(parse_qsl(parts.query)))

    def _is_over(self, now: float) -> bool:
        if self.points_per_minute is None:
            return False
        while self._times and self._times[0] <= now - WINDOW_SECONDS:
            self._times.popleft()
        self._times.append(now)
        return len(self._times) > self.points_per_minute

    def _list(self, name: str, path: str, query: dict[str, str]) -> tuple[int, bytes, dict[str, str]]:
        size = min(PAGE, int(query.get("per_page", "30")))
        place = "after" if name == "issues" else "page"  # issues are linked by cursor
        page = int(query.get(place, "1"))
        is_rising = query.get("direction") == "asc"
        before = self._count_before(query["since"]) if "since" in query else 0
        body = self._page(name, page, size, is_rising=is_rising, before=before)
        self.body_bytes += len(body)
        headers = {}
        if before + page * size < self.counts[name]:
            numbers = {"next": page + 1}
            if place == "page":  # a cursor leads to one page only
                numbers["last"] = -(-self.counts[name] // size)
            headers["link"] = ", ".join(
                f'<{{host}}{path}?{urlencode({**query, place: number})}>; rel="{relation}"'
                for relation, number in numbers.items()
            )
        return 200, body, headers

    @staticmethod
    def _count_before(since: str) -> int:
        """How many records were updated before an instant."""
        instant = datetime.fromisoformat(since).timestamp()
        return max(0, math.ceil((instant - FIRST_SECOND) / SECONDS_APART) - 1)

    def _page(self, name: str, page: int, size: int, *, is_rising: bool = False, before: int = 0) -> bytes:
        """A page, newest first unless asked for the other way."""
        count = self.counts[name]
        first = count - (page - 1) * size
        numbers = range(first, max(before, first - size), -1)
        if is_rising:
            numbers = range(before + (page - 1) * size + 1, min(count, before + page * size) + 1)
        held = self._records.get(name)
        records = [held[each - 1] if held else self.templates.record(name, each) for each in numbers]
        return b"[" + b",".join(records) + b"]"

    def told(self) -> dict[str, float]:
        """What was asked so far."""
        return {
            "requests": self.requests,
            "refused": self.refused,
            "bytes": self.body_bytes,
            "seconds": self.last_at - self.first_at,
        }

    def forget(self) -> None:
        """Begin to count anew."""
        self.requests = self.refused = self.body_bytes = 0
        self.first_at = self.last_at = 0.0
        self._times.clear()


class Connection(asyncio.Protocol):
    """One connection, one request after the other."""

    def __init__(self, repository: LargeRepository) -> None:
        self._repository = repository
        self._buffer = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where answers go."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer each whole request."""
        self._buffer += data
        while b"\r\n\r\n" in self._buffer:
            head, rest = self._buffer.split(b"\r\n\r\n", 1)
            length = _LENGTH.search(head)
            size = int(length[1]) if length else 0
            if len(rest) < size:
                return
            self._buffer = rest[size:]
            loop = asyncio.get_running_loop()
            loop.call_later(self._repository.latency_seconds, self._answer, head)

    def _answer(self, head: bytes) -> None:
        assert self._transport is not None
        lines = head.decode("latin-1").split("\r\n")
        target = lines[0].split(" ")[1]
        host = next(line[6:].strip() for line in lines[1:] if line.lower().startswith("host:"))
        status, body, headers = self._repository.answer(target)
        shown = "".join(f"{name}: {text}\r\n" for name, text in headers.items()).replace(
            "{host}", f"http://{host}"
        )
        limits = "".join(f"x-ratelimit-{name}: {text}\r\n" for name, text in _LIMITS.items())
        first = f"HTTP/1.1 {status} {'OK' if status == 200 else 'Refused'}\r\n"  # noqa: PLR2004 - OK
        kind = "content-type: application/json\r\n"
        whole = f"{first}{kind}{limits}{shown}content-length: {len(body)}\r\n\r\n".encode() + body
        self._transport.write(whole)


def main() -> None:
    """Serve until the input ends."""
    told = json.loads(sys.stdin.readline())
    repository = LargeRepository(
        Templates.of_sandbox(), told["counts"], told["latency_seconds"], told["points_per_minute"]
    )
    if told["prepare"]:
        repository.prepare()
    asyncio.run(_serve(repository))


async def _serve(repository: LargeRepository) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(repository), "127.0.0.1", 0, family=socket.AF_INET)
    print(json.dumps({"base_url": f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"}), flush=True)
    over = asyncio.Event()

    def listen() -> None:
        for _ in sys.stdin:
            print(json.dumps(repository.told()), flush=True)
            repository.forget()
        loop.call_soon_threadsafe(over.set)

    threading.Thread(target=listen, daemon=True).start()
    await over.wait()


if __name__ == "__main__":
    main()
