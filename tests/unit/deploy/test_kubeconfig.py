"""Kubeconfigs: read, named after their cluster, merged, taken apart."""

from __future__ import annotations

import base64
import subprocess
from typing import TYPE_CHECKING

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tasks.deploy.kubeconfig import parse_kubeconfig, render_kubeconfig, without
from tests.unit.deploy.credentials import access_of, admin_conf

if TYPE_CHECKING:
    from pathlib import Path


def test_what_kubeadm_wrote_is_read(tmp_path: Path) -> None:
    """Server and PEM texts come out as kubeadm put them in."""
    access = access_of("https://192.168.101.197:6443")
    assert parse_kubeconfig(admin_conf(access)) == access
    del tmp_path


def test_the_key_never_shows() -> None:
    """Neither repr nor an error's text holds the key."""
    access = access_of("https://192.168.101.197:6443")
    assert access.key not in repr(access)
    assert "KEY" not in repr(access)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda config: config.pop("contexts"),
        lambda config: config.update({"current-context": "other"}),
        lambda config: config["clusters"][0]["cluster"].pop("certificate-authority-data"),
        lambda config: config["users"][0]["user"].pop("client-key-data"),
        lambda config: config["users"][0]["user"].update({"client-key-data": "%%%"}),
        lambda config: config.update({"users": None}),
    ],
)
def test_a_kubeconfig_that_lacks_something_says_what(spoil) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    """One sentence, and never a value in it."""
    config = yaml.safe_load(admin_conf(access_of("https://192.168.101.197:6443")))
    spoil(config)
    with pytest.raises(ValueError, match="not a kubeconfig") as caught:
        parse_kubeconfig(yaml.safe_dump(config))
    assert "PRIVATE" not in str(caught.value)


@given(st.text(max_size=60))
def test_any_other_text_is_refused(text: str) -> None:
    """Whatever is no kubeconfig raises ValueError and nothing else."""
    with pytest.raises(ValueError, match="not a kubeconfig"):
        parse_kubeconfig(text)


NAMES = ("cluster-01", "cluster-02", "cluster-03", "cluster-04")


def test_every_cluster_gets_its_context() -> None:
    """Contexts, clusters and users bear the cluster's name, and lead to its server."""
    accesses = {name: access_of(f"https://192.0.2.{n}:6443") for n, name in enumerate(NAMES)}
    text = render_kubeconfig(accesses, current="cluster-02")
    assert yaml.safe_load(text)["current-context"] == "cluster-02"
    assert {name: parse_kubeconfig(text, name) for name in NAMES} == accesses


def test_a_missing_cluster_leaves_the_others_and_strangers_alone() -> None:
    """A merge without one cluster keeps that cluster's older context, and a context of somebody else."""
    old = {"cluster-01": access_of("https://192.0.2.1:6443"), "mine": access_of("https://192.0.2.9:6443")}
    text = render_kubeconfig({"cluster-02": access_of("https://192.0.2.2:6443")}, keep=render_kubeconfig(old))
    assert [entry["name"] for entry in yaml.safe_load(text)["contexts"]] == ["cluster-01", "mine", "cluster-02"]
    assert parse_kubeconfig(text, "mine") == old["mine"]


def test_merging_again_changes_nothing() -> None:
    """The second rendering equals the first to the byte."""
    accesses = {name: access_of(f"https://192.0.2.{n}:6443") for n, name in enumerate(NAMES)}
    once = render_kubeconfig(accesses, current="cluster-01")
    assert render_kubeconfig(accesses, keep=once, current="cluster-01") == once


def test_a_cluster_is_taken_out_whole() -> None:
    """Context, cluster and user go; the current context moves on."""
    accesses = {name: access_of(f"https://192.0.2.{n}:6443") for n, name in enumerate(NAMES)}
    less = without(render_kubeconfig(accesses, current="cluster-01"), "cluster-01")
    assert "cluster-01" not in less
    assert parse_kubeconfig(less, "cluster-04") == accesses["cluster-04"]
    assert yaml.safe_load(less)["current-context"] == "cluster-02"
    assert without(less, "cluster-01") == less


def test_the_fingerprint_is_that_of_openssl() -> None:
    """SHA-256 over the certificate's DER form, as openssl prints it."""
    access = access_of("https://192.0.2.1:6443")
    shown = subprocess.run(
        ["openssl", "x509", "-noout", "-fingerprint", "-sha256"],
        input=access.ca,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert shown.strip().split("=")[1].replace(":", "").lower() == access.ca_sha256
    assert base64.b64encode(access.ca.encode()).decode() in admin_conf(access)
