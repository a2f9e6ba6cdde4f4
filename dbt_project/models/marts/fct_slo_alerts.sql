-- Grain: one row per objective, alert rule and time without a break in which the rule fired.
with slices as (
    select
        *,
        slice_number - row_number() over (partition by objective_id, rule_name order by slice_number) as episode
    from {{ ref('int_slo_alert_slices') }}
),

episodes as (
    select
        objective_id,
        rule_name,
        severity,
        burn_rate_threshold,
        min(as_of) as started_at,
        max(as_of) as last_fired_at,
        min(as_of) - max(long_slices * slice_seconds) * interval 1 second as looked_back_from,
        max(slice_number) as last_slice,
        max(slice_seconds) as slice_seconds,
        count(*) as slice_count,
        max(long_burn_rate) as highest_burn_rate
    from slices
    group by objective_id, rule_name, severity, burn_rate_threshold, episode
),

alerts as (
    select
        episodes.*,
        objectives.slo_id,
        objectives.service_id,
        episodes.last_slice = extents.last_slice as is_open,
        if(
            episodes.last_slice = extents.last_slice,
            null,
            episodes.last_fired_at + episodes.slice_seconds * interval 1 second
        ) as ended_at
    from episodes
    inner join {{ source('config', 'slo_objectives') }} as objectives
        on objectives.objective_id = episodes.objective_id
    inner join {{ ref('int_sli_extents') }} as extents on extents.objective_id = episodes.objective_id
),

records as (
    select
        alerts.objective_id,
        alerts.rule_name,
        alerts.started_at,
        list_sort(list_distinct(list(records.record_id))) as record_ids
    from alerts
    inner join {{ ref('int_slo_records') }} as records
        on records.objective_id = alerts.objective_id
        and records.starts_at < alerts.last_fired_at
        and records.ends_at > alerts.looked_back_from
    group by alerts.objective_id, alerts.rule_name, alerts.started_at
)

select
    alerts.objective_id || ':' || alerts.rule_name || ':' || {{ epoch_seconds('alerts.started_at') }} as slo_alert_id,
    alerts.slo_id,
    alerts.objective_id,
    alerts.service_id,
    owners.team_id,
    coalesce(owners.team_path, []) as team_path,
    reporting.organisation,
    alerts.rule_name,
    alerts.severity,
    alerts.burn_rate_threshold,
    alerts.highest_burn_rate,
    alerts.started_at,
    {{ reporting_date('alerts.started_at') }} as started_date,
    alerts.ended_at,
    {{ seconds_between('alerts.started_at', 'alerts.ended_at') }} as duration_seconds,
    alerts.is_open,
    alerts.slice_count,
    coalesce(records.record_ids, []) as record_ids,
    cast([] as bigint[]) as context_record_ids
from alerts
cross join {{ ref('int_reporting') }} as reporting
left join records
    on records.objective_id = alerts.objective_id
    and records.rule_name = alerts.rule_name
    and records.started_at = alerts.started_at
{{ join_owners('alerts.service_id', 'alerts.started_at') }}
order by alerts.objective_id, alerts.rule_name, alerts.started_at
