"""Models that are written from declarations: what they read, what they count as lost, how they combine."""

import dataclasses
import math
import random
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.streams import Account, Column
from orchestration.staging_models import differences, render, write_files
from orchestration.staging_models.paths import Path as RecordPath
from orchestration.staging_models.paths import parse_path
from orchestration.staging_models.staged_stream_plan import StagedStreamPlan
from tests.dbt_project import made_up_kind as made_up
from tests.dbt_project.made_up_kind import bare_project, made_up_book, made_up_warehouse
from tests.dbt_project.warehouse import EvidenceBook, Warehouse

SHOP = "SHOP"
MODELS = ("assay.staging.tracker", "stg_unparsed_pages")


@pytest.fixture
def book(tmp_path: Path) -> EvidenceBook:
    return made_up_book(tmp_path)


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    return made_up_warehouse(tmp_path / "warehouse")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def ticket(number: int, *, updated: str = "2026-01-05T10:00:00.000+0100", **fields: Any) -> dict[str, Any]:
    held = {
        "updated": updated,
        "created": "2026-01-05T09:00:00+01:00",
        "status": {"category": {"key": "done"}},
        "estimate": 3,
        "score": "2.5",
        "open": False,
        "due": "2026-02-01",
        "started": 1767607200,
        "ended": 1767607260500,
        "labels": ["a", "b"],
        "components": [{"name": "till"}, {"name": "web"}],
        "parts": [{"teams": [{"slug": "pay"}, {"slug": "shop"}]}, {"teams": []}, {"teams": None}],
        "sprint": {"id": 7, "name": "Seven"},
        "pair": [1.5, "x"],
        "assignee": person("5b10:a"),
        "reporter": "5b10:b",
        "watchers": [person("5b10:c"), person("5b10:a")],
    }
    return {"id": number, "fields": held | fields}


def person(account: str, **more: Any) -> dict[str, Any]:
    named = {"accountId": account, "login": f"zebra-{account}", "displayName": "Quentin Zebrastripe"}
    return named | {"emailAddress": "Zebrastripe@Example.com", "accountType": "atlassian"} | more


def tickets(*records: dict[str, Any]) -> dict[str, Any]:
    return {"data": {"tickets": list(records), "total": len(records)}, "self": "x"}


def land(book: EvidenceBook, stream: str, scope: str, *bodies: Any, parent: str | None = None) -> list[int]:
    return book.land(stream, scope, *bodies, parent=parent, source="tracker")


def built(warehouse: Warehouse, book: EvidenceBook, *, command: str = "run") -> Warehouse:
    warehouse.build(book.evidence(), command=command, select=MODELS)
    return warehouse


def test_every_type_of_column_is_read(book: EvidenceBook, warehouse: Warehouse) -> None:
    land(book, "tickets", SHOP, tickets(ticket(1)))
    row = built(warehouse, book, command="build").row("from staging.stg_tracker__tickets")
    people = {name: row.pop(name) for name in ("assignee_token", "reporter_token", "watcher_tokens")}
    assert row == {
        "source": "tracker",
        "ticket_id": 1,
        "project_key": SHOP,
        "status_category": "done",
        "estimate_count": 3,
        "score": 2.5,
        "is_open": False,
        "due_date": date(2026, 2, 1),
        "created_at": at("2026-01-05T08:00:00"),
        "updated_at": at("2026-01-05T09:00:00"),
        "started_at": at("2026-01-05T10:00:00"),
        "ended_at": at("2026-01-05T10:01:00.500"),
        "labels": ["a", "b"],
        "component_names": ["till", "web"],
        "team_slugs": ["pay", "shop"],
        "sprint": '{"id":7,"name":"Seven"}',
        "sprint_id": 7,
        "first_value": 1.5,
        "is_assignee_bot": False,
        "is_reporter_bot": False,
        "record_id": 0,
        "source_updated_at": at("2026-01-05T09:00:00"),
        "cast_loss_count": 0,
    }
    assert people["assignee_token"].startswith("p_")
    assert people["watcher_tokens"][1] == people["assignee_token"]
    assert len({people["assignee_token"], people["reporter_token"], *people["watcher_tokens"]}) == 3


