"""The simulated GitHub's GraphQL API: nodes by their global ids, over a part of the official schema."""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

import msgspec
from graphql import DocumentNode, ExecutionResult, GraphQLError, build_schema, execute, parse, validate

from connectors.sandbox.commits import Commit, Signature
from connectors.sandbox.github.accounts import Document, encode, stamp
from connectors.sandbox.github.state import Entry, GitHubState, Item, Review

MOST_NODES: Final = 100
MOST_ITEMS: Final = 100

_EVENT: Final = "id: ID! actor: Actor createdAt: DateTime!"
_SIMPLE_EVENTS: Final = (
    "AssignedEvent",
    "ConvertToDraftEvent",
    "HeadRefDeletedEvent",
    "ReadyForReviewEvent",
    "ReopenedEvent",
    "ReviewRequestRemovedEvent",
    "ReviewRequestedEvent",
    "UnassignedEvent",
)
_KINDS: Final = {
    "closed": "ClosedEvent",
    "commented": "IssueComment",
    "convert_to_draft": "ConvertToDraftEvent",
    "cross-referenced": "CrossReferencedEvent",
    "head_ref_deleted": "HeadRefDeletedEvent",
    "head_ref_force_pushed": "HeadRefForcePushedEvent",
    "labeled": "LabeledEvent",
    "merged": "MergedEvent",
    "ready_for_review": "ReadyForReviewEvent",
    "referenced": "ReferencedEvent",
    "reopened": "ReopenedEvent",
    "review_requested": "ReviewRequestedEvent",
}
_COMMIT_FIELDS: Final = {
    "ClosedEvent": "closer",
    "HeadRefForcePushedEvent": "afterCommit",
    "MergedEvent": "commit",
    "ReferencedEvent": "commit",
}
_ITEM: Final = (
    "id: ID! number: Int! updatedAt: DateTime! repository: Repository! "
    "timelineItems(first: Int, itemTypes: [EventType!]): Events!"
)
_PULL_REQUEST: Final = (
    "additions: Int! deletions: Int! changedFiles: Int! mergedBy: Actor reviews(first: Int): Reviews! "
    "commits(first: Int): Commits!"
)
_EVENT_TYPES: Final = (
    *_SIMPLE_EVENTS,
    "ClosedEvent",
    "HeadRefForcePushedEvent",
    "CrossReferencedEvent",
    "IssueComment",
    "LabeledEvent",
    "MergedEvent",
    "PullRequestCommit",
    "PullRequestReview",
    "ReferencedEvent",
    "UnlabeledEvent",
)


def _enumerated(kind: str) -> str:
    return "".join(f"_{letter}" if letter.isupper() else letter for letter in kind).upper().strip("_")


SCHEMA: Final = build_schema(
    "\n".join(
        [
            "scalar DateTime scalar BigInt scalar GitObjectID scalar GitTimestamp",
            "interface Node { id: ID! }",
            "interface Actor { login: String! }",
            *(
                f"type {each} implements Actor {{ login: String! databaseId: Int }}"
                for each in ("User", "Bot", "Mannequin", "Organization")
            ),
            "type PageInfo { hasNextPage: Boolean! }",
            "type Repository { nameWithOwner: String! }",
            "type Label { name: String! }",
            "type GitActor { name: String email: String date: GitTimestamp user: User }",
            "type Parents { pageInfo: PageInfo! nodes: [Commit] }",
            (
                "type Commit { id: ID! oid: GitObjectID! message: String! author: GitActor "
                "committer: GitActor parents(first: Int): Parents! }"
            ),
            "type PullRequestCommit { id: ID! commit: Commit! }",
            "type Commits { pageInfo: PageInfo! nodes: [PullRequestCommit] }",
            (
                "type PullRequestReview { id: ID! fullDatabaseId: BigInt state: String! "
                "submittedAt: DateTime author: Actor commit: Commit }"
            ),
            "type Reviews { pageInfo: PageInfo! nodes: [PullRequestReview] }",
            *(f"type {each} {{ {_EVENT} }}" for each in _SIMPLE_EVENTS),
            "union Closer = Commit | PullRequest",
            f"type ClosedEvent {{ {_EVENT} closer: Closer }}",
            f"type HeadRefForcePushedEvent {{ {_EVENT} afterCommit: Commit }}",
            f"type CrossReferencedEvent {{ {_EVENT} source: Subject! }}",
            f"type MergedEvent {{ {_EVENT} commit: Commit }}",
            f"type ReferencedEvent {{ {_EVENT} commit: Commit }}",
            f"type LabeledEvent {{ {_EVENT} label: Label! }}",
            f"type UnlabeledEvent {{ {_EVENT} label: Label! }}",
            "type IssueComment { id: ID! author: Actor createdAt: DateTime! }",
            f"enum EventType {{ {' '.join(map(_enumerated, _EVENT_TYPES))} }}",
            f"union Event = {' | '.join(_EVENT_TYPES)}",
            "union Subject = Issue | PullRequest",
            "type Events { pageInfo: PageInfo! nodes: [Event] }",
            f"type Issue implements Node {{ {_ITEM} }}",
            f"type PullRequest implements Node {{ {_ITEM} {_PULL_REQUEST} }}",
            "type Query { nodes(ids: [ID!]!): [Node]! }",
        ]
    )
)


