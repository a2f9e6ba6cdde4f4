{# What Jira writes in more than one way. #}

{# The key of an account: an id in Cloud, a key in Data Center. `user` is a structure with both. #}
{% macro jira_account(user) -%}
    {{ account('jira', 'coalesce(nullif(trim(' ~ user ~ '.accountId), \'\'), ' ~ user ~ '."key")') }}
{%- endmacro %}

{# An account that is there and cannot be told: something else stands in its place. An empty id is nobody. #}
{% macro jira_account_loss(user) -%}
    {{ user }} is not null and {{ user }}.accountId is null and {{ user }}."key" is null
{%- endmacro %}

{# An instant as text: with an offset as most endpoints write it, or in epoch seconds or milliseconds as the bulk
   endpoint for changelogs does. #}
{% macro jira_instant(text) -%}
    case
            when regexp_full_match({{ text }}, '\d{12,}') then {{ read_as(text, 'epoch_milliseconds') }}::varchar
            when regexp_full_match({{ text }}, '\d{1,11}') then {{ read_as(text, 'epoch_seconds') }}::varchar
            else {{ text }}
        end
{%- endmacro %}

{# The custom fields that an issue brings along, by id, as JSON. Of an option its value stays; accounts, rich texts
   and sprints do not. `fields` maps names to JSON. #}
{% macro jira_custom_fields(fields) -%}
    nullif(map_from_entries(list_filter(
            list_transform(
                list_filter(map_entries({{ fields }}), lambda entry: starts_with(entry.key, 'customfield_')),
                lambda entry: {'key': entry.key, 'value': {{ jira_custom_value('entry.value') }}}
            ),
            lambda entry: entry.value is not null
        ))::json::varchar, '{}')
{%- endmacro %}

{% macro jira_custom_value(value) -%}
    case json_type({{ value }})
                    when 'NULL' then null
                    when 'OBJECT' then {{ value }} -> '$.value'
                    when 'ARRAY' then to_json(nullif(list_filter(list_transform(
                        from_json({{ value }}, '["JSON"]'),
                        lambda each: case json_type(each) when 'OBJECT' then each -> '$.value' when 'NULL' then null else each end
                    ), lambda each: each is not null and not contains(each::varchar, '.Sprint@')), []))
                    else {{ value }}
                end
{%- endmacro %}

{# The ids of the sprints that an issue was in, oldest first as Jira lists them, whatever the field is called: objects
   with a board in Cloud, the text of an object in Data Center. #}
{% macro jira_sprint_ids(fields) -%}
    coalesce(flatten(list_transform(
            list_filter(
                map_values({{ fields }}),
                lambda value: json_type(value) = 'ARRAY' and (
                    contains(value::varchar, '.Sprint@') or json_exists(value, '$[0].boardId') and json_exists(value, '$[0].state')
                )
            ),
            lambda value: case
                when contains(value::varchar, '.Sprint@')
                    then list_transform(
                        regexp_extract_all(value::varchar, '\.Sprint@[^\[]*\[(?:[^\]]*?,)?id=(\d+)', 1), lambda id: id::bigint
                    )
                else list_transform(from_json(value, '[{"id": "VARCHAR"}]'), lambda sprint: try_cast(sprint.id as bigint))
            end
        )), [])
{%- endmacro %}

{# Fields whose changes keep their values: what metrics need, and no text that somebody typed or is called by. Numbers
   of custom fields stay too. #}
{% macro jira_keeps_values(item) -%}
    lower({{ item }}.field) in (
            'status', 'resolution', 'priority', 'issuetype', 'project', 'key', 'sprint', 'fix version', 'version',
            'component', 'labels', 'parent', 'issueparentassociation', 'epic link', 'flagged'
        ) or (
            {{ item }}.fieldtype = 'custom' and try_cast(coalesce({{ item }}."toString", {{ item }}.fromString) as double) is not null
        )
{%- endmacro %}

{# The changed fields of histories, with their entries' addresses. `found` has source, record_id, issue_id and
   entries; an entry that is null stands for a page that could not be read. #}
{% macro jira_changed_fields(found) %}
    select
        source, record_id, issue_id, entry, item, item_number,
        {{ jira_account('entry.author') }} as author_account,
        {{ jira_keeps_values('item') }} as has_values
    from (
        select
            source, record_id, issue_id, entry,
            unnest(case when entry is null then [null] else entry.items end) as item,
            unnest(case when entry is null then [null] else range(len(entry.items)) end) as item_number
        from {{ found }}
    )
{% endmacro %}

{% macro jira_history_structure() %}
    {{ return({
        'id': 'VARCHAR', 'created': 'VARCHAR', 'author': {'accountId': 'VARCHAR', 'key': 'VARCHAR'},
        'items': [{
            'field': 'VARCHAR', 'fieldId': 'VARCHAR', 'fieldtype': 'VARCHAR', 'from': 'VARCHAR', 'fromString': 'VARCHAR',
            'to': 'VARCHAR', 'toString': 'VARCHAR',
        }],
    }) }}
{% endmacro %}

{% macro jira_change_columns() %}
    {{ return([
        ('change_id', 'entry.id', 'bigint'),
        ('item_number', 'item_number::varchar', 'integer'),
        ('issue_id', 'issue_id', 'bigint'),
        ('changed_at', jira_instant('entry.created'), 'timestamptz'),
        ('field_name', 'item.field', 'varchar'),
        ('field_id', 'item.fieldId', 'varchar'),
        ('field_type', 'item.fieldtype', 'varchar'),
        ('from_id', 'case when has_values then item."from" end', 'varchar'),
        ('from_value', 'case when has_values then item.fromString end', 'varchar'),
        ('to_id', 'case when has_values then item."to" end', 'varchar'),
        ('to_value', 'case when has_values then item."toString" end', 'varchar'),
    ]) }}
{% endmacro %}

{# Everything after the entries were found: the two models of changes differ only in where those stand. #}
{% macro jira_changes(found) %}
{%- set columns = jira_change_columns() %}
changed_fields as (
    {{ jira_changed_fields(found) }}
),

versions as (
    select
        source, record_id,
        {{ typed(columns) }}
        author_account,
        {{ cast_losses(columns, [
            'entry is not null and entry.id is null', 'entry is not null and entry.created is null',
            'entry is not null and item.field is null', jira_account_loss('entry.author'),
        ]) }} as cast_loss_count
    from changed_fields
),

first_seen as (
    {{ first_version('versions', none, ['change_id', 'item_number']) }}
)

select
    source, change_id, item_number, issue_id, changed_at, {{ token_columns('author') }}, field_name, field_id,
    field_type, from_id, from_value, to_id, to_value,
    record_id, null::timestamptz as source_updated_at, cast_loss_count + {{ token_loss('author') }} as cast_loss_count
from first_seen
{{ join_tokens('author') }}
{% endmacro %}
