-- Grain: one row per incident, rule, named thing and deployment. Named by the incident itself, as any tool tells of it
-- (deployment, commit, pull request or release), or by the change that mends it; a lower precedence is believed first.
with incidents as (
    select * from {{ ref('int_incidents') }}
),

parts as (
    select part_id, service_id, repository, tag_name, deployment_id
    from {{ ref('int_deployment_parts') }}
    where deployment_id is not null
),

-- a deployment is named as it is here, or by the id that its own tool gave it
part_names as (
    select part_id as name, deployment_id from parts
    union
    select regexp_extract(part_id, ':deployment:(.+)$', 1), deployment_id
    from parts
    where contains(part_id, ':deployment:')
    union
    -- the key of a row that was dropped is a list of values
    select regexp_extract(part_id, ':\["?([^",\]]+)"?\]$', 1), deployment_id
    from parts
    where starts_with(part_id, 'drops:')
),

named_deployments as (
    select named.incident_id, 'names_deployment' as rule, 1 as precedence, named.named, part_names.deployment_id,
        named.record_ids
    from (select incident_id, record_ids, unnest(referenced_deployment_ids) as named from incidents) as named
    inner join part_names on part_names.name = named.named
),

tags as (
    select incident_id, record_ids, unnest(referenced_tags) as named
    from incidents
),

named_releases as (
    select tags.incident_id, 'names_release' as rule, 1 as precedence, tags.named, parts.deployment_id,
        tags.record_ids
    from tags
    inner join parts on parts.repository || '@' || parts.tag_name = tags.named
),

named_commits as (
    select incident_id, 'names_commit' as rule, unnest(mentioned_shas) as named, record_ids
    from incidents
    union all
    select tags.incident_id, 'names_release' as rule, tagged.commit_sha as named, tags.record_ids
    from tags
    inner join {{ ref('int_tags') }} as tagged on tagged.repository || '@' || tagged.tag_name = tags.named
),

deployed_commits as (
    select named_commits.incident_id, named_commits.rule, 1 as precedence, named_commits.named,
        deployed.deployment_id, named_commits.record_ids
    from named_commits
    inner join {{ ref('int_commit_names') }} as names
        on names.short_sha = left(named_commits.named, 7) and starts_with(names.named_sha, named_commits.named)
    inner join {{ ref('int_changes_deployed') }} as deployed
        on deployed.repository = names.repository and deployed.commit_sha = names.commit_sha
),

named_pull_requests as (
    select named.incident_id, 'names_pull_request' as rule, 1 as precedence, named.named,
        deployed.deployment_id, named.record_ids
    from (select incident_id, record_ids, unnest(mentioned_issues) as named from incidents) as named
    {{ join_kept_names('named.named') }}
    inner join {{ ref('int_pull_request_results') }} as results
        on results.repository || '#' || results.number = {{ by_kept_name('named.named') }}
    inner join {{ ref('int_changes') }} as changes on changes.pull_request_id = results.pull_request_id
    inner join {{ ref('int_changes_deployed') }} as deployed
        on deployed.repository = changes.repository and deployed.commit_sha = changes.commit_sha
),

-- the work item that an incident is linked to as caused by it, and the changes that were made for that
named_work_items as (
    select named.incident_id, 'names_work_item' as rule, 1 as precedence, named.named, deployed.deployment_id,
        list_concat(named.record_ids, refs.record_ids) as record_ids
    from (select incident_id, record_ids, unnest(mentioned_keys) as named from incidents) as named
    inner join {{ ref('int_change_references') }} as refs on refs.target = named.named
    inner join {{ ref('int_changes_deployed') }} as deployed
        on deployed.repository = refs.repository and deployed.commit_sha = refs.commit_sha
    where refs.target_kind = 'key'
),

fixes as (
    select fixes.*, incidents.incident_id, incidents.service_ids, incidents.started_at, incidents.resolved_at
    from {{ ref('int_hotfix_changes') }} as fixes
    inner join {{ ref('int_incident_names') }} as names on names.name = fixes.issue_reference
    inner join incidents on incidents.incident_id = names.incident_id
    where fixes.reason = 'names_incident'
),

named_by_fixes as (
    select fixes.incident_id,
        case when targets.relation = 'reverts' then 'fix_reverts' else 'fix_names' end as rule,
        case when targets.relation = 'reverts' then 2 else 3 end as precedence,
        targets.target_sha as named, deployed.deployment_id,
        list_concat(fixes.record_ids, targets.record_ids) as record_ids
    from fixes
    inner join {{ ref('int_change_targets') }} as targets
        on targets.repository = fixes.repository and targets.commit_sha = fixes.commit_sha
    inner join {{ ref('int_changes_deployed') }} as deployed
        on deployed.service_id = fixes.service_id
        and deployed.repository = targets.target_repository
        and deployed.commit_sha = targets.target_sha
),

-- a fix that says no more than which incident it mends replaces what broke only where it is a fix of what is broken,
-- rolled out after that broke and while it lasted, or within the days in which a hotfix follows
replaced_by_fixes as (
    select fixes.incident_id, 'fix_replaces' as rule, 4 as precedence, fixes.service_id as named,
        before_fix.deployment_id, fixes.record_ids
    from fixes
    inner join {{ ref('int_deployments_classified') }} as fixing on fixing.deployment_id = fixes.deployment_id
    cross join {{ source('config', 'rules') }} as rules
    inner join {{ ref('int_deployments_classified') }} as before_fix
        on before_fix.service_id = fixes.service_id
        and before_fix.finished_at <= fixing.finished_at
        and before_fix.deployment_id <> fixing.deployment_id
        and before_fix.started_at <= fixes.started_at
    where (len(fixes.service_ids) = 0 or list_contains(fixes.service_ids, fixes.service_id))
        and fixing.started_at >= fixes.started_at
        and (
            fixes.resolved_at is null
            or fixing.started_at <= fixes.resolved_at
            or fixing.started_at <= fixes.started_at + rules.revert_window_days * interval 1 day
        )
    qualify dense_rank() over (
        partition by fixes.incident_id, fixes.service_id
        order by before_fix.finished_at desc, before_fix.deployment_id desc
    ) = 1
),

named as (
    {% for named in [
        'named_deployments', 'named_releases', 'deployed_commits', 'named_pull_requests', 'named_work_items',
        'named_by_fixes', 'replaced_by_fixes',
    ] %}
    select incident_id, rule, precedence, named, deployment_id, record_ids from {{ named }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select
    incident_id, rule, precedence, named, deployment_id,
    list_sort(list_distinct(flatten(list(record_ids order by record_ids)))) as record_ids
from named
group by incident_id, rule, precedence, named, deployment_id