FORMS: list[tuple[dict[str, Any], str, Any]] = [
    ({"updated": "2026-01-05T10:00:00Z"}, "updated_at", at("2026-01-05T10:00:00")),
    ({"updated": "2026-01-05T10:00:00.25-0730"}, "updated_at", at("2026-01-05T17:30:00.250")),
    ({"updated": "2026-01-05T10:00:00"}, "updated_at", at("2026-01-05T10:00:00")),
    ({"started": "1767607200.125"}, "started_at", at("2026-01-05T10:00:00.125")),
    ({"started": 1767607200.125}, "started_at", at("2026-01-05T10:00:00.125")),
    ({"ended": "1767607200000"}, "ended_at", at("2026-01-05T10:00:00")),
    ({"score": "+Inf"}, "score", math.inf),
    ({"score": "-Infinity"}, "score", -math.inf),
    ({"score": 7}, "score", 7.0),
    ({"estimate": "4.0"}, "estimate_count", 4),
    ({"open": "true"}, "is_open", True),
    ({"labels": None}, "labels", []),
    ({"sprint": None}, "sprint", None),
    ({"sprint": "text"}, "sprint", '"text"'),
    ({"pair": []}, "first_value", None),
]


def test_a_value_has_more_than_one_form(book: EvidenceBook, warehouse: Warehouse) -> None:
    land(
        book, "tickets", SHOP, tickets(*(ticket(number, **form) for number, (form, _, _) in enumerate(FORMS)))
    )
    built(warehouse, book)
    for number, (form, column, value) in enumerate(FORMS):
        row = warehouse.row(f"from staging.stg_tracker__tickets where ticket_id = {number}")
        assert (row[column], row["cast_loss_count"]) == (value, 0), form


DRIFTED: list[dict[str, Any]] = [
    {"estimate": "three"},
    {"estimate": 2.5},
    {"estimate": 99999999999},
    {"score": "much"},
    {"open": "perhaps"},
    {"due": "soon"},
    {"created": 1767607200},
    {"updated": "yesterday"},
    {"started": "2026-01-05T10:00:00Z"},
    {"started": 1e30},
    {"ended": {"at": 1}},
    {"status": "done"},
    {"status": None},
    {"status": {"category": ["done"]}},
    {"labels": "a"},
    {"labels": {"0": "a"}},
    {"labels": ["a", None]},
    {"components": ["till"]},
    {"components": [{"title": "till"}]},
    {"parts": {"teams": []}},
    {"sprint": {"id": "seven"}},
    {"pair": ["x"]},
    {"assignee": "somebody"},
    {"assignee": {"displayName": "Quentin"}},
    {"watchers": "everybody"},
    {"watchers": [{"displayName": "Quentin"}]},
]


def test_what_is_of_another_type_than_declared_is_counted_once(
    book: EvidenceBook, warehouse: Warehouse
) -> None:
    land(book, "tickets", SHOP, tickets(*(ticket(at, **change) for at, change in enumerate(DRIFTED))))
    rows = built(warehouse, book).rows(
        "select ticket_id, cast_loss_count from staging.stg_tracker__tickets order by 1"
    )
    assert [(DRIFTED[number], losses) for number, losses in rows] == [(drift, 1) for drift in DRIFTED]


def test_what_is_absent_or_null_is_not_lost(book: EvidenceBook, warehouse: Warehouse) -> None:
    nulls = dict.fromkeys(ticket(1)["fields"]) | {"status": {"category": {"key": "new"}}}
    bare = {"id": 2, "fields": {"status": {"category": {"key": "new"}}}}
    land(book, "tickets", SHOP, tickets({"id": 1, "fields": nulls}, bare))
    rows = built(warehouse, book).rows("select cast_loss_count, labels from staging.stg_tracker__tickets")
    assert rows == [(0, []), (0, [])]


def test_a_score_that_is_no_number_stays_one(book: EvidenceBook, warehouse: Warehouse) -> None:
    land(book, "tickets", SHOP, tickets(ticket(1, score="NaN")))
    row = built(warehouse, book).row("from staging.stg_tracker__tickets")
    assert math.isnan(row["score"])
    assert row["cast_loss_count"] == 0


