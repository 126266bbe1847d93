"""The operator's environment becomes settings; mistakes are told, values never."""

from __future__ import annotations

import os
import subprocess
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks import open_nornir
from tasks.env_file import parse_env_file
from tasks.model.errors import InventoryError, SettingsError
from tasks.settings import ROOT, VARIABLES, Settings, load_settings, masker

if TYPE_CHECKING:
    from collections.abc import Callable

    WriteEnv = Callable[..., Path]


@pytest.fixture
def write_env(tmp_path: Path) -> WriteEnv:
    """Write ``.env`` into ``tmp_path``."""

    def write(text: str, mode: int = 0o600) -> Path:
        path = tmp_path / ".env"
        path.write_text(text)
        path.chmod(mode)
        return path

    return write


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    """Stand in for a private key."""
    path = tmp_path / "id_test"
    path.touch(mode=0o600)
    return path


def test_the_environment_becomes_settings(tmp_path: Path, key_file: Path) -> None:
    """Every variable has its attribute; relative paths start at the project's folder."""
    (tmp_path / "waivers.yaml").touch()
    (tmp_path / "tests").mkdir()
    environment = {
        "NODE_USER": "admin",
        "NODE_PASSWORD": "correct horse",
        "NODE_SSH_KEY": "id_test",
        "S3_ACCESS_KEY": "access",
        "S3_SECRET_KEY": "secret",
        "FLEETPROOF_STATE": "/var/lib/fleet",
        "FLEETPROOF_TRAITS": "lab, slow-disk,",
        "FLEETPROOF_WAIVERS": "waivers.yaml",
        "FLEETPROOF_CHARTS": ".:tests",
        "FLEETPROOF_CHART_MIRROR": "oci://mirror.lan/charts",
        "FLEETPROOF_SCHEMAS": "tests",
    }
    settings = load_settings(tmp_path, {**environment, "HOME": "/root"})
    assert settings.given == environment
    assert settings == Settings(
        node_user="admin",
        node_password="correct horse",
        node_ssh_key=key_file,
        s3_access_key="access",
        s3_secret_key="secret",
        state=Path("/var/lib/fleet"),
        traits=("lab", "slow-disk"),
        waivers=tmp_path / "waivers.yaml",
        charts=(tmp_path, tmp_path / "tests"),
        chart_mirror="oci://mirror.lan/charts",
        schemas=tmp_path / "tests",
    )
    assert settings.known_hosts == Path("/var/lib/fleet/known_hosts")
    assert settings.kubeconfig == Path("/var/lib/fleet/kubeconfig")


def test_nothing_set_is_no_mistake(tmp_path: Path) -> None:
    """Files can be read and helps printed without a single variable."""
    assert load_settings(tmp_path, {}) == Settings(state=tmp_path / ".state")


def test_the_environment_goes_before_the_file(tmp_path: Path, write_env: WriteEnv) -> None:
    """`.env` fills in what the environment does not say; an empty value says nothing."""
    write_env("NODE_USER=from-file\nNODE_PASSWORD='from # file'\nS3_ACCESS_KEY=\n")
    settings = load_settings(tmp_path, {"NODE_USER": "from-environment", "NODE_PASSWORD": ""})
    assert (settings.node_user, settings.node_password) == ("from-environment", "from # file")


def test_what_contacts_hosts_demands_a_login(key_file: Path) -> None:
    """Each missing variable is named, with where to set it; a key or a password is enough."""
    with pytest.raises(SettingsError) as raised:
        Settings().require_login()
    where = "set it in the environment or in .env (see .env.example)"
    assert str(raised.value).splitlines() == [
        f"NODE_USER is missing, who logs in on the hosts; {where}",
        f"NODE_SSH_KEY and NODE_PASSWORD are both missing, one is needed to log in; {where}",
    ]
    Settings(node_user="admin", node_password="x").require_login()
    Settings(node_user="admin", node_ssh_key=key_file).require_login()


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"NODE_PASSWORD": "hunter2\nhunter2"}, "NODE_PASSWORD holds a line break or another control character"),
        ({"S3_ACCESS_KEY": "hunter2"}, "S3_SECRET_KEY is missing, its counterpart is set"),
        ({"S3_SECRET_KEY": "hunter2"}, "S3_ACCESS_KEY is missing, its counterpart is set"),
        ({"NODE_SSH_KEY": "hunter2"}, "NODE_SSH_KEY names no file"),
        ({"NODE_SSH_KEY": "hunter2" * 100}, "NODE_SSH_KEY names no file"),
        ({"NODE_SSH_KEY": "~hunter2/key"}, "NODE_SSH_KEY names no file"),
        ({"NODE_SSH_KEY": "-----BEGIN\nhunter2\n-----END"}, "it wants the path of a key file, not the key"),
        ({"FLEETPROOF_WAIVERS": "hunter2"}, "FLEETPROOF_WAIVERS names no file"),
        ({"FLEETPROOF_CHARTS": ".:hunter2"}, "FLEETPROOF_CHARTS names no folder"),
        ({"FLEETPROOF_SCHEMAS": "hunter2"}, "FLEETPROOF_SCHEMAS names no folder"),
    ],
)
def test_a_mangled_value_is_named_and_not_shown(environment: dict[str, str], said: str, tmp_path: Path) -> None:
    """The sentence names the variable; neither it nor the traceback repeats the value."""
    with pytest.raises(SettingsError) as raised:
        load_settings(tmp_path, environment)
    assert said in str(raised.value)
    assert "hunter2" not in "".join(traceback.format_exception(raised.value))


