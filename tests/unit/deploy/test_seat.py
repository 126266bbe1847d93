"""An audit in a cluster is given what the operator has: all of it, the same on both sides, and no place of his."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.deploy import seat
from tasks.deploy.certificates import open_authority
from tasks.deploy.ingredients import Ingredients
from tasks.deploy.seat import audit_seat, environment_of, pack, tree_of, unpack
from tasks.fleet.load import load_fleet
from tasks.model.errors import SettingsError
from tasks.settings import ROOT, load_settings
from tests.unit.deploy.credentials import lay_down_seat

if TYPE_CHECKING:
    from pathlib import Path

    from tasks.settings import Settings

FLEET = load_fleet(ROOT / "inventory")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """An operator with a key, waivers, and folders that are nobody else's."""
    state = tmp_path / "state"
    state.mkdir()
    lay_down_seat(state)
    (tmp_path / "charts").mkdir()
    (tmp_path / "id").touch(mode=0o600)
    (tmp_path / "id").write_text("made-up key")
    (tmp_path / "waived.yaml").write_text("[]")
    environment = {
        "NODE_USER": "made-up-user",
        "NODE_SSH_KEY": "id",
        "FLEETPROOF_WAIVERS": "waived.yaml",
        "FLEETPROOF_TRAITS": "lab,audit",
        "FLEETPROOF_STATE": "state",
        "FLEETPROOF_CHARTS": "charts",
    }
    return load_settings(tmp_path, environment)


def ingredients(settings: Settings, live: dict[str, str] | None = None) -> Ingredients:
    """Of the central cluster's Secrets."""
    return Ingredients(
        settings=settings,
        root=ROOT,
        fleet=FLEET,
        cluster=FLEET.central,
        open_authority=lambda: open_authority(settings.state / "authority"),
        stream="",
        live=live or {},
    )


def test_variables_travel_and_files_are_where_the_pod_has_them(settings: Settings) -> None:
    """What means a folder of the operator's machine stays there."""
    assert environment_of(settings) == {
        "NODE_USER": "made-up-user",
        "NODE_SSH_KEY": "/state/seat/ssh-key",
        "FLEETPROOF_WAIVERS": "/state/seat/waivers.yaml",
        "FLEETPROOF_TRAITS": "lab,audit",
    }


def test_the_pod_would_be_given_what_it_has(settings: Settings, tmp_path: Path) -> None:
    """Unpacked as the pod does it, the seat makes the same two Secrets: the audit there sees no drift of its own."""
    first = audit_seat(ingredients(settings))
    here = tmp_path / "pod"
    for name, content in unpack(first["state"]).items():
        (here / name).parent.mkdir(parents=True, exist_ok=True)
        (here / name).touch(mode=0o600)
        (here / name).write_bytes(content)
    environment = {name: value.replace(seat.STATE, str(here)) for name, value in environment_of(settings).items()} | {
        "FLEETPROOF_STATE": str(here)
    }
    within = load_settings(tmp_path, environment)
    assert unpack(audit_seat(ingredients(within))["state"]) == unpack(first["state"])
    assert environment_of(within) == environment_of(settings)
    assert audit_seat(ingredients(within, live=first)) == first


def test_the_seat_has_every_way_in(settings: Settings) -> None:
    """Host keys, kubeconfig and identity of each cluster, the authority, and what variables name."""
    names = set(unpack(audit_seat(ingredients(settings))["state"]))
    ways = {f"clusters/{cluster.name}/{file}" for cluster in FLEET.clusters for file in ("admin.conf", "identity.json")}
    assert names == ways | {
        *("known_hosts", "authority/ca.key", "authority/ca.crt", "seat/ssh-key", "seat/waivers.yaml")
    }


def test_the_tree_is_whole_and_carries_no_secret() -> None:
    """Runbooks, their library, the inventory, every overlay, and how Nornir finds plugins; no .env, no chart."""
    names = set(dict(tree_of(ROOT)))
    wanted = ("runbooks/nightly_audit.py", "tasks/settings.py", "inventory/hosts.yaml", "nornir_config.yaml")
    assert set(wanted) <= names
    assert {path.relative_to(ROOT).as_posix() for path in (ROOT / "kustomize" / "overlays").rglob("*.yaml")} <= names
    assert [name for name in names if name.endswith("dist-info/entry_points.txt")]
    assert not [name for name in names if "/charts/" in name or ".env" in name or "__pycache__" in name]


def test_other_bytes_of_the_same_files_are_no_difference(settings: Settings) -> None:
    """A newer zlib packs otherwise; what is live stays until a file differs."""
    made = audit_seat(ingredients(settings))
    otherwise = made | {"state": pack(unpack(made["state"])) + "\n"}
    assert audit_seat(ingredients(settings, live=otherwise))["tree"] == made["tree"]
    (settings.state / "known_hosts").write_text("another key\n")
    assert audit_seat(ingredients(settings, live=made))["state"] != made["state"]
    assert audit_seat(ingredients(settings, live={"tree": "!", "state": "H4sI"})).keys() == made.keys()


def test_a_cluster_that_is_not_there_yet_keeps_nobody_waiting(settings: Settings) -> None:
    """Of a plan for bare machines, or while one host is being mended; its files travel once there are some."""
    before = set(unpack(audit_seat(ingredients(settings))["state"]))
    shutil.rmtree(settings.state / "clusters" / "cluster-04")
    after = set(unpack(audit_seat(ingredients(settings))["state"]))
    assert before - after == {"clusters/cluster-04/admin.conf", "clusters/cluster-04/identity.json"}


@pytest.mark.parametrize("gone", ["known_hosts", "../id"])
def test_what_is_not_there_is_named(settings: Settings, gone: str) -> None:
    """An audit that could not log in would be red every night; the deployment says so first."""
    (settings.state / gone).unlink()
    with pytest.raises(SettingsError, match="cannot be read"):
        audit_seat(ingredients(settings))


def test_too_much_for_a_secret_is_refused(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """The API server would refuse it with less to go by."""
    monkeypatch.setattr(seat, "_LIMIT", 1000)
    with pytest.raises(SettingsError, match="a Secret takes 1000"):
        audit_seat(ingredients(replace(settings)))


@given(st.dictionaries(st.text("abc/.-_", min_size=1, max_size=20).map(lambda it: f"f{it.strip('/')}x"), st.binary()))
def test_what_was_packed_comes_out(files: dict[str, bytes]) -> None:
    """Any files, byte for byte, and twice the same text."""
    assert unpack(pack(files)) == files
    assert pack(files) == pack(files)
