-- Grain: one row per job of a pipeline run, whatever the source calls it; a retried one is a job of its own.
-- Jenkins' stages are the jobs of a build. A synchronisation of Argo CD is a run with one job.
with builds as (
    select source, job_full_name, build_number, max(started_at) as started_at
    from {{ ref('stg_jenkins__builds') }}
    group by source, job_full_name, build_number
),

jobs as (
    select
        source,
        'github' as source_kind,
        'github:' || source || ':job:' || job_id as job_id,
        {{ run_key('github', 'run_id') }} as run_id,
        run_attempt,
        name as job_name,
        status as source_status,
        conclusion as source_conclusion,
        {{ common_status('github', 'coalesce(conclusion, status)') }} as status,
        created_at,
        started_at,
        completed_at as finished_at,
        record_id
    from {{ ref('stg_github__workflow_jobs') }}
    union all
    select
        source,
        'gitlab',
        'gitlab:' || source || ':job:' || job_id,
        {{ run_key('gitlab', 'pipeline_id') }},
        1,
        name,
        status,
        cast(null as varchar),
        {{ common_status('gitlab', 'status') }},
        created_at,
        started_at,
        finished_at,
        record_id
    from {{ ref('stg_gitlab__jobs') }}
    union all
    -- a workflow that is run again lists the jobs that need not be, under their old ids
    select
        source,
        'circleci',
        'circleci:' || source || ':job:' || workflow_id || '/' || job_id,
        {{ run_key('circleci', 'workflow_id') }},
        1,
        name,
        status,
        cast(null as varchar),
        {{ common_status('circleci', 'status') }},
        cast(null as timestamptz),
        started_at,
        stopped_at,
        record_id
    from {{ ref('stg_circleci__jobs') }}
    union all
    select
        stages.source,
        'jenkins',
        'jenkins:' || stages.source || ':job:' || {{ jenkins_job('stages') }} || '/' || stages.stage_id,
        'jenkins:' || stages.source || ':run:' || {{ jenkins_build('builds') }},
        1,
        stages.stage_name,
        stages.status,
        cast(null as varchar),
        {{ common_status('jenkins', 'stages.status') }},
        cast(null as timestamptz),
        stages.started_at,
        stages.started_at + stages.duration_milliseconds * interval 1 millisecond,
        stages.record_id
    from {{ ref('stg_jenkins__stages') }} as stages
    inner join builds
        on builds.source = stages.source
        and builds.job_full_name = stages.job_full_name
        and builds.build_number = stages.build_number
    union all
    select
        source,
        'argocd',
        'argocd:' || source || ':job:' || {{ argocd_operation() }},
        {{ run_key('argocd', argocd_operation()) }},
        1,
        'sync',
        status,
        cast(null as varchar),
        {{ common_status('argocd', 'status') }},
        cast(null as timestamptz),
        started_at,
        finished_at,
        record_id
    from {{ ref('stg_argocd__applications__operations') }}
)

select
    job_id,
    run_id,
    run_attempt,
    source,
    source_kind,
    job_name,
    status,
    source_status,
    case
        when source_kind = 'github' then source_conclusion
        when {{ has_ended('status') }} then source_status
    end as source_conclusion,
    created_at,
    started_at,
    case when source_kind = 'github' or {{ has_ended('status') }} then finished_at end as finished_at,
    record_id
from jobs
