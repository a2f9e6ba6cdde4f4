-- Grain: one row per account token that acts in the facts or belongs to the organisation. Names live in the vault only.
with sightings as (
    select member_token as account_token, is_member_bot as is_bot, true as is_member
    from {{ ref('stg_github__members') }}
    union all
    select author_token, is_bot, false from {{ ref('int_changes') }}
    union all
    select author_token, is_author_bot, false from {{ ref('stg_github__pull_requests') }}
    union all
    select reviewer_token, is_reviewer_bot, false from {{ ref('stg_github__reviews') }}
    union all
    select author_token, is_author_bot, false from {{ ref('stg_github__issues') }}
    union all
    select actor_token, is_actor_bot, false from {{ ref('stg_github__workflow_runs') }}
)

select
    account_token,
    coalesce(bool_or(is_bot), false) as is_bot,
    bool_or(is_member) as is_member
from sightings
where account_token is not null
group by account_token
order by account_token
