"""Limits that hosts, clocks and tools are held against, each with its argument."""

from __future__ import annotations

from tasks.preflight.values import Version

CPUS_NEEDED = 2
"""kubeadm refuses fewer on a control plane (``ControlPlaneNumCPU``)."""

CPUS_RECOMMENDED = 4
"""The specification's assumption; the central cluster alone requests 2.2 CPUs, kubeadm's own pods 0.85 more."""

MEMORY_NEEDED_MIB = 1700
"""kubeadm refuses less on a control plane (``ControlPlaneMem``)."""

MEMORY_RECOMMENDED_MIB = 15 * 1024
"""The specification assumes 16 GB; firmware and kernel keep up to 1 GiB of that from MemTotal."""

CLOCK_WARN_S = 1.0
"""A host that is kept in time stays within milliseconds; a second means that nothing keeps it, and it will drift on."""

CLOCK_FAIL_S = 5.0
"""
Where consumers begin to go wrong, nearest first: logs must arrive within 30 s (SC-006) and are ordered across clusters
by their own clocks; samples are scraped every 30 s, and a sidecar that is ahead puts a cluster's newest samples past
the time that a query asks for; kubeadm dates certificates back by 300 s only; S3 refuses requests that are 900 s off
(RequestTimeTooSkewed). Five seconds leaves a factor of six to the first of them.
"""

CLOCK_SHARP_S = 0.25
"""A reading less certain than this is taken again: with two of them, an offset of ``CLOCK_WARN_S`` could hide."""

CLOCK_BLUR_S = 5.0
"""A reading less certain than the limit it is held against judges nothing."""

CONTAINERD_NEEDED = Version(1, 6, 0)
"""The first line with the CRI v1 interface, which kubelets from 1.26 on demand."""

KERNEL_NEEDED = Version(5, 10, 0)
"""Cilium 1.18's system requirements."""

KUSTOMIZE_NEEDED = Version(5, 0, 0)
"""The specification's dependencies."""

KUSTOMIZE_RECOMMENDED = Version(5, 8, 1)
"""Older ones call `helm version -c`, which helm 4 lacks; from 5.8.0 on `namespace:` leaves helm's output alone."""

HELM_NEEDED = Version(3, 10, 0)
"""The specification's dependencies."""

HELM_PROVEN = Version(3, 22, 0)
"""The release that remedies name; kustomize from 5.8.1 on calls helm 4 just as well."""

INODES_FREE_PERCENT = 5
"""The kubelet evicts pods below this share of free inodes (``nodefs.inodesFree<5%``)."""

GIB = 1024**3
