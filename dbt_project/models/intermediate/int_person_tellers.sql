-- Grain: one row per person and teller: a source that counts them to a team, or the rosters, which list everybody once.
select person_token, case when source_kind = 'roster' then 'rosters' else 'source ' || source end as teller
from {{ ref('int_team_membership_statements') }}
union
select person_token, 'rosters' as teller from {{ ref('int_team_employments') }}