PAGES: list[tuple[Any, int, int]] = [
    ({"data": {"tickets": []}}, 0, 0),
    ({"data": {"tickets": None}}, 0, 0),
    ({"data": {"tickets": ticket(1)}}, 1, 0),
    ([ticket(2)], 1, 0),
    ({"data": {}}, 0, 1),
    ({"data": None}, 0, 1),
    ({"tickets": [ticket(3)]}, 0, 1),
    ({"data": {"tickets": "none"}}, 0, 1),
    ({"data": {"tickets": [None, ticket(4)]}}, 1, 1),
    ({"data": {"tickets": [{"fields": {}}]}}, 0, 1),
    (b"", 0, 0),
    (b"<html>", 0, 1),
    (b"\xff", 0, 1),
]


def test_a_page_gives_its_records_or_is_listed(book: EvidenceBook, warehouse: Warehouse) -> None:
    for number, (body, _, _) in enumerate(PAGES):
        land(book, "tickets", f"scope {number}", body)
    built(warehouse, book)
    staged = dict(warehouse.rows("select project_key, count(*) from staging.stg_tracker__tickets group by 1"))
    listed = dict(warehouse.rows("select scope, unreadable_record_count from staging.stg_unparsed_pages"))
    for number, (body, rows, unreadable) in enumerate(PAGES):
        scope = f"scope {number}"
        assert (staged.get(scope, 0), listed.get(scope, 0)) == (rows, unreadable), body


def test_keys_of_several_parts_tell_records_apart(book: EvidenceBook, warehouse: Warehouse) -> None:
    def reading(gauge: str, instant: float, value: Any) -> dict[str, Any]:
        return {"gauge": {"name": gauge}, "at": instant, "value": value}

    first = [reading("a", 10, 1), reading("a", 10.5, 2), reading("b", 10, "NaN"), reading("a", "10.0", 3)]
    land(book, "readings", "east", {"readings": first})
    land(book, "readings", "west", {"readings": [reading("a", 10, 4)]})
    rows = built(warehouse, book).rows(
        "select site, gauge_name, epoch(read_at), value::varchar "
        "from staging.stg_tracker__readings order by all"
    )
    assert rows == [
        ("east", "a", 10.0, "3.0"),
        ("east", "a", 10.5, "2.0"),
        ("east", "b", 10.0, "nan"),
        ("west", "a", 10.0, "4.0"),
    ]


def test_an_appended_record_stays_as_it_was_first_read(book: EvidenceBook, warehouse: Warehouse) -> None:
    author = {"email": " Zebrastripe@Example.com ", "name": "Quentin Zebrastripe"}
    land(book, "entries", SHOP, [{"number": 1, "field": "status", "author": author}], parent="7")
    built(warehouse, book)
    land(
        book, "entries", SHOP, [{"number": 1, "field": "other"}, {"number": 2, "author": author}], parent="7"
    )
    land(book, "entries", SHOP, [{"number": 1, "field": "status"}], parent="8")
    rows = built(warehouse, book).rows(
        "select ticket_id, number, field_name, author_token is not null, cast_loss_count "
        "from staging.stg_tracker__entries order by 1, 2"
    )
    assert rows == [(7, 1, "status", True, 0), (7, 2, None, True, 0), (8, 1, "status", False, 0)]


def test_the_newest_complete_set_is_the_set(book: EvidenceBook, warehouse: Warehouse) -> None:
    def seats(*holders: str) -> dict[str, Any]:
        return {"seats": [{"rank": rank, "user": {"id": each}} for rank, each in enumerate(holders)]}

    query = "select project_key, ticket_id, rank from staging.stg_tracker__seats order by all"
    land(book, "seats", SHOP, seats("x", "y"), seats("x"), parent="1")
    land(book, "seats", SHOP, seats("x"), parent="2")
    assert built(warehouse, book).rows(query) == [(SHOP, 1, 0), (SHOP, 1, 1), (SHOP, 2, 0)]
    land(book, "seats", SHOP, seats(), parent="1")
    assert built(warehouse, book).rows(query) == [(SHOP, 2, 0)]


def test_a_page_may_be_the_record(book: EvidenceBook, warehouse: Warehouse) -> None:
    land(book, "sites", "east", {"version": "1"})
    land(book, "sites", "east", {"version": "2"})
    land(book, "sites", "west", {"message": "Not Found"})
    land(book, "sites", "north", b"<html>")
    query = "select site, version, cast_loss_count from staging.stg_tracker__sites order by 1"
    rows = built(warehouse, book).rows(query)
    assert rows == [("east", "2", 0), ("west", None, 1)]
    assert warehouse.rows("select scope from staging.stg_unparsed_pages") == [("north",)]


