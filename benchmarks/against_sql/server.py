"""A MariaDB of its own: made in a folder, reached by a socket in it, and ended by its own process."""

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PATIENCE_SECONDS = 60.0
PAUSE_SECONDS = 0.05
REPETITIONS = 3
LONG_SECONDS = 10.0
LIMIT_SECONDS = 300.0
PLACES = "/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin"

SETTINGS = (
    "--skip-networking",
    "--skip-log-bin",
    "--character-set-server=utf8mb4",
    "--collation-server=utf8mb4_bin",
    "--default-time-zone=+00:00",
    "--innodb-buffer-pool-size=4G",
    "--innodb-log-file-size=1G",
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-doublewrite=0",
    "--tmp-table-size=1G",
    "--max-heap-table-size=1G",
    "--sort-buffer-size=256M",
    "--join-buffer-size=256M",
    "--join-buffer-space-limit=1G",
    "--join-cache-level=8",
    "--optimizer-switch=join_cache_hashed=on,optimize_join_buffer_size=off",
)
"""Generous: everything in memory, nothing waits for a disk, and joins without an index may use hashes."""


class NotInstalledError(RuntimeError):
    """A program is missing; the message names the remedy."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a question was answered with, and how long the server needed for it.

    Attributes:
        rows: The fields of its rows as texts; none where it was stopped.
        seconds: The time, or the limit where it was stopped.
        is_stopped: Whether it ran into the limit.
    """

    rows: tuple[tuple[str | None, ...], ...]
    seconds: float
    is_stopped: bool = False


@dataclass(frozen=True, slots=True)
class MariaDB:
    """A running server."""

    socket: Path

    def run(self, script: str, *, schema: str = "") -> str:
        """Run statements; their rows come as lines of fields with tabs between.

        Raises:
            RuntimeError: The server refused one; the message holds what it said.
        """
        options = [
            "--no-defaults",
            f"--socket={self.socket}",
            "--user=root",
            "--batch",
            "--skip-column-names",
        ]
        done = subprocess.run(
            [program("mariadb"), *options, *([schema] if schema else [])],
            input=script,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise RuntimeError(f"MariaDB refused:\n{done.stderr}\nin\n{script[:2000]}")
        return done.stdout

    def ask(self, question: str, *, schema: str, limit_seconds: float = LIMIT_SECONDS) -> Reply:
        """Ask once to warm up, then some times more, and take the best of the server's own times.

        They run from the arrival of the statement to its last row: neither the client nor the way to it
        counts. What takes long is asked once only: there it makes no difference what was warm.
        """
        try:
            told = self._profiled(question, 1, schema, limit_seconds)
        except RuntimeError as error:
            if "max_statement_time exceeded" not in str(error):
                raise
            return Reply((), limit_seconds, is_stopped=True)
        rows, seconds = _fields(told[:-1]), _seconds(told[-1:])
        if seconds < LONG_SECONDS:
            told = self._profiled(question, REPETITIONS, schema, limit_seconds)
            seconds = _seconds(told[-REPETITIONS:])
        return Reply(rows, seconds)

    def _profiled(self, question: str, repetitions: int, schema: str, limit_seconds: float) -> list[str]:
        asked = f"{question};\n" * repetitions
        script = f"set max_statement_time = {limit_seconds}, profiling = 1;\n{asked}show profiles;\n"
        return self.run(script, schema=schema).splitlines()


@contextmanager
def mariadb(*settings: str) -> Iterator[MariaDB]:
    """Run a server until the block ends.

    Args:
        settings: Options in place of those of `SETTINGS`.

    Raises:
        NotInstalledError: MariaDB is not installed.
        RuntimeError: It did not start; the message holds its log.
    """
    with tempfile.TemporaryDirectory(prefix="assay-mariadb-") as name:
        folder = Path(name)
        _make(folder)
        server = MariaDB(folder / "socket")
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen([*_started(folder), *settings], stdout=log, stderr=subprocess.STDOUT)
            try:
                _wait(server, process, folder / "log")
                yield server
            finally:
                process.terminate()
                try:
                    process.wait(PATIENCE_SECONDS)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()


def program(name: str) -> str:
    """Where a program is.

    Raises:
        NotInstalledError: It is not installed.
    """
    found = shutil.which(name, path=PLACES)
    if found is None:
        raise NotInstalledError(
            f"{name} is not installed: tests/debian_packages.sh installs it as root on Debian"
        )
    return found


def _make(folder: Path) -> None:
    command = [
        program("mariadb-install-db"),
        "--no-defaults",
        f"--datadir={folder / 'data'}",
        "--auth-root-authentication-method=normal",
        "--skip-test-db",
        f"--user={folder.owner()}",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"no database was made in {folder}:\n{done.stdout}{done.stderr}")


def _started(folder: Path) -> Sequence[str]:
    return [
        program("mariadbd"),
        "--no-defaults",
        f"--user={folder.owner()}",
        f"--datadir={folder / 'data'}",
        f"--socket={folder / 'socket'}",
        f"--pid-file={folder / 'pid'}",
        f"--tmpdir={folder}",
        *SETTINGS,
    ]


def _wait(server: MariaDB, process: "subprocess.Popen[bytes]", log: Path) -> None:
    given_up_at = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < given_up_at:
        if process.poll() is not None:
            raise RuntimeError(f"MariaDB ended with {process.returncode}:\n{log.read_text()}")
        if server.socket.exists():
            server.run("select 1;")
            return
        time.sleep(PAUSE_SECONDS)
    raise RuntimeError(f"MariaDB did not start within {PATIENCE_SECONDS:.0f} s:\n{log.read_text()}")


def _fields(lines: Sequence[str]) -> tuple[tuple[str | None, ...], ...]:
    return tuple(tuple(None if field == "NULL" else field for field in line.split("\t")) for line in lines)


def _seconds(profiles: Sequence[str]) -> float:
    return min(float(profile.split("\t")[1]) for profile in profiles)
