-- Grain: one row per fact that metrics are made of and scope that gaps of its streams concern; an empty scope kind stands
-- for every scope. A gap in a service's repository concerns the service, whoever owned it in that time, and the
-- organisation; any other place may hold what concerns all. CircleCI names repositories with their host before them.
with gaps as (
    select
        streams.fact_relation,
        regexp_replace(gaps.scope, '^(gh|github|bb|bitbucket)/', '') as repository,
        greatest(gaps.gap_from, reporting.coverage_from) as gap_from,
        least(gaps.gap_until, reporting.coverage_until) as gap_until,
        reporting.organisation,
        reporting.time_zone
    from {{ source('config', 'stream_gaps') }} as gaps
    inner join {{ ref('int_metric_streams') }} as streams
        on streams.kind = gaps.kind and streams.stream = gaps.stream
    cross join {{ ref('int_reporting') }} as reporting
),

dated as (
    select distinct
        gaps.fact_relation,
        gaps.organisation,
        lower(coalesce(names.repository, gaps.repository)) as repository,
        gaps.gap_from,
        gaps.gap_until,
        {
            'first_date': cast((gaps.gap_from at time zone gaps.time_zone) as date),
            'last_date': cast(((gaps.gap_until - interval 1 microsecond) at time zone gaps.time_zone) as date)
        } as gap
    from gaps
    left join {{ ref('int_repository_names') }} as names on names.name = gaps.repository
    where gaps.gap_from < gaps.gap_until
),

served as (
    select dated.*, services.service_id
    from dated
    left join {{ ref('int_services') }} as services on lower(services.repository) = dated.repository
),

concerned as (
    select fact_relation, '' as scope_kind, '' as scope_id, gap
    from served
    where service_id is null
    union
    select fact_relation, 'organisation', organisation, gap
    from served
    where service_id is not null
    union
    select fact_relation, 'service', service_id, gap
    from served
    where service_id is not null
    union
    select served.fact_relation, 'team', unnest(owners.team_path), served.gap
    from served
    inner join {{ ref('int_service_owners_dated') }} as owners
        on owners.service_id = served.service_id
        and owners.valid_from < served.gap_until
        and owners.valid_until > served.gap_from
)

select fact_relation, scope_kind, scope_id, list(gap order by gap) as gaps
from concerned
group by fact_relation, scope_kind, scope_id
