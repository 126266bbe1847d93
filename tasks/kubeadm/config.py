"""The kubeadm configuration of one cluster: rendered from the inventory, compared by meaning."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import TYPE_CHECKING

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined

if TYPE_CHECKING:
    from nornir.core.task import Task

    from tasks.fleet.model import Cluster, Fleet

TEMPLATES = Path(__file__).parent / "templates"


def render_config(task: Task, fleet: Fleet, cluster: Cluster) -> str:
    """Render ``kubeadm init``'s configuration (kubeadm.k8s.io/v1beta4) for one cluster."""
    from nornir_jinja2.plugins.tasks import template_file  # noqa: PLC0415  keeps `--help` free of its import time

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701  YAML, not HTML; the values are typed addresses and names
    )
    rendered = template_file(task, template="kubeadm.yaml.j2", jinja_env=environment, fleet=fleet, cluster=cluster)
    return str(rendered.result)


def same_meaning(one: str, other: str) -> bool:
    """Whether two configurations say the same, whatever their comments; text that is no YAML equals nothing."""
    try:
        return list(yaml.safe_load_all(one)) == list(yaml.safe_load_all(other))
    except yaml.YAMLError:
        return False


def unified_diff(before: str, after: str, path: str) -> str:
    """Unified diff of one file's text; empty where nothing differs."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), path, path, lineterm="")
    return "\n".join(lines)
