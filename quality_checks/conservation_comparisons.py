"""Conservation of what has a length: spans fill an issue's life, shares an employment, slices a window."""

from quality_checks.comparisons import Comparison
from quality_checks.fact_comparisons import REBUILD

_SECONDS = "epoch_us({}) // 1000000"

_ONE_STATUS = Comparison(
    name="issues_are_in_one_status",
    subjects=("marts.fct_issue_status_spans",),
    layer="facts",
    sentence="Every issue is in exactly one status now.",
    left="select issue_id as item, 1 as value from marts.fct_issues",
    right="""
        select issue_id as item, count(*) as value
        from marts.fct_issue_status_spans
        where is_current
        group by issue_id
    """,
    measure="statuses",
    remedy=REBUILD,
)

_LIFE = Comparison(
    name="status_spans_fill_the_life_of_an_issue",
    subjects=("marts.fct_issue_status_spans",),
    layer="facts",
    sentence="The spans of an issue fill the time from its creation to its present status.",
    left=f"""
        select
            spans.issue_id as item,
            max({_SECONDS.format("spans.started_at")}) - min({_SECONDS.format("issues.created_at")}) as value
        from marts.fct_issue_status_spans as spans
        inner join marts.fct_issues as issues using (issue_id)
        group by spans.issue_id
    """,
    right="""
        select issue_id as item, coalesce(sum(duration_seconds), 0)::bigint as value
        from marts.fct_issue_status_spans
        where not is_current
        group by issue_id
    """,
    measure="seconds",
    remedy=REBUILD,
)

_EMPLOYMENT = Comparison(
    name="exposure_adds_up_to_employment",
    subjects=("intermediate.int_team_member_days",),
    layer="facts",
    sentence="What people work for teams and for none adds up to what they are employed for, day by day.",
    left="""
        with days as (
            select
                employments.person_token, employments.source, employments.fte_units,
                coalesce(employments.working_calendar, '') as calendar_id,
                unnest(generate_series(
                    1 + (
                        timezone(time_zone, greatest(employments.valid_from, reporting.coverage_from))
                        - interval 12 hours - interval 1 microsecond
                    )::date,
                    (
                        timezone(time_zone, least(employments.valid_until, reporting.coverage_until))
                        - interval 12 hours - interval 1 microsecond
                    )::date,
                    interval 1 day
                ))::date as exposure_date
            from intermediate.int_team_employments as employments
            cross join intermediate.int_reporting as reporting
        ),

        away as (
            select distinct
                coalesce(people.person_token, leave.person_token) as person_token,
                leave.exposure_date
            from (
                select
                    person_token,
                    unnest(generate_series(from_date, until_date - 1, interval 1 day))::date as exposure_date
                from staging.stg_roster__leave
                where from_date < until_date
            ) as leave
            cross join intermediate.int_reporting as reporting
            left join intermediate.int_people as people
                on people.account_token = leave.person_token
                and people.valid_from
                    <= timezone(reporting.time_zone, leave.exposure_date::timestamp + interval 12 hours)
                and people.valid_until
                    > timezone(reporting.time_zone, leave.exposure_date::timestamp + interval 12 hours)
        ),

        employed as (
            select person_token, exposure_date, least(sum(fte_units), 10000) as fte_units,
                min(calendar_id) as calendar_id
            from days
            group by person_token, exposure_date
        )

        select exposure_date as item, sum(fte_units)::bigint as value
        from employed
        semi join intermediate.int_team_working_days as working
            on working.calendar_id = employed.calendar_id and working.working_date = employed.exposure_date
        anti join away
            on away.person_token = employed.person_token and away.exposure_date = employed.exposure_date
        group by exposure_date
    """,
    right="""
        select exposure_date as item, sum((fte_days * 10000)::bigint)::bigint as value
        from intermediate.int_team_member_days
        where person_token in (select person_token from intermediate.int_team_employments)
        group by exposure_date
    """,
    measure="ten-thousandths of an FTE-day",
    remedy=REBUILD,
)

_OWN_DAYS = Comparison(
    name="own_exposure_adds_up",
    subjects=("intermediate.int_team_exposure_days",),
    layer="facts",
    sentence="The days of all members of teams are the own days of all teams.",
    left="""
        select exposure_date as item, sum((fte_days * 10000)::bigint)::bigint as value
        from intermediate.int_team_member_days
        where team_id is not null
        group by exposure_date
    """,
    right="""
        select exposure_date as item, sum((own_fte_days * 10000)::bigint)::bigint as value
        from intermediate.int_team_exposure_days
        group by exposure_date
    """,
    measure="ten-thousandths of an FTE-day",
    remedy=REBUILD,
)

_SLICES = Comparison(
    name="slices_tile_what_was_measured",
    subjects=("intermediate.int_sli_slices",),
    layer="facts",
    sentence="Every slice from an objective's first measurement to its last stands once, gaps included.",
    left="""
        select objective_id as item, last_slice - first_slice + 1 as value
        from intermediate.int_sli_extents
        where last_slice >= first_slice
    """,
    right="""
        select objective_id as item, 2 * count(distinct slice_number) - count(*) as value -- less the doubled
        from intermediate.int_sli_slices
        group by objective_id
    """,
    measure="slices",
    remedy=REBUILD,
)

CONSERVATION_COMPARISONS: tuple[Comparison, ...] = (_ONE_STATUS, _LIFE, _EMPLOYMENT, _OWN_DAYS, _SLICES)
