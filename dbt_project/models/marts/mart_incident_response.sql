-- Grain: one row per scope and month of the reporting time zone in which an incident was detected, answered or paged of;
-- of a team that is withheld, one row per month.
{% set metrics = [
    'incidents_detected',
    'incidents_open',
    'time_to_detect',
    'time_to_acknowledge',
    'time_to_mitigate',
    'time_to_resolve',
    'time_to_resolve_p90',
] %}
{% set counts = ['incidents_detected', 'incidents_open'] %}
with retired as (
    {{ retirements(metrics) | indent(4) }}
),

cells as (
    select
        scope_kind,
        scope_id,
        period_start,
        {%- for metric in metrics %}
        max(value) filter (where metric = '{{ metric }}') as {{ metric }},
        max(n) filter (where metric = '{{ metric }}') as {{ metric }}_n{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('int_metric_cells') }}
    where period_grain = 'month' and metric in ({% for metric in metrics %}'{{ metric }}'{{ ', ' if not loop.last }}{% endfor %})
    group by scope_kind, scope_id, period_start
),

happened as (
    select
        detected_date as day, service_id, team_path, organisation, has_time_fault, not is_counted as is_same,
        false as is_page, false as is_out_of_hours
    from {{ ref('fct_incident_response') }}
    union all
    select
        {{ reporting_date('pages.paged_at') }}, pages.service_id, pages.team_path, reporting.organisation, false, false,
        true, pages.is_out_of_hours
    from {{ ref('int_on_call_pages') }} as pages
    cross join {{ ref('int_reporting') }} as reporting
),

counted as (
    select
        scope.kind as scope_kind,
        scope.id as scope_id,
        cast(date_trunc('month', day) as date) as period_start,
        count(*) filter (where has_time_fault) as time_fault_count,
        count(*) filter (where is_same) as same_incident_count,
        count(*) filter (where is_page) as page_count,
        count(*) filter (where is_out_of_hours) as out_of_hours_page_count
    from (
        select *, unnest(list_concat(
            [{'kind': 'organisation', 'id': organisation}, {'kind': 'service', 'id': service_id}],
            list_transform(team_path, lambda team: {'kind': 'team', 'id': team})
        )) as scope
        from happened
    ) as scoped
    where scope.id is not null
    group by scope.kind, scope.id, date_trunc('month', day)
),

scoped as (
    select scope_kind, scope_id, period_start from cells
    union
    select scope_kind, scope_id, period_start from counted
    union
    {{ withheld_rows(['scope_kind', 'scope_id', 'period_start'], ['month']) | indent(4) }}
)

select
    scoped.scope_kind,
    scoped.scope_id,
    scoped.period_start,
    periods.period_end,
    periods.is_partial,
    {{ is_over_gap('scoped.period_start', 'periods.period_end') }} as is_incomplete,
    {%- for metric in metrics %}
    {%- if metric in counts %}
    {{ until_retired(
        metric, unless_withheld('coalesce(cells.' ~ metric ~ ', cast(0 as ' ~ metric_type() ~ '))'), 'scoped.period_start'
    ) }} as {{ metric }},
    {%- else %}
    {{ until_retired(metric, unless_withheld('cells.' ~ metric), 'scoped.period_start') }} as {{ metric }},
    cast({{ until_retired(
        metric, unless_withheld('coalesce(cells.' ~ metric ~ '_n, 0)'), 'scoped.period_start'
    ) }} as bigint) as {{ metric }}_n,
    {%- endif %}
    {%- endfor %}
    {{ unless_withheld('coalesce(counted.time_fault_count, 0)') }} as time_fault_count,
    {{ unless_withheld('coalesce(counted.same_incident_count, 0)') }} as same_incident_count,
    {{ unless_withheld('coalesce(counted.page_count, 0)') }} as page_count,
    {{ unless_withheld('coalesce(counted.out_of_hours_page_count, 0)') }} as out_of_hours_page_count,
    withheld.reason as withheld_reason
from scoped
cross join retired
inner join {{ ref('int_reporting_periods') }} as periods
    on periods.period_grain = 'month' and periods.period_start = scoped.period_start
left join cells
    on cells.scope_kind = scoped.scope_kind
    and cells.scope_id = scoped.scope_id
    and cells.period_start = scoped.period_start
left join counted
    on counted.scope_kind = scoped.scope_kind
    and counted.scope_id = scoped.scope_id
    and counted.period_start = scoped.period_start
{{ join_gaps('scoped', ['marts.fct_incident_response']) }}
{{ join_withheld('scoped', "'month'") }}
order by scoped.scope_kind, scoped.scope_id, scoped.period_start
