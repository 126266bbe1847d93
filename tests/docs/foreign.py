"""Names in the documents that are not this project's: a document may use these and no others."""

from __future__ import annotations

_FILES = ". awk cat chmod cp echo export findmnt grep install ln ls mkdir mkfs.ext4 mount printf rm sed sh stat tee"
_SYSTEM = "apt-get apt-mark dnf free getenforce gpg grubby hostnamectl lsblk lsmod nproc reboot setenforce sudo swapoff"
_MORE_SYSTEM = "df du journalctl sort swapon sysctl systemctl systemd-machine-id-setup uname useradd tail visudo"
_NETWORK = "arping chronyc curl getent ip ping ss ssh-keygen sshd ufw"
_CLUSTER = "containerd crictl ctr iscsi-iname kubeadm kubectl multipath"

PROGRAMS = frozenset(f"{_FILES} {_SYSTEM} {_MORE_SYSTEM} {_NETWORK} {_CLUSTER}".split())

OPTIONS = frozenset({"--enable-helm", "--server-side"})
"""Options of other programs that are named on their own."""

WORDS = frozenset({"blacklist_exceptions", "br_netfilter", "disabled_plugins", "iscsi_tcp", "nf_conntrack"})
"""Words with underscores that are kernel modules or keys of other programs' files."""

DOTTED = frozenset({"containerd.io", "docker.io", "net.bridge", "quay.io"})
"""Dotted names that are hosts, packages or kernel parameters."""
