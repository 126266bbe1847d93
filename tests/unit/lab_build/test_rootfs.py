"""The machines' root file system: what is written into it and what is taken out."""

from pathlib import Path

import pytest

from lab.build import rootfs
from lab.build.workshop import Workshop

LIST = """\
registry.test/kube-apiserver:v1.33.13
registry.test/coredns/coredns:v1.12.0
registry.test/pause:3.10
registry.test/etcd:3.5.24-0
"""


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    """A workshop that tells nobody."""
    return Workshop(say=lambda _line: None, logs=tmp_path / "logs", go=Path("/nonexistent/go"))


@pytest.fixture
def needs(tmp_path: Path) -> dict[str, Path]:
    """A Debian tree with an identity, and programs."""
    debian, programs = tmp_path / "debian", tmp_path / "programs"
    for folder in (
        "etc/ssh",
        "etc/iscsi",
        "etc/systemd/system/multi-user.target.wants",
        "usr/bin",
        "usr/lib/systemd/system",
    ):
        (debian / folder).mkdir(parents=True)
    for name in ("etc/ssh/ssh_host_rsa_key", "etc/ssh/ssh_host_rsa_key.pub", "etc/ssh/sshd_config", "etc/machine-id"):
        (debian / name).write_text("of the builder")
    (programs / "bin").mkdir(parents=True)
    for name in ("kubelet", "kubectl", "crictl", "kubeadm"):
        (programs / "bin" / name).write_text(f"#!/bin/sh\ncat <<END\n{LIST}END\n")
        (programs / "bin" / name).chmod(0o755)
    return {"debian": debian, "kubernetes": programs, "crictl": programs}


@pytest.fixture
def root(workshop: Workshop, needs: dict[str, Path], tmp_path: Path) -> Path:
    """An assembled root file system."""
    (tmp_path / "root").mkdir()
    rootfs._assemble(workshop, tmp_path / "root", needs)
    return tmp_path / "root"


def test_no_machine_inherits_an_identity(root: Path, needs: dict[str, Path]) -> None:
    """Host keys, machine id and iSCSI name are each machine's own; the Debian tree itself stays as it was."""
    assert [file.name for file in (root / "etc/ssh").iterdir()] == ["sshd_config"]
    assert (root / "etc/machine-id").read_text() == ""
    assert (root / "etc/iscsi/initiatorname.iscsi").read_text() == "GenerateName=yes\n"
    assert (needs["debian"] / "etc/machine-id").read_text() == "of the builder"


def test_containerd_pauses_with_the_image_that_kubeadm_wants(root: Path) -> None:
    """The reference comes from kubeadm, and no placeholder is left."""
    text = (root / "etc/containerd/config.toml").read_text()
    assert 'sandbox_image = "registry.test/pause:3.10"' in text
    assert "{" not in text


def test_the_kubelet_starts_at_boot(root: Path) -> None:
    """Its unit is wanted, by a link that leads to it from within the machine."""
    link = root / "etc/systemd/system/multi-user.target.wants/kubelet.service"
    assert (root / str(link.readlink()).lstrip("/")).is_file()
    assert (root / "usr/lib/systemd/system/kubelet.service.d/10-kubeadm.conf").is_file()


def test_programs_are_there_and_executable(root: Path) -> None:
    """An operator finds them on the path."""
    assert all((root / "usr/bin" / name).stat().st_mode & 0o111 for name in ("kubeadm", "kubelet", "kubectl", "crictl"))


def test_wanted_images_are_found_by_their_last_name(workshop: Workshop, needs: dict[str, Path]) -> None:
    """A nested repository counts by what it ends in."""
    wanted = rootfs.wanted_images(workshop, needs["kubernetes"])
    assert wanted["coredns"] == "registry.test/coredns/coredns:v1.12.0"
    assert wanted["etcd"] == "registry.test/etcd:3.5.24-0"
