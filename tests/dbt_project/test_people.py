"""People in the models: accounts of one person are one row, at the time when they were."""

from pathlib import Path
from typing import Any

from governance.identity.decisions import Decision, RecordedDecision
from governance.vault import Vault
from tests.dbt_project import records
from tests.dbt_project.compiled import compiled_models
from tests.dbt_project.records import SHA
from tests.dbt_project.stories import Story, at
from tests.dbt_project.warehouse import EvidenceBook, Warehouse


def told() -> Story:
    """A change, a review and a member that nobody has seen act."""
    story = Story()
    story.service("checkout")
    story.commit("a", when="05-04 10:00", author="p_git")
    story.commit("b", when="05-05 10:00", after=("a",), author="p_release_bot", is_author_bot=True)
    story.stage("github__members", organisation="acme", member_token="p_github", is_member_bot=False)
    story.stage("github__members", organisation="acme", member_token="p_quiet", is_member_bot=False)
    return story


def people(story: Story) -> dict[str, dict[str, Any]]:
    return story.build().all("marts.dim_people", "person_token")


def test_accounts_that_nobody_resolved_are_people_of_their_own() -> None:
    found = people(told())
    assert {
        token: (row["account_count"], row["is_bot"], row["is_member"]) for token, row in found.items()
    } == {
        "p_git": (1, False, False),
        "p_github": (1, False, True),
        "p_quiet": (1, False, True),
        "p_release_bot": (1, True, False),
    }
    assert found["p_quiet"]["first_seen_at"] is None
    assert found["p_git"]["first_seen_at"] == found["p_git"]["last_seen_at"] == at("05-04 10:00")


def test_accounts_of_one_person_are_one_row_that_has_what_each_of_them_has() -> None:
    story = told()
    story.person("p_github", "p_github", "p_git")
    found = people(story)
    assert found.keys() == {"p_github", "p_quiet", "p_release_bot"}
    row = found["p_github"]
    assert (row["account_count"], row["is_member"], row["first_seen_at"]) == (2, True, at("05-04 10:00"))


def test_an_account_acts_for_whom_it_belonged_to_at_the_time() -> None:
    story = told()
    story.commit("c", when="05-20 10:00", after=("b",), author="p_git")
    story.person("p_github", "p_git", until="05-10 00:00")
    story.person("p_quiet", "p_git", since="05-10 00:00")
    found = people(story)
    assert found.keys() == {"p_github", "p_quiet", "p_release_bot"}
    assert found["p_github"]["last_seen_at"] == at("05-04 10:00")
    assert found["p_quiet"]["first_seen_at"] == at("05-20 10:00")
    assert [found[token]["account_count"] for token in ("p_github", "p_quiet")] == [2, 2]


def test_an_end_of_a_span_is_the_next_ones_beginning() -> None:
    story = told()
    story.person("p_github", "p_git", until="05-04 10:00")
    story.person("p_quiet", "p_git", since="05-04 10:00")
    assert people(story)["p_quiet"]["first_seen_at"] == at("05-04 10:00")
    assert people(story)["p_github"]["first_seen_at"] is None


def test_only_present_entries_of_directory_and_roster_make_a_member() -> None:
    story = told()
    story.stage("scim__users", user_token="p_scim", is_active=True, is_user_bot=False)
    story.stage("scim__users", user_token="p_gone", is_active=False, is_user_bot=False)
    for token, end in (("p_stays", None), ("p_leaves_later", "2026-08-01"), ("p_left", "2026-03-01")):
        story.stage("roster__employments", person_token=token, employment_until_date=end)
    found = people(story)
    assert {token for token, row in found.items() if row["is_member"]} == {
        "p_github",
        "p_quiet",
        "p_scim",
        "p_stays",
        "p_leaves_later",
    }


def test_a_merge_changes_no_fact() -> None:
    before, story = told().build(), told()
    story.person("p_github", "p_github", "p_git")
    after = story.build()
    for fact in ("fct_changes", "fct_pull_requests", "fct_reviews", "fct_ci_runs", "mart_metric_values"):
        query = f"from marts.{fact} order by all"
        assert after.con.execute(query).fetchall() == before.con.execute(query).fetchall(), fact


def test_neither_the_key_nor_a_name_reaches_the_warehouse_or_compiled_sql(tmp_path: Path) -> None:
    book, warehouse = EvidenceBook(tmp_path), Warehouse(tmp_path / "warehouse")
    book.land("commits", "acme/shop", [records.api_commit(SHA["a"]), records.api_commit(SHA["b"])])
    warehouse.build(book.evidence(), select=("stg_github__commits", "int_people"))
    people = warehouse.rows("select account_token, person_token from intermediate.int_people")
    assert people
    assert {token[:2] for row in people for token in row} == {"p_"}
    key = b"k" * 32
    secrets = (key, key.hex().encode(), records.SECRET.encode(), b"zebrastripe@example.com")
    written = warehouse.file.read_bytes()
    assert [secret for secret in secrets if secret in written] == []
    assert any(secret in warehouse.vault_file.read_bytes() for secret in secrets[2:])
    compiled = {model.name: model.sql for model in compiled_models()}
    for name in ("int_people", "dim_people"):
        assert [
            word for word in ("hmac", "token_key", "sha256", key.decode()) if word in compiled[name]
        ] == []


def test_a_late_merge_is_news_for_people_alone(tmp_path: Path) -> None:
    book, warehouse = EvidenceBook(tmp_path), Warehouse(tmp_path / "warehouse")
    book.land("members", "acme", [records.user(1), records.user(2)])
    warehouse.build(book.evidence(), select=("stg_github__members", "int_people"))
    before = warehouse.contents()
    first, second = (
        token for (token,) in warehouse.rows("select account_token from intermediate.int_people")
    )
    merge = Decision(
        kind="merge",
        person=first,
        accounts=(second,),
        decided_at=at("05-04 10:00"),
        decided_by="c_",
        reason="c_",
    )
    vault = Vault(warehouse.vault_file, b"k" * 32, bots=warehouse.bots)
    vault.record_decisions([RecordedDecision(7, merge)])
    build = warehouse.build(book.evidence(), select=("int_people",))
    assert build.news == {"vault.people"}
    assert warehouse.rows("select count(distinct person_token), count(*) from intermediate.int_people") == [
        (1, 2)
    ]
    assert warehouse.contents() == before


def test_an_entry_of_a_directory_that_states_a_personnel_number_is_that_person(tmp_path: Path) -> None:
    book = EvidenceBook(tmp_path, kinds={"scim": "scim"})
    extension = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
    entries = [
        {"id": "a-1", "userName": "ada", extension: {"employeeNumber": "4711"}},
        {"id": "a-2", "userName": "grace", extension: {}},
        {"id": "a-3", "userName": "none"},
    ]
    book.land("users", "directory", {"Resources": entries, "totalResults": 3}, source="scim")
    warehouse = Warehouse(tmp_path / "warehouse")
    warehouse.prepare(book.evidence())
    with Vault(warehouse.vault_file, b"k" * 32, bots=warehouse.bots).open() as con:
        found = con.execute(
            "select list(account_key order by account_key) "
            "from people inner join accounts using (account_token) group by person_token order by 1"
        ).fetchall()
    assert found == [(["roster:4711", "scim:a-1"],), (["scim:a-2"],), (["scim:a-3"],)]
