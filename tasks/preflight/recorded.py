"""Which clusters this site already knows: the CAs in its merged kubeconfig."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tasks.model.errors import SettingsError

if TYPE_CHECKING:
    from pathlib import Path


def recorded_cas(kubeconfig: Path) -> dict[str, str]:
    """
    Read context names and the CAs of their clusters, as base64.

    Returns:
        empty where there is no kubeconfig yet

    Raises:
        SettingsError: the file is there but cannot be read

    """
    import yaml  # noqa: PLC0415  only a site that has deployed before pays for it

    try:
        text = kubeconfig.read_text("utf-8")
    except FileNotFoundError:
        return {}
    try:
        return parse_cas(yaml.safe_load(text))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise SettingsError(f"{kubeconfig} is no kubeconfig: {error}; move it away and deploy again") from error


def parse_cas(config: Any) -> dict[str, str]:
    """Follow each context to its cluster; ValueError where the document has another shape."""
    try:
        clusters = {entry["name"]: entry["cluster"] for entry in config["clusters"]}
        return {
            entry["name"]: clusters[entry["context"]["cluster"]].get("certificate-authority-data", "")
            for entry in config["contexts"]
        }
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"no {error}") from error
