"""From four bare machines to four clusters whose addresses are announced: ours, and a shell script."""

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bench.model import BenchError, Contender, Order, Subject, Target, Took
from bench.record import ROOT, Report, played
from bench.rounds import must_exit
from bench.seat import Ground, Seat, boot, clear, ground, survey
from bench.subjects import readers
from bench.subjects.tooling import ssh_options
from bench.subjects.tree import lay_overlay
from lab.build.cache import default_cache
from lab.build.recipes import BIN
from lab.build.sources import SOURCES
from lab.machine.power import PoweredMachine
from tasks import open_nornir
from tasks.deploy.charts import Sources, lay_in_place
from tasks.deploy.overlay import read_overlay
from tasks.fleet.model import Fleet
from tasks.kubeadm.config import TEMPLATES
from tasks.settings import Settings
from tasks.transport.local import LocalShell

REPETITIONS = 3
STAGES = (
    "initialise-control-planes,fetch-kubeconfigs,define-kinds,install-cilium,announce-addresses,close-kube-system,"
    "await-nodes"
)
_COMPONENTS = ("prometheus-crds", "cilium", "cilium-l2", "kube-system")
_TRAITS = ("lab",)
_TIMEOUT_S = 900.0


@dataclass(slots=True, kw_only=True)
class Clusters:
    """This subject's work; ``here`` is a lab of bare machines, a new one for every run."""

    here: Ground
    say: Callable[[str], None]
    fleet: Fleet = field(init=False)

    def __post_init__(self) -> None:
        self.fleet = open_nornir(settings=Settings()).inventory.defaults.data["fleet"]
        # the product sees to its charts itself; the script, which may run first, is given them too
        charts = default_cache().path(SOURCES) / "charts"
        lay_in_place(ROOT, LocalShell(plan=False), Sources(folders=(charts,)), bases=("cilium", "prometheus-crds"))

    def start_bare(self) -> None:
        """Put a new lab of bare machines in the place of the one that was used."""
        clear()
        boot(lambda _text: None)
        self.here = survey(self.here.state, self.here.known_hosts.parent)

    def deployment(self, folder: Path, *words: str, timeout_s: float) -> Order:
        """Our deployment of these machines, from a state that knows their host keys and nothing else."""
        state = folder / "state"
        state.mkdir()
        shutil.copy2(self.here.known_hosts, state / "known_hosts")
        return Order(
            argv=(sys.executable, "runbooks/full_deploy.py", *words, "--json"),
            env={**self.here.environment, "FLEETPROOF_STATE": str(state)},
            cwd=str(ROOT),
            stdout=str(folder / "stdout"),
            stderr=str(folder / "stderr"),
            timeout_s=timeout_s,
        )

    def run(self, order: Order) -> Took:
        """Run at the seat of the lab that is up now."""
        with Seat() as seat:
            return seat.run(order)

    def announced(self) -> int:
        """How many clusters' addresses answer ARP with their own machine's MAC, as another machine sees it."""
        machines = self.here.plan.machines
        for cluster in self.fleet.clusters:
            machine = self.here.plan.machine(cluster.name)
            other = next(one for one in machines if one is not machine)
            asked = PoweredMachine(other.name, self.here.state).run(
                ["arping", "-c", "1", "-w", "5", "-I", "eth0", str(cluster.vip.address)]
            )
            if machine.mac.upper() not in asked.stdout.upper():
                raise BenchError(f"{cluster.vip.address} is not announced by {cluster.name}: {asked.stdout}")
        return len(self.fleet.clusters)


def measure(folder: Path, repetitions: int | None, say: Callable[[str], None]) -> Iterator[Report]:
    """Measure on the lab's four machines, bare before every run."""
    with ground(say, folder) as here:
        clusters = Clusters(here=here, say=say)
        yield played(subject(clusters), repetitions or REPETITIONS, clusters.run, say)


def subject(clusters: Clusters) -> Subject:
    """Ours and the script."""
    count = len(clusters.fleet.clusters)
    return Subject(
        name="clusters",
        title=f"{count} clusters at once, from bare machines to announced addresses",
        reference="ours",
        unit="cluster",
        unit_count=count,
        contenders=(_ours(clusters), _plain(clusters)),
        targets=(
            Target(who="ours", than="plain", limit=1.10, says="cluster phase, times a plain parallel shell script"),
        ),
        notes=(
            "Both end when every node is Ready, all of kube-system rolled out and every address announced.",
            "After that another machine asks for each address by ARP and has to hear its machine's MAC.",
            "The lab is taken down and booted anew before every run, which is not timed.",
        ),
    )


def _ours(clusters: Clusters) -> Contender:
    def gathered(folder: Path, took: Took) -> dict[str, int]:
        must_exit(took)
        return {"announced": clusters.announced(), **readers.of_report((folder / "stdout").read_text())}

    return Contender(
        name="ours",
        title="fleetproof, full_deploy.py from initialise to await nodes",
        version=version("fleetproof"),
        order=lambda folder: clusters.deployment(folder, "--only", STAGES, timeout_s=_TIMEOUT_S),
        gathered=gathered,
        before=clusters.start_bare,
    )


def _plain(clusters: Clusters) -> Contender:
    def order(folder: Path) -> Order:
        _write_configurations(clusters.fleet, folder / "kubeadm")
        _write_overlays(clusters.fleet, folder / "overlays")
        return Order(
            argv=(
                "bash",
                "bench/clusters/plain.sh",
                str(folder),
                clusters.here.user,
                *(f"{one.name}={one.address}={one.vip.address}" for one in clusters.fleet.clusters),
            ),
            env={"SSH_OPTIONS": ssh_options(clusters.here)},
            cwd=str(ROOT),
            stdout=str(folder / "stdout"),
            stderr=str(folder / "stderr"),
            timeout_s=_TIMEOUT_S,
        )

    def gathered(folder: Path, took: Took) -> dict[str, int]:
        if took.exit_code:
            tails = [f"{log.name}: {log.read_text()[-500:]}" for log in sorted(folder.glob("*.log"))]
            raise BenchError("\n".join((f"ended with {took.exit_code} after {took.wall_s:.0f} s", *tails)))
        return {"announced": clusters.announced()}

    return Contender(
        name="plain",
        title="bench/clusters/plain.sh: ssh, kubeadm, kustomize, kubectl",
        version=_kubectl_version(),
        order=order,
        gathered=gathered,
        before=clusters.start_bare,
    )


def _write_configurations(fleet: Fleet, folder: Path) -> None:
    """The very kubeadm configuration that the product renders."""
    folder.mkdir()
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), undefined=StrictUndefined, trim_blocks=True, autoescape=False  # noqa: S701
    )  # fmt: skip
    template = environment.get_template("kubeadm.yaml.j2")
    for cluster in fleet.clusters:
        (folder / f"{cluster.name}.yaml").write_text(template.render(fleet=fleet, cluster=cluster, patches=""))


def _write_overlays(fleet: Fleet, folder: Path) -> None:
    """The very overlays that the product builds, the lab's component included."""
    for cluster in fleet.clusters:
        for component in _COMPONENTS:
            lay_overlay(ROOT, read_overlay(ROOT, cluster, component), _TRAITS, folder)


def _kubectl_version() -> str:
    kubectl = default_cache().path(BIN) / "kubectl"
    argv = (str(kubectl), "version", "--client", "-o", "jsonpath={.clientVersion.gitVersion}")
    said = subprocess.run(argv, capture_output=True, text=True, check=False).stdout
    return said.strip() or "Kubernetes as the lab has it"
