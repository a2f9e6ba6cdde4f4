-- One row per build of a job, in its newest version; one that retention has deleted stays as it was last seen.
-- A job that is made anew counts from 1 again, so the start belongs to the key. A pipeline checks out more than its own
-- repository (shared libraries): all stand in the lists, and the commit is that of the repository which the job is
-- configured for or named after; where that leaves a choice, there is none.
{{ config(
    incremental_strategy='newest_version',
    unique_key=['source', 'job_full_name', 'build_number', 'started_at']
) }}

{% set change_set = {'items': [{'commitId': 'VARCHAR', 'timestamp': 'VARCHAR'}]} %}
{% set structure = {
    '_class': 'VARCHAR', 'number': 'VARCHAR', 'timestamp': 'VARCHAR', 'duration': 'VARCHAR', 'building': 'VARCHAR',
    'result': 'VARCHAR',
    'actions': [{
        'lastBuiltRevision': {'SHA1': 'VARCHAR', 'branch': [{'name': 'VARCHAR'}]}, 'remoteUrls': ['VARCHAR'],
        'causes': [{'_class': 'VARCHAR', 'upstreamProject': 'VARCHAR', 'upstreamBuild': 'VARCHAR'}],
    }],
    'changeSet': change_set, 'changeSets': [change_set],
} %}
{% set columns = [
    ('build_number', 'record.number', 'bigint'),
    ('build_class', 'record._class', 'varchar'),
    ('started_at', 'record.timestamp', 'epoch_milliseconds'),
    ('duration_milliseconds', 'record.duration', 'bigint'),
    ('is_building', 'record.building', 'boolean'),
    ('status', 'record.result', 'varchar'),
    ('upstream_build_number', 'causes[1].upstreamBuild', 'bigint'),
] %}
{% set own_structure = {'scm': {'userRemoteConfigs': [{'url': 'VARCHAR'}]}} %}

with pages as (
    select
        *,
        list_transform(
            try(from_json(try(decode(body)), '{{ tojson(own_structure) }}')).scm.userRemoteConfigs,
            lambda remote: {{ git_remote('remote.url') }}
        ) as configured_for
    from {{ source('raw', 'jenkins__builds__new') }}
),

records as (
    {{ records_in('pages', structure, wrapped_in=['allBuilds'], carrying=['configured_for']) }}
),

taken_apart as (
    select
        *,
        string_split(lower(scope), '/')[-2:] as names,
        flatten(list_transform(
            coalesce(record.actions, []), lambda action: coalesce(action.causes, [])
        )) as causes,
        list_transform(
            list_filter(coalesce(record.actions, []), lambda action: action.lastBuiltRevision.SHA1 is not null),
            lambda action: {
                'commit_sha': action.lastBuiltRevision.SHA1,
                'branch': regexp_replace(action.lastBuiltRevision.branch[1].name, '^(refs/remotes/)?origin/', ''),
                'repositories': list_transform(
                    coalesce(action.remoteUrls, []), lambda url: {{ git_remote('url') }}
                )
            }
        ) as revisions,
        list_sort(list_filter(
            list_transform(
                flatten(list_transform(
                    list_append(coalesce(record.changeSets, []), record.changeSet),
                    lambda change_set: coalesce(change_set.items, [])
                )),
                lambda change: {
                    'changed_at': try_cast(change.timestamp as bigint), 'commit_sha': {{ full_sha('change.commitId') }}
                }
            ),
            lambda change: change.commit_sha is not null
        ), 'DESC', 'NULLS LAST') as changes
    from records
),

narrowed as (
    select
        *,
        list_filter(
            revisions, lambda revision: list_has_any(revision.repositories, coalesce(configured_for, []))
        ) as configured,
        list_filter(
            revisions,
            lambda revision: list_has_any(
                list_transform(revision.repositories, lambda repository: string_split(repository, '/')[-1]), names
            )
        ) as namesakes
    from taken_apart
),

versions as (
    select
        source, record_id,
        case when record is not null then scope end as job_full_name,
        {{ typed(columns) }}
        null::timestamptz as source_updated_at,
        causes, revisions, changes,
        case
            when len(revisions) = 1 then revisions
            when len(configured) > 0 then configured
            when len(namesakes) > 0 then namesakes
            else revisions
        end as candidates,
        {{ cast_losses(columns, [
            missing('record.building'), missing('record._class'), missing('record.timestamp'),
        ]) }} as cast_loss_count
    from narrowed
),

newest as (
    {{ newest_version('versions', ['job_full_name', 'build_number', 'started_at']) }}
),

chosen as (
    select
        *,
        {{ only_value('list_transform(candidates, lambda each: each.commit_sha)') }} as revision_sha
    from newest
)

select
    source, job_full_name, build_number, started_at,
    case
        when not is_building and status is not null and duration_milliseconds is not null
            then started_at + to_milliseconds(duration_milliseconds)
    end as finished_at,
    status, is_building,
    coalesce(revision_sha, case when len(revisions) = 0 then changes[1].commit_sha end) as commit_sha,
    case when revision_sha is not null then candidates[1].branch end as branch_name,
    case when revision_sha is not null then candidates[1].repositories[1] end as repository,
    list_transform(revisions, lambda each: each.commit_sha) as revision_commit_shas,
    list_transform(revisions, lambda each: each.repositories[1]) as revision_repositories,
    build_class,
    list_transform(causes, lambda cause: cause._class) as cause_classes,
    causes[1].upstreamProject as upstream_job_full_name,
    upstream_build_number,
    record_id, source_updated_at, cast_loss_count
from chosen
