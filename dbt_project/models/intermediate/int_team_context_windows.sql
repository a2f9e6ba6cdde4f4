-- Grain: one row per team, and month or quarter that a context window of it overlaps.
-- A window of a team concerns the teams below it, and those above it, whose numbers contain its own; it concerns whom
-- it has to do with at noon of one of its days.
with spans as (
    select
        team_id,
        team_path,
        cast(
            (valid_from at time zone reporting.time_zone) - interval 12 hours - interval 1 microsecond as date
        ) + 1 as first_date,
        cast(
            (valid_until at time zone reporting.time_zone) - interval 12 hours - interval 1 microsecond as date
        ) as last_date
    from {{ ref('int_team_paths') }}
    cross join {{ ref('int_reporting') }} as reporting
),

teams as (
    select team_id from {{ ref('int_team_exposure_periods') }}
    union
    select scope_id from {{ ref('int_metric_cells') }} where scope_kind = 'team'
    union
    select team_id from spans
),

related as (
    select unnest(team_path) as named_team_id, team_id, first_date, last_date from spans
    union all
    select team_id as named_team_id, unnest(team_path) as team_id, first_date, last_date from spans
    union all
    select team_id as named_team_id, team_id, date '0001-01-01' as first_date, date '9999-12-30' as last_date from teams
),

concerned as (
    select
        windows.window_kind || ': ' || windows.window_name as context_window,
        related.team_id,
        greatest(windows.from_date, related.first_date) as from_date,
        least(windows.until_date - 1, related.last_date) as last_date
    from {{ source('config', 'context_windows') }} as windows
    inner join related on related.named_team_id = windows.team_id
    union all
    select windows.window_kind || ': ' || windows.window_name, teams.team_id, windows.from_date, windows.until_date - 1
    from {{ source('config', 'context_windows') }} as windows
    cross join teams
    where windows.team_id is null
),

periods as (
    {%- for grain, step in [('month', '1 month'), ('quarter', '3 months')] %}
    select
        context_window,
        team_id,
        '{{ grain }}' as period_grain,
        cast(unnest(generate_series(
            date_trunc('{{ grain }}', from_date), date_trunc('{{ grain }}', last_date), interval '{{ step }}'
        )) as date) as period_start
    from concerned
    where from_date <= last_date
    {{- ' union all' if not loop.last }}
    {%- endfor %}
)

select
    team_id,
    period_grain,
    period_start,
    list_sort(list(distinct context_window)) as context_windows
from periods
group by team_id, period_grain, period_start
