"""The committed pins: complete, and about modules alone."""

import re

import pytest

from lab.build import toolsets
from lab.build.pin import adopted_lines, providing_module
from lab.build.programs import ToolSet
from lab.build.toolchain import TOOLS, go_environment, wanted_version

EVERY_SET = pytest.mark.parametrize("tools", toolsets.ALL, ids=lambda tools: tools.name)


def test_every_folder_of_pins_is_a_tool_set_and_the_other_way_round() -> None:
    """No pins that nobody builds, no tool set without pins."""
    assert {path.parent.name for path in TOOLS.glob("*/go.mod")} == {tools.name for tools in toolsets.ALL}


@EVERY_SET
def test_pins_name_no_path_of_this_machine(tools: ToolSet) -> None:
    """A module is never replaced by a folder: every machine builds the same."""
    text = (tools.folder / "go.mod").read_text()
    assert not re.search(r"=>\s*[./]", text)
    assert not re.search(r"=>\s*\S+\s*$", text, re.MULTILINE)


@EVERY_SET
def test_pins_verify_what_they_build_from(tools: ToolSet) -> None:
    """The module of the release, and every replacement, has its checksum in go.sum."""
    modules, sums = (tools.folder / "go.mod").read_text(), (tools.folder / "go.sum").read_text()
    replaced = dict(re.findall(r"^\s*(?:replace )?(\S+)(?: v\S+)? => (\S+ \S+)", modules, re.MULTILINE))
    source = replaced.get(tools.module, f"{tools.module} {tools.version}")
    assert f"\n{source} h1:" in f"\n{sums}"


@EVERY_SET
def test_programs_are_declared_and_renames_are_of_them(tools: ToolSet) -> None:
    """Each renamed program is one that the pins declare."""
    names = {re.sub(r"/v\d+$", "", package).rpartition("/")[2] for package in tools.programs}
    assert names
    assert names >= set(tools.rename)


@EVERY_SET
def test_the_linker_is_given_filled_in_values(tools: ToolSet) -> None:
    """No placeholder is left, and a stamped release is the pinned one."""
    assert not set("{}") & set(tools.linker_flags)
    assert tools.linker_flags.count("-X ") == len(tools.stamp)


def test_kubernetes_reports_the_pinned_release() -> None:
    """Kubeadm compares this with the cluster's version."""
    version = toolsets.KUBERNETES.version
    assert f"-X 'k8s.io/component-base/version.gitVersion={version}'" in toolsets.KUBERNETES.linker_flags


def test_the_wanted_toolchain_is_the_newest_asked_for() -> None:
    """At least one tool set asks for it, none for a newer one."""
    asked = [
        tuple(map(int, re.findall(r"^go (\d+)\.(\d+)", path.read_text(), re.MULTILINE)[0]))
        for path in TOOLS.glob("*/go.mod")
    ]
    assert wanted_version() == max(asked)


def test_the_callers_go_settings_do_not_reach_a_build() -> None:
    """What differs between machines is replaced; how to reach a proxy stays the caller's."""
    caller = {"GOFLAGS": "-mod=mod -tags=x", "CGO_ENABLED": "1", "GOWORK": "/w", "GOTOOLCHAIN": "auto", "GOPROXY": "p"}
    assert go_environment(caller) == {
        "GOGC": "off",
        "GOMEMLIMIT": "2GiB",
        "GOFLAGS": "-mod=readonly",
        "CGO_ENABLED": "0",
        "GOWORK": "off",
        "GOTOOLCHAIN": "local",
        "GOPROXY": "p",
    }


def test_replacements_are_adopted_unless_they_are_local_or_gone() -> None:
    """Staging folders become published modules, other folders and unavailable forks are dropped."""
    upstream = {
        "Replace": [
            {"Old": {"Path": "k8s.io/api"}, "New": {"Path": "./staging/src/k8s.io/api"}},
            {
                "Old": {"Path": "k8s.io/cri-api"},
                "New": {"Path": "k8s.io/kubernetes/staging/src/k8s.io/cri-api", "Version": "v0.0.0-1"},
            },
            {"Old": {"Path": "example.test/pkg"}, "New": {"Path": "../pkg"}},
            {
                "Old": {"Path": "github.com/osrg/gobgp/v3"},
                "New": {"Path": "github.com/cilium/gobgp/v3", "Version": "v3.0.0"},
            },
            {"Old": {"Path": "a.test/b", "Version": "v1.0.0"}, "New": {"Path": "c.test/b", "Version": "v1.0.1"}},
        ],
        "Exclude": [{"Path": "d.test/e", "Version": "v2.0.0"}],
    }
    assert list(adopted_lines(upstream, "v1.33.13")) == [
        "replace k8s.io/api => k8s.io/api v0.33.13",
        "replace k8s.io/cri-api => k8s.io/cri-api v0.33.13",
        "replace a.test/b v1.0.0 => c.test/b v1.0.1",
        "exclude d.test/e v2.0.0",
    ]


def test_a_program_belongs_to_the_closest_module() -> None:
    """A module within another's path is the closer one; a longer name is no folder."""
    modules = ["go.test/etcd", "go.test/etcd/server/v3", "go.test/etcd/serv"]
    assert providing_module("go.test/etcd/server/v3", modules) == "go.test/etcd/server/v3"
    assert providing_module("go.test/etcd/tools/x", modules) == "go.test/etcd"
