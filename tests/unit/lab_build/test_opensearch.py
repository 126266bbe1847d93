"""How OpenSearch is put together, told from archives that only look like published ones."""

import zipfile
from pathlib import Path

import pytest

from lab.build import maven, opensearch
from lab.build.images import ASSEMBLED, STAND_IN
from lab.build.images_logs import LOGS_BASE, log_images
from lab.build.workshop import BuildError, Workshop


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    """A workshop that tells nobody."""
    return Workshop(say=lambda _line: None, logs=tmp_path / "logs", go=Path("/nonexistent/go"))


def archive(path: Path, members: dict[str, str]) -> None:
    """A zip file of small texts."""
    with zipfile.ZipFile(path, "w") as packed:
        for name, text in members.items():
            packed.writestr(name, text)


@pytest.fixture
def fetched(tmp_path: Path) -> Path:
    """What Maven brings."""
    folder = tmp_path / "fetched"
    folder.mkdir()
    version = opensearch.version_of("opensearch")
    top = f"opensearch-{version}"
    archive(
        folder / f"{top}.zip",
        {
            f"{top}/bin/opensearch": "#!/bin/bash\n",
            f"{top}/config/jvm.options": "-Xms1g\n20-:--add-modules=jdk.incubator.vector\n",
            f"{top}/lib/joda-time-2.1.jar": "",
            f"{top}/plugins/.keep": "",
        },
    )
    archive(
        folder / f"opensearch-security-{opensearch.version_of('opensearch-security')}.zip",
        {"plugin-descriptor.properties": "name=opensearch-security\nextended.plugins=a,b\n", "config/roles.yml": ""},
    )
    for jar in ("commons-collections4-4.5.0.jar", "joda-time-2.9.jar", "s3-2.1.jar", "repository-s3-3.5.0.jar"):
        (folder / jar).write_text("")
    return folder


@pytest.fixture
def home(fetched: Path, tmp_path: Path) -> Path:
    """OpenSearch with both plugins, and a Java runtime."""
    opensearch._unpack(fetched / f"opensearch-{opensearch.version_of('opensearch')}.zip", tmp_path)
    home = tmp_path / f"opensearch-{opensearch.version_of('opensearch')}"
    opensearch._add_security(home, fetched)
    opensearch._add_repository(home, fetched)
    (home / "jdk" / "bin").mkdir(parents=True)
    (home / "jdk" / "bin" / "java").write_text("")
    opensearch._settle(home)
    return home


def test_a_jar_that_opensearch_has_itself_is_left_out(home: Path) -> None:
    """Of whatever version: the same class twice is refused at the start."""
    jars = {path.name for path in (home / "plugins" / "repository-s3").glob("*.jar")}
    assert jars == {"s3-2.1.jar", "repository-s3-3.5.0.jar"}


def test_plugins_say_that_they_are_of_this_release(home: Path) -> None:
    """OpenSearch loads no other; the security plugin extends nothing that is not there."""
    described = (home / "plugins" / "repository-s3" / "plugin-descriptor.properties").read_text()
    assert f"\nopensearch.version={opensearch.version_of('opensearch')}\n" in described
    security = home / "plugins" / "opensearch-security"
    assert (security / "plugin-descriptor.properties").read_text().endswith("extended.plugins=\n")
    assert (security / "commons-collections4-4.5.0.jar").exists()
    assert (home / "config" / "opensearch-security" / "roles.yml").exists()


def test_what_the_java_runtime_lacks_is_not_asked_of_it(home: Path) -> None:
    """And everything that is run can be run."""
    assert (home / "config" / "jvm.options").read_text() == "-Xms1g\n"
    assert all((home / name).stat().st_mode & 0o100 for name in ("bin/opensearch", "entrypoint.sh"))


def test_exactly_what_is_pinned_is_taken(workshop: Workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file more, less or other than SHA256SUMS says ends the build."""
    folder, target = tmp_path / "pins", tmp_path / "target"
    folder.mkdir()
    target.mkdir()
    (target / "a.jar").write_text("a")
    (folder / "SHA256SUMS").write_text(maven.checksums(target))
    monkeypatch.setattr(Workshop, "run", lambda *_, **__: None)
    maven.fetch(workshop, folder, target)
    for spoil in ("another", "a"):
        (target / "a.jar").write_text(spoil)
        (target / "b.jar").write_text("")
        with pytest.raises(BuildError, match=r"what Maven brought differ: .*b\.jar"):
            maven.fetch(workshop, folder, target)


def test_an_unknown_part_is_no_version() -> None:
    """A misspelt name is told at once."""
    with pytest.raises(BuildError, match="does not depend on no-such"):
        opensearch.version_of("no-such")


def test_the_images_say_what_they_are(tmp_path: Path) -> None:
    """OpenSearch is another release than its reference says, and the list says so; rsyslog is a stand-in."""
    needs = {opensearch.OPENSEARCH.name: tmp_path, LOGS_BASE.name: tmp_path}
    store, shipper = log_images(needs)
    assert store.reference == "opensearchproject/opensearch:3.6.0"
    assert store.inside.startswith(f"opensearch {opensearch.version_of('opensearch')}, ")
    assert (store.origin, shipper.origin, store.owner) == (ASSEMBLED, STAND_IN, 1000)
    assert "another release" in store.differs
    assert "rsyslog" in shipper.inside
