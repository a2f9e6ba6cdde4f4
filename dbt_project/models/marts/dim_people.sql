-- Grain: one row per person who acts in the facts or belongs to the organisation. Names live in the vault only.
with acts as (
    select author_token as account_token, committer_at as acted_at from {{ ref('int_changes') }}
    union all
    select author_token, created_at from {{ ref('fct_pull_requests') }}
    union all
    select reviewer_token, submitted_at from {{ ref('fct_reviews') }}
    union all
    select author_token, created_at from {{ ref('fct_issues') }}
    union all
    select actor_token, created_at from {{ ref('fct_ci_runs') }}
),

acting as (
    select people.person_token, min(acts.acted_at) as first_seen_at, max(acts.acted_at) as last_seen_at
    from acts
    inner join {{ ref('int_people') }} as people
        on people.account_token = acts.account_token
        and people.valid_from <= acts.acted_at
        and people.valid_until > acts.acted_at
    group by people.person_token
),

listed as (
    select member_token as account_token from {{ ref('stg_github__members') }}
    union all
    select user_token from {{ ref('stg_scim__users') }} where is_active
    union all
    select employments.person_token
    from {{ ref('stg_roster__employments') }} as employments
    cross join {{ source('config', 'reporting') }} as reporting
    where coalesce(employments.employment_until_date, {{ end_of_time() }}::date) > reporting.coverage_until::date
),

members as (
    select distinct people.person_token
    from listed
    inner join {{ ref('int_people') }} as people
        on people.account_token = listed.account_token
        and people.valid_until = {{ end_of_time() }}
),

accounts as (
    select person_token, count(distinct account_token) as account_count, bool_or(is_bot) as is_bot
    from {{ ref('int_people') }}
    group by person_token
)

select
    accounts.person_token,
    accounts.account_count,
    accounts.is_bot,
    members.person_token is not null as is_member,
    acting.first_seen_at,
    acting.last_seen_at
from accounts
left join acting on acting.person_token = accounts.person_token
left join members on members.person_token = accounts.person_token
where acting.person_token is not null or members.person_token is not null
order by accounts.person_token
