-- Grain: one row per scope and whole month or quarter: DORA's Quick Check over measured values, and for each year with
-- clusters the nearest one. The distance to a cluster is the mean, over all its metrics that the scope has a value of, of how
-- far the score lies outside the cluster's range; below three metrics no cluster is named, and of two that are equally
-- near the slower one is. Scores of single metrics have no cluster. DEFINITIONS §1.
{% set years = [2021, 2022, 2023, 2024] %}
{% set throughput = ['change_lead_time_score', 'deployment_frequency_score', 'failed_deployment_recovery_time_score'] %}
{% set instability = ['change_fail_rate_score', 'deployment_rework_rate_score'] %}
with scored as (
    select
        *,
        {{ step_score('deployment_frequency_step') }} as deployment_frequency_score,
        {{ step_score('change_lead_time_step') }} as change_lead_time_score,
        {{ step_score('failed_deployment_recovery_time_step') }} as failed_deployment_recovery_time_score,
        {{ ratio_score('change_fail_rate') }} as change_fail_rate_score,
        {{ ratio_score('deployment_rework_rate') }} as deployment_rework_rate_score
    from {{ ref('int_dora_answers') }}
),

scores as (
    select scope_kind, scope_id, period_grain, period_start, unnest([
        {%- for metric in five_metrics() %}
        {'metric': '{{ metric }}', 'score': {{ metric }}_score}{{ ',' if not loop.last }}
        {%- endfor %}
    ], recursive := true)
    from scored
),

distances as (
    select
        scores.scope_kind,
        scores.scope_id,
        scores.period_grain,
        scores.period_start,
        clusters.year,
        clusters.cluster,
        clusters.cluster_rank,
        count(*) as metric_count,
        cast(cast(
            (2 * {{ exact_sum('gap_millionths') }} + count(*)) // (2 * count(*))
        as decimal(18, 0)) * 0.000001 as decimal(9, 6)) as distance
    from scores
    inner join (select * from {{ ref('dim_dora_clusters') }}) as clusters on clusters.metric = scores.metric
    cross join lateral (
        select cast(1000000 * greatest(
            clusters.lowest_score - scores.score, scores.score - clusters.highest_score, 0
        ) as bigint) as gap_millionths
    ) as gaps
    where scores.score is not null
    group by all
),

nearest as (
    select *
    from distances
    where metric_count >= 3
    qualify row_number() over (
        partition by scope_kind, scope_id, period_grain, period_start, year order by distance, cluster_rank desc
    ) = 1
),

by_year as (
    select
        scope_kind, scope_id, period_grain, period_start,
        {% for year in years %}
        max(cluster) filter (where year = {{ year }}) as nearest_cluster_{{ year }},
        max(distance) filter (where year = {{ year }}) as nearest_cluster_{{ year }}_distance,
        {% endfor %}
        max(metric_count) as cluster_metric_count
    from nearest
    group by scope_kind, scope_id, period_grain, period_start
)

select
    scored.scope_kind,
    scored.scope_id,
    scored.period_grain,
    scored.period_start,
    scored.period_end,
    {% for metric in five_metrics() %}
    {% if metric in ('change_fail_rate', 'deployment_rework_rate') %}
    {{ percent_answer('scored.' ~ metric) }} as {{ metric }}_answer,
    {% else %}
    {{ step_answer('scored.' ~ metric ~ '_step', metric != 'deployment_frequency') }} as {{ metric }}_answer,
    {% endif %}
    scored.{{ metric }}_score,
    scored.{{ metric }}_n,
    {% endfor %}
    {{ mean_score(throughput) }} as throughput_score,
    {{ mean_score(instability) }} as instability_score,
    {{ mean_score(throughput + instability) }} as overall_score,
    {% for year in years %}
    by_year.nearest_cluster_{{ year }},
    by_year.nearest_cluster_{{ year }}_distance,
    {% endfor %}
    case when scored.withheld_reason is null then coalesce(by_year.cluster_metric_count, 0) end as cluster_metric_count,
    scored.withheld_reason
from scored
left join by_year
    on by_year.scope_kind = scored.scope_kind
    and by_year.scope_id = scored.scope_id
    and by_year.period_grain = scored.period_grain
    and by_year.period_start = scored.period_start
order by scored.scope_kind, scored.scope_id, scored.period_grain, scored.period_start
