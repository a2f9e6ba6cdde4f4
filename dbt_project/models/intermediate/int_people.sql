-- Grain: one row per account token and span of time in which it was the same person's. Spans of a token neither
-- overlap nor leave a gap. Names live in the vault only.
select account_token, person_token, valid_from, valid_until, is_bot
from {{ source('vault', 'people') }}
order by account_token, valid_from
