"""Readers' views: a name in somebody else's record is in nothing that a subject or the public sees."""

import json
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import prov.model
import pytest

from lineage.errors import TraceInputError
from lineage.trace import Own, Trace, View, as_seen, prov_document
from lineage.trace.evidence import record_sha256
from lineage.trace.views import impersonal_url, outline_of
from orchestration.screens.trace import trace_lines
from orchestration.screens.trace_page import trace_page
from tests.lineage.trace.world import World

CANARY = "Quetzalcoatl Canary"
SPELLINGS: dict[str, Callable[[Trace], str]] = {
    "text": lambda found: "\n".join(trace_lines(found, most_facts=99, most_records=99)),
    "json": lambda found: json.dumps(found.to_document(), ensure_ascii=False),
    "prov": lambda found: json.dumps(prov_document(found), ensure_ascii=False),
    "html": trace_page,
}
PLACES: dict[str, Any] = {
    "login": {"user": {"login": CANARY}},
    "title": {"title": f"as {CANARY} said"},
    "state": {"state": CANARY},
    "time": {"created_at": CANARY},
    "commit": {"sha": CANARY},
    "number": {"number": CANARY},
    "flag": {"draft": CANARY},
    "key": {CANARY: "2026-05-01"},
    "list": {"assignees": [{"name": CANARY}]},
    "text": f"author {CANARY} <a@acme.test>",
}


def planted(world: World, value: Any) -> Trace:
    """A trace whose every record, page and foreign fact names somebody."""
    found = world.trace("change_lead_time", "service:shop", "2026-05")
    records = tuple(
        replace(one, value=value, is_text=isinstance(value, str), redacted_paths=(f"$.{CANARY}",))
        for one in found.records
    )
    slug = CANARY.replace(" ", "%20")
    pages = tuple(
        replace(
            one, url=f"https://{slug}@api.test/users/{slug}/events?author={slug}&page=2", parent_key=CANARY
        )
        for one in found.pages
    )
    facts = tuple(replace(one, key=f"{CANARY} {one.key}", columns={"who": CANARY}) for one in found.facts)
    return replace(found, records=records, pages=pages, facts=facts)


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("view", [View.SHARED, View.SUBJECT])
def test_a_name_in_others_records_shows_nowhere(
    still_world: World, view: View, place: str, spelling: str
) -> None:
    found = planted(still_world, PLACES[place])
    own = Own(fact_keys=frozenset({"of somebody"})) if view is View.SUBJECT else None
    if view is View.SHARED:
        found = replace(found, facts=())  # published facts hold no names: what is published is shown
    assert CANARY in SPELLINGS[spelling](found) or spelling == "prov"  # else the test could not fail
    seen = SPELLINGS[spelling](as_seen(found, view, own=own))
    assert CANARY not in seen
    assert CANARY.replace(" ", "%20") not in seen


@pytest.mark.parametrize("spelling", ["text", "json", "prov", "html"])
def test_a_subject_sees_own_records_in_full(still_world: World, spelling: str) -> None:
    found = planted(still_world, PLACES["login"])
    mine = found.records[0]
    own = Own(record_ids=frozenset({mine.record_id}), fact_keys=frozenset({found.facts[0].key}))
    seen = as_seen(found, View.SUBJECT, own=own)
    assert CANARY in SPELLINGS[spelling](seen)
    assert seen.records[0] == mine
    assert {one.visibility for one in seen.records[1:]} == {"hash"}
    assert [one.columns for one in seen.facts[1:]] == [{}] * (len(found.facts) - 1)
    assert seen.facts[0] == found.facts[0]
    assert seen.hidden is not None
    assert (seen.hidden.fact_count, seen.hidden.record_count) == (
        len(found.facts) - 1,
        len(found.records) - 1,
    )


def test_counts_and_hashes_stay_whatever_the_view(still_world: World) -> None:
    found = still_world.trace("change_lead_time", "service:shop", "2026-05")
    for view in (View.SHARED, View.SUBJECT):
        seen = as_seen(found, view, own=Own())
        assert [one.sha256 for one in seen.records] == [record_sha256(one.value) for one in found.records]
        assert (seen.contributing_ids, len(seen.facts)) == (found.contributing_ids, len(found.facts))
        assert seen.is_proven
    assert as_seen(found, View.AUDITOR).records == found.records


