-- Grain: one row per person, roster and span of time in which that roster said the same of them.
-- Where two rows of one roster overlap, the one that began last counts. Shares are whole ten-thousandths of full time.
with terms as (
    select
        coalesce(people.person_token, employments.person_token) as person_token,
        employments.source,
        employments.team as team_name,
        cast(round(least(greatest(employments.fte_ratio, 0), 1) * 10000) as integer) as fte_units,
        employments.working_calendar,
        employments.line_number,
        greatest(
            {{ day_begins('greatest(employments.valid_from_date, employments.employment_from_date)') }},
            coalesce(people.valid_from, {{ beginning_of_time() }})
        ) as valid_from,
        least(
            coalesce({{ day_begins('employments.valid_until_date') }}, {{ end_of_time() }}),
            coalesce({{ day_begins('employments.employment_until_date') }}, {{ end_of_time() }}),
            coalesce(people.valid_until, {{ end_of_time() }})
        ) as valid_until
    from {{ ref('stg_roster__employments') }} as employments
    cross join {{ ref('int_reporting') }} as reporting
    left join {{ ref('int_people') }} as people on people.account_token = employments.person_token
),

stated as (
    select 'roster' as source_kind, terms.*
    from terms
    where valid_from < valid_until and fte_units is not null
),

named as (
    select
        stated.person_token, stated.source, stated.fte_units, stated.working_calendar, stated.line_number,
        stated.valid_from, stated.valid_until,
        case when stated.team_name is not null then {{ named_team('stated') }} end as team_id
    from stated
    {{ join_team_names('stated') }}
),

spans as (
    {{ spans_between('named', 'person_token, source') }}
),

standing as (
    select
        spans.person_token, spans.source, spans.valid_from, spans.valid_until,
        named.team_id, named.fte_units, named.working_calendar
    from spans
    inner join named
        on named.person_token = spans.person_token
        and named.source = spans.source
        and named.valid_from <= spans.valid_from
        and named.valid_until > spans.valid_from
    qualify row_number() over (
        partition by spans.person_token, spans.source, spans.valid_from
        order by named.valid_from desc, named.line_number desc, named.team_id
    ) = 1
)

{{ merged_spans('standing', 'person_token, source', ['team_id', 'fte_units', 'working_calendar']) }}