def test_keys_may_be_odd(book: EvidenceBook, warehouse: Warehouse) -> None:
    record = {
        "key": "low",
        "Key": "HIGH",
        "acme.com/project slug": {"a-b": "gh/acme/shop"},
        "select": {"from": {"order": 5}},
        "Flags": ["x"],
        "flags": ["y"],
    }
    land(book, "oddities", SHOP, [record, {"Key": "no low key"}])
    row = built(warehouse, book).row(
        "select * exclude (record_id, source) from staging.stg_tracker__oddities"
    )
    assert row == {
        "key_name": "low",
        "other_key": "HIGH",
        "slug": "gh/acme/shop",
        "kept": 5,
        "flags": ["x"],
        "other_flags": '["y"]',
        "source_updated_at": None,
        "cast_loss_count": 0,
    }
    assert warehouse.rows("select unreadable_record_count from staging.stg_unparsed_pages") == [(1,)]


def test_the_vault_knows_who_is_named_and_who_is_a_bot(book: EvidenceBook, warehouse: Warehouse) -> None:
    robot = person("5b10:robot", accountType="app", displayName="Release robot")
    land(book, "tickets", SHOP, tickets(ticket(1, assignee=robot), ticket(2)))
    land(book, "seats", SHOP, {"seats": [{"user": {"id": "s1", "kind": "service"}}]}, parent="1")
    query = "select is_assignee_bot from staging.stg_tracker__tickets order by ticket_id"
    assert built(warehouse, book).rows(query) == [(True,), (False,)]
    assert warehouse.rows("select is_holder_bot from staging.stg_tracker__seats") == [(True,)]
    with warehouse.connection() as con:
        con.execute(f"attach '{warehouse.vault_file}' as vault (read_only)")
        known = con.execute(
            "select account_key, login, display_name, email, account_type from vault.accounts order by 1"
        ).fetchall()
    address, name = "zebrastripe@example.com", "Quentin Zebrastripe"
    assert known == [
        ("tracker:5b10:a", "zebra-5b10:a", name, address, "atlassian"),
        ("tracker:5b10:b", None, None, None, None),
        ("tracker:5b10:c", None, name, None, None),
        ("tracker:5b10:robot", "zebra-5b10:robot", "Release robot", address, "app"),
        ("tracker:s1", None, None, None, "service"),
    ]


def test_no_name_reaches_the_warehouse(book: EvidenceBook, warehouse: Warehouse) -> None:
    land(book, "tickets", SHOP, tickets(ticket(1)))
    built(warehouse, book)
    text = str(warehouse.contents()).lower()
    assert "zebra" not in text
    assert "5b10" not in text


class RandomHistory:
    """Lands what sources do in the worst order, in every stream of the made-up kind."""

    def __init__(self, book: EvidenceBook, seed: int) -> None:
        self.book = book
        self.random = random.Random(seed)

    def land(self, steps: int) -> None:
        for _ in range(steps):
            self.random.choice([self.tickets, self.readings, self.entries, self.seats, self.sites])()

    def tickets(self) -> None:
        hour, kept = self.number(), self.random.choice([ticket(self.number()), {"fields": {}}, None])
        newer = ticket(self.number(), updated=f"2026-01-05T1{hour}:00:00Z", estimate=self.number())
        land(self.book, "tickets", SHOP, tickets(newer, kept))

    def readings(self) -> None:
        found = [{"gauge": {"name": "a"}, "at": self.number(), "value": self.number()} for _ in range(3)]
        land(self.book, "readings", self.random.choice(["east", "west"]), {"readings": found})

    def entries(self) -> None:
        found = [{"number": self.number(), "field": self.random.choice("xyz")} for _ in range(3)]
        land(self.book, "entries", SHOP, found, parent=str(self.number()))

    def seats(self) -> None:
        holders = self.random.sample("abcdef", self.random.randint(0, 4))
        found = [{"rank": self.number(), "user": {"id": each}} for each in holders]
        land(self.book, "seats", SHOP, {"seats": found[:2]}, {"seats": found[2:]}, parent=str(self.number()))

    def sites(self) -> None:
        land(self.book, "sites", self.random.choice(["east", "west"]), {"version": str(self.number())})

    def number(self) -> int:
        return self.random.randint(1, 4)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_any_portions_of_evidence_end_in_the_rows_of_one_reading(
    tmp_path: Path, book: EvidenceBook, seed: int
) -> None:
    RandomHistory(book, seed).land(40)
    size = book.ledger.size("payload")
    whole, portions = made_up_warehouse(tmp_path / "whole"), made_up_warehouse(tmp_path / "portions")
    whole.build(book.evidence(), select=MODELS)
    for cut in [*sorted(random.Random(seed).sample(range(1, size), 2)), size]:
        portions.build(book.evidence(cut), select=MODELS)
    assert portions.contents() == whole.contents()
    assert sum(map(len, whole.contents().values())) > 20


