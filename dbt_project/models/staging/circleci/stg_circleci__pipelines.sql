-- Written by `python -m orchestration.staging_models write` from pipelines in connectors/circleci.
-- One row per pipeline: what a push, a schedule or a call started.
{{ config(incremental_strategy='newest_version', unique_key=['source', 'pipeline_id']) }}

{% set structure = {
    'id': 'VARCHAR', 'number': 'VARCHAR', 'state': 'VARCHAR',
    'trigger': {'type': 'VARCHAR', 'actor': {'login': 'VARCHAR'}},
    'vcs': {'revision': 'VARCHAR', 'branch': 'VARCHAR', 'tag': 'VARCHAR'}, 'created_at': 'VARCHAR',
    'updated_at': 'VARCHAR',
} %}
{% set columns = [
    ('project_slug', 'scope', 'varchar'),
    ('pipeline_id', 'record.id', 'varchar'),
    ('number', 'record.number', 'bigint'),
    ('state', 'record.state', 'varchar'),
    ('trigger', 'record.trigger.type', 'varchar'),
    ('commit_sha', 'record.vcs.revision', 'varchar'),
    ('branch', 'record.vcs.branch', 'varchar'),
    ('tag', 'record.vcs.tag', 'varchar'),
    ('created_at', 'record.created_at', 'timestamptz'),
    ('source_updated_at', 'record.updated_at', 'timestamptz'),
] %}

with records as (
    {{ records_in(source('raw', 'circleci__pipelines__new'), structure, wrapped_in=['items']) }}
),

versions as (
    select
        source, record_id,
        {{ typed(columns) }}
        {{ account('circleci', 'record.trigger.actor.login') }} as actor_account,
        {{ cast_losses(columns, [
            missing('scope'),
            missing('record.id'),
            missing('record.number'),
            missing('record.created_at'),
            'record.trigger.actor is not null and record.trigger.actor.login is null',
        ]) }} as cast_loss_count
    from records
),

newest as (
    {{ newest_version('versions', ['pipeline_id']) }}
)

select
    source, project_slug, pipeline_id, number, state, trigger, commit_sha, branch, tag, created_at,
    source_updated_at as updated_at, {{ token_columns('actor') }},
    record_id, source_updated_at, cast_loss_count + {{ token_loss('actor') }} as cast_loss_count
from newest
{{ join_tokens('actor') }}
