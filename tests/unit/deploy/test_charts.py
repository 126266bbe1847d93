"""An input that is not the pinned one is never built from."""

from __future__ import annotations

import hashlib
import io
import tarfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from tasks.deploy import pull
from tasks.deploy.charts import Sources, charts_of, lay_in_place
from tasks.deploy.objects import normal_form
from tasks.deploy.pins import Pin, digest_of, files_below, read_lock
from tasks.model.command import Command, CommandResult
from tasks.model.errors import InventoryError

if TYPE_CHECKING:
    from collections.abc import Callable

FILES = {"Chart.yaml": b"name: x\n", "templates/a.yaml": b"kind: A\n"}
KIND = """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: %s}
spec:
  description: words
  properties: {description: {type: string}}
"""


def package(files: dict[str, bytes]) -> bytes:
    """The chart as a published package."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


PACKAGE = package({f"x/{name}": content for name, content in FILES.items()})


class Helm:
    """Stands in for Helm: puts what it is told to into the folder that the command names."""

    def __init__(self, content: bytes = PACKAGE, exit_code: int = 0) -> None:
        """Remember what to serve."""
        self.content, self.exit_code = content, exit_code
        self.asked: list[tuple[str, ...]] = []

    def run(self, command: Command) -> CommandResult:
        """Pull."""
        self.asked.append(command.argv[:-2])
        assert command.argv[:2] == ("helm", "pull")
        if not self.exit_code:
            (Path(command.argv[-1]) / "x-1.0.tgz").write_bytes(self.content)
        return CommandResult(command=command, exit_code=self.exit_code, stdout="", stderr="no such host", duration_s=0)


def laid(folder: Path, files: dict[str, bytes] = FILES) -> Path:
    """Files on disk."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


PIN = Pin(
    name="x",
    version="1.0",
    base="b",
    repository="https://charts.example.org",
    package=hashlib.sha256(PACKAGE).hexdigest(),
    tree=digest_of(FILES),
)
ASSET = Pin(
    name="kinds",
    version="2",
    base="k",
    asset="https://example.org/all.yaml",
    tree=digest_of({"objects.yaml": normal_form((KIND % "a", KIND % "b")).encode()}),
)


def lock(root: Path, *pins: Pin) -> None:
    """Write the lock."""
    (root / "kustomize" / "base" / "b").mkdir(parents=True, exist_ok=True)
    entries = [
        {field.replace("_", "-"): value for field in Pin.__dataclass_fields__ if (value := getattr(pin, field))}
        for pin in pins
    ]
    (root / "kustomize" / "charts.lock").write_text(yaml.safe_dump(entries))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project whose lock pins the chart's tree and package; the chart lies unpacked in ``origin``."""
    lock(tmp_path, PIN)
    laid(tmp_path / "origin" / "x-1.0")
    return tmp_path


def test_a_chart_is_read_from_the_first_folder_that_has_it(root: Path) -> None:
    """Nothing is pulled then, nor written into the tree; a folder deeper or not, the chart is found."""
    helm = Helm()
    sources = Sources(folders=(laid(root / "empty"), root / "origin"))
    (chart,) = charts_of(root, "b", helm, sources)
    assert (chart.files, chart.origin) == (FILES, root / "origin" / "x-1.0")
    assert helm.asked == []
    assert not PIN.place(root).exists()


def test_a_package_in_a_folder_is_unpacked(root: Path) -> None:
    """As it was downloaded elsewhere: verified, and then laid where Kustomize looks."""
    folder = laid(root / "packages", {"x-1.0.tgz": PACKAGE})
    (chart,) = charts_of(root, "b", Helm(exit_code=1), Sources(folders=(folder,)))
    assert chart.files == FILES == files_below(PIN.place(root))


def test_a_package_beside_its_unpacked_chart_vouches_for_it(root: Path) -> None:
    """As an image of the audit has both: the published tree may differ from the pinned one."""
    folder = laid(root / "image", {"x-1.0.tgz": PACKAGE})
    laid(folder / "x-1.0" / "x")
    lock(root, replace(PIN, tree="0" * 64))
    (chart,) = charts_of(root, "b", Helm(exit_code=1), Sources(folders=(folder,)))
    assert (chart.files, chart.origin) == (FILES, folder / "x-1.0" / "x")
    (folder / "x-1.0.tgz").unlink()
    with pytest.raises(InventoryError, match="wanted 0000"):
        charts_of(root, "b", Helm(exit_code=1), Sources(folders=(folder,)))


def test_a_missing_chart_is_pulled_and_its_package_kept(root: Path) -> None:
    """Without a folder Helm pulls; the second time nothing is pulled, and the package vouches for the tree."""
    helm = Helm()
    lock(root, replace(PIN, tree="0" * 64))
    for _ in range(2):
        (chart,) = charts_of(root, "b", helm, Sources())
    assert chart.files == FILES
    assert helm.asked == [("helm", "pull", "x", "--repo", "https://charts.example.org", "--version", "1.0")]


@pytest.mark.parametrize(
    ("mirror", "argv"),
    [
        ("https://mirror.lan/charts/", ("helm", "pull", "https://mirror.lan/charts/x-1.0.tgz")),
        ("oci://mirror.lan/charts", ("helm", "pull", "oci://mirror.lan/charts/x", "--version", "1.0")),
    ],
)
def test_a_mirror_takes_the_repositorys_place(root: Path, mirror: str, argv: tuple[str, ...]) -> None:
    """Files over HTTP, or an OCI registry."""
    helm = Helm()
    charts_of(root, "b", helm, Sources(mirror=mirror))
    assert helm.asked == [argv]


