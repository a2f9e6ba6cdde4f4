{# People are tokens from here on. The keys are those that the account step hands to the vault. #}

{# The account key of a GitHub user object's id. #}
{% macro github_account(id) -%}
    'github:' || try_cast({{ id }} as bigint)
{%- endmacro %}

{# The account key of a git author: the e-mail address, without case. #}
{% macro git_account(email) -%}
    'git:' || nullif(lower(trim({{ email }})), '')
{%- endmacro %}

{# The account key of whatever identifies an account in its namespace. What is an object or a list names nobody. #}
{% macro account(namespace, id) -%}
    {%- if namespace == 'github' -%}
        {{ github_account(id) }}
    {%- elif namespace == 'git' -%}
        {{ git_account(id) }}
    {%- else -%}
        '{{ namespace }}:' || case when left(trim({{ id }}), 1) not in ('', '{', '[') then trim({{ id }}) end
    {%- endif -%}
{%- endmacro %}

{# The account keys of a JSON list of accounts; see `texts_in`. #}
{% macro accounts_in(namespace, list, levels) -%}
    list_transform({{ texts_in(list, levels) }}, lambda account_id: {{ account(namespace, 'account_id') }})
{%- endmacro %}

{# The token of an account, and whether it is a bot, as the columns <role>_token and is_<role>_bot. #}
{% macro token_columns(role) -%}
    {{ role }}.account_token as {{ role }}_token, coalesce({{ role }}.is_bot, false) as is_{{ role }}_bot
{%- endmacro %}

{% macro join_tokens(role) -%}
    left join {{ source('vault', 'account_tokens') }} as {{ role }} on {{ role }}.account_key = {{ role }}_account
{%- endmacro %}

{# An account that the vault does not know is a loss like any other. #}
{% macro token_loss(role) -%}
    ({{ role }}_account is not null and {{ role }}.account_token is null)::integer
{%- endmacro %}

{# Of a role that many accounts share: their tokens, in the source's order, as the column <role>_tokens. #}
{% macro token_list(role) -%}
    coalesce({{ role }}.account_tokens, []) as {{ role }}_tokens
{%- endmacro %}

{% macro join_token_lists(relation, role) -%}
    left join (
        select record_id, list(account_token order by place) filter (where account_token is not null) as account_tokens,
            count(*) filter (where account_token is null) as unknown_count
        from (
            select record_id, unnest({{ role }}_accounts) as account_key,
                generate_subscripts({{ role }}_accounts, 1) as place
            from {{ relation }}
        )
        left join {{ source('vault', 'account_tokens') }} using (account_key)
        where account_key is not null
        group by record_id
    ) as {{ role }} using (record_id)
{%- endmacro %}

{% macro token_list_loss(role) -%}
    coalesce({{ role }}.unknown_count, 0)::integer
{%- endmacro %}
