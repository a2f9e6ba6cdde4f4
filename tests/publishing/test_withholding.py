"""Small cells and metrics that the gate keeps back: in no form of the publication."""

from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from governance.policies import PolicyBook
from governance.sign_offs import SignOff, sign_off, sign_off_statement
from governance.signers import RegisteredSigner, Signer, SignerRegister
from publishing.review import Withholding
from publishing.tables import Table, read_tables
from publishing.withholding import published_select
from tests.publishing.release import CONTEXT, Release

OWNER, PEOPLE = (Signer(name, name.encode().ljust(32)) for name in ("olga", "pia"))
REGISTER = SignerRegister.of(
    [
        RegisteredSigner("olga", OWNER.public_key, ("metric_owner",)),
        RegisteredSigner("pia", PEOPLE.public_key, ("people_operations",)),
    ]
)


def signed(signer: Signer, role: str) -> SignOff:
    statement = sign_off_statement(
        metric="change_lead_time",
        definition_hash=CONTEXT.definition_hashes["change_lead_time"],
        role=role,
        scope="*",
        valid_from=date(2026, 1, 1),
        valid_until=date(2027, 1, 1),
    )
    return sign_off(signer, statement)


def incentive_context(folder: Path) -> dict[str, Any]:
    path = folder / "policies.yml"
    path.write_text(
        "witnesses: [internal-audit]\n"
        "metrics:\n"
        "  change_lead_time: {tier: incentive, minimum_n: 18, review_by: 2026-12-31}\n"
    )
    return {
        "policies": PolicyBook.load(path),
        "register": REGISTER,
        "sign_offs": (signed(OWNER, "metric_owner"), signed(PEOPLE, "people_operations")),
        "cosigned_by": ("internal-audit",),
    }


def test_a_signed_and_witnessed_incentive_metric_is_published_for_teams_with_small_cells_withheld(
    release: Release,
) -> None:
    release.publish(**incentive_context(release.folder))
    kinds = "select distinct scope_kind from marts.mart_metric_values where metric = 'change_lead_time'"
    assert release.rows(kinds) == [("team",)]
    shown = (
        "select min(n), count(*) filter (where value is null and n is null and interval_low is null "
        "and list_contains(flags, 'withheld')) > 0, count(*) filter (where n < 18) "
        "from marts.mart_metric_values where metric = 'change_lead_time'"
    )
    ((least, has_withheld, too_small),) = release.rows(shown)
    assert least >= 18
    assert has_withheld
    assert too_small == 0
    wide = (
        "select count(change_lead_time) filter (where scope_kind <> 'team'), min(change_lead_time_n), "
        "count(change_fail_rate) filter (where scope_kind = 'service') > 0 from marts.mart_dora_monthly"
    )
    ((other_scopes, least_wide, others_untouched),) = release.rows(wide)
    assert (other_scopes, others_untouched) == (0, True)
    assert least_wide >= 18
    assert "values are withheld" in (release.root / "current" / "report.html").read_text()


@pytest.mark.parametrize("missing", ["register", "sign_offs", "cosigned_by"])
def test_without_signatures_or_witness_it_is_kept_back_and_the_others_are_published(
    release: Release, missing: str
) -> None:
    context = incentive_context(release.folder)
    del context[missing]
    publication = release.publish(**context)
    assert [one.metric for one in publication.decisions if not one.is_open] == ["change_lead_time"]
    metrics = "select distinct metric from marts.mart_metric_values"
    assert release.rows(metrics) == [("change_fail_rate",)]


def published(
    rows: str, *withholdings: Withholding, name: str = "mart_metric_values"
) -> list[tuple[Any, ...]]:
    with duckdb.connect() as con:
        con.execute(f"create schema marts; create table marts.{name} as {rows}")
        (table,) = read_tables(con, "memory")
        return con.execute(f"{published_select(table, withholdings)} order by all").fetchall()


def test_a_cell_at_the_minimum_is_shown_and_one_below_is_not() -> None:
    rows = (
        "select * from (values ('a', 'team', 5, 1.5, ['x']), ('a', 'team', 4, 2.5, null), "
        "('b', 'team', 1, 3.5, [])) as v(metric, scope_kind, n, value, flags)"
    )
    assert published(rows, Withholding("a", is_closed=False, minimum_n=5, scope_kinds=("team",))) == [
        ("a", "team", 5, 1.5, ["x"]),
        ("a", "team", None, None, ["withheld"]),
        ("b", "team", 1, 3.5, []),
    ]


def test_what_the_mart_has_withheld_is_flagged_once() -> None:
    flags = "['withheld', 'below_team_size'] as flags"
    rows = f"select 'a' as metric, 'team' as scope_kind, null as n, null as value, {flags}"
    held = Withholding("a", is_closed=False, minimum_n=5, scope_kinds=("team",))
    assert published(rows, held) == [("a", "team", None, None, ["withheld", "below_team_size"])]


def test_a_metric_whose_name_begins_like_another_is_not_withheld_with_it() -> None:
    rows = "select 'service' as scope_kind, 1.5 as lead, 9 as lead_n, 2.5 as lead_p90, 9 as lead_p90_n"
    shown = published(
        rows,
        Withholding("lead", is_closed=True, minimum_n=0, scope_kinds=()),
        Withholding("lead_p90", is_closed=False, minimum_n=0, scope_kinds=("service",)),
        name="mart_wide",
    )
    assert shown == [("service", None, None, 2.5, 9)]


def test_a_wide_mart_without_n_shows_nothing_of_a_metric_that_needs_one() -> None:
    rows = "select 'team' as scope_kind, 1.5 as lead"
    held = Withholding("lead", is_closed=False, minimum_n=5, scope_kinds=("team",))
    assert published(rows, held, name="mart_wide") == [("team", None)]


def test_facts_and_dimensions_are_copied_as_they_are() -> None:
    table = Table("memory", "marts", "fct_changes", {"change_id": "VARCHAR"})
    assert published_select(table, []) == 'select "change_id" from "memory"."marts"."fct_changes"'
