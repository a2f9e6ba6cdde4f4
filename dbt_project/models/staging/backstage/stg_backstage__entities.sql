-- Written by `python -m orchestration.staging_models write` from entities in connectors/backstage.
-- One row per component, system, group or other entity of the catalog, people excepted.
{{ config(incremental_strategy='current_set', unique_key=['source', 'repository', 'entity_ref']) }}

{% set structure = {
    'path': 'VARCHAR', 'line': 'VARCHAR', 'entity_ref': 'VARCHAR', 'kind': 'VARCHAR', 'namespace': 'VARCHAR',
    'name': 'VARCHAR', 'type': 'VARCHAR', 'lifecycle': 'VARCHAR', 'owner_ref': 'VARCHAR', 'has_unread_owner': 'VARCHAR',
    'system_ref': 'VARCHAR', 'domain_ref': 'VARCHAR', 'part_of_ref': 'VARCHAR', 'parent_ref': 'VARCHAR',
    'github_project_slug': 'VARCHAR', 'github_team_slug': 'VARCHAR', 'gitlab_project_slug': 'VARCHAR',
    'pagerduty_service_id': 'VARCHAR', 'jira_project_key': 'VARCHAR', 'argocd_app_name': 'VARCHAR',
    'circleci_project_slug': 'VARCHAR', 'jenkins_job_full_name': 'VARCHAR', 'child_refs': 'JSON',
    'owner': {'id': 'VARCHAR'}, 'members': 'JSON',
} %}
{% set columns = [
    ('repository', 'case when record is not null then scope end', 'varchar'),
    ('catalog_path', 'record.path', 'varchar'),
    ('line_number', 'record.line', 'integer'),
    ('entity_ref', 'record.entity_ref', 'varchar'),
    ('entity_kind', 'record.kind', 'varchar'),
    ('namespace', 'record.namespace', 'varchar'),
    ('entity_name', 'record.name', 'varchar'),
    ('entity_type', 'record.type', 'varchar'),
    ('lifecycle', 'record.lifecycle', 'varchar'),
    ('owner_ref', 'record.owner_ref', 'varchar'),
    ('has_unread_owner', 'record.has_unread_owner', 'boolean'),
    ('system_ref', 'record.system_ref', 'varchar'),
    ('domain_ref', 'record.domain_ref', 'varchar'),
    ('part_of_ref', 'record.part_of_ref', 'varchar'),
    ('parent_ref', 'record.parent_ref', 'varchar'),
    ('github_project_slug', 'record.github_project_slug', 'varchar'),
    ('github_team_slug', 'record.github_team_slug', 'varchar'),
    ('gitlab_project_slug', 'record.gitlab_project_slug', 'varchar'),
    ('pagerduty_service_id', 'record.pagerduty_service_id', 'varchar'),
    ('jira_project_key', 'record.jira_project_key', 'varchar'),
    ('argocd_app_name', 'record.argocd_app_name', 'varchar'),
    ('circleci_project_slug', 'record.circleci_project_slug', 'varchar'),
    ('jenkins_job_full_name', 'record.jenkins_job_full_name', 'varchar'),
] %}

with records as (
    {{ records_of_changed_sets('backstage', 'entities', structure) }}
),

set_members as (
    select
        source, record_id, page_position, ordinal,
        {{ typed(columns) }}
        null::timestamptz as source_updated_at,
        {{ texts_in('record.child_refs', [[]]) }} as child_refs,
        {{ account('backstage', 'record.owner.id') }} as owner_account,
        {{ accounts_in('backstage', 'record.members', [['id']]) }} as member_accounts,
        {{ cast_losses(columns, [
            missing('record.path'),
            missing('record.line'),
            missing('record.entity_ref'),
            missing('record.kind'),
            list_loss('record.child_refs', [[]]),
            'record.owner is not null and record.owner.id is null',
            list_loss('record.members', [['id']]),
        ]) }} as cast_loss_count
    from records
    {{ once_in_its_set('scope, parent_key', ['repository', 'entity_ref']) }}
)

select
    source, repository, catalog_path, line_number, entity_ref, entity_kind, namespace, entity_name, entity_type,
    lifecycle, owner_ref, has_unread_owner, system_ref, domain_ref, part_of_ref, parent_ref, child_refs,
    github_project_slug, github_team_slug, gitlab_project_slug, pagerduty_service_id, jira_project_key, argocd_app_name,
    circleci_project_slug, jenkins_job_full_name, {{ token_columns('owner') }}, {{ token_list('member') }},
    record_id, source_updated_at,
    cast_loss_count + {{ token_loss('owner') }} + {{ token_list_loss('member') }} as cast_loss_count
from set_members
{{ join_tokens('owner') }}
{{ join_token_lists('set_members', 'member') }}
