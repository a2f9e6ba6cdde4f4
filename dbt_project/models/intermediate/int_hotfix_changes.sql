-- Grain: one row per deployed change that makes its deployment a hotfix or mends a work item, and the reason.
-- A deployment without baseline carries old history, so nothing that it contains makes it a hotfix.
with deployed as (
    select deployed.*, changes.pull_request_id, changes.is_hotfix_title, changes.record_ids
    from {{ ref('int_changes_deployed') }} as deployed
    inner join {{ ref('int_changes') }} as changes
        on changes.repository = deployed.repository and changes.commit_sha = deployed.commit_sha
    where not deployed.is_baseline
),

marked as (
    select
        deployed.service_id, deployed.deployment_id, deployed.repository, deployed.commit_sha,
        case
            when pull_requests.is_hotfix_branch then 'branch'
            when pull_requests.is_hotfix_label then 'label'
            else 'title'
        end as reason,
        cast(null as varchar) as issue_reference,
        list_concat(deployed.record_ids, {{ ordered_ids(['pull_requests.record_id']) }}) as record_ids
    from deployed
    left join {{ ref('stg_github__pull_requests') }} as pull_requests
        on {{ pull_request_key('pull_requests') }} = deployed.pull_request_id
    where deployed.is_hotfix_title
        or pull_requests.is_hotfix_branch or pull_requests.is_hotfix_label or pull_requests.is_hotfix_title
),

reverting as (
    select
        deployed.service_id, deployed.deployment_id, deployed.repository, deployed.commit_sha,
        'reverts' as reason,
        cast(null as varchar) as issue_reference,
        targets.record_ids
    from deployed
    inner join {{ ref('int_change_targets') }} as targets
        on targets.repository = deployed.repository
        and targets.commit_sha = deployed.commit_sha
        and targets.relation = 'reverts'
    inner join {{ ref('int_changes_deployed') }} as reverted
        on reverted.service_id = deployed.service_id
        and reverted.repository = targets.target_repository
        and reverted.commit_sha = targets.target_sha
        and reverted.deployment_id <> deployed.deployment_id
    cross join {{ source('config', 'rules') }} as rules
    where reverted.finished_at <= deployed.finished_at
        and reverted.finished_at >= deployed.finished_at - rules.revert_window_days * interval 1 day
),

naming_incidents as (
    select
        deployed.service_id, deployed.deployment_id, deployed.repository, deployed.commit_sha,
        'names_incident' as reason,
        names.name as issue_reference,
        list_concat(refs.record_ids, incidents.record_ids) as record_ids
    from deployed
    inner join {{ ref('int_change_references') }} as refs
        on refs.repository = deployed.repository and refs.commit_sha = deployed.commit_sha
    inner join {{ ref('int_incident_names') }} as names on names.name = refs.target
    inner join {{ ref('int_incidents') }} as incidents on incidents.incident_id = names.incident_id
    -- a change that ran before the incident began did not mend it
    where refs.target_kind in ('issue', 'key') and incidents.started_at <= deployed.finished_at
),

-- work items that users met as defects: issues of GitHub by their label, items of Jira by their kind
defects as (
    select
        issues.repository || '#' || issues.number as name,
        'issue' as name_kind,
        issues.created_at,
        issues.record_id
    from {{ ref('stg_github__issues') }} as issues
    cross join {{ source('config', 'rules') }} as rules
    where not coalesce(issues.is_pull_request, false)
        and len(list_filter(
            issues.labels, lambda label: regexp_matches(label, rules.defect_label_pattern)
        )) > 0
    union all
    select item_key, 'key', created_at, record_id
    from {{ ref('int_work_items') }}
    where source_kind = 'jira' and is_production_defect and not is_deleted
),

mending_defects as (
    select
        deployed.service_id, deployed.deployment_id, deployed.repository, deployed.commit_sha,
        'names_defect' as reason,
        refs.target as issue_reference,
        list_concat(refs.record_ids, [defects.record_id]) as record_ids
    from deployed
    inner join {{ ref('int_change_references') }} as refs
        on refs.repository = deployed.repository and refs.commit_sha = deployed.commit_sha
    inner join defects on defects.name = refs.target and defects.name_kind = refs.target_kind
    where defects.created_at <= deployed.finished_at
),

reasons as (
    select * from marked
    union all
    select * from reverting
    union all
    select * from naming_incidents
    union all
    select * from mending_defects
)

select
    service_id, deployment_id, repository, commit_sha, reason, issue_reference,
    reason <> 'names_defect' as is_hotfix,
    list_sort(list_distinct(flatten(list(record_ids order by record_ids)))) as record_ids
from reasons
group by service_id, deployment_id, repository, commit_sha, reason, issue_reference