def test_another_package_than_the_published_one_is_thrown_away(root: Path) -> None:
    """Helm verifies nothing; the lock does."""
    with pytest.raises(InventoryError, match="do not use it"):
        charts_of(root, "b", Helm(b"something else"), Sources())
    assert not PIN.place(root).exists()
    assert not list((root / "kustomize/base/b").rglob("*.tgz"))


def test_a_package_cannot_write_outside_its_chart(root: Path) -> None:
    """Names that lead out of the folder are left out, whoever pinned them."""
    wild = package({"x/Chart.yaml": b"name: x\n", "x/../../evil": b"", "y/z": b""})
    lock(root, replace(PIN, package=hashlib.sha256(wild).hexdigest(), tree=""))
    (chart,) = charts_of(root, "b", Helm(wild), Sources())
    assert list(chart.files) == ["Chart.yaml"]


@pytest.mark.parametrize("with_package", [True, False])
def test_a_chart_that_was_changed_is_refused(root: Path, *, with_package: bool) -> None:
    """One byte is enough, wherever the chart came from."""
    lay_in_place(root, Helm(), Sources() if with_package else Sources(folders=(root / "origin",)))
    (PIN.place(root) / "templates/a.yaml").write_bytes(b"kind: B\n")
    with pytest.raises(InventoryError, match="rm -r"):
        charts_of(root, "b", Helm(), Sources())


@pytest.mark.parametrize("sources", [Sources(), Sources(folders=(Path("/nowhere"),))], ids=["network", "folder"])
def test_a_chart_that_cannot_be_had_says_what_to_do(root: Path, sources: Sources) -> None:
    """Its name, its version, both ways to bring it, and the command to run then; the next run tries again."""
    with pytest.raises(InventoryError) as caught:
        charts_of(root, "b", Helm(exit_code=1), sources)
    said = str(caught.value)
    for word in ("x 1.0", "FLEETPROOF_CHARTS", "FLEETPROOF_CHART_MIRROR", "make charts", "x-1.0.tgz"):
        assert word in said
    assert ("no such host" in said) is (sources == Sources())
    assert charts_of(root, "b", Helm(), Sources())


def test_another_bases_charts_are_not_asked_for(root: Path) -> None:
    """A component without charts builds without any."""
    helm = Helm()
    assert charts_of(root, "other", helm, Sources()) == ()
    assert helm.asked == []


def test_a_stand_in_is_for_the_lab_alone(root: Path) -> None:
    """With the trait it is used and says so; without, it is refused wherever it lies."""
    small = {"Chart.yaml": b"name: x\n"}
    lock(root, replace(PIN, stand_in=digest_of(small)))
    folder = laid(root / "lab" / "x-1.0", small).parent
    (chart,) = charts_of(root, "b", Helm(), Sources(folders=(folder,), stand_ins=True))
    assert chart.stand_in
    with pytest.raises(InventoryError, match="the lab's stand-in"):
        charts_of(root, "b", Helm(), Sources(folders=(folder,)))


def test_laying_in_place_tells_every_mistake(root: Path) -> None:
    """One that cannot be had does not hide the next."""
    lock(root, PIN, replace(PIN, name="y"), replace(PIN, name="z", base="c"))
    with pytest.raises(InventoryError) as caught:
        lay_in_place(root, Helm(exit_code=1), Sources(folders=(root / "origin",)))
    assert [mistake.said.split(" cannot")[0] for mistake in caught.value.mistakes] == ["y 1.0", "z 1.0"]
    assert files_below(PIN.place(root)) == FILES


@pytest.mark.parametrize(
    "files",
    [{"one.yaml": KIND % "b" + "---\n" + KIND % "a"}, {"b.yaml": KIND % "b", "sub/a.yml": "---\n" + KIND % "a"}],
    ids=["one file", "a folder"],
)
def test_plain_objects_have_one_form(root: Path, files: dict[str, str]) -> None:
    """Published as one file or as a folder of them, the same objects are the same bytes, without descriptions."""
    lock(root, ASSET)
    folder = laid(root / "v" / "kinds-2", {name: text.encode() for name, text in files.items()}).parent
    (chart,) = lay_in_place(root, Helm(), Sources(folders=(folder,)))
    documents = list(yaml.safe_load_all(chart.files["objects.yaml"]))
    assert [it["metadata"]["name"] for it in documents] == ["a", "b"]
    assert documents[0]["spec"] == {"properties": {"description": {"type": "string"}}}


def test_plain_objects_are_downloaded(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From where they are published, or from the mirror under name and version."""
    asked: list[str] = []

    def download(url: str) -> bytes:
        asked.append(url)
        return f"{KIND % 'a'}---\n{KIND % 'b'}".encode()

    monkeypatch.setattr(pull, "_download", download)
    lock(root, ASSET)
    charts_of(root, "k", Helm(), Sources())
    assert pull.pull(ASSET, "https://mirror.lan/", Helm())
    assert asked == ["https://example.org/all.yaml", "https://mirror.lan/kinds-2.yaml"]


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda entry: entry.pop("version"), "wanted: version"),
        (lambda entry: entry.pop("repository"), "either repository"),
        (lambda entry: entry.update(asset="https://a/b.yaml"), "either repository"),
        (lambda entry: (entry.pop("tree"), entry.pop("package")), "it is no pin"),
        (lambda entry: entry.update(colour="blue"), "nothing reads the key colour"),
    ],
)
def test_an_entry_that_pins_nothing_is_a_mistake(
    root: Path, spoil: Callable[[dict[str, str]], object], said: str
) -> None:
    """Each names the entry and its line."""
    file = root / "kustomize" / "charts.lock"
    entries = yaml.safe_load(file.read_text())
    spoil(entries[0])
    file.write_text(yaml.safe_dump(entries))
    with pytest.raises(InventoryError, match=said):
        read_lock(root)
