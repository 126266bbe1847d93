"""Files that a POM pins, fetched by Maven and held against their checksums."""

import hashlib
import re
from pathlib import Path

from lab.build.workshop import BuildError, Workshop


def fetch(workshop: Workshop, folder: Path, target: Path) -> None:
    """
    Lay everything that ``folder/pom.xml`` depends on into `target`: exactly the files that ``folder/SHA256SUMS`` names.

    Raises:
        BuildError: Maven failed, or what it brought is not what is pinned

    """
    workshop.say(f"{folder.name}: fetching what {folder.name}/pom.xml names")
    argv: list[str | Path] = ["mvn", "--batch-mode", "--no-transfer-progress", "--file", folder / "pom.xml"]
    argv += ["dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={target}"]
    workshop.run(f"{folder.name} files", argv)
    pinned = (folder / "SHA256SUMS").read_text()
    if wrong := sorted(set(pinned.splitlines()) ^ set(checksums(target).splitlines())):
        raise BuildError(f"{folder / 'SHA256SUMS'} and what Maven brought differ: {'; '.join(wrong[:6])}")


def checksums(folder: Path) -> str:
    """A folder's files as ``sha256sum`` prints them, by name."""
    lines = []
    for file in sorted(folder.iterdir()):
        with file.open("rb") as source:
            lines.append(f"{hashlib.file_digest(source, 'sha256').hexdigest()}  {file.name}\n")
    return "".join(lines)


def version_in(pom: Path, artifact: str) -> str:
    """
    The version of a dependency that a POM names.

    Raises:
        BuildError: it names none of that name

    """
    found = re.search(rf"<artifactId>{re.escape(artifact)}</artifactId>\s*<version>(.+?)</version>", pom.read_text())
    if found is None:
        raise BuildError(f"{pom} does not depend on {artifact}")
    return found[1]
