"""The identity vault: tokens, bots, and the same rows whatever the order of filling."""

import random
import stat
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from governance.errors import VaultError, VaultKeyError
from governance.token_key import create_token_key, load_token_key
from governance.vault import BotRules, Vault, account_token

KEY = bytes(range(32))


def accounts(*rows: dict[str, Any]) -> pa.Table:
    blank = {
        "kind": "github",
        "login": None,
        "display_name": None,
        "email": None,
        "account_type": "User",
        "first_seen_log_index": 0,
    }
    schema = pa.schema(
        [(name, pa.int64() if name.endswith("index") else pa.string()) for name in ("account_key", *blank)]
    )
    return pa.Table.from_pylist([blank | row for row in rows], schema=schema)


def rows(path: Path, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(path), read_only=True) as con:
        return con.execute(query).fetchall()


def test_an_account_gets_a_keyed_token_of_128_bits(tmp_path: Path) -> None:
    vault = Vault(tmp_path / "identity.duckdb", KEY)
    report = vault.assign(accounts({"account_key": "github:7", "login": "ada"}))
    assert (report.accounts, report.new_accounts, report.bots) == (1, 1, 0)
    assert rows(tmp_path / "identity.duckdb", "from account_tokens") == [
        ("github:7", account_token(KEY, "github:7"), False)
    ]
    token = account_token(KEY, "github:7")
    assert token.startswith("p_")
    assert len(token) == 2 + 32
    assert token != account_token(bytes(32), "github:7")


def test_the_warehouse_reads_tokens_through_an_attached_vault_of_another_name(tmp_path: Path) -> None:
    Vault(tmp_path / "identity.duckdb", KEY).assign(accounts({"account_key": "github:7"}))
    with duckdb.connect() as con:
        con.execute(f"attach '{tmp_path}/identity.duckdb' as vault (read_only)")
        assert con.execute("select count(*) from vault.main.account_tokens").fetchone() == (1,)


def test_an_empty_vault_can_be_read(tmp_path: Path) -> None:
    assert Vault(tmp_path / "identity.duckdb", KEY).assign(accounts()).accounts == 0
    assert rows(tmp_path / "identity.duckdb", "from account_tokens") == []


def test_the_file_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "vault" / "identity.duckdb"
    Vault(path, KEY).assign(accounts({"account_key": "github:7"}))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    ("account", "reason"),
    [
        ({"login": "deployer", "account_type": "Bot"}, "account type"),
        ({"login": "renovate[bot]"}, "[bot] suffix"),
        ({"display_name": "dependabot[bot]", "kind": "git"}, "[bot] suffix"),
        ({"email": "49699333+dependabot[bot]@users.noreply.github.com", "kind": "git"}, "[bot] suffix"),
        ({"login": "release-bot"}, "configured pattern"),
        ({"login": "Jenkins"}, "configured list"),
        ({"account_key": "git:ci@acme.test", "email": "ci@acme.test"}, "configured list"),
        ({"login": "abbot"}, None),
        ({"login": None}, None),
    ],
)
def test_bots_are_known_by_type_suffix_pattern_and_list(
    tmp_path: Path, account: dict[str, Any], reason: str | None
) -> None:
    rules = BotRules(pattern=r"(\[bot\]|-bot)$", logins=("jenkins", "git:ci@acme.test"))
    Vault(tmp_path / "v.duckdb", KEY, bots=rules).assign(accounts({"account_key": "github:1"} | account))
    assert rows(tmp_path / "v.duckdb", "select is_bot, bot_reason from accounts") == [
        (reason is not None, reason)
    ]


def test_new_bot_rules_reach_accounts_that_are_there_already(tmp_path: Path) -> None:
    path = tmp_path / "v.duckdb"
    Vault(path, KEY).assign(accounts({"account_key": "github:1", "login": "jenkins"}))
    report = Vault(path, KEY, bots=BotRules(logins=("jenkins",))).assign(accounts())
    assert (report.new_accounts, report.changed_accounts, report.bots) == (0, 1, 1)
    assert [bot.login for bot in Vault(path, KEY).bots()] == ["jenkins"]


