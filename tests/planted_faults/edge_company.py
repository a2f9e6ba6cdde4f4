"""A company whose sources are read through a proxy: a sound run, and then one with a fault in the answers."""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import yaml

from connectors.sandbox.settings import CODE_KINDS
from orchestration.workspace import Workspace
from tests.house.company import END, Company, company
from tests.house.every_source import clock_at
from tests.planted_faults.changed_answers import Proxy
from tests.planted_faults.direct_run import Outcome, run_directly
from tests.planted_faults.edge_fault import SourceFault

BEGIN = END - timedelta(days=9)
KINDS = (*CODE_KINDS, "jira", "pagerduty")
SERVICES = 3


@dataclass
class EdgeCompany:
    """The company, what stands before its sources, and workspaces to copy.

    Attributes:
        acme: The company; its own workspace has made one sound run.
        proxy: What stands before its sources.
        unread: A workspace that has not read anything.
    """

    acme: Company
    proxy: Proxy
    unread: Workspace
    _outcomes: dict[bool, Outcome] = field(default_factory=dict)

    def clean(self, is_first_run: bool) -> Outcome:
        """The outcome of a run in which nothing is wrong."""
        if is_first_run not in self._outcomes:
            self._outcomes[is_first_run] = self._run("clean", is_first_run=is_first_run, sample_size=5)
        return self._outcomes[is_first_run]

    def read_with(self, fault: SourceFault) -> Outcome:
        """The outcome of a run whose sources answer wrongly."""
        with self.proxy.changing(fault.change):
            return self._run(fault.name, is_first_run=fault.is_first_run, sample_size=fault.sample_size)

    def copy(self, name: str, *, is_first_run: bool = False) -> Workspace:
        """A workspace beside the company's, as it stands before the run that is to come."""
        source = self.unread if is_first_run else self.acme.workspace
        folder = self.acme.workspace.root.with_name(f"workspace-{name}")
        shutil.copytree(source.root, folder, symlinks=True, ignore=shutil.ignore_patterns("dagster"))
        return Workspace(folder)

    def _run(self, name: str, *, is_first_run: bool, sample_size: int) -> Outcome:
        workspace = self.copy(name, is_first_run=is_first_run)
        document = yaml.safe_load(workspace.settings_file.read_text(encoding="utf-8"))
        document["reconciliation"] = {"sample_size": sample_size}
        workspace.settings_file.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
        try:
            with clock_at(END):
                return run_directly(workspace, self.acme.environment)
        finally:
            shutil.rmtree(workspace.root)


@contextmanager
def edge_company(folder: Path) -> Iterator[EdgeCompany]:
    """Serve a company at its later instant, after a sound run at an earlier one."""
    with ExitStack() as stack:
        stack.enter_context(clock_at(BEGIN))
        acme = stack.enter_context(company(folder, at=BEGIN, kinds=KINDS, services=SERVICES))
        proxy = Proxy(acme.server.base_url)
        stack.enter_context(proxy.server)
        file = acme.workspace.settings_file
        text = file.read_text(encoding="utf-8").replace(acme.server.base_url, proxy.server.base_url)
        file.write_text(text, encoding="utf-8")
        shutil.rmtree(acme.workspace.dbt)
        unread = Workspace(folder / "unread")
        shutil.copytree(acme.workspace.root, unread.root)
        sound = run_directly(acme.workspace, acme.environment)
        assert sound.publishes, sound
        acme.move_to(END)
        yield EdgeCompany(acme, proxy, unread)