def test_all_mistakes_are_told_together(tmp_path: Path, write_env: WriteEnv) -> None:
    """One line per mistake, whatever its source."""
    write_env("NODE_USR=admin\nNODE_PASSWORD\n", mode=0o644)
    with pytest.raises(SettingsError) as raised:
        load_settings(tmp_path, {"S3_ACCESS_KEY": "x", "NODE_SSH_KEY": "absent"})
    assert str(raised.value).splitlines() == [
        f"{tmp_path}/.env is open to others (mode 0644); run: chmod 600 {tmp_path}/.env",
        ".env:1: unknown variable NODE_USR; did you mean NODE_USER?",
        ".env:2: is not KEY=VALUE; put single quotes around a value with spaces or '#'",
        "S3_SECRET_KEY is missing, its counterpart is set; set it in the environment or in .env (see .env.example)",
        "NODE_SSH_KEY names no file; give the path of one, relative to the project's folder or absolute",
    ]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o777])
def test_files_with_secrets_are_closed_to_others(
    mode: int, tmp_path: Path, key_file: Path, write_env: WriteEnv
) -> None:
    """`.env` and the private key are refused while others can read or write them, with the command that mends it."""
    write_env("NODE_USER=admin", mode)
    key_file.chmod(mode)
    with pytest.raises(SettingsError) as raised:
        load_settings(tmp_path, {"NODE_SSH_KEY": str(key_file)})
    assert f"chmod 600 {tmp_path}/.env" in str(raised.value)
    assert f"chmod 600 {key_file}" in str(raised.value)


@pytest.mark.parametrize(
    ("content", "said"), [(b"NODE_USER=\xff", "is not UTF-8 text"), (None, "cannot be read: Is a directory")]
)
def test_an_unreadable_env_file_is_a_mistake(content: bytes | None, said: str, tmp_path: Path) -> None:
    """It is never taken for an absent one."""
    path = tmp_path / ".env"
    path.mkdir() if content is None else path.write_bytes(content)
    with pytest.raises(SettingsError, match=said):
        load_settings(tmp_path, {})


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("KEY=value", "value"),
        ("export KEY = value", "value"),
        ("KEY=a#b", "a#b"),
        ("KEY=value # comment", "value"),
        ("KEY=  # comment", ""),
        ("KEY=$HOME", "$HOME"),
        ("KEY='two words # and $more'  # comment", "two words # and $more"),
        (r'KEY="a \"quoted\" \\ word"', r'a "quoted" \ word'),
        ("KEY=ends-here\r", "ends-here"),
        ("KEY=암호", "암호"),
    ],
)
def test_a_line_of_the_env_file_gives_its_value(line: str, value: str) -> None:
    """Quotes protect spaces and '#'; nothing is expanded."""
    assert parse_env_file(f"# comment\n\n{line}\n", ".env", ["KEY"]) == ({"KEY": value}, [])


@pytest.mark.parametrize(
    "line", ["KEY", "KEY=two words", "KEY='open", 'KEY="open', "KEY=#hash", "KEY='a' b", "=a", "K-Y=a"]
)
def test_a_line_that_could_mean_two_things_is_refused(line: str) -> None:
    """Rather than a password that is cut short."""
    said = ".env:1: is not KEY=VALUE; put single quotes around a value with spaces or '#'"
    assert parse_env_file(line, ".env", ["KEY"]) == ({}, [said])


def test_a_variable_is_set_once(tmp_path: Path, write_env: WriteEnv) -> None:
    """Of two lines none is preferred silently."""
    write_env("NODE_USER=a\nNODE_USER=b\n")
    with pytest.raises(SettingsError, match=r"^\.env:2: NODE_USER is given twice; keep one$"):
        load_settings(tmp_path, {})


@given(st.text(alphabet=st.characters(exclude_characters="'\n", codec="utf-8")))
def test_any_value_survives_single_quotes(value: str) -> None:
    """What stands between single quotes is the value, to the letter."""
    assert parse_env_file(f"KEY='{value}'", ".env", ["KEY"]) == ({"KEY": value}, [])