def test_the_tree_is_what_the_declarations_give() -> None:
    assert differences() == []


def test_what_differs_from_the_declarations_is_said_and_mended() -> None:
    project, kind = bare_project(), made_up.made_up_kind()
    written = write_files(project, [kind])
    assert differences(project, [kind]) == []
    model = next(path for path in written if path.name == "stg_tracker__tickets.sql")
    (project / model).write_text((project / model).read_text() + "-- by hand\n")
    assert differences(project, [kind]) == [f"{model} is not what its declaration gives"]
    assert write_files(project, [kind]) == [model]
    assert "stg_tracker__sites.sql has no declaration any more" in str(
        differences(project, [made_up.made_up_kind(made_up.TICKETS)])
    )
    write_files(project, [])
    assert not (project / "models" / "staging" / "tracker").exists()


def test_a_model_by_hand_stays_and_is_missed_where_there_is_none() -> None:
    project = bare_project()
    kind = made_up.made_up_kind(dataclasses.replace(made_up.SITES, columns=()))
    assert render(project, [kind]).problems == (
        "tracker.sites declares no columns and has no models/staging/tracker/stg_tracker__sites.sql",
    )
    write_files(project, [kind])
    own = project / "models" / "staging" / "tracker" / "stg_tracker__sites.sql"
    own.write_text("select 1")
    write_files(project, [kind])
    assert own.read_text() == "select 1"
    assert "'stg_tracker__sites'," in (project / "macros" / "staging" / "staged_models.sql").read_text()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"keys": ("nothing",)}, "no column and no account has the key's path nothing"),
        ({"keys": ()}, "it has no key"),
        ({"keys": ("fields.score",)}, "the key fields.score is a double"),
        ({"columns": (Column("record", "$.id", "bigint", "x"),)}, "staging has a record of its own"),
        ({"columns": (Column("scope", "$.id", "bigint", "x"),)}, "staging has a scope of its own"),
        ({"columns": (Column("order", "$.id", "bigint", "x"),)}, "order is no name for a column"),
        ({"columns": (Column("id", "$.a[*]", "bigint", "x"),)}, "leads to many values"),
        ({"columns": (Column("id", "$.a b", "bigint", "x"),)}, "is no path"),
        ({"columns": (Column("x", "$.id", "bigint", "x"),) * 2}, "two columns are called x"),
        ({"accounts": (Account(role="x", path="$.a", namespace="it's"),)}, "is no namespace"),
    ],
)
def test_a_declaration_that_gives_no_model_is_refused(change: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=r"^tracker\.tickets: ") as error:
        StagedStreamPlan("tracker", dataclasses.replace(made_up.TICKETS, **change))
    assert says in str(error.value)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("id", RecordPath(keys=("id",))),
        ("$", RecordPath()),
        ("@parent_key", RecordPath(page="parent_key")),
        ("$.a.b[2]", RecordPath(keys=("a", "b", 2))),
        ("$.a[*]", RecordPath(keys=("a",), below=((),))),
        ("$.a[*].b.c[*].d", RecordPath(keys=("a",), below=(("b", "c"), ("d",)))),
        ('$."a.b/c d".e-f', RecordPath(keys=("a.b/c d", "e-f"))),
    ],
)
def test_a_path_is_taken_apart(text: str, path: RecordPath) -> None:
    assert parse_path(text) == path
