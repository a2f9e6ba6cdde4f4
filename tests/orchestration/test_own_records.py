"""Whose own numbers are: what was decided about accounts since the build is not passed over."""

from collections.abc import Callable

import pytest

from orchestration.errors import UsageError
from orchestration.numbers.own_records import Subject, check_still_one
from orchestration.workspace import Workspace
from tests.orchestration.cases import furnish, vault_of


def test_accounts_that_were_held_apart_since_the_build_are_no_one_persons_own(
    make_workspace: Callable[..., Workspace],
) -> None:
    workspace = make_workspace()
    furnish(workspace)
    vault = vault_of(workspace)
    with vault.open() as con:
        (first, second, *_) = [row[0] for row in con.execute("select account_token from accounts").fetchall()]
    check_still_one(vault, Subject(first, (first,)))
    with pytest.raises(UsageError, match="decided anew since the last build"):
        check_still_one(vault, Subject(first, (first, second)))
