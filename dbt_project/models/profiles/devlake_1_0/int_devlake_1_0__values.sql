-- Grain: one row per project, range and metric, also where there is nothing to measure.
with cells as (
    select projects.project_name, ranges.range_id
    from (select distinct project_name from {{ ref('int_domain__project_mapping') }}) as projects
    cross join {{ ref('int_domain__ranges') }} as ranges
    where ranges.from_at < ranges.until_at
)

{{ profile_metric_values('deployment_frequency', ref('int_devlake_1_0__deployment_frequency')) }}
union all
{{ profile_metric_values('change_lead_time', ref('int_devlake_1_0__change_lead_time')) }}
union all
{{ profile_metric_values('change_fail_rate', ref('int_devlake_1_0__change_fail_rate')) }}
union all
{{ profile_metric_values('failed_deployment_recovery_time', ref('int_devlake_1_0__failed_deployment_recovery_time')) }}
