-- Grain: one row per scope and period in which changes were deployed: the time that they took together, and in which
-- part of their way. The parts sum to the whole; what cannot be attributed is a part of its own. Of a team that is withheld
-- there is one row per period. DEFINITIONS §1.
{% set changes = {
    'fact_model': 'fct_changes', 'filter_sql': "state = 'deployed'", 'event_at_column': 'deployed_date',
    'scopes': {'service': 'service_id', 'team': 'team_path', 'organisation': 'organisation'},
} %}
{% set parts = ['coding', 'pickup', 'review', 'merge_to_deploy', 'unattributed'] %}
with sums as (
    select
        scope.kind as scope_kind,
        scope.id as scope_id,
        period.grain as period_grain,
        period.starts_on as period_start,
        count(*) as change_lead_time_n,
        {{ exact_sum('lead_time_seconds') }} as change_lead_time_total_seconds,
        {% for part in parts %}
        count(*) filter (where {{ part }}_seconds > 0) as change_{{ part }}_time_n,
        coalesce({{ exact_sum(part ~ '_seconds') }}, 0) as change_{{ part }}_time_total_seconds{{ ',' if not loop.last }}
        {% endfor %}
    from {{ placed_facts(changes, ['week', 'month', 'quarter']) }} as cells
    where scope.id is not null
    group by scope.kind, scope.id, period.grain, period.starts_on
),

placed as (
    select scope_kind, scope_id, period_grain, period_start from sums
    union
    {{ withheld_rows(
        ['scope_kind', 'scope_id', 'period_grain', 'period_start'], ['week', 'month', 'quarter']
    ) | indent(4) }}
)

select
    placed.scope_kind,
    placed.scope_id,
    placed.period_grain,
    placed.period_start,
    periods.period_end,
    periods.is_partial,
    {{ is_over_gap('placed.period_start', 'periods.period_end') }} as is_incomplete,
    {{ unless_withheld('sums.change_lead_time_n') }} as change_lead_time_n,
    {{ unless_withheld('sums.change_lead_time_total_seconds') }} as change_lead_time_total_seconds,
    {% for part in parts %}
    {{ unless_withheld('sums.change_' ~ part ~ '_time_n') }} as change_{{ part }}_time_n,
    {{ unless_withheld('sums.change_' ~ part ~ '_time_total_seconds') }} as change_{{ part }}_time_total_seconds,
    {{ unless_withheld(
        exact_ratio('sums.change_' ~ part ~ '_time_total_seconds', 'sums.change_lead_time_total_seconds')
    ) }} as change_{{ part }}_time_share,
    {% endfor %}
    withheld.reason as withheld_reason
from placed
inner join {{ ref('int_reporting_periods') }} as periods
    on periods.period_grain = placed.period_grain and periods.period_start = placed.period_start
left join sums
    on sums.scope_kind = placed.scope_kind
    and sums.scope_id = placed.scope_id
    and sums.period_grain = placed.period_grain
    and sums.period_start = placed.period_start
{{ join_gaps('placed', ['marts.fct_changes']) }}
{{ join_withheld('placed', 'placed.period_grain') }}
order by placed.scope_kind, placed.scope_id, placed.period_grain, placed.period_start
