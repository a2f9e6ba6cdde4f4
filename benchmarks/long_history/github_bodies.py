"""GitHub's records with the fields that its REST API documents, addresses included."""

import json
from typing import Any

from benchmarks.long_history.shape import Shape, iso, sha_of

API = "https://api.github.example"
_USER_PLACES = (
    "followers", "following{/other_user}", "gists{/gist_id}", "starred{/owner}{/repo}", "subscriptions",
    "orgs", "repos", "events{/privacy}", "received_events",
)  # fmt: skip
_REPOSITORY_PLACES = (
    "forks", "keys{/key_id}", "collaborators{/collaborator}", "teams", "hooks", "issues/events{/number}", "events",
    "assignees{/user}", "branches{/branch}", "tags", "git/blobs{/sha}", "git/tags{/sha}", "git/refs{/sha}",
    "git/trees{/sha}", "statuses/{sha}", "languages", "stargazers", "contributors", "subscribers", "subscription",
    "commits{/sha}", "git/commits{/sha}", "comments{/number}", "issues/comments{/number}", "contents/{+path}",
    "compare/{base}...{head}", "merges", "{archive_format}{/ref}", "downloads", "issues{/number}", "pulls{/number}",
    "milestones{/number}", "notifications{?since,all,participating}", "labels{/name}", "releases{/id}", "deployments",
)  # fmt: skip
_REPOSITORY_FACTS: dict[str, Any] = {
    "description": None, "fork": False, "private": True, "homepage": None, "size": 48213, "language": "Python",
    "stargazers_count": 3, "watchers_count": 3, "forks_count": 0, "open_issues_count": 12, "has_issues": True,
    "has_projects": False, "has_downloads": True, "has_wiki": False, "has_pages": False, "has_discussions": False,
    "archived": False, "disabled": False, "license": None, "allow_forking": True, "is_template": False, "topics": [],
    "web_commit_signoff_required": False, "visibility": "internal", "default_branch": "main",
    "created_at": "2021-03-02T09:11:42Z", "updated_at": "2026-06-30T21:02:10Z", "pushed_at": "2026-06-30T21:02:05Z",
}  # fmt: skip


def user(number: int) -> dict[str, Any]:
    """An account as it stands inside other records."""
    login = f"user-{number:05d}"
    place = f"{API}/users/{login}"
    return {
        "login": login, "id": 1_000 + number, "node_id": f"U_kgDOB{number:06d}", "avatar_url": f"{API}/u/{number}?v=4",
        "gravatar_id": "", "url": place, "html_url": f"https://github.example/{login}",
        **{f"{each.split('{')[0]}_url": f"{place}/{each}" for each in _USER_PLACES},
        "type": "User", "user_view_type": "public", "site_admin": False,
    }  # fmt: skip


def repository(shape: Shape, number: int) -> dict[str, Any]:
    """A repository as it stands in a pull request, twice."""
    name = shape.repository(number)
    place = f"{API}/repos/{name}"
    keys = (each.split("{")[0].strip("/").replace("/", "_") or "archive" for each in _REPOSITORY_PLACES)
    return {
        "id": 70_000 + number % shape.repositories, "node_id": "R_kgDOLx7ABC", "name": name.split("/")[1],
        "full_name": name, "owner": user(0), "html_url": f"https://github.example/{name}", "url": place,
        **{f"{key}_url": f"{place}/{each}" for key, each in zip(keys, _REPOSITORY_PLACES, strict=True)},
        "git_url": f"git://github.example/{name}.git", "ssh_url": f"git@github.example:{name}.git",
        "clone_url": f"https://github.example/{name}.git", "svn_url": f"https://github.example/{name}",
        **_REPOSITORY_FACTS,
    }  # fmt: skip


