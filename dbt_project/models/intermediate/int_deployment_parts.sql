-- Grain: one row per service and part (region, stage or attempt) of a deployment, with the rollout it belongs to.
-- Parts are one rollout when service, environment and commit are the same, they start within the configured hours
-- of the first, and no other commit was rolled out there in between. All production environments count as one.
-- What a correction in force says of a part holds, whatever the source says.
with told as (
    {% for origin in ['reported', 'run', 'released', 'tagged', 'observed'] %}
    select
        part_id, service_id, repository, environment, is_production, commit_sha, tag_name, started_at, finished_at,
        state, is_declared_rollback, record_ids
    from {{ ref('int_deployments_' ~ origin) }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

parts as (
    select
        told.* replace (
            {{ corrected('environment', 'told.environment') }} as environment,
            case
                when corrections.has_corrected_is_production then corrections.is_production
                when corrections.has_corrected_environment
                    then coalesce(regexp_matches(corrections.environment, services.environment_pattern), told.is_production)
                else told.is_production
            end as is_production,
            {{ corrected('finished_at', 'told.finished_at') }} as finished_at,
            case corrections.outcome
                when 'success' then 'succeeded'
                when 'failed_rollout' then 'failed'
                else told.state
            end as state
        ),
        coalesce(corrections.leaf_indexes, []) as correction_leaf_indexes
    from told
    {{ join_corrections('deployment', 'told.part_id', 'told.service_id') }}
    left join {{ ref('int_services') }} as services on services.service_id = told.service_id
),

named as (
    select
        *,
        case
            when count(*) over (partition by part_id) > 1 then part_id || ':' || service_id
            else part_id
        end as service_part_id,
        case when is_production then '(production)' else environment end as rollout_environment,
        coalesce(commit_sha, part_id) as rollout_commit
    from parts
),

changeovers as (
    select
        *,
        lag(rollout_commit) over (
            partition by service_id, environment, state = 'unfinished' order by started_at, service_part_id
        ) is distinct from rollout_commit as is_changeover
    from named
),

stays as (
    select
        *,
        count_if(is_changeover) over (
            partition by service_id, environment, rollout_commit, state = 'unfinished'
            order by started_at, service_part_id
        ) as stay
    from changeovers
),

starts as (
    select
        service_id,
        rollout_environment,
        rollout_commit,
        stay,
        list([started_at] order by started_at) as part_starts
    from stays
    where state <> 'unfinished'
    group by service_id, rollout_environment, rollout_commit, stay
),

rollouts as (
    select
        starts.* exclude (part_starts),
        list_reduce(
            starts.part_starts,
            lambda firsts, next: case
                when next[1] > firsts[len(firsts)] + rules.rollout_merge_hours * interval 1 hour
                    then list_concat(firsts, next)
                else firsts
            end
        ) as rollout_starts
    from starts
    cross join {{ source('config', 'rules') }} as rules
)

select
    stays.part_id,
    stays.service_part_id,
    stays.service_id,
    stays.repository,
    stays.environment,
    stays.is_production,
    stays.commit_sha,
    stays.tag_name,
    stays.started_at,
    stays.finished_at,
    stays.state,
    stays.is_declared_rollback,
    stays.record_ids,
    stays.correction_leaf_indexes,
    case
        when stays.state <> 'unfinished' then
            first_value(stays.service_part_id) over (
                partition by
                    stays.service_id, stays.rollout_environment, stays.rollout_commit, stays.stay,
                    stays.state = 'unfinished',
                    len(list_filter(rollouts.rollout_starts, lambda start: start <= stays.started_at))
                order by stays.started_at, stays.service_part_id
            )
    end as deployment_id
from stays
left join rollouts
    on rollouts.service_id = stays.service_id
    and rollouts.rollout_environment = stays.rollout_environment
    and rollouts.rollout_commit = stays.rollout_commit
    and rollouts.stay = stays.stay
