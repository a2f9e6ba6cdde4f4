"""The one query: details of pull requests and issues by their global ids.

docs.github.com/graphql: `nodes(ids:)` takes up to 100 ids; connections give up to 100 items a page. Free text
(bodies, comments) is not asked for, except commit messages, which staging reads references from.
"""

from typing import Any, Final

REVIEWS: Final = 50
COMMITS: Final = 100
EVENTS: Final = 100

EVENT_TYPES: Final = (
    "AssignedEvent",
    "ClosedEvent",
    "ConvertToDraftEvent",
    "CrossReferencedEvent",
    "HeadRefDeletedEvent",
    "HeadRefForcePushedEvent",
    "IssueComment",
    "LabeledEvent",
    "MergedEvent",
    "PullRequestCommit",
    "PullRequestReview",
    "ReadyForReviewEvent",
    "ReferencedEvent",
    "ReopenedEvent",
    "ReviewRequestRemovedEvent",
    "ReviewRequestedEvent",
    "UnassignedEvent",
    "UnlabeledEvent",
)
"""The events that are asked for; REST gives all, most of which nothing reads."""

_OF_PULL_REQUESTS_ALONE: Final = frozenset(
    {
        "ConvertToDraftEvent",
        "HeadRefDeletedEvent",
        "HeadRefForcePushedEvent",
        "MergedEvent",
        "PullRequestCommit",
        "PullRequestReview",
        "ReadyForReviewEvent",
        "ReviewRequestRemovedEvent",
        "ReviewRequestedEvent",
    }
)
_SPECIAL: Final = {
    "CrossReferencedEvent": (
        "actor { ...actor } createdAt source { ... on Issue { number repository { nameWithOwner } } "
        "... on PullRequest { number repository { nameWithOwner } } }"
    ),
    "ClosedEvent": "actor { ...actor } createdAt closer { ... on Commit { oid } }",
    "HeadRefForcePushedEvent": "actor { ...actor } createdAt commit: afterCommit { oid }",
    "IssueComment": "author { ...actor } createdAt",
    "LabeledEvent": "actor { ...actor } createdAt label { name }",
    "UnlabeledEvent": "actor { ...actor } createdAt label { name }",
    "MergedEvent": "actor { ...actor } createdAt commit { oid }",
    "ReferencedEvent": "actor { ...actor } createdAt commit { oid }",
    "PullRequestCommit": "made: commit { oid }",  # never null, unlike `commit` of the others
    "PullRequestReview": "author { ...actor } submittedAt state fullDatabaseId commit { oid }",
}


def enumerated(event_type: str) -> str:
    """The name of an event's type in GraphQL's enumeration: MergedEvent is MERGED_EVENT."""
    return "".join(f"_{letter}" if letter.isupper() else letter for letter in event_type).upper().strip("_")


def _events(types: tuple[str, ...]) -> str:
    wanted = ", ".join(enumerated(each) for each in types)
    fields = " ".join(
        f"... on {each} {{ id {_SPECIAL.get(each, 'actor { ...actor } createdAt')} }}" for each in types
    )
    return (
        f"timelineItems(first: {EVENTS}, itemTypes: [{wanted}]) "
        f"{{ pageInfo {{ hasNextPage }} nodes {{ __typename {fields} }} }}"
    )


def _query() -> str:
    of_issues = tuple(each for each in EVENT_TYPES if each not in _OF_PULL_REQUESTS_ALONE)
    actors = ("User", "Bot", "Mannequin", "Organization")
    identity = "name email date user { ...actor }"
    return "\n".join(
        [
            "query Details($ids: [ID!]!) { nodes(ids: $ids) { __typename id ...pullRequest ...issue } }",
            "fragment actor on Actor { __typename login "
            + " ".join(f"... on {each} {{ databaseId }}" for each in actors)
            + " }",
            (
                "fragment pullRequest on PullRequest { number updatedAt repository { nameWithOwner } "
                "additions deletions changedFiles mergedBy { ...actor }"
            ),
            (
                f"reviews(first: {REVIEWS}) {{ pageInfo {{ hasNextPage }} nodes {{ id fullDatabaseId state "
                "submittedAt author { ...actor } commit { oid } } }"
            ),
            (
                f"commits(first: {COMMITS}) {{ pageInfo {{ hasNextPage }} nodes {{ commit {{ id oid message "
                f"author {{ {identity} }} committer {{ {identity} }} "
                "parents(first: 20) { pageInfo { hasNextPage } nodes { oid } } } } }"
            ),
            _events(EVENT_TYPES) + " }",
            "fragment issue on Issue { number updatedAt repository { nameWithOwner } "
            + _events(of_issues)
            + " }",
        ]
    )


QUERY: Final = _query()


def body_for(ids: list[str]) -> dict[str, Any]:
    """What is posted for some global ids."""
    return {"query": QUERY, "variables": {"ids": ids}}