def test_settings_show_no_secret() -> None:
    """Not in a log, not in a traceback with local variables."""
    settings = Settings(node_user="admin", node_password="hunter2", s3_access_key="hunter3", s3_secret_key="hunter4")
    assert "admin" in repr(settings)
    assert "hunter" not in f"{settings} {settings!r}"


def test_the_masker_knows_every_secret() -> None:
    """Password and both keys of the object store; who logs in is no secret."""
    mask = masker(Settings(node_user="admin", node_password="hunter2", s3_access_key="AKI", s3_secret_key="s/k+y"))
    assert mask("admin:hunter2@host AKI s/k+y s%2Fk%2By") == "admin:***@host *** *** ***"


def test_the_example_names_every_variable() -> None:
    """`.env.example` documents all variables, sets none, and would be accepted as it is."""
    text = (ROOT / ".env.example").read_text()
    values, mistakes = parse_env_file(text, ".env.example", VARIABLES)
    assert mistakes == []
    assert values == dict.fromkeys(VARIABLES, "")


def test_nornir_opens_with_the_credentials_on_it(key_file: Path, tmp_path: Path) -> None:
    """User, password, key and known host keys are where the connection plugin gets them; workers as configured."""
    settings = Settings(node_user="admin", node_password="hunter2", node_ssh_key=key_file, state=tmp_path)
    nornir = open_nornir(settings=settings)
    host = nornir.inventory.hosts["cluster-02"]
    options = host.get_connection_parameters("node_shell")
    assert (options.hostname, options.port, options.username, options.password) == (
        "192.168.101.196",
        22,
        "admin",
        "hunter2",
    )
    assert options.extras == {"proxy_jump": None, "ssh_key": key_file, "known_hosts": tmp_path / "known_hosts"}
    assert list(nornir.filter(region="edge").inventory.hosts) == ["cluster-02", "cluster-03", "cluster-04"]
    assert (type(nornir.runner).__name__, nornir.runner.num_workers) == ("ThreadedRunner", 32)
    assert not nornir.config.logging.enabled
    assert not nornir.config.core.raise_on_error


def test_a_hosts_own_user_goes_before_the_environments(tmp_path: Path) -> None:
    """The inventory may name another login for one host."""
    site = copy_of_the_site(tmp_path)
    hosts = site / "inventory" / "hosts.yaml"
    hosts.write_text(hosts.read_text().replace("cluster-03:\n", "cluster-03:\n  username: other\n"))
    nornir = open_nornir(site, Settings(node_user="admin"))
    assert [host.username for host in nornir.inventory.hosts.values()] == ["admin", "admin", "other", "admin"]


def test_another_folder_is_another_site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The inventory is the one of ``root``, whatever the working directory is; nothing is written there."""
    site = copy_of_the_site(tmp_path / "site")
    (site / "inventory" / "hosts.yaml").write_text("")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    with pytest.raises(InventoryError, match="names no host"):
        open_nornir(site, Settings())
    assert open_nornir(settings=Settings()).inventory.hosts
    assert list(elsewhere.iterdir()) == []


def test_a_failing_task_prints_nothing() -> None:
    """Its traceback, which may hold what nobody has masked yet, is on the result alone."""
    program = (
        "from tasks import open_nornir\n"
        "def fail(task): raise ValueError('hunter2')\n"
        "results = open_nornir().run(fail)\n"
        "print(len(results.failed_hosts))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("4\n", "")


def test_a_plugin_that_is_not_there_is_named(tmp_path: Path) -> None:
    """A misspelt runner is told as such."""
    site = copy_of_the_site(tmp_path)
    config = site / "nornir_config.yaml"
    config.write_text(config.read_text().replace("threaded", "thraeded"))
    with pytest.raises(SettingsError, match="no runners plugin is called thraeded"):
        open_nornir(site, Settings())


@pytest.mark.parametrize(
    ("statement", "unwanted"),
    [
        ("import tasks.settings", {"nornir", "pydantic", "yaml", "netmiko", "paramiko", "rich"}),
        ("import tasks; tasks.open_nornir()", {"netmiko", "paramiko", "kubernetes", "nornir_netmiko", "rich"}),
    ],
)
def test_what_is_not_used_is_not_imported(statement: str, unwanted: set[str]) -> None:
    """Help texts do not pay for Nornir, and opening the inventory does not pay for SSH."""
    program = f"{statement}; import sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=os.environ)
    assert "tasks.settings" in done.stdout.split()
    assert unwanted.isdisjoint(done.stdout.split())


def copy_of_the_site(folder: Path) -> Path:
    """The project's configuration and inventory, to be changed."""
    (folder / "inventory").mkdir(parents=True)
    for name in ("nornir_config.yaml", *(f"inventory/{path.name}" for path in (ROOT / "inventory").iterdir())):
        (folder / name).write_text((ROOT / name).read_text())
    return folder
