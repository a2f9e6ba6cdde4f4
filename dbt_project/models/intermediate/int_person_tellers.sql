-- Grain: one row per person and source that counts them to a team or says that they are employed.
select person_token, source from {{ ref('int_team_membership_statements') }}
union
select person_token, source from {{ ref('int_team_employments') }}
