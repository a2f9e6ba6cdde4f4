-- Grain: one row per repository, commit and change that somebody who names the commit means: the change itself, what a
-- squash or a rebase carries, or what a merge commit brought in.
select repository, commit_sha as named_sha, left(commit_sha, 7) as short_sha, commit_sha
from {{ ref('int_changes') }}
union
select repository, carrier_sha as named_sha, left(carrier_sha, 7) as short_sha, commit_sha
from {{ ref('int_changes') }}
where carrier_sha is not null
union
select results.repository, results.result_sha as named_sha, left(results.result_sha, 7) as short_sha, changes.commit_sha
from {{ ref('int_pull_request_results') }} as results
inner join {{ ref('int_changes') }} as changes
    on changes.pull_request_id = results.pull_request_id
where results.merge_kind = 'merge'
