{# People are tokens from here on. The keys are those that the account step hands to the vault. #}

{# The account key of a GitHub user object's id. #}
{% macro github_account(id) -%}
    'github:' || try_cast({{ id }} as bigint)
{%- endmacro %}

{# The account key of a git author: the e-mail address, without case. #}
{% macro git_account(email) -%}
    'git:' || nullif(lower(trim({{ email }})), '')
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
