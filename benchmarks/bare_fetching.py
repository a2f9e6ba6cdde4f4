"""A process that fetches the same addresses with nothing around httpx, and keeps nothing.

`python -m benchmarks.bare_fetching` reads one address a line from its input.
"""

import asyncio
import json
import sys
from collections.abc import Iterator

import httpx

from benchmarks.measuring import peak_megabytes, stopwatch

TOGETHER = 16


async def fetch(addresses: list[str], token: str) -> int:
    """Fetch them all, so many together, and return the bytes of their bodies."""
    waiting = iter(addresses)
    limits = httpx.Limits(max_connections=TOGETHER, max_keepalive_connections=TOGETHER)
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(headers=headers, limits=limits, timeout=60, trust_env=False) as client:
        counts = await asyncio.gather(*(_work(client, waiting) for _ in range(TOGETHER)))
    return sum(counts)


async def _work(client: httpx.AsyncClient, waiting: Iterator[str]) -> int:
    total = 0
    for address in waiting:
        answer = await client.get(address)
        answer.raise_for_status()
        total += len(answer.content)
    return total


def main(token: str) -> None:
    """Print how many bytes came, in how many seconds, in how much memory."""
    addresses = sys.stdin.read().split()
    with stopwatch() as watch:
        total = asyncio.run(fetch(addresses, token))
    print(json.dumps({"bytes": total, "seconds": watch.seconds, "peak": peak_megabytes()}))


if __name__ == "__main__":
    main(sys.argv[1])
