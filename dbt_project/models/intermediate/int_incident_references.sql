-- Grain: one row per incident, rule, named thing and deployment. Named by the incident itself (deployment, commit, pull
-- request or release) or by the change that mends it; a lower precedence is believed first.
with parts as (
    select part_id, service_id, repository, tag_name, deployment_id
    from {{ ref('int_deployment_parts') }}
    where deployment_id is not null
),

named_deployments as (
    select incidents.incident_id, 'names_deployment' as rule, 1 as precedence, incidents.named,
        parts.deployment_id, incidents.record_id
    from (select *, unnest(referenced_deployment_ids) as named from {{ ref('int_incidents') }}) as incidents
    inner join parts on parts.part_id = 'github:' || incidents.source || ':deployment:' || incidents.named
),

named_releases as (
    select incidents.incident_id, 'names_release' as rule, 1 as precedence, incidents.named,
        parts.deployment_id, incidents.record_id
    from (select *, unnest(referenced_tags) as named from {{ ref('int_incidents') }}) as incidents
    inner join parts on parts.repository || '@' || parts.tag_name = incidents.named
),

tagged_commits as (
    select incidents.incident_id, 'names_release' as rule, tags.commit_sha as named, incidents.record_id
    from (select *, unnest(referenced_tags) as named from {{ ref('int_incidents') }}) as incidents
    inner join {{ ref('int_tags') }} as tags on tags.repository || '@' || tags.tag_name = incidents.named
),

named_commits as (
    select incidents.incident_id, 'names_commit' as rule, incidents.named, incidents.record_id
    from (select *, unnest(mentioned_shas) as named from {{ ref('int_incidents') }}) as incidents
    union all
    select * from tagged_commits
),

deployed_commits as (
    select named_commits.incident_id, named_commits.rule, 1 as precedence, named_commits.named,
        deployed.deployment_id, named_commits.record_id
    from named_commits
    inner join {{ ref('int_commit_names') }} as names
        on names.short_sha = left(named_commits.named, 7) and starts_with(names.named_sha, named_commits.named)
    inner join {{ ref('int_changes_deployed') }} as deployed
        on deployed.repository = names.repository and deployed.commit_sha = names.commit_sha
),

named_pull_requests as (
    select incidents.incident_id, 'names_pull_request' as rule, 1 as precedence, incidents.named,
        deployed.deployment_id, incidents.record_id
    from (select *, unnest(mentioned_issues) as named from {{ ref('int_incidents') }}) as incidents
    {{ join_kept_names('incidents.named') }}
    inner join {{ ref('int_pull_request_results') }} as results
        on results.repository || '#' || results.number = {{ by_kept_name('incidents.named') }}
    inner join {{ ref('int_changes') }} as changes on changes.pull_request_id = results.pull_request_id
    inner join {{ ref('int_changes_deployed') }} as deployed
        on deployed.repository = changes.repository and deployed.commit_sha = changes.commit_sha
),

named_by_fixes as (
    select incidents.incident_id,
        case when targets.relation = 'reverts' then 'fix_reverts' else 'fix_names' end as rule,
        case when targets.relation = 'reverts' then 2 else 3 end as precedence,
        targets.target_sha as named, deployed.deployment_id,
        unnest(list_concat(fixes.record_ids, targets.record_ids)) as record_id
    from {{ ref('int_hotfix_changes') }} as fixes
    inner join {{ ref('int_incidents') }} as incidents on incidents.reference = fixes.issue_reference
    inner join {{ ref('int_change_targets') }} as targets
        on targets.repository = fixes.repository and targets.commit_sha = fixes.commit_sha
    inner join {{ ref('int_changes_deployed') }} as deployed
        on deployed.service_id = fixes.service_id
        and deployed.repository = targets.target_repository
        and deployed.commit_sha = targets.target_sha
    where fixes.reason = 'names_incident'
),

replaced as (
    select incidents.incident_id, fixes.service_id, before_fix.deployment_id, fixes.record_ids
    from {{ ref('int_hotfix_changes') }} as fixes
    inner join {{ ref('int_incidents') }} as incidents on incidents.reference = fixes.issue_reference
    inner join {{ ref('int_deployments_classified') }} as fixing on fixing.deployment_id = fixes.deployment_id
    inner join {{ ref('int_deployments_classified') }} as before_fix
        on before_fix.service_id = fixes.service_id
        and before_fix.finished_at <= fixing.finished_at
        and before_fix.deployment_id <> fixing.deployment_id
        and before_fix.started_at <= incidents.started_at
    where fixes.reason = 'names_incident'
    qualify dense_rank() over (
        partition by incidents.incident_id, fixes.service_id
        order by before_fix.finished_at desc, before_fix.deployment_id desc
    ) = 1
),

replaced_by_fixes as (
    select incident_id, 'fix_replaces' as rule, 4 as precedence, service_id as named, deployment_id,
        unnest(record_ids) as record_id
    from replaced
),

named as (
    {% for named in [
        'named_deployments', 'named_releases', 'deployed_commits', 'named_pull_requests', 'named_by_fixes',
        'replaced_by_fixes',
    ] %}
    select incident_id, rule, precedence, named, deployment_id, record_id from {{ named }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select
    incident_id, rule, precedence, named, deployment_id,
    list(distinct record_id order by record_id) as record_ids
from named
group by incident_id, rule, precedence, named, deployment_id
