"""What sources other than the settings say of teams, in staging rows."""

from typing import Any

from tests.dbt_project.stories import Row, Story, Told


def sighted(
    story: Story, table: str, since: str, until: str | None = None, *, is_first: bool = False, **row: Any
) -> None:
    """Something that readings showed from one instant to another."""
    times = {"first_seen_at": story.when(since), "gone_at": story.when(until)}
    story.stage(table, **times, was_there_from_the_first_reading=is_first, **row)


def component(story: Story, name: str, owner: str, since: str, until: str | None = None, **more: Any) -> None:
    """A catalog names the owner of a component."""
    ref = {"entity_ref": f"component:default/{name}", "entity_kind": "component", "entity_name": name}
    row = {**ref, "owner_ref": f"group:default/{owner}", "child_refs": [], **more}
    sighted(story, "backstage__entities__sightings", since, row.pop("gone", until), source="catalog", **row)


def group(story: Story, name: str, parent: str | None, since: str, until: str | None = None) -> None:
    """A catalog has a group."""
    row = {"entity_ref": f"group:default/{name}", "entity_kind": "group", "entity_name": name}
    above = f"group:default/{parent}" if parent else None
    sighted(
        story,
        "backstage__entities__sightings",
        since,
        until,
        source="catalog",
        parent_ref=above,
        child_refs=[],
        **row,
    )


def owners_file(story: Story, commit: str, when: str, *lines: tuple[str, str | None], on: str) -> None:
    """A commit says in CODEOWNERS who owns what: lines of a pattern and a team."""
    version: Row = {
        "source": "owners",
        "repository": on,
        "commit_sha": commit,
        "committed_at": story.when(when),
    }
    story.stage("codeowners__versions", **version, is_present=True)
    for position, (pattern, team) in enumerate(lines, start=1):
        story.stage(
            "codeowners__rules",
            **version,
            position=position,
            pattern=pattern,
            team_slugs=[f"acme/{team}"] if team else [],
            is_optional=False,
            is_valid=True,
        )


def github_member(
    story: Story, person: str, team: str, since: str, until: str | None = None, **more: Any
) -> None:
    """An organisation at GitHub counts an account to a team."""
    named: Row = {
        "organisation": "acme",
        "team_slug": team,
        "member_token": person,
        "is_member_bot": False,
    }
    sighted(story, "github__team_members__sightings", since, until, **{**named, **more})


def employed(
    story: Story,
    person: str,
    team: str | None,
    since: str,
    until: str | None = None,
    *,
    fte: float = 1.0,
    **more: Any,
) -> None:
    """A roster's row: days as '2026-05-04'."""
    row = {
        "source": "roster",
        "person_token": person,
        "team": team,
        "fte_ratio": fte,
        "working_calendar": None,
    }
    days = {"valid_from_date": since, "valid_until_date": until, "employment_from_date": since}
    story.stage(
        "roster__employments",
        **{**row, **days, "line_number": story.records, **more},
    )


def away(story: Story, person: str, since: str, until: str) -> None:
    """A person is away from a day on; the last day is the first one back."""
    story.stage("roster__leave", source="roster", person_token=person, from_date=since, until_date=until)


def owners(told: Told, service: str = "checkout") -> list[tuple[str, str, str, str]]:
    """Who owned a service: team, source, from, until (days, or ends of time)."""
    rows = told.rows(
        "select team_id, source_kind, valid_from, valid_until from intermediate.int_service_owners_dated "
        "where service_id = $1 order by valid_from",
        service,
    )
    return [
        (row["team_id"], row["source_kind"], _day(row["valid_from"]), _day(row["valid_until"]))
        for row in rows
    ]


def shares(told: Told, person: str) -> list[tuple[str, str, str, str]]:
    """The teams of a person: team, share, from, until."""
    rows = told.rows(
        "select team_id, fte_ratio::varchar as share, valid_from, valid_until "
        "from intermediate.int_team_memberships_dated where person_token = $1 order by valid_from, team_id",
        person,
    )
    return [(row["team_id"], row["share"], _day(row["valid_from"]), _day(row["valid_until"])) for row in rows]


def _day(instant: Any) -> str:
    if instant.year in (1, 9999):
        return "ever"
    return f"{instant:%m-%d}" if instant.hour == instant.minute == 0 else f"{instant:%m-%d %H:%M}"
