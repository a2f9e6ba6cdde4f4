"""The page, as a browser shows it: it checks its own proofs, needs no network, and fits a phone."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from lineage.trace import Own, Trace, View, as_seen
from orchestration.screens.trace_page import trace_page
from tests.lineage.trace.world import World
from tests.orchestration.browser import CHROMIUM, browser

needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
_CHECK = "document.getElementById('check')"
_CHECKED = f"/good|bad/.test({_CHECK}.className) && {_CHECK}.textContent"


def lead_time(world: World) -> Trace:
    return as_seen(world.trace("change_lead_time", "service:shop", "2026-05"), View.SHARED)


def shown(page: str, tmp_path: Path, *, width: int) -> tuple[str, float]:
    """What the page says of its proofs once its script has run, and how wide it is beyond the window."""
    file = tmp_path / "trace.html"
    file.write_text(page, encoding="utf-8")
    with browser(tmp_path) as opened:
        opened.open(file, width=width)
        said = str(opened.wait_for(_CHECKED))
        return said, opened.value("document.documentElement.scrollWidth - window.innerWidth")


def test_the_page_says_number_sentence_events_records_bytes_and_proof(still_world: World) -> None:
    page = trace_page(lead_time(still_world))
    assert "2.8 min" in re.sub(r"<[^>]+>", "", page)
    for text in ("What it says.", "c3", "makes the number", "sha256", "deployments?page=", "assay verify"):
        assert text in page
    assert [
        page.count(f'<h2 id="{one}"') for one in ("how", "events", "against", "records", "bytes", "proof")
    ] == [1] * 6
    assert not re.search(r"(src|href)=[\"']?(https?:)?//", page)


def test_what_a_source_writes_cannot_become_part_of_the_page(still_world: World) -> None:
    found = still_world.trace("change_lead_time", "service:shop", "2026-05")
    hostile = "</script><script>alert(1)</script><img src=x onerror=alert(1)>"
    records = tuple(replace(one, value={"title": hostile}, is_text=False) for one in found.records)
    proof = replace(found.pages[0].proof, leaf=hostile) if found.pages[0].proof else None
    pages = (replace(found.pages[0], url=hostile, proof=proof), *found.pages[1:])
    page = trace_page(as_seen(replace(found, records=records, pages=pages), View.AUDITOR))
    assert "<script>alert" not in page
    assert "<img" not in page


@needs_chromium
@pytest.mark.parametrize("width", [1100, 390])
def test_a_browser_walks_every_proof_by_itself(still_world: World, tmp_path: Path, width: int) -> None:
    found = lead_time(still_world)
    said, overflow = shown(trace_page(found), tmp_path, width=width)
    assert f"all {len(found.pages)} proofs" in said
    assert overflow <= 0


@needs_chromium
def test_a_browser_sees_a_leaf_that_is_not_in_the_log(still_world: World, tmp_path: Path) -> None:
    found = lead_time(still_world)
    proof = found.pages[0].proof
    assert proof is not None
    forged = replace(found.pages[0], proof=replace(proof, leaf=proof.leaf.replace("1", "2")))
    said, _ = shown(trace_page(replace(found, pages=(forged, *found.pages[1:]))), tmp_path, width=1100)
    assert f"only {len(found.pages) - 1} of {len(found.pages)}" in said


def test_an_empty_number_says_who_looked_and_where_nobody_did(world: World) -> None:
    whole = as_seen(world.trace("deployment_frequency", "service:shop", "2026-06"), View.SHARED, own=Own())
    assert "all of the period" in trace_page(whole)
    world.change("update evidence.fetch_windows set started_at = timestamptz '2026-06-10 00:00:00+00'")
    partly = as_seen(world.trace("deployment_frequency", "service:shop", "2026-06"), View.SHARED)
    assert "nobody looked from 2026-06-10 00:00 to 2026-07-01 00:00" in trace_page(partly)
    world.change("delete from evidence.fetch_windows")
    none = as_seen(world.trace("deployment_frequency", "service:shop", "2026-06"), View.SHARED)
    assert "No fetch is known to have looked" in trace_page(none)
