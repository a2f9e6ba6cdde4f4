-- Grain: one row per pipeline run of any source, in its newest attempt; a workflow of CircleCI that is run again is a
-- run of its own, and so is a pipeline of CircleCI that never had a workflow.
with job_spans as (
    select
        run_id,
        run_attempt,
        count(*) as job_count,
        min(started_at) as started_at,
        max(finished_at) as finished_at,
        list(distinct record_id order by record_id) as record_ids
    from {{ ref('int_pipeline_jobs') }}
    group by run_id, run_attempt
),

gitlab_pipelines as (
    {% for table in ['pipelines', 'child_pipelines'] %}
    select source, project_path, pipeline_id, commit_sha, status, trigger, created_at, record_id
    from {{ ref('stg_gitlab__' ~ table) }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

-- folders of Jenkins whose jobs are named after branches
branch_projects as (
    select source, job_full_name
    from {{ ref('stg_jenkins__jobs') }}
    where ends_with(item_class, 'MultiBranchProject')
),

runs as (
    select
        source,
        'github' as source_kind,
        {{ run_key('github', 'run_id') }} as run_id,
        run_attempt as attempt,
        run_attempt as job_attempt,
        repository as project,
        repository,
        workflow_name as pipeline_name,
        false as is_branch_job,
        event as trigger,
        head_sha as commit_sha,
        cast(null as varchar) as ref,
        status as source_status,
        conclusion as source_conclusion,
        {{ common_status('github', 'coalesce(conclusion, status)') }} as status,
        created_at,
        run_started_at as started_at,
        case when status = 'completed' then updated_at end as finished_at,
        actor_token,
        is_actor_bot,
        record_id,
        [record_id] as record_ids
    from {{ ref('stg_github__workflow_runs') }}
    union all
    select
        pipelines.source,
        'gitlab',
        'gitlab:' || pipelines.source || ':run:' || pipelines.pipeline_id,
        1,
        1,
        pipelines.project_path,
        pipelines.project_path,
        cast(null as varchar),
        false,
        pipelines.trigger,
        pipelines.commit_sha,
        cast(null as varchar),
        pipelines.status,
        cast(null as varchar),
        {{ common_status('gitlab', 'pipelines.status') }},
        pipelines.created_at,
        details.started_at,
        details.finished_at,
        details.actor_token,
        details.is_actor_bot,
        pipelines.record_id,
        {{ ordered_ids(['pipelines.record_id', 'details.record_id']) }}
    from gitlab_pipelines as pipelines
    left join {{ ref('stg_gitlab__pipeline_details') }} as details
        on details.source = pipelines.source and details.pipeline_id = pipelines.pipeline_id
    union all
    select
        workflows.source,
        'circleci',
        'circleci:' || workflows.source || ':run:' || workflows.workflow_id,
        cast(row_number() over (
            partition by workflows.source, workflows.pipeline_id, workflows.name
            order by workflows.created_at, workflows.workflow_id
        ) as integer),
        1,
        workflows.project_slug,
        {{ circleci_repository('workflows.project_slug') }},
        workflows.name,
        false,
        pipelines.trigger,
        pipelines.commit_sha,
        coalesce(pipelines.branch, pipelines.tag),
        workflows.status,
        cast(null as varchar),
        {{ common_status('circleci', 'workflows.status') }},
        workflows.created_at,
        cast(null as timestamptz),
        workflows.stopped_at,
        workflows.starter_token,
        workflows.is_starter_bot,
        workflows.record_id,
        {{ ordered_ids(['workflows.record_id', 'pipelines.record_id']) }}
    from {{ ref('stg_circleci__workflows') }} as workflows
    left join {{ ref('stg_circleci__pipelines') }} as pipelines
        on pipelines.source = workflows.source and pipelines.pipeline_id = workflows.pipeline_id
    union all
    select
        source,
        'circleci',
        {{ run_key('circleci', 'pipeline_id') }},
        1,
        1,
        project_slug,
        {{ circleci_repository('project_slug') }},
        cast(null as varchar),
        false,
        trigger,
        commit_sha,
        coalesce(branch, tag),
        state,
        cast(null as varchar),
        {{ common_status('circleci', 'state') }},
        created_at,
        cast(null as timestamptz),
        updated_at,
        actor_token,
        is_actor_bot,
        record_id,
        [record_id]
    from {{ ref('stg_circleci__pipelines') }} as pipelines
    where not exists (
        select 1
        from {{ ref('stg_circleci__workflows') }} as workflows
        where workflows.source = pipelines.source and workflows.pipeline_id = pipelines.pipeline_id
    )
    union all
    -- a result may be there before a build has ended
    select
        source,
        'jenkins',
        {{ run_key('jenkins', jenkins_build('builds')) }},
        1,
        1,
        job_full_name,
        {{ without_host('repository') }},
        job_full_name,
        (source, {{ jenkins_folder() }}) in (select (source, job_full_name) from branch_projects),
        cause_classes[1],
        commit_sha,
        branch_name,
        case when is_building or status is null then 'IN_PROGRESS' else status end,
        cast(null as varchar),
        {{ common_status('jenkins', "case when is_building or status is null then 'in_progress' else status end") }},
        cast(null as timestamptz),
        started_at,
        finished_at,
        cast(null as varchar),
        cast(null as boolean),
        record_id,
        [record_id]
    from {{ ref('stg_jenkins__builds') }} as builds
    union all
    select
        source,
        'argocd',
        {{ run_key('argocd', argocd_operation()) }},
        1,
        1,
        application_name,
        {{ argocd_repository() }},
        application_name,
        false,
        case when is_automated then 'automated' else 'manual' end,
        commit_sha,
        cast(null as varchar),
        status,
        cast(null as varchar),
        {{ common_status('argocd', 'status') }},
        cast(null as timestamptz),
        started_at,
        finished_at,
        cast(null as varchar),
        cast(null as boolean),
        record_id,
        [record_id]
    from {{ ref('stg_argocd__applications__operations') }}
)

select
    runs.run_id,
    runs.source,
    runs.source_kind,
    runs.project,
    runs.repository,
    runs.attempt,
    runs.pipeline_name,
    case when runs.is_branch_job then {{ jenkins_folder('runs.pipeline_name') }} else runs.pipeline_name end
        as workflow_name,
    runs.trigger,
    runs.commit_sha,
    runs.ref,
    runs.status,
    runs.source_status,
    case
        when runs.source_kind = 'github' then runs.source_conclusion
        when {{ has_ended('runs.status') }} then runs.source_status
    end as source_conclusion,
    coalesce(runs.created_at, runs.started_at) as created_at,
    case
        when runs.source_kind = 'github' then coalesce(job_spans.started_at, runs.started_at)
        else coalesce(runs.started_at, job_spans.started_at)
    end as started_at,
    case
        when runs.source_kind = 'github' and runs.finished_at is not null
            then coalesce(job_spans.finished_at, runs.finished_at)
        when {{ has_ended('runs.status') }} then coalesce(runs.finished_at, job_spans.finished_at)
    end as finished_at,
    coalesce(job_spans.job_count, 0) as job_count,
    runs.actor_token,
    runs.is_actor_bot,
    runs.record_id,
    list_sort(list_distinct(list_concat(runs.record_ids, coalesce(job_spans.record_ids, [])))) as record_ids
from runs
left join job_spans on job_spans.run_id = runs.run_id and job_spans.run_attempt = runs.job_attempt
