"""containerd and kubelet disagree about who manages control groups: pods die at random."""

import time
from collections.abc import Mapping
from typing import ClassVar

from lab.faults.fault import Case, Fault, FaultError

_FILE = "/etc/containerd/config.toml"
_RESTART_DEADLINE_S, _POLL_S = 30.0, 0.1
_RIGHT, _WRONG = "SystemdCgroup = true", "SystemdCgroup = false"


class WrongCgroupDriver(Fault):
    """containerd is told `SystemdCgroup = false` and restarted."""

    name: ClassVar[str] = "wrong-cgroup-driver"
    breaks: ClassVar[str] = "containerd's cgroup driver is cgroupfs, the kubelet's is systemd."

    def remember(self, case: Case) -> Mapping[str, str]:
        """The configuration as it is."""
        config = case.read(_FILE)
        if _RIGHT not in config:
            raise FaultError(f"{case.machine}: {_FILE} does not say {_RIGHT!r}")
        return {"config": config}

    def apply(self, case: Case) -> None:
        """Turn the switch."""
        _configure(case, case.memory["config"].replace(_RIGHT, _WRONG))

    def undo(self, case: Case) -> None:
        """Turn it back."""
        _configure(case, case.memory["config"])


def _configure(case: Case, config: str) -> None:
    case.write(_FILE, config)
    case.on_machine("systemctl", "restart", "containerd.service")
    deadline = time.monotonic() + _RESTART_DEADLINE_S
    while True:  # systemd calls it started before it answers
        try:
            case.on_machine("crictl", "info")
        except FaultError:
            if time.monotonic() > deadline:
                raise
            time.sleep(_POLL_S)
        else:
            return
