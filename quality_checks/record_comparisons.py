"""Records of staging against the facts that are made of them: the same instants, states and accounts.

Each side is folded into one number per repository or source and day, so that the comparison takes one pass
over each table and memory for the days alone. The fold is of whole rows: two values that have changed places
show.
"""

from typing import Final

from quality_checks.comparisons import Comparison
from quality_checks.fact_comparisons import REBUILD

_REVIEWED: Final = """
    select
        reviews.source, reviews.repository, reviews.pull_request_number as number,
        arg_min(reviews.submitted_at, reviews.submitted_at) as first_review_at, count(*) as review_count
    from staging.stg_github__reviews as reviews
    inner join staging.stg_github__pull_requests as pull_requests
        on pull_requests.source = reviews.source
        and pull_requests.repository = reviews.repository
        and pull_requests.number = reviews.pull_request_number
    where is_reviewer_bot is not true
        and submitted_at <= coalesce(merged_at, timestamptz '9999-12-31')
        and not coalesce(reviewer_token = author_token, false)
        and (
            coalesce(reviewer_token, author_token) is not null
            or upper(reviews.state) in ('APPROVED', 'CHANGES_REQUESTED')
        )
    group by all
"""
"""Reviews of others than the author, before the merge; of deleted accounts only what settles something."""


def _folded(select: str, *, place: str, values: str) -> str:
    return f"""
        select {place} as item, sum(hash(concat_ws(chr(31), {values})) % 1000000007)::bigint as value
        from ({select})
        group by item
    """


def _instants(*columns: str) -> str:
    return ", ".join(f"coalesce(epoch_us({column})::varchar, '-')" for column in columns)


_OPENED = "concat_ws(' ', repository, created_at::date)"
_PULL_REQUEST: Final = (
    f"pull_request_id, number, coalesce(author_token, '-'), is_bot, {_instants('created_at', 'merged_at')}"
)
_REVIEW: Final = f"{_instants('first_review_at')}, coalesce(review_count, 0)"
_STAGED_PULL_REQUESTS: Final = f"""
    select
        pull_requests.* exclude (pull_request_id), reviewed.first_review_at, reviewed.review_count,
        concat('github:', pull_requests.source, ':pull_request:', pull_request_id) as pull_request_id,
        coalesce(is_author_bot, false) as is_bot
    from staging.stg_github__pull_requests as pull_requests
    left join ({_REVIEWED}) as reviewed using (source, repository, number)
"""


def _pull_requests(name: str, sentence: str, fact: str, values: str) -> Comparison:
    return Comparison(
        name=name,
        subjects=(fact,),
        layer="facts",
        sentence=sentence,
        left=_folded(_STAGED_PULL_REQUESTS, place=_OPENED, values=values),
        right=_folded(
            f"select * from {fact} qualify row_number() over (partition by pull_request_id) = 1",
            place=_OPENED,
            values=values,
        ),
        measure="as a sum of hashes",
        remedy=REBUILD,
    )


_REVIEW_VALUES: Final = (
    f"pull_request_number, coalesce(reviewer_token, '-'), is_bot, state, {_instants('submitted_at')}"
)
_REVIEWS: Final = Comparison(
    name="reviews_say_what_their_records_say",
    subjects=("marts.fct_reviews",),
    layer="facts",
    sentence="A review has the reviewer, the state and the instant of its record.",
    left=_folded(
        "select * exclude (state), lower(state) as state, is_reviewer_bot as is_bot "
        "from staging.stg_github__reviews",
        place="concat_ws(' ', repository, submitted_at::date)",
        values=_REVIEW_VALUES,
    ),
    right=_folded(
        "select *, number as pull_request_number from marts.fct_reviews",
        place="concat_ws(' ', repository, submitted_at::date)",
        values=_REVIEW_VALUES,
    ),
    measure="as a sum of hashes",
    remedy=REBUILD,
)

_ISSUES: Final = Comparison(
    name="issues_say_what_their_records_say",
    subjects=("marts.fct_issues",),
    layer="facts",
    sentence="An issue has the instants and the author of its record.",
    left=_folded(
        """
        select
            concat('github:', source, ':issue:', issue_id) as issue_id, created_at, closed_at,
            author_token, is_author_bot as is_bot
        from staging.stg_github__issues
        where not coalesce(is_pull_request, false)
        union all
        select
            concat('jira:', source, ':issue:', issue_id), created_at, resolved_at, creator_token,
                is_creator_bot
        from staging.stg_jira__current_issues
        """,
        place="created_at::date",
        values=f"issue_id, coalesce(author_token, '-'), coalesce(is_bot, false), "
        f"{_instants('created_at', 'closed_at')}",
    ),
    right=_folded(
        "from marts.fct_issues",
        place="created_at::date",
        values=f"issue_id, coalesce(author_token, '-'), is_bot, {_instants('created_at', 'closed_at')}",
    ),
    measure="as a sum of hashes",
    remedy=REBUILD,
)

RECORD_COMPARISONS: tuple[Comparison, ...] = (
    _pull_requests(
        "pull_requests_say_what_their_records_say",
        "A pull request has its record's author and instants; its first review is another person's.",
        "marts.fct_pull_requests",
        f"{_PULL_REQUEST}, {_instants('closed_at')}, {_REVIEW}",
    ),
    _pull_requests(
        "reviewed_pull_requests_say_what_their_records_say",
        "A pull request has its record's author and instants; its first review is another person's.",
        "marts.fct_pull_request_reviews",
        f"{_PULL_REQUEST}, {_REVIEW}",
    ),
    _REVIEWS,
    _ISSUES,
)
