"""A directory from the wire to staging: counted, without names, removals applied, tokens of the roster."""

import pytest

from tests.connectors.scim.directory import END, START, Directory, open_directory
from tests.dbt_project.warehouse import EvidenceBook, Warehouse

SELECTED = ("path:models/staging/scim",)


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> tuple[Directory, Warehouse]:
    """The directory at the start and at the end of the story, in staging."""
    book = EvidenceBook(tmp_path_factory.mktemp("book"), kinds={"scim": "scim"})
    warehouse = Warehouse(tmp_path_factory.mktemp("warehouse"))
    with open_directory(tmp_path_factory.mktemp("directory"), at=START) as directory:
        directory.source._store = book.store
        for number, instant in enumerate((START, END)):
            directory.move_to(instant)
            for stream in ("users", "groups"):
                assert directory.extract(stream).failures == ()
            command = "build" if number else "run"
            warehouse.build(book.evidence(), command=command, select=SELECTED)
    return directory, warehouse


def test_staging_has_who_is_there_now(read: tuple[Directory, Warehouse]) -> None:
    directory, warehouse = read
    users = directory.api.users()
    assert warehouse.rows(
        "select count(*), count(distinct user_token), count(*) filter (where is_active), sum(cast_loss_count)"
        " from staging.stg_scim__users"
    ) == [(len(users), len(users), sum(user["active"] for user in users), 0)]
    departments = sorted({user[next(k for k in user if k.startswith("urn"))]["department"] for user in users})
    found = warehouse.rows("select distinct department from staging.stg_scim__users order by 1")
    assert [name for (name,) in found] == departments


def test_members_and_managers_are_people_of_the_directory(read: tuple[Directory, Warehouse]) -> None:
    directory, warehouse = read
    members = sum(len(group.get("members", ())) for group in directory.api.groups())
    assert warehouse.rows("select sum(len(member_tokens)) from staging.stg_scim__groups") == [(members,)]
    strangers = (
        "select count(*) from (select unnest(member_tokens) as token from staging.stg_scim__groups"
        " union all select manager_token from staging.stg_scim__users where manager_token is not null)"
        " where token not in (select user_token from staging.stg_scim__users)"
    )
    gone = directory.api._deleted
    (count,) = warehouse.rows(strangers)[0]
    assert count == sum(
        directory.api.staff.records[login].manager
        in {directory.api.staff.records[each].person.number for each in gone}
        for login in directory.api.staff.records
        if login not in gone
    )


def test_nobody_is_named(read: tuple[Directory, Warehouse]) -> None:
    directory, warehouse = read
    contents = repr(warehouse.contents())
    for user in directory.api.users():
        assert user["displayName"] not in contents
        assert user["userName"] not in contents


def test_the_employee_number_leads_to_the_token_of_the_roster(read: tuple[Directory, Warehouse]) -> None:
    _, warehouse = read
    assert warehouse.rows(
        "select count(*) - count(distinct employee_token) from staging.stg_scim__users"
    ) == [(0,)]
