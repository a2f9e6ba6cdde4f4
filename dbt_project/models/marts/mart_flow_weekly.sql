-- Grain: one row per scope and week of the reporting time zone in which something was finished or is in progress;
-- of a team that is withheld, one row per week.
{% set metrics = [
    'throughput',
    'issue_cycle_time',
    'issue_cycle_time_p75',
    'issue_cycle_time_p90',
    'issue_cycle_time_business',
    'flow_efficiency',
    'reopened_share',
    'unseen_work_share',
    'production_defects_opened',
    'pull_requests_merged',
    'time_to_first_review',
    'pull_request_size',
    'review_rounds_p75',
    'unreviewed_merge_share',
    'unlinked_change_share',
] %}
{% set counts = ['throughput', 'production_defects_opened', 'pull_requests_merged'] %}
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
    where period_grain = 'week' and metric in ({% for metric in metrics %}'{{ metric }}'{{ ', ' if not loop.last }}{% endfor %})
    group by scope_kind, scope_id, period_start
),

in_progress as (
    select
        scope.kind as scope_kind,
        scope.id as scope_id,
        period_start,
        count(*) as work_in_progress,
        count(*) filter (where is_waiting) as work_waiting,
        {{ exact_quantile('age_seconds', 50) }} as work_age_median,
        {{ exact_quantile('age_seconds', 90) }} as work_age_p90
    from (
        select
            items.*,
            unnest(list_concat(
                [
                    {'kind': 'organisation', 'id': reporting.organisation},
                    {'kind': 'service', 'id': items.service_id}
                ],
                list_transform(items.team_path, lambda team: {'kind': 'team', 'id': team})
            )) as scope
        from {{ ref('int_issue_work_in_progress') }} as items
        cross join {{ ref('int_reporting') }} as reporting
    ) as scoped
    where scope.id is not null
    group by scope.kind, scope.id, period_start
),

scoped as (
    select scope_kind, scope_id, period_start from cells
    union
    select scope_kind, scope_id, period_start from in_progress
    union
    {{ withheld_rows(['scope_kind', 'scope_id', 'period_start'], ['week']) | indent(4) }}
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
    {{ unless_withheld('coalesce(in_progress.work_in_progress, 0)') }} as work_in_progress,
    {{ unless_withheld('coalesce(in_progress.work_waiting, 0)') }} as work_waiting,
    {{ unless_withheld('in_progress.work_age_median') }} as work_age_median,
    {{ unless_withheld('in_progress.work_age_p90') }} as work_age_p90,
    withheld.reason as withheld_reason
from scoped
cross join retired
inner join {{ ref('int_reporting_periods') }} as periods
    on periods.period_grain = 'week' and periods.period_start = scoped.period_start
left join cells
    on cells.scope_kind = scoped.scope_kind
    and cells.scope_id = scoped.scope_id
    and cells.period_start = scoped.period_start
left join in_progress
    on in_progress.scope_kind = scoped.scope_kind
    and in_progress.scope_id = scoped.scope_id
    and in_progress.period_start = scoped.period_start
{{ join_gaps('scoped', ['marts.fct_issues', 'marts.fct_pull_requests', 'marts.fct_pull_request_reviews', 'marts.fct_changes']) }}
{{ join_withheld('scoped', "'week'") }}
order by scoped.scope_kind, scoped.scope_id, scoped.period_start
