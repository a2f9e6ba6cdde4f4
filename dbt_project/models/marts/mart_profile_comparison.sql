-- Grain: one row per profile, metric, scope and week, month or quarter from the scope's first deployment on.
-- depends_on: {{ ref('int_devlake_1_0__values') }}, {{ ref('int_devlake_1_0__reasons') }}
-- depends_on: {{ ref('int_metric_scopes') }}, {{ ref('int_reporting_periods') }}
-- depends_on: {{ ref('dim_metrics') }}, {{ ref('mart_metric_values') }}, {{ ref('int_teams_withheld') }}
{% set profiles = profile_catalogue() %}
{% if profiles %}
with metrics as (
    {% for profile in profiles %}
    {% set is_last_profile = loop.last %}
    {% for metric, stated in profile.metrics.items() %}
    select
        '{{ profile.name }}' as profile,
        '{{ metric }}' as metric,
        {{ sql_text(stated.unit) }} as profile_unit,
        '{{ stated.beside }}' as beside,
        cast({{ stated.factor or 'null' }} as integer) as factor
    {{ 'union all' if not (is_last_profile and loop.last) }}
    {% endfor %}
    {% endfor %}
),

cells as (
    select
        metrics.*,
        scopes.scope_kind,
        scopes.scope_id,
        periods.period_grain,
        periods.period_start,
        periods.period_end,
        periods.is_partial,
        scopes.scope_kind || ':' || scopes.scope_id as project_name,
        periods.period_grain || ':' || periods.period_start as range_id
    from metrics
    cross join {{ ref('int_metric_scopes') }} as scopes
    inner join {{ ref('int_reporting_periods') }} as periods
        on periods.period_end > scopes.first_date and periods.period_grain in ('week', 'month', 'quarter')
),

profile_values as (
    {% for profile in profiles %}
    select '{{ profile.name }}' as profile, *
    from {{ ref('int_' ~ profile.name ~ '__values') }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

compared as (
    select
        cells.*,
        coalesce(ours.value, case
            when catalogue.measure_kind in ('count', 'count_distinct')
                and coalesce(cells.period_start < catalogue.retire_on, true) then 0
        end) as ours_value,
        catalogue.unit as ours_unit,
        coalesce(ours.n, 0) as ours_n,
        theirs.value as profile_value,
        theirs.value_text as profile_value_text,
        coalesce(theirs.n, 0) as profile_n
    from cells
    inner join {{ ref('dim_metrics') }} as catalogue on catalogue.metric = cells.beside
    left join {{ ref('mart_metric_values') }} as ours
        on ours.metric = cells.beside
        and ours.scope_kind = cells.scope_kind
        and ours.scope_id = cells.scope_id
        and ours.period_grain = cells.period_grain
        and ours.period_start = cells.period_start
    left join profile_values as theirs
        on theirs.profile = cells.profile
        and theirs.project_name = cells.project_name
        and theirs.range_id = cells.range_id
        and theirs.metric = cells.metric
),

differences as (
    select
        *,
        cast(profile_value * factor - ours_value as {{ metric_type() }}) as difference,
        case
            when ours_value is not null and profile_value is null then 'nothing_measured'
            when ours_value is null and profile_value is not null then 'nothing_beside'
        end as missing_code
    from compared
),

reasons as (
    {% for profile in profiles %}
    select '{{ profile.name }}' as profile, *
    from {{ ref('int_' ~ profile.name ~ '__reasons') }}
    union all
    {% endfor %}
    select profile, project_name, range_id, metric, missing_code, 0, null, null
    from differences
    where missing_code is not null
),

sentences as (
    select
        *,
        case profile
            {% for profile in profiles %}
            when '{{ profile.name }}' then
                case reason_code
                    {% for code, sentence in profile.reasons.items() %}
                    when '{{ code }}' then {{ profile_sentence(sentence) }}
                    {% endfor %}
                end
            {% endfor %}
        end as sentence
    from reasons
),

explained as (
    select
        profile,
        project_name,
        range_id,
        metric,
        list(reason_code order by position) as reason_codes,
        array_to_string(list(sentence order by position), ' ') as reason
    from sentences
    group by profile, project_name, range_id, metric
)

select
    differences.profile,
    differences.metric,
    differences.scope_kind,
    differences.scope_id,
    differences.period_grain,
    differences.period_start,
    differences.period_end,
    differences.is_partial,
    differences.beside as dora_2026_metric,
    cast({{ unless_withheld('differences.ours_value') }} as {{ metric_type() }}) as dora_2026_value,
    differences.ours_unit as dora_2026_unit,
    cast({{ unless_withheld('differences.ours_n') }} as bigint) as dora_2026_n,
    cast({{ unless_withheld('differences.profile_value') }} as {{ metric_type() }}) as profile_value,
    {{ unless_withheld('differences.profile_value_text') }} as profile_value_text,
    differences.profile_unit,
    cast({{ unless_withheld('differences.profile_n') }} as bigint) as profile_n,
    {{ unless_withheld('differences.difference') }} as difference,
    -- what comes out equal needs no reason, and what is withheld tells none
    case
        when withheld.reason is not null or differences.difference = 0 then []
        else coalesce(explained.reason_codes, [])
    end as reason_codes,
    case when withheld.reason is null and differences.difference is distinct from 0 then explained.reason end as reason,
    withheld.reason as withheld_reason
from differences
{{ join_withheld('differences', 'differences.period_grain') }}
left join explained
    on explained.profile = differences.profile
    and explained.project_name = differences.project_name
    and explained.range_id = differences.range_id
    and explained.metric = differences.metric
order by
    differences.profile, differences.metric, differences.scope_kind, differences.scope_id, differences.period_grain,
    differences.period_start
{% else %}
select 'the profiles are read when the model runs' as profile
{% endif %}
