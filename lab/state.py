"""Where one lab keeps everything: a folder per instance under the XDG state home, and the names derived from it."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from lab.controllers import PREFIX
from lab.plan import PlanError

_INSTANCE = re.compile(r"[a-z][a-z0-9-]{0,20}")


@dataclass(frozen=True, slots=True)
class MachineFolder:
    """One machine's disk, as folders: `upper` and `work` of its overlay, `real` for what must not be an overlay."""

    root: Path

    @property
    def upper(self) -> Path:
        """What this machine has written on top of the shared root file system."""
        return self.root / "upper"

    @property
    def work(self) -> Path:
        """The overlay's scratch space."""
        return self.root / "work"

    @property
    def real(self) -> Path:
        """Folders for containerd, kubelet and etcd: an overlay cannot carry another overlay."""
        return self.root / "real"

    @property
    def stand_ins(self) -> Path:
        """Files bound over global kernel settings, so that no machine changes the host."""
        return self.root / "stand-ins"

    @property
    def mount_point(self) -> Path:
        """Where the machine's own mount namespace builds its root; always empty seen from outside."""
        return self.root / "mount-point"

    @property
    def ready(self) -> Path:
        """Exists once the disk is complete; without it the folder is debris of an interrupted `up`."""
        return self.root / "ready"

    @property
    def pid(self) -> Path:
        """Process id and start time of the machine's systemd, as the host sees it."""
        return self.root / "pid"

    @property
    def console(self) -> Path:
        """What systemd said before it had a journal."""
        return self.root / "console.log"


@dataclass(frozen=True, slots=True)
class State:
    """The folder of one lab instance."""

    instance: str
    root: Path

    @property
    def title(self) -> str:
        """The prefix of everything that this lab has outside its folder: its cgroup's name."""
        return f"{PREFIX}{self.instance}"

    @property
    def namespaces(self) -> Path:
        """One file per network namespace, which keeps it alive."""
        return self.root / "net"

    @property
    def secrets(self) -> Path:
        """Credentials that this lab made for itself."""
        return self.root / "secrets"

    @property
    def services(self) -> Path:
        """Configuration, data and logs of DNS, S3 and time."""
        return self.root / "services"

    @property
    def faults(self) -> Path:
        """One file per active fault, with what its healing needs."""
        return self.root / "faults"

    @property
    def machines(self) -> Path:
        """One folder per machine."""
        return self.root / "machines"

    def machine(self, name: str) -> MachineFolder:
        """The folder of one machine."""
        return MachineFolder(self.machines / name)

    def network(self, name: str) -> Path:
        """The file that stands for a network namespace."""
        return self.namespaces / name


def open_state(environment: dict[str, str] | os._Environ[str] = os.environ) -> State:
    """
    The instance that `FLEETPROOF_LAB` names (`lab` without it), under `XDG_STATE_HOME`. Creates nothing.

    Raises:
        PlanError: the name cannot be one

    """
    instance = environment.get("FLEETPROOF_LAB") or "lab"
    if not _INSTANCE.fullmatch(instance):
        raise PlanError(
            f"FLEETPROOF_LAB={instance!r}: wanted a lower-case letter, then up to 20 letters, digits or '-'"
        )
    home = Path(environment.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
    return State(instance=instance, root=home / "fleetproof" / instance)
