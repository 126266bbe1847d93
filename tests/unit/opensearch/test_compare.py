"""What OpenSearch shows of a setting that was just set is no difference; whatever somebody changes of it is one."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

import pytest

from tasks.model.errors import InventoryError
from tasks.opensearch.compare import as_diff, differences, shown
from tasks.opensearch.wishes import NAMES, read_settings
from tests.unit.onsite import ROOT
from tests.unit.opensearch.recorded import recorded

if TYPE_CHECKING:
    from pathlib import Path

SETTINGS = {setting.name: setting for setting in read_settings(ROOT)}


def live(name: str) -> Any:
    """What a real OpenSearch has of a setting."""
    return shown(SETTINGS[name], recorded(name))


@pytest.mark.parametrize("name", ["repository", "template"])
def test_what_was_set_comes_back_without_a_difference(name: str) -> None:
    """Though numbers come back as text, and empty lists are added."""
    assert differences(SETTINGS[name], live(name)) == []


def _renamed(it: Any) -> None:
    it["settings"]["bucket"] = "another"


def _read_only(it: Any) -> None:
    it["settings"]["readonly"] = "true"


def _dynamic(it: Any) -> None:
    it["template"]["mappings"]["dynamic"] = True


def _replicas(it: Any) -> None:
    it["template"]["settings"]["index"]["number_of_replicas"] = "1"


def _pattern(it: Any) -> None:
    it["index_patterns"] = ["logs-*", "x-*"]


def _without(it: Any) -> None:
    del it["template"]["mappings"]["properties"]["cluster"]


def _composed(it: Any) -> None:
    it["composed_of"] = ["somebody's"]


@pytest.mark.parametrize(
    ("name", "spoil", "said"),
    [
        ("repository", _renamed, 'settings.bucket is "another", wanted "opensearch-logs"'),
        ("repository", _read_only, 'settings.readonly is "true", wanted none'),
        ("template", _dynamic, "template.mappings.dynamic is true, wanted false"),
        ("template", _replicas, 'template.settings.index.number_of_replicas is "1", wanted 0'),
        ("template", _pattern, 'index_patterns is ["logs-*", "x-*"], wanted ["logs-*"]'),
        ("template", _without, "template.mappings.properties.cluster is missing"),
        ("template", _composed, 'composed_of is ["somebody\'s"], wanted none'),
    ],
)
def test_each_change_is_a_difference(name: str, spoil: Any, said: str) -> None:
    """With the field, what it is, and what it should be; and it shows in the diff."""
    spoilt = deepcopy(live(name))
    spoil(spoilt)
    assert differences(SETTINGS[name], spoilt) == [said]
    assert as_diff(SETTINGS[name], spoilt).startswith(f"--- live{SETTINGS[name].path}")


@pytest.mark.parametrize("name", ["retention", "daily"])
def test_a_plugins_policy_may_come_back_with_more(name: str) -> None:
    """The plugin adds its own fields everywhere; a wanted one that is changed is seen all the same."""
    setting = SETTINGS[name]
    (wanted,) = [setting.body.get("policy", setting.body)]
    kept = {**deepcopy(wanted), "policy_id": "x", "schema_version": 21}
    assert differences(setting, kept) == []
    assert differences(setting, {**kept, "description": "mine"})


def test_what_does_not_show_the_setting_is_said() -> None:
    """An answer of another form is no setting, and no absence either."""
    with pytest.raises(ValueError, match="does not show it"):
        shown(SETTINGS["template"], {"index_templates": []})
    with pytest.raises(ValueError, match="does not show it"):
        shown(SETTINGS["repository"], {"another": {}})


def test_a_missing_or_unknown_file_is_refused(tmp_path: Path) -> None:
    """What is declared is what is set."""
    folder = tmp_path / "kustomize" / "base" / "opensearch" / "settings"
    folder.mkdir(parents=True)
    with pytest.raises(InventoryError, match=r"1-repository\.json"):
        read_settings(tmp_path)


@pytest.mark.parametrize("text", ["{", "[]", '{"what": "x"}'])
def test_a_file_of_another_form_is_refused(tmp_path: Path, text: str) -> None:
    """With its name."""
    folder = tmp_path / "kustomize" / "base" / "opensearch" / "settings"
    folder.mkdir(parents=True)
    for number, name in enumerate(NAMES, 1):
        (folder / f"{number}-{name}.json").write_text(text)
    with pytest.raises(InventoryError, match=r"1-repository\.json"):
        read_settings(tmp_path)
