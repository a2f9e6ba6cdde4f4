-- Grain: one row per person, team and span of time: how much of the person's employment belongs to the team; without
-- team where they are employed and nobody says with whom.
-- Of several sources the one that is believed first is alone heard. Its teams share the employment: by the shares that
-- a roster states, else evenly. Shares are whole ten-thousandths, parted so that none is lost or made.
with statements as (
    select * from {{ ref('int_team_membership_statements') }}
),

employments as (
    select * from {{ ref('int_team_employments') }}
),

rules as (
    select
        coalesce((select bool_or(counts_people_outside_roster) from {{ source('config', 'ownership') }}), false)
            as counts_outsiders,
        (select count(*) > 0 from employments) as has_roster
),

bounds as (
    select person_token, valid_from, valid_until from statements
    union
    select person_token, valid_from, valid_until from employments
),

spans as (
    {{ spans_between('bounds', 'person_token') }}
),

employed as (
    select
        spans.person_token,
        spans.valid_from,
        least(list_sum(list(employments.fte_units order by employments.source)), 10000) as fte_units,
        min(employments.working_calendar) as working_calendar
    from spans
    inner join employments
        on employments.person_token = spans.person_token
        and employments.valid_from <= spans.valid_from
        and employments.valid_until > spans.valid_from
    group by spans.person_token, spans.valid_from
),

heard as (
    select spans.person_token, spans.valid_from, statements.team_id, statements.source_kind, statements.weight,
        statements.source
    from spans
    inner join statements
        on statements.person_token = spans.person_token
        and statements.valid_from <= spans.valid_from
        and statements.valid_until > spans.valid_from
    qualify statements.source_rank
        = min(statements.source_rank) over (partition by spans.person_token, spans.valid_from)
),

by_team as (
    select person_token, valid_from, source_kind, team_id,
        case
            when source_kind = 'roster' then list_sum(list(weight order by source, weight))
            else 1
        end as weight
    from heard
    group by person_token, valid_from, source_kind, team_id
),

teams as (
    select person_token, valid_from, min(source_kind) as source_kind,
        list(team_id order by team_id) as team_ids, list(weight order by team_id) as weights
    from by_team
    group by person_token, valid_from
),

shared as (
    select
        spans.person_token,
        spans.valid_from,
        spans.valid_until,
        employed.working_calendar,
        teams.source_kind,
        teams.team_ids,
        teams.weights,
        case
            when employed.person_token is not null then employed.fte_units
            when not rules.has_roster then 10000
            when known.person_token is not null then null -- the roster knows the person, but not as employed then
            when rules.counts_outsiders then 10000
            else 0
        end as fte_units
    from spans
    cross join rules
    left join employed on employed.person_token = spans.person_token and employed.valid_from = spans.valid_from
    left join teams on teams.person_token = spans.person_token and teams.valid_from = spans.valid_from
    left join (select distinct person_token from employments) as known
        on known.person_token = spans.person_token
),

parted as (
    select
        person_token, valid_from, valid_until, working_calendar, source_kind, fte_units, weights,
        unnest(coalesce(team_ids, [null])) as team_id,
        generate_subscripts(coalesce(team_ids, [null]), 1) as place
    from shared
    where fte_units is not null and (team_ids is not null or fte_units > 0)
),

assigned as (
    select
        person_token, team_id, valid_from, valid_until, working_calendar, source_kind,
        cast(case
            when team_id is null then fte_units
            when list_sum(weights) = 0 then 0
            else fte_units * list_sum(weights[1:place]) // list_sum(weights)
                - fte_units * coalesce(list_sum(weights[1:place - 1]), 0) // list_sum(weights)
        end as integer) as fte_units
    from parted
)

{{ merged_spans('assigned', 'person_token, team_id', ['working_calendar', 'source_kind', 'fte_units']) }}
