"""Which package sources a tree is installed from."""

import pytest

from lab.build import debian
from lab.build.workshop import BuildError

INDEX = """\
Debian bookworm http://mirror.test/debian/ bookworm main
Debian bookworm http://mirror.test/debian/ bookworm contrib
Debian bookworm http://mirror.test/debian/ bookworm main
Debian bookworm-updates http://mirror.test/debian/ bookworm-updates main
Debian bookworm-security http://mirror.test/debian-security/ bookworm-security main
Debian trixie http://mirror.test/debian/ trixie main
Vendor bookworm http://vendor.test/apt/ bookworm stable
 https://vendor.test/flat/ ./
"""


def test_all_pockets_of_the_release_are_used_and_nothing_else() -> None:
    """Updates and security belong to the release; other releases and other vendors do not."""
    assert debian.sources_of("Debian", "bookworm", INDEX) == [
        "deb http://mirror.test/debian/ bookworm main contrib",
        "deb http://mirror.test/debian/ bookworm-updates main",
        "deb http://mirror.test/debian-security/ bookworm-security main",
    ]


def test_a_machine_without_sources_is_told_where_to_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """No source is an error, not an empty tree."""
    monkeypatch.setattr(debian, "_apt", lambda *_argv: INDEX)
    with pytest.raises(BuildError, match="no package source for ubuntu noble: see /etc/apt"):
        debian.own_sources("ubuntu", "noble")
