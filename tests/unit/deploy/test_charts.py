"""A chart that is not the pinned one is never built from."""

from __future__ import annotations

import hashlib
import io
import tarfile
from pathlib import Path

import pytest
import yaml

from tasks.deploy.charts import ensure_charts, tree_digest
from tasks.model.command import Command, CommandResult
from tasks.model.errors import CommandFailed, InventoryError

FILES = {"Chart.yaml": b"name: x\n", "templates/a.yaml": b"kind: A\n"}


def package() -> bytes:
    """The chart as a published package."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in FILES.items():
            entry = tarfile.TarInfo(f"x/{name}")
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


PACKAGE = package()


class Helm:
    """Stands in for Helm: puts what it is told to into the folder that the command names."""

    def __init__(self, content: bytes = PACKAGE, exit_code: int = 0) -> None:
        """Remember what to serve."""
        self.content, self.exit_code, self.asked = content, exit_code, 0

    def run(self, command: Command) -> CommandResult:
        """Pull."""
        self.asked += 1
        assert command.argv[:3] == ("helm", "pull", "x")
        if not self.exit_code:
            (Path(command.argv[-1]) / "x-1.0.tgz").write_bytes(self.content)
        return CommandResult(command=command, exit_code=self.exit_code, stdout="", stderr="no such host", duration_s=0)


def laid(folder: Path) -> Path:
    """The chart, unpacked."""
    for name, content in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project whose lock pins the chart's tree and package."""
    pin = {
        "name": "x",
        "version": "1.0",
        "base": "b",
        "repository": "https://charts.example.org",
        "package": hashlib.sha256(PACKAGE).hexdigest(),
        "tree": tree_digest(laid(tmp_path / "origin" / "x-1.0")),
    }
    (tmp_path / "kustomize" / "base" / "b").mkdir(parents=True)
    (tmp_path / "kustomize" / "charts.lock").write_text(yaml.safe_dump([pin]))
    return tmp_path


def chart(root: Path) -> Path:
    """Where Kustomize looks for the chart."""
    return root / "kustomize/base/b/charts/x-1.0/x"


def test_a_missing_chart_is_copied_from_the_given_folder(root: Path) -> None:
    """Nothing is pulled then; a folder deeper or not, the chart is found."""
    helm = Helm()
    ensure_charts(root, "b", helm, root / "origin")
    assert (chart(root) / "templates/a.yaml").read_bytes() == b"kind: A\n"
    assert helm.asked == 0


def test_a_missing_chart_is_pulled_and_its_package_kept(root: Path) -> None:
    """Without a folder Helm pulls; the second time nothing is pulled, and the package vouches for the tree."""
    helm = Helm()
    lock = root / "kustomize" / "charts.lock"
    lock.write_text(lock.read_text().replace("tree: ", "tree: 0"))
    ensure_charts(root, "b", helm, None)
    ensure_charts(root, "b", helm, None)
    assert helm.asked == 1
    assert (chart(root) / "Chart.yaml").read_bytes() == b"name: x\n"


def test_another_package_than_the_published_one_is_thrown_away(root: Path) -> None:
    """Helm verifies nothing; the lock does."""
    with pytest.raises(InventoryError, match="do not use it"):
        ensure_charts(root, "b", Helm(b"something else"), None)
    assert not chart(root).exists()
    assert not list((root / "kustomize/base/b/charts").glob("*.tgz"))


@pytest.mark.parametrize("with_package", [True, False])
def test_a_chart_that_was_changed_is_refused(root: Path, *, with_package: bool) -> None:
    """One byte is enough, wherever the chart came from."""
    ensure_charts(root, "b", Helm(), None if with_package else root / "origin")
    (chart(root) / "templates/a.yaml").write_bytes(b"kind: B\n")
    with pytest.raises(InventoryError, match="rm -r"):
        ensure_charts(root, "b", Helm(), None)


def test_a_folder_without_the_chart_is_a_mistake(root: Path) -> None:
    """It is named, with what was looked for."""
    with pytest.raises(InventoryError, match=r"has no x-1\.0/Chart\.yaml"):
        ensure_charts(root, "b", Helm(), root / "kustomize")


def test_a_repository_that_does_not_answer_leaves_nothing(root: Path) -> None:
    """The failure is Helm's own, and the next run tries again."""
    with pytest.raises(CommandFailed, match="no such host"):
        ensure_charts(root, "b", Helm(exit_code=1), None)
    assert not chart(root).exists()
    ensure_charts(root, "b", Helm(), None)


def test_another_bases_charts_are_not_asked_for(root: Path) -> None:
    """A component without charts builds without any."""
    helm = Helm()
    ensure_charts(root, "other", helm, None)
    assert helm.asked == 0