def test_filling_in_any_order_and_any_portions_ends_in_the_same_rows(tmp_path: Path) -> None:
    generator = random.Random(3)
    sightings = [
        {
            "account_key": f"github:{number % 40}",
            "login": f"login-{number % 40}-{number // 100}",
            "display_name": None if number % 3 else f"Name {number % 7}",
            "email": None if number % 5 else f"{number % 11}@acme.test",
            "first_seen_log_index": number,
        }
        for number in range(300)
    ]
    Vault(tmp_path / "whole.duckdb", KEY).assign(accounts(*sightings))
    for trial in range(4):
        path = tmp_path / f"parts-{trial}.duckdb"
        shuffled = generator.sample(sightings, len(sightings))
        cut = generator.randrange(1, 299)
        for portion in (shuffled[:cut], shuffled[cut:], shuffled[: cut // 2]):
            Vault(path, KEY).assign(accounts(*portion))
        for table in ("accounts", "sightings"):
            query = f"from {table} order by all"
            assert rows(path, query) == rows(tmp_path / "whole.duckdb", query)


def test_a_second_filling_without_news_leaves_the_file_alone(tmp_path: Path) -> None:
    path = tmp_path / "v.duckdb"
    given = accounts({"account_key": "github:1", "login": "ada"}, {"account_key": "github:2"})
    Vault(path, KEY).assign(given)
    before = path.read_bytes()
    report = Vault(path, KEY).assign(given)
    assert (report.new_accounts, report.changed_accounts) == (0, 0)
    assert path.read_bytes() == before


def test_a_renamed_account_keeps_its_token_and_shows_the_newest_name(tmp_path: Path) -> None:
    vault = Vault(tmp_path / "v.duckdb", KEY)
    vault.assign(accounts({"account_key": "github:1", "login": "ada", "first_seen_log_index": 3}))
    vault.assign(accounts({"account_key": "github:1", "login": "lovelace", "first_seen_log_index": 9}))
    (identity,) = vault.identities([account_token(KEY, "github:1")])
    assert identity.login == "lovelace"
    assert rows(tmp_path / "v.duckdb", "select first_seen_log_index from accounts") == [(3,)]


def test_another_key_is_refused_before_anybody_gets_a_second_token(tmp_path: Path) -> None:
    Vault(tmp_path / "v.duckdb", KEY).assign(accounts({"account_key": "github:1"}))
    with pytest.raises(VaultKeyError, match="another token key"):
        Vault(tmp_path / "v.duckdb", bytes(32)).assign(accounts())


def test_accounts_without_the_columns_or_keys_are_refused(tmp_path: Path) -> None:
    vault = Vault(tmp_path / "v.duckdb", KEY)
    with pytest.raises(VaultError, match="lack the columns login"):
        vault.assign(accounts().drop_columns(["login"]))
    with pytest.raises(VaultError, match="no account_key"):
        vault.assign(accounts({"account_key": None}))


def test_a_vault_that_is_no_database_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "v.duckdb").write_bytes(b"not a database, but long enough to look like one" * 500)
    with pytest.raises(VaultError, match="restore it or delete it"):
        Vault(tmp_path / "v.duckdb", KEY).assign(accounts())


def test_a_hundred_thousand_accounts_are_one_load(tmp_path: Path) -> None:
    count = 100_000
    table = pa.table(
        {
            "account_key": [f"git:{number}@acme.test" for number in range(count)],
            "kind": ["git"] * count,
            "login": pa.nulls(count, pa.string()),
            "display_name": [f"Person {number}" for number in range(count)],
            "email": [f"{number}@acme.test" for number in range(count)],
            "account_type": pa.nulls(count, pa.string()),
        }
    )
    assert Vault(tmp_path / "v.duckdb", KEY).assign(table).accounts == count
    assert rows(tmp_path / "v.duckdb", "select count(distinct account_token) from accounts") == [(count,)]


def test_the_token_key_is_made_once_and_kept_private(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "token.key"
    key = create_token_key(path, lambda count: bytes(range(count)))
    assert load_token_key(path) == key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(VaultError, match="made once"):
        create_token_key(path, bytes)


@pytest.mark.parametrize("content", ["", "zz", "00" * 31, "00" * 33])
def test_a_damaged_token_key_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "token.key").write_text(content)
    with pytest.raises(VaultError):
        load_token_key(tmp_path / "token.key")
    with pytest.raises(VaultError, match="assay init"):
        load_token_key(tmp_path / "none.key")
