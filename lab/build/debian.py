"""File systems of Debian or Ubuntu packages, from the sources that this machine's own apt uses."""

import os
import platform
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from lab.build.workshop import BuildError, Workshop

_UNREAD = ("/usr/share/doc/*", "/usr/share/man/*", "/usr/share/info/*", "/usr/share/locale/*", "/usr/share/lintian/*")
_ORIGINS = {"debian": "Debian", "ubuntu": "Ubuntu"}
_INDEX_FIELDS = "$(ORIGIN) $(CODENAME) $(REPO_URI) $(RELEASE) $(COMPONENT)"
#: how this machine reaches its sources: proxies, certificates, tolerance of old indexes
_CARRIED_SETTINGS = ("Acquire::http", "Acquire::https", "Acquire::Check-")
#: without it the tree would carry a whole Perl, only to merge /usr
_MERGED_USR = "/usr/share/mmdebstrap/hooks/maybe-merged-usr"
#: what would describe this machine, or the way the tree was made
_REMOVED = ("/etc/apt/apt.conf.d/99mmdebstrap", "/etc/hostname", "/etc/resolv.conf")


def host_release() -> tuple[str, str]:
    """The machine's distribution and release, as in ``("debian", "bookworm")``."""
    values = platform.freedesktop_os_release()
    return values.get("ID", "?"), values.get("VERSION_CODENAME", "?")


def install_tree(
    workshop: Workshop, title: str, target: Path, packages: Sequence[str], left_out: Sequence[str] = ()
) -> None:
    """
    Install packages, and what they need, into a new folder or (where `target` ends in ``.tar``) an archive.

    Arguments:
        title: of the step
        left_out: file patterns that are not unpacked, besides documentation and translations

    """
    distribution, codename = host_release()
    options = [f"--dpkgopt=path-exclude={pattern}" for pattern in (*_UNREAD, *left_out)]
    options += [f"--customize-hook=rm -f {' '.join(f'$1{path}' for path in _REMOVED)}"]
    options += ["--mode=root", "--variant=essential", f"--hook-dir={_MERGED_USR}", f"--include={','.join(packages)}"]
    environment = {**os.environ, "SOURCE_DATE_EPOCH": "0"}
    workshop.say(f"{title}: installing {len(packages)} packages and what they need")
    with tempfile.NamedTemporaryFile("w", prefix="apt-", suffix=".conf") as settings:
        settings.write("\n".join(_own_settings()))
        settings.flush()
        options += [f"--aptopt={settings.name}"]
        argv = ["mmdebstrap", *options, codename, str(target), *own_sources(distribution, codename)]
        workshop.run(title, argv, environment=environment)


def own_sources(distribution: str, codename: str) -> list[str]:
    """
    The machine's own package sources of its release, updates and security included, as lines of a sources.list.

    Raises:
        BuildError: apt knows none

    """
    index = _apt("apt-get", "indextargets", "--format", _INDEX_FIELDS, "Created-By: Packages")
    sources = sources_of(_ORIGINS.get(distribution, distribution), codename, index)
    if not sources:
        raise BuildError(
            f"apt has no package source for {distribution} {codename}: see /etc/apt/sources.list and sources.list.d"
        )
    return sources


def sources_of(origin: str, codename: str, index: str) -> list[str]:
    """
    Pick one vendor's sources of one release from apt's own list of indexes.

    Arguments:
        index: lines of origin, code name, URI, pocket and component, as `_INDEX_FIELDS` has them; other vendors' lines
            may lack some

    """
    components: dict[str, list[str]] = {}
    for line in index.splitlines():
        match line.split():
            case [found, name, uri, pocket, component] if found == origin and name.split("-")[0] == codename:
                components.setdefault(f"deb {uri} {pocket}", []).append(component)
    return [f"{source} {' '.join(dict.fromkeys(names))}" for source, names in components.items()]


def _own_settings() -> list[str]:
    return [line for line in _apt("apt-config", "dump", "Acquire").splitlines() if line.startswith(_CARRIED_SETTINGS)]


def _apt(*argv: str) -> str:
    return subprocess.run(argv, text=True, capture_output=True, check=True).stdout
