"""Fetching over HTTP and from clones, beside httpx and git with nothing around them."""

import json
import sys
from collections.abc import Iterator
from typing import Any

import duckdb

from benchmarks.figures import Figure
from benchmarks.house import TOKEN, House
from benchmarks.measuring import MEGABYTE, Finished, run_process, stopwatch

MOST_BARE_REQUESTS = 20_000
LOG_FORMAT = "--format=%x1e%H%x1f%P%x1f%an%x1f%ae%x1f%aI%x1f%cn%x1f%ce%x1f%cI%x1f%B%x1f"


def measure(factor: int) -> Iterator[Figure]:
    """Fetch everything, fetch it again without news, and fetch the same addresses barely."""
    house = House(factor)
    with house.server(at=house.last_day_begins) as server:
        workspace = house.lay_out(server.base_url)
        program = [sys.executable, "-m", "benchmarks.one_extraction", str(workspace.root)]
        first = json.loads(run_process(program, environment=house.environment).output)
        again = json.loads(run_process(program, environment=house.environment).output)
        addresses = _addresses(house)
        bare = json.loads(_bare(addresses).output)
    house.mark_as_fetched()
    yield from _first_reading(first, bare, len(addresses))
    yield from _second_reading(again)
    yield from _git(house, first)


def _first_reading(first: dict[str, Any], bare: dict[str, Any], addresses: int) -> Iterator[Figure]:
    reports = [report for report in first["reports"] if report["source"] == "github"]
    records = sum(report["records"] for report in reports)
    requests = sum(report["requests"] for report in reports)
    seconds = first["seconds"]["github"]
    bare_rate = addresses / bare["seconds"]
    yield Figure("records over HTTP", records, "records")
    yield Figure("requests over HTTP", requests, "requests")
    yield Figure("requests a thousand records", 1000 * requests / records, "requests")
    yield Figure("records", records / seconds, "records/s")
    yield Figure("requests", requests / seconds, "requests/s", bare_rate, "a bare httpx loop, same addresses")
    total = sum(report["bytes"] for report in reports)
    yield Figure("bodies", total / seconds / MEGABYTE, "MB/s")
    yield Figure("memory before the first request", first["peak_before"], "MB")
    yield Figure("peak memory while fetching", first["peak"], "MB", bare["peak"], "a bare httpx loop")


def _second_reading(again: dict[str, Any]) -> Iterator[Figure]:
    reports = [report for report in again["reports"] if report["source"] == "github"]
    yield Figure("second reading: requests", sum(report["requests"] for report in reports), "requests")
    yield Figure(
        "second reading: not modified", sum(report["not_modified"] for report in reports), "requests"
    )
    yield Figure("second reading: new pages", sum(report["pages"] for report in reports), "pages")
    yield Figure("second reading", again["seconds"]["github"], "s")


def _git(house: House, first: dict[str, Any]) -> Iterator[Figure]:
    commits = sum(r["records"] for r in first["reports"] if (r["source"], r["stream"]) == ("git", "commits"))
    clones = sorted(house.git("extracted").glob("*/*.git"))
    with stopwatch() as watch:
        for clone in clones:
            run_process(["git", "-C", str(clone), "log", "main", "--name-only", LOG_FORMAT])
    yield Figure(
        "commits from clones",
        commits / first["seconds"]["git"],
        "commits/s",
        commits / watch.seconds,
        "git log into a file",
    )


def _addresses(house: House) -> list[str]:
    """The addresses that were fetched, in their order; of very many, every so-manieth."""
    files = str(house.workspace("extracted").evidence / "github" / "*" / "*.parquet")
    with duckdb.connect() as con:
        rows = con.execute(f"select url from read_parquet('{files}') order by log_index").fetchall()
    step = len(rows) // MOST_BARE_REQUESTS + 1
    return [url for (url,) in rows[::step]]


def _bare(addresses: list[str]) -> Finished:
    return run_process([sys.executable, "-m", "benchmarks.bare_fetching", TOKEN], given="\n".join(addresses))