def answer(state: GitHubState, body: bytes) -> bytes:
    """Answer a query: errors come with status 200, as GitHub sends them."""
    try:
        asked = msgspec.json.decode(body, type=_Asked)
        document = _document(asked.query)
    except (msgspec.DecodeError, GraphQLError) as error:
        return encode({"errors": [{"message": str(error)}]})
    given = execute(
        SCHEMA, document, root_value={"nodes": _nodes(state)}, variable_values=dict(asked.variables)
    )
    return encode(_told(given))


class _Asked(msgspec.Struct):
    query: str
    variables: dict[str, Any] = {}


@lru_cache(maxsize=8)
def _document(query: str) -> DocumentNode:
    """The query, if the schema allows it.

    Raises:
        GraphQLError: It does not.
    """
    document = parse(query)
    for error in validate(SCHEMA, document):
        raise error
    return document


def _told(given: Any) -> Document:
    if not isinstance(given, ExecutionResult):
        raise TypeError("a query over plain values is answered at once")
    told: Document = {"data": given.data}
    if given.errors:
        told["errors"] = [
            {"type": (error.extensions or {}).get("type"), "message": error.message, "path": error.path}
            for error in given.errors
        ]
    return told


def _nodes(state: GitHubState) -> Callable[..., list[Document | None]]:
    def nodes(info: Any, ids: Sequence[str]) -> list[Document | None]:
        del info
        if len(ids) > MOST_NODES:
            raise GraphQLError(
                f"You may not provide more than {MOST_NODES} node ids; you provided {len(ids)}."
            )
        known = _items(state)
        missing = [each for each in ids if each not in known]
        if missing:
            raise GraphQLError(
                f"Could not resolve to a node with the global id of '{missing[0]}'.",
                extensions={"type": "NOT_FOUND"},
            )
        return [_item(state, known[each]) for each in ids]

    return nodes


def _items(state: GitHubState) -> dict[str, Item]:
    """Pull requests and issues by their global ids."""
    return {
        node_id(item): item
        for repository in state.repositories.values()
        for item in repository.items.values()
    }


def node_id(item: Item) -> str:
    """The global id of a pull request or issue, the same in REST and GraphQL."""
    return f"PR_{item.pull.number}" if item.pull is not None else f"I_{item.identifier}"


def _item(state: GitHubState, item: Item) -> Document:
    pull = item.pull
    document: Document = {
        "__typename": "Issue" if pull is None else "PullRequest",
        "id": node_id(item),
        "number": item.number,
        "updatedAt": stamp(item.updated_at),
        "repository": {"nameWithOwner": item.repository.name},
        "timelineItems": lambda info, first, itemTypes: _events(state, item, info, first, itemTypes),  # noqa: N803 - GraphQL's name
    }
    if pull is None:
        return document
    paths = {path for commit in pull.commits for path in commit.revisions}
    return document | {
        "additions": len(paths),
        "deletions": len(paths),
        "changedFiles": len(paths),
        "mergedBy": _actor(state, pull.merged_by),
        "reviews": lambda _info, first: _connection([_review(state, each) for each in pull.reviews], first),
        "commits": lambda _info, first: _connection(
            [{"id": f"PURC_{each.sha}", "commit": _commit(state, each)} for each in pull.commits], first
        ),
    }


