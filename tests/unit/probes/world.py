"""A cluster small enough for a test: what is applied is there at once, unless the test says otherwise."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tasks.deploy.api import ApiError
from tasks.deploy.kubectl import Kubectl
from tasks.model.command import CommandResult

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tasks.model.command import Command

PLURALS = {
    "Namespace": "namespaces",
    "ServiceAccount": "serviceaccounts",
    "Pod": "pods",
    "PersistentVolumeClaim": "persistentvolumeclaims",
}
CLASS = {
    "metadata": {"name": "longhorn", "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}},
    "reclaimPolicy": "Retain",
}


@dataclass
class World:
    """
    An API server and a kubectl over the same objects.

    Attributes:
        objects: path to content
        volumes: name to content
        binds: claims are bound
        runs: pods become ready
        forgets: a volume is empty when the next pod mounts it
        goes: a deleted namespace goes
        deletes: a volume whose policy says so goes with its claim
        said: kubectl's verbs with what they were about, in order
        answer: what a program in a pod prints, other than the content of the volume

    """

    objects: dict[str, dict[str, Any]] = field(default_factory=dict)
    volumes: dict[str, dict[str, Any]] = field(default_factory=dict)
    binds: bool = True
    runs: bool = True
    forgets: bool = False
    goes: bool = True
    deletes: bool = True
    classes: tuple[dict[str, Any], ...] = (CLASS,)
    said: list[str] = field(default_factory=list)
    answer: str = ""
    token: str = ""

    def find(self, path: str) -> dict[str, Any] | None:
        """Read one object; None where there is none."""
        return self.objects.get(path)

    def get(self, path: str) -> dict[str, Any]:
        """Read one object."""
        if path not in self.objects:
            raise ApiError(f"no {path}", 404)
        return self.objects[path]

    def items(self, path: str) -> list[dict[str, Any]]:
        """Volumes, classes; of a namespace nothing that would explain anything."""
        if path.endswith("/persistentvolumes"):
            return list(self.volumes.values())
        return list(self.classes) if path.endswith("/storageclasses") else []

    def execute(self, _namespace: str, _pod: str, _argv: Sequence[str], **_: object) -> CommandResult:
        """What is in the volume, or the answer."""
        text = self.answer or ("" if self.forgets else self.token)
        return CommandResult(command=None, exit_code=0, stdout=text, stderr="", duration_s=0.0)  # type: ignore[arg-type]

    def kubectl(self, folder: Path) -> Kubectl:
        """A kubectl that changes this world."""
        return Kubectl(shell=self, kubeconfig=folder / "a", context="cluster-03", cache=folder)

    def run(self, command: Command) -> CommandResult:
        """Do what kubectl was told."""
        words = [
            it for it in command.argv if it in {"apply", "delete", "patch", "namespace", "pod", "persistentvolume"}
        ]
        self.said.append(" ".join(words))
        name = command.argv[command.argv.index(words[-1]) + 1]
        match words:
            case ["apply"]:
                for it in json.loads(command.stdin)["items"]:
                    self._make(it)
            case ["delete", "pod"]:
                self.objects = {path: it for path, it in self.objects.items() if not path.endswith(f"/pods/{name}")}
            case ["delete", "namespace"] if self.goes:
                self.objects = {path: it for path, it in self.objects.items() if f"/namespaces/{name}" not in path}
                self._let_go(name)
            case ["patch", "persistentvolume"]:
                self.volumes[name]["spec"]["persistentVolumeReclaimPolicy"] = "Delete"
                self._let_go("")
        return CommandResult(command=command, exit_code=0, stdout="", stderr="", duration_s=0.0)

    def _make(self, content: dict[str, Any]) -> None:
        metadata, kind = content["metadata"], content["kind"]
        room = f"/namespaces/{metadata['namespace']}" if "namespace" in metadata else ""
        metadata["uid"] = f"uid-{len(self.said)}-{metadata['name']}"
        content["status"] = {"conditions": [{"type": "Ready", "status": str(self.runs)}]}
        if kind == "PersistentVolumeClaim":
            content["status"] = {"phase": "Bound" if self.binds else "Pending"}
            if self.binds:
                self.claim_volume(metadata["namespace"])
        if kind == "Pod" and "echo " in (script := content["spec"]["containers"][0]["command"][2]):
            self.token = script.split()[1]
        self.objects[f"/api/v1{room}/{PLURALS[kind]}/{metadata['name']}"] = content

    def claim_volume(self, namespace: str, name: str = "pvc-1") -> None:
        """A volume as a class with ``Retain`` makes it."""
        spec = {"claimRef": {"namespace": namespace}, "persistentVolumeReclaimPolicy": "Retain"}
        self.volumes[name] = {"metadata": {"name": name}, "spec": spec}

    def _let_go(self, namespace: str) -> None:
        """A volume without a claim goes if its policy says so, whichever of the two came first."""
        for name, it in list(self.volumes.items()):
            released = it["spec"]["claimRef"]["namespace"] == namespace or it.get("released")
            it["released"] = released
            if released and self.deletes and it["spec"]["persistentVolumeReclaimPolicy"] == "Delete":
                del self.volumes[name]
