-- Grain: one row per alert and stretch of time in which it was pending or firing without a gap.
-- Prometheus: samples at even steps; more than two steps apart is another stretch. Alertmanager: from start to last seen.
with samples as (
    select
        source,
        service,
        regexp_replace(alert_labels, '"alertstate":\s*"[a-z]*",?\s*', '') as alert_identity,
        alert_state,
        sampled_at,
        step_seconds,
        record_id
    from {{ ref('stg_prometheus__alerts_history') }}
    where sampled_at is not null
),

stepped as (
    select
        *,
        coalesce(
            sampled_at - lag(sampled_at) over (
                partition by source, alert_identity order by sampled_at, alert_state
            ) > 2 * step_seconds * interval 1 second,
            true
        ) as begins
    from samples
),

numbered as (
    select
        *,
        count(*) filter (where begins) over (
            partition by source, alert_identity order by sampled_at, alert_state
            rows between unbounded preceding and current row
        ) as stretch_number
    from stepped
)

select
    'prometheus:' || source || ':' || md5(alert_identity) || ':' || stretch_number as alert_id,
    min(service) as service,
    min(sampled_at) as pending_at,
    min(sampled_at) filter (where alert_state = 'firing') as fired_at,
    max(sampled_at) + max(step_seconds) * interval 1 second as ended_at,
    list_sort([min(record_id), max(record_id)]) as record_ids
from numbered
group by source, alert_identity, stretch_number
union all
select
    'alertmanager:' || source || ':' || fingerprint || '@' || epoch_ms(started_at) as alert_id,
    service,
    started_at as pending_at,
    started_at as fired_at,
    updated_at as ended_at,
    [record_id] as record_ids
from {{ ref('stg_alertmanager__alerts') }}
where started_at is not null