class GithubBodies:
    """Records as JSON text; what many records share is written once."""

    def __init__(self, shape: Shape) -> None:
        self._shape = shape
        self._users = [json.dumps(user(number)) for number in range(shape.people)]
        self._repositories = [json.dumps(repository(shape, number)) for number in range(shape.repositories)]

    def pull_request(self, number: int, *, as_of: int) -> str:
        """A pull request as it stood at an instant."""
        shape = self._shape
        opened, merged = shape.opened_at(number), shape.merged_at(number)
        is_merged = merged <= as_of
        moment = f'"{iso(merged)}"' if is_merged else "null"
        author, own = self._users[number % shape.people], self._repositories[number % shape.repositories]
        reviewer = self._users[(number + 7) % shape.people]
        place = f"{API}/repos/{shape.repository(number)}"
        at = number // shape.repositories + 1
        links = ",".join(
            f'"{name}":{{"href":"{place}/{path}"}}'
            for name, path in (
                ("self", f"pulls/{at}"), ("html", f"pull/{at}"), ("issue", f"issues/{at}"),
                ("comments", f"issues/{at}/comments"), ("review_comments", f"pulls/{at}/comments"),
                ("review_comment", "pulls/comments{/number}"), ("commits", f"pulls/{at}/commits"),
                ("statuses", f"statuses/{sha_of(number)}"),
            )
        )  # fmt: skip
        return (
            f'{{"url":"{place}/pulls/{at}","id":{5_000_000 + number},"node_id":"PR_kwDOLx7{number:08d}",'
            f'"html_url":"{place}/pull/{at}","diff_url":"{place}/pull/{at}.diff","patch_url":"{place}/pull/{at}.patch",'
            f'"issue_url":"{place}/issues/{at}","number":{at},"state":"{"closed" if is_merged else "open"}",'
            f'"locked":false,"title":"Let the basket keep {number} items between visits","user":{author},'
            f'"body":"What customers put aside was lost when they came back later.\\n\\nPart of the work on baskets.",'
            f'"created_at":"{iso(opened)}","updated_at":"{iso(merged if is_merged else opened)}",'
            f'"closed_at":{moment},"merged_at":{moment},'
            f'"merge_commit_sha":{f"{chr(34)}{sha_of(number)}{chr(34)}" if is_merged else "null"},'
            f'"assignee":{author},"assignees":[{author}],"requested_reviewers":[{reviewer}],"requested_teams":[],'
            f'"labels":[{{"id":208045946,"node_id":"LA_kwDOA","url":"{place}/labels/backend","name":"backend",'
            f'"description":null,"color":"f29513","default":false}}],"milestone":null,"draft":false,'
            f'"commits_url":"{place}/pulls/{at}/commits","review_comments_url":"{place}/pulls/{at}/comments",'
            f'"statuses_url":"{place}/statuses/{sha_of(number)}",'
            f'"head":{{"label":"acme:basket-{number}","ref":"basket-{number}","sha":"{sha_of(-number - 1)}",'
            f'"user":{author},"repo":{own}}},'
            f'"base":{{"label":"acme:main","ref":"main","sha":"{sha_of(number - shape.repositories)}",'
            f'"user":{author},"repo":{own}}},"_links":{{{links}}},'
            f'"author_association":"MEMBER","auto_merge":null,"active_lock_reason":null}}'
        )

    def commit(self, number: int) -> str:
        """The commit on the main branch that a pull request was merged as."""
        shape = self._shape
        sha, place = sha_of(number), f"{API}/repos/{shape.repository(number)}"
        before = number - shape.repositories
        parents = (
            f'[{{"sha":"{sha_of(before)}","url":"{place}/commits/{sha_of(before)}"}}]'
            if before >= 0
            else "[]"
        )
        person = number % shape.people
        at = iso(shape.merged_at(number))
        named = f'{{"name":"user-{person:05d}","email":"user-{person:05d}@acme.example","date":"{at}"}}'
        account = self._users[person]
        return (
            f'{{"sha":"{sha}","node_id":"C_kwDOLx7{number:08d}","commit":{{"author":{named},"committer":{named},'
            f'"message":"Let the basket keep {number} items between visits (#{number // shape.repositories + 1})",'
            f'"tree":{{"sha":"{sha}","url":"{place}/git/trees/{sha}"}},"url":"{place}/git/commits/{sha}",'
            f'"comment_count":0,"verification":{{"verified":false,"reason":"unsigned","signature":null,'
            f'"payload":null,"verified_at":null}}}},"url":"{place}/commits/{sha}","html_url":"{place}/commit/{sha}",'
            f'"comments_url":"{place}/commits/{sha}/comments","author":{account},"committer":{account},'
            f'"parents":{parents}}}'
        )

    def deployment(self, number: int) -> str:
        """The deployment that follows the merge of a pull request."""
        shape = self._shape
        place, at = f"{API}/repos/{shape.repository(number)}", shape.merged_at(number) + 1_800
        return (
            f'{{"url":"{place}/deployments/{number}","id":{number + 1},"node_id":"DE_kwDOLx7{number:08d}",'
            f'"task":"deploy","original_environment":"production","environment":"production","description":null,'
            f'"created_at":"{iso(at)}","updated_at":"{iso(at + 600)}",'
            f'"statuses_url":"{place}/deployments/{number}/statuses","repository_url":"{place}",'
            f'"creator":{self._users[number % shape.people]},"sha":"{sha_of(number)}","ref":"main","payload":{{}},'
            f'"transient_environment":false,"production_environment":true,"performed_via_github_app":null}}'
        )

    def deployment_statuses(self, number: int) -> str:
        """The history of a deployment that went well."""
        at = self._shape.merged_at(number) + 1_800
        creator = self._users[number % self._shape.people]
        return ",".join(
            f'{{"id":{4 * number + place},"node_id":"DES_kwDOLx7","state":"{state}","creator":{creator},'
            f'"description":"","environment":"production","target_url":"","created_at":"{iso(at + 300 * place)}",'
            f'"updated_at":"{iso(at + 300 * place)}","environment_url":"","log_url":""}}'
            for place, state in ((2, "success"), (1, "in_progress"))
        )

    def incident(self, number: int, *, as_of: int) -> str:
        """The incident that a deployment caused, closed two hours later."""
        shape = self._shape
        begun = shape.merged_at(number) + 1_800 + 3_600
        ended = begun + 7_200
        is_closed = ended <= as_of
        moment = f'"{iso(ended)}"' if is_closed else "null"
        at, place = 1_000_000 + number, f"{API}/repos/{shape.repository(number)}"
        return (
            f'{{"url":"{place}/issues/{at}","id":{9_000_000_000 + number},"number":{at},'
            f'"title":"Customers cannot pay","user":{self._users[number % shape.people]},'
            f'"labels":[{{"id":1,"name":"incident"}}],"state":"{"closed" if is_closed else "open"}",'
            f'"locked":false,"assignee":null,"assignees":[],"milestone":null,"comments":0,'
            f'"created_at":"{iso(begun)}","updated_at":"{iso(ended if is_closed else begun)}","closed_at":{moment},'
            f'"author_association":"MEMBER","body":"Began after deployment {number + 1}.","state_reason":null}}'
        )
