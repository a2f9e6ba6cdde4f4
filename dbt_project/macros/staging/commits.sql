{# A commit as GitHub's API gives it, in a repository's or in a pull request's list. #}

{# `author` is the account, null for unknown e-mail addresses and sometimes {}: it comes as text and is read apart. #}
{% macro api_commit_structure() %}
    {{ return({
        'sha': 'VARCHAR', 'author': 'VARCHAR', 'parents': [{'sha': 'VARCHAR'}],
        'commit': {
            'message': 'VARCHAR', 'author': {'email': 'VARCHAR', 'date': 'VARCHAR'}, 'committer': {'date': 'VARCHAR'},
        },
    }) }}
{% endmacro %}

{% macro api_commit_columns() %}
    {{ return([
        ('commit_sha', 'record.sha', 'varchar'),
        ('authored_at', 'record.commit.author.date', 'timestamptz'),
        ('committed_at', 'record.commit.committer.date', 'timestamptz'),
    ]) }}
{% endmacro %}

{% macro api_account_id(account) -%}
    try(from_json({{ account }}, '{"id": "VARCHAR"}')).id
{%- endmacro %}

{# The account if the API names one, else the e-mail address. #}
{% macro api_commit_account() -%}
    coalesce({{ github_account(api_account_id('record.author')) }}, {{ git_account('record.commit.author.email') }})
{%- endmacro %}

{% macro api_commit_losses() %}
    {{ return([
        "record.author is not null and record.author <> '{}' and try_cast("
            ~ api_account_id('record.author') ~ " as bigint) is null",
        missing('record.commit.message'),
        missing('record.commit.committer.date'),
        'record is not null and (record.parents is null'
            ~ ' or len(list_filter(record.parents, lambda parent: parent.sha is null)) > 0)',
    ]) }}
{% endmacro %}
