"""Whose a fact is: its team against the owners that the settings name, its author against the vault's bots.

Where other sources are believed before the settings, they are the ones to compare with, and nothing is said
here.
"""

from collections.abc import Mapping
from typing import Final

from quality_checks.comparisons import Comparison
from quality_checks.offending_rows import no_row_offends
from quality_checks.time_comparisons import KEYS

_OWNED_AT: Final[Mapping[str, str]] = {
    "fct_changes": "coalesce(deployed_at, committed_at)",
    "fct_pull_requests": "coalesce(deployed_at, merged_at, created_at)",
    "fct_pull_request_reviews": "coalesce(merged_at, created_at)",
    "fct_reviews": "submitted_at",
    "fct_ci_runs": "created_at",
    "fct_issues": "coalesce(done_at, created_at)",
    "fct_incidents": "started_at",
    "fct_incident_response": "detected_at",
}
"""The instant at which a fact's service has the owner that counts."""

# of statements that overlap the one that began last counts
_STATED = """
    select
        service_id, team_id,
        coalesce(valid_from, timestamptz '0001-01-01') as valid_from,
        least(
            coalesce(valid_until, timestamptz '9999-12-31'),
            lead(coalesce(valid_from, timestamptz '0001-01-01'), 1, timestamptz '9999-12-31')
                over (partition by service_id order by valid_from nulls first)
        ) as valid_until
    from config.service_owners
    where (
        select arg_min(source_kind, source_rank) from config.ownership_sources where statement = 'services'
    ) = 'settings'
"""


def _of_another_team(fact: str) -> str:
    return f"""
        select {KEYS[fact]} as item
        from marts.{fact} as facts
        inner join ({_STATED}) as owners
            on owners.service_id = facts.service_id
            and owners.valid_from <= {_OWNED_AT[fact]}
            and owners.valid_until > {_OWNED_AT[fact]}
        where facts.team_id is distinct from owners.team_id
    """


# A roll-up climbs from the team to its parents: who stands on a path below whom is as the settings say.
_WRONG_PATHS = """
    select concat_ws(' ', deployed_date, team_id, team_path) as item
    from (select distinct team_id, team_path, deployed_date, time_zone
        from marts.{fact} cross join config.reporting) as paths
    where team_id is distinct from team_path[1]
        or len(team_path) <> len(list_distinct(team_path))
        or exists (
            from config.teams as teams
            where teams.team_id = team_path[len(team_path)]
                and teams.parent_team_id is not null
                and teams.valid_from <= timezone(time_zone, deployed_date + interval 12 hours)
                and coalesce(teams.valid_until, timestamptz '9999-12-31')
                    > timezone(time_zone, deployed_date + interval 12 hours)
                and coalesce(teams.valid_from, timestamptz '0001-01-01')
                    <= timezone(time_zone, deployed_date::timestamp)
        )
"""

_OVERLAPPING = """
    select concat_ws(' ', service_id, valid_from) as item
    from (
        select *, lead(valid_from) over (partition by service_id order by valid_from,
            valid_until) as next_from
        from intermediate.int_service_owners_dated
    )
    where next_from < valid_until or valid_from >= valid_until
"""

# What the settings say that a team owned is not cut by anything.
_CUT = f"""
    select concat_ws(' ', stated.service_id, stated.team_id, stated.valid_from) as item
    from ({_STATED}) as stated
    left join intermediate.int_service_owners_dated as dated
        on dated.service_id = stated.service_id
        and dated.team_id = stated.team_id
        and dated.valid_from < stated.valid_until
        and dated.valid_until > stated.valid_from
    where stated.valid_from < stated.valid_until
    group by all
    having coalesce(sum(
        epoch_us(least(dated.valid_until, stated.valid_until))
            - epoch_us(greatest(dated.valid_from, stated.valid_from))
    ), 0) <> epoch_us(any_value(stated.valid_until)) - epoch_us(any_value(stated.valid_from))
"""

_BOTS_FACTS: Final[Mapping[str, str]] = {
    "fct_changes": "author_token",
    "fct_pull_requests": "author_token",
    "fct_pull_request_reviews": "author_token",
    "fct_reviews": "reviewer_token",
    "fct_ci_runs": "actor_token",
}


def _of_a_bot(fact: str) -> str:
    """Facts of accounts that the vault calls bots and that are taken for people's, or the other way."""
    return f"""
        select distinct {KEYS[fact]} as item
        from marts.{fact} as facts
        inner join (
            select account_token, bool_or(is_bot) as is_account_bot from intermediate.int_people group by all
        ) as accounts on accounts.account_token = facts.{_BOTS_FACTS[fact]}
        where facts.is_bot <> is_account_bot
    """


OWNERSHIP_COMPARISONS: tuple[Comparison, ...] = (
    no_row_offends(
        "facts_belong_to_their_owner",
        "A fact belongs to the team that owned its service then, as the settings say.",
        {f"marts.{fact}": _of_another_team(fact) for fact in _OWNED_AT},
        measure="facts",
    ),
    no_row_offends(
        "bots_are_told_from_people",
        "What a bot did is marked as such, in every fact, as the vault knows its account.",
        {f"marts.{fact}": _of_a_bot(fact) for fact in _BOTS_FACTS},
        measure="facts",
    ),
    no_row_offends(
        "teams_roll_up_to_their_parents",
        "What a team did counts for the team, its parent and so on up to the top, once each.",
        {f"marts.{fact}": _WRONG_PATHS.format(fact=fact) for fact in ("fct_deployments", "fct_changes")},
        measure="paths of teams",
    ),
    no_row_offends(
        "services_have_one_owner_at_a_time",
        "The intervals in which a service has an owner neither overlap nor run backwards.",
        {"intermediate.int_service_owners_dated": _OVERLAPPING},
        measure="intervals",
    ),
    no_row_offends(
        "stated_ownership_is_whole",
        "A team owns a service for the whole time that the settings say.",
        {"intermediate.int_service_owners_dated": _CUT},
        measure="statements",
    ),
)
