"""Nornir's plugins, one by one: to load all that is installed would import netmiko with its hundred drivers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tasks.model.errors import SettingsError

if TYPE_CHECKING:
    from importlib.metadata import SelectableGroups


def load_plugin(plugins: SelectableGroups, kind: str, name: str) -> Any:
    """
    Load one plugin by its entry point's name.

    Arguments:
        kind: ``inventory``, ``connections`` or ``runners``

    Raises:
        SettingsError: there is none of that name

    """
    found = plugins.select(group=f"nornir.plugins.{kind}", name=name)
    if not found:
        raise SettingsError(f"nornir_config.yaml: no {kind} plugin is called {name}; is the package installed?")
    return next(iter(found)).load()
