"""Every version of the file along a branch: what it said from which commit on."""

import hashlib
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from connectors.codeowners.dialects import Dialect
from connectors.errors import ConnectorError
from connectors.files.clones import Clone, TreeFile
from connectors.files.documents import Document, Found, HeldDocument, Kept, Listing, Refused
from connectors.git.history import check_complete, resolve

ABSENT = hashlib.sha256(b"").hexdigest()
Effective = tuple[str, str]


@dataclass(frozen=True, slots=True)
class OwnersHistory:
    """The versions of a clone's CODEOWNERS.

    Attributes:
        clone: The clone.
        dialect: Where the file lies and how it is read.
    """

    clone: Clone
    dialect: Dialect

    def listing(self, held: Mapping[str, HeldDocument], state: Mapping[str, Any]) -> Listing:
        """Every version up to the branch's head, oldest first; of known history only what came since.

        Raises:
            PermanentSourceError: The clone cannot be read, or its history is cut off.
        """
        check_complete(self.clone.git)
        tip = self.clone.tip()
        if tip is None:
            return Listing(())
        locations = list(self.dialect.locations)
        head = state.get("head") if state.get("locations") == locations else None
        since = head if isinstance(head, str) and self._continues(head, tip) else None
        known = held if since is not None else {}
        last = _effective(list(known.values())[-1]) if known else ("", "")
        kept: list[Found] = [Kept(key) for key in known]
        fresh = list(self._versions(tip, since=since, last=last))
        is_clean = not any(isinstance(each, Refused) for each in fresh)
        return Listing([*kept, *fresh], {"head": tip, "locations": locations} if is_clean else {})

    def _continues(self, head: str, tip: str) -> bool:
        """Whether the head read last is on the branch's own line of commits."""
        git = self.clone.git
        if head == tip:
            return True
        if resolve(git, head) is None or not git.succeeds("merge-base", "--is-ancestor", head, tip):
            return False
        newer = git.run("rev-list", "--first-parent", f"{head}..{tip}").split()
        return git.run("rev-parse", f"{newer[-1].decode('ascii')}^1").decode("ascii").strip() == head

    def _versions(self, tip: str, *, since: str | None, last: Effective) -> Iterator[Found]:
        """The versions of a range, oldest first: commits after which another file is in force."""
        for commit, at in reversed(self._touching(tip, since=since)):
            file = self._file_at(commit)
            effective = ("", "") if file is None else (file.path, file.blob)
            if effective == last:
                continue
            last = effective
            try:
                yield self._document(commit, at, file)
            except ConnectorError as error:
                yield Refused(commit, error)

    def _touching(self, tip: str, *, since: str | None) -> list[tuple[str, datetime]]:
        """Commits of the branch's own line that touched a place of the file, newest first."""
        span = tip if since is None else f"{since}..{tip}"
        paths = [f":(top,literal){path}" for path in self.dialect.locations]
        printed = self.clone.git.run("log", "--first-parent", "--format=%H %ct", span, "--", *paths)
        rows = (line.split() for line in printed.decode("ascii").splitlines() if line)
        return [(commit, datetime.fromtimestamp(int(seconds), UTC)) for commit, seconds in rows]

    def _file_at(self, commit: str) -> TreeFile | None:
        there = {file.path: file for file in self.clone.files_at(commit, self.dialect.locations)}
        return next((there[path] for path in self.dialect.locations if path in there), None)

    def _document(self, commit: str, at: datetime, file: TreeFile | None) -> Document:
        attributes = {"commit": commit, "committed-at": at.isoformat()}
        place = f"git:{self.clone.name}?codeowners={commit}"
        if file is None:
            return Document(key=commit, place=place, sha256=ABSENT, open=io.BytesIO, attributes=attributes)
        self.clone.check_size(file, limit=self.dialect.most_bytes)
        return Document(
            key=commit,
            place=place,
            sha256=hashlib.sha256(self.clone.content(file)).hexdigest(),
            open=self.clone.opener(file),
            attributes={**attributes, "path": file.path, "blob": file.blob},
        )


def _effective(held: HeldDocument) -> Effective:
    return held.attributes.get("path", ""), held.attributes.get("blob", "")