def _events(state: GitHubState, item: Item, info: Any, first: int, types: Sequence[str] | None) -> Document:
    """The timeline, as REST orders it: commits by their own time, before what else happened then."""
    del info
    rows: list[tuple[int, int, Document]] = [
        (entry.at, 1, _event(state, entry)) for entry in item.timeline if _is_known(entry)
    ]
    if item.pull is not None:
        rows.extend(
            (
                commit.committer.at,
                0,
                {
                    "__typename": "PullRequestCommit",
                    "id": f"PURC_{commit.sha}",
                    "commit": _commit(state, commit),
                },
            )
            for commit in item.pull.commits
        )
    events = [document for _, _, document in sorted(rows, key=lambda row: row[:2])]
    wanted = set(types or map(_enumerated, _EVENT_TYPES))
    return _connection([each for each in events if _enumerated(each["__typename"]) in wanted], first)


def _is_known(entry: Entry) -> bool:
    return entry.kind == "reviewed" or entry.kind in _KINDS


def _event(state: GitHubState, entry: Entry) -> Document:
    if entry.kind == "reviewed":
        return _review(state, entry.fields["review"])
    kind = _KINDS[entry.kind]
    event: Document = {
        "__typename": kind,
        "id": f"EV_{entry.number or f'{entry.kind}_{entry.at}'}",
        "createdAt": stamp(entry.at),
        "author" if kind == "IssueComment" else "actor": _actor(state, entry.actor),
    }
    commit = entry.fields.get("commit_id")
    field = _COMMIT_FIELDS.get(kind)
    if field is not None:
        event[field] = {"__typename": "Commit", "oid": commit, "id": f"C_{commit}"} if commit else None
    if kind == "LabeledEvent":
        event["label"] = {"name": entry.fields["label"]}
    if kind == "CrossReferencedEvent":
        source: Item = entry.fields["source"]
        event["id"] = f"CRE_{source.identifier}_{entry.at}"
        event["source"] = {
            "__typename": "Issue" if source.pull is None else "PullRequest",
            "number": source.number,
            "repository": {"nameWithOwner": source.repository.name},
        }
    return event


def _review(state: GitHubState, given: Review) -> Document:
    return {
        "__typename": "PullRequestReview",
        "id": f"PRR_{given.number}",
        "fullDatabaseId": str(given.number),
        "state": given.state,
        "submittedAt": stamp(given.at),
        "author": _actor(state, given.reviewer),
        "commit": {"oid": given.commit_sha, "id": f"C_{given.commit_sha}"},
    }


def _commit(state: GitHubState, made: Commit) -> Document:
    parents = [{"oid": sha, "id": f"C_{sha}"} for sha in made.parents]
    return {
        "id": f"C_{made.sha}",
        "oid": made.sha,
        "message": made.message,
        "author": _signature(state, made.author),
        "committer": _signature(state, made.committer),
        "parents": lambda _info, first: _connection(parents, first),
    }


def _signature(state: GitHubState, written: Signature) -> Document:
    """Who and when; a bot is no user."""
    person = _actor(state, state.emails.get(written.email))
    return {
        "name": written.name,
        "email": written.email,
        "date": stamp(written.at),
        "user": person if person is not None and person["__typename"] == "User" else None,
    }


def _actor(state: GitHubState, login: str | None) -> Document | None:
    """An account; GraphQL names bots without `[bot]`."""
    if login is None or login in state.deleted:
        return None
    person = state.people[login]
    return {
        "__typename": person.account_type,
        "login": person.login.removesuffix("[bot]"),
        "databaseId": person.number,
    }


def _connection(nodes: Sequence[Mapping[str, Any]], first: int) -> Document:
    if not 1 <= first <= MOST_ITEMS:
        raise GraphQLError(f"Requesting {first} records exceeds the `first` limit of {MOST_ITEMS} records.")
    return {"pageInfo": {"hasNextPage": len(nodes) > first}, "nodes": list(nodes[:first])}