def test_a_persons_own_number_is_not_for_sharing_and_a_subject_is_named(still_world: World) -> None:
    found = still_world.trace("change_lead_time", "service:shop", "2026-05")
    own = replace(found, cell=replace(found.cell, scope_kind="person", scope_id="p_1"))
    with pytest.raises(TraceInputError, match="for that person"):
        as_seen(own, View.SHARED)
    with pytest.raises(TraceInputError, match="--as"):
        as_seen(own, View.SUBJECT)


def test_an_outline_keeps_what_names_nobody() -> None:
    record = {
        "sha": "a" * 40,
        "state": "merged",
        "created_at": "2026-05-01T10:00:00Z",
        "number": 7,
        "draft": False,
        "user": {"login": "ada"},
        "title": "Ada's change",
        "additions": True,
    }
    assert outline_of(record) == {
        "created_at": "2026-05-01T10:00:00Z",
        "draft": False,
        "number": 7,
        "sha": "a" * 40,
        "state": "merged",
    }
    assert outline_of([record]) == {}


@pytest.mark.parametrize(
    ("url", "seen"),
    [
        (
            "https://api.test/repos/acme/shop/pulls?page=2&state=all",
            "https://api.test/repos/acme/shop/pulls?page=2&state=all",
        ),
        ("https://api.test/users/ada/events?page=1", "https://api.test/users/…/events?page=1"),
        ("https://ada:secret@api.test/x#ada", "https://api.test/x"),
        (
            "https://api.test/search?jql=assignee%3Dada&since=2026-05-01T00:00:00Z",
            "https://api.test/search?since=2026-05-01T00:00:00Z",
        ),
        ("https://api.test/x?page=ada", "https://api.test/x?page=…"),
    ],
)
def test_an_address_keeps_what_names_nobody(url: str, seen: str) -> None:
    assert impersonal_url(url) == seen


@pytest.mark.parametrize("view", list(View))
@pytest.mark.parametrize(
    ("metric", "period"), [("change_lead_time", "2026-05"), ("deployment_frequency", "2026-06")]
)
def test_others_read_the_provenance_as_prov(still_world: World, view: View, metric: str, period: str) -> None:
    found = as_seen(still_world.trace(metric, "service:shop", period), view, own=Own())
    spelled = json.dumps(prov_document(found))
    document = prov.model.ProvDocument.deserialize(content=spelled, format="json")
    kinds = [type(record).__name__ for record in document.get_records()]
    facts, records, pages = len(found.facts), len(found.records), len(found.pages)
    windows = sum(len(one.windows) for one in found.coverage)
    assert kinds.count("ProvEntity") == 3 + facts + records + 2 * pages + windows
    assert kinds.count("ProvActivity") == 2 + pages
    assert kinds.count("ProvGeneration") == 2 + facts + pages
    assert json.loads(document.serialize(format="json")).keys() == json.loads(spelled).keys()
    named = {str(record.identifier) for record in document.get_records() if record.identifier is not None}
    ends = {
        str(value)
        for record in document.get_records()
        if record.is_relation()
        for name, value in record.formal_attributes
        if value is not None and str(name) != "prov:time"
    }
    assert ends <= named  # no relation leads to something that is not there


def test_a_terminal_shows_a_zero_in_full_and_no_day_where_a_view_has_none(world: World) -> None:
    found = planted(world, {"state": "open"})
    cell = replace(found.cell, value=Decimal("0E-9"))
    again = replace(found.recomputed, value=Decimal("0E-9"))
    facts = tuple(replace(one, key="sha256 ab", event_at=None, measure=None) for one in found.facts)
    shown = "\n".join(trace_lines(replace(found, cell=cell, recomputed=again, facts=facts)))
    assert "(0.000000000 " in shown
    assert "E-9" not in shown
    assert "at None" not in shown
