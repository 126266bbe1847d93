"""What the contenders are given: inventories in their own formats, commands, the script. Files of one measurement."""

import json
from collections.abc import Sequence
from pathlib import Path

import yaml

from bench.record import ROOT
from bench.seat import Ground, addresses
from bench.subjects.kinds import KINDS

CONTENDERS = ROOT / "bench" / "contenders"


def names_asked(ground: Ground) -> str:
    """The DNS names of the site, as the product's script asks for them."""
    return " ".join(sorted({name for name, _ in ground.plan.records if "*" not in name}))


def commands(ground: Ground) -> dict[str, str]:
    """Kind to the command that asks for it."""
    return {kind.name: kind.command.replace("{names}", names_asked(ground)) for kind in KINDS}


def write_commands(folder: Path, asked: dict[str, str]) -> Path:
    """Kind to command, as JSON."""
    file = folder / "commands.json"
    file.write_text(json.dumps(asked))
    return file


def write_ansible_inventory(folder: Path, ground: Ground) -> Path:
    """Hosts, user and key; the known hosts go through OpenSSH's own options."""
    file = folder / "ansible.yml"
    hosts = {name: {"ansible_host": address} for name, address in addresses(ground.plan)}
    variables = {
        "ansible_user": ground.user,
        "ansible_ssh_private_key_file": str(ground.key),
        "ansible_ssh_common_args": f"-o UserKnownHostsFile={ground.known_hosts} -o StrictHostKeyChecking=yes",
        "names": names_asked(ground),
    }
    file.write_text(yaml.safe_dump({"all": {"hosts": hosts, "vars": variables}}))
    return file


def write_pyinfra_inventory(folder: Path, ground: Ground) -> Path:
    """A list of hosts with their data, as Python."""
    file = folder / "inventory.py"
    shared = {
        "ssh_user": ground.user,
        "ssh_key": str(ground.key),
        "ssh_known_hosts_file": str(ground.known_hosts),
        "ssh_strict_host_key_checking": "yes",
    }
    hosts = [(name, {"ssh_hostname": address, **shared}) for name, address in addresses(ground.plan)]
    file.write_text(f"hosts = {hosts!r}\n")
    return file


def write_nornir_config(folder: Path, ground: Ground) -> Path:
    """Nornir's SimpleInventory for netmiko, with the strict host key check that netmiko leaves out by default."""
    extras = {
        "use_keys": True,
        "key_file": str(ground.key),
        "ssh_strict": True,
        "system_host_keys": False,
        "alt_host_keys": True,
        "alt_key_file": str(ground.known_hosts),
    }
    hosts = {name: {"hostname": address, "groups": ["linux"]} for name, address in addresses(ground.plan)}
    connection = {"netmiko": {"platform": "linux", "extras": extras}}
    group = {"username": ground.user, "platform": "linux", "connection_options": connection}
    for name, content in (("hosts", hosts), ("groups", {"linux": group}), ("defaults", {})):
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(content))
    config = folder / "nornir.yaml"
    options = {f"{kind}_file": str(folder / f"{file}.yaml") for kind, file in _FILES}
    config.write_text(
        yaml.safe_dump(
            {
                "inventory": {"plugin": "SimpleInventory", "options": options},
                "runner": {"plugin": "threaded", "options": {"num_workers": 32}},
                "logging": {"enabled": False},
            }
        )
    )
    return config


_FILES = (("host", "hosts"), ("group", "groups"), ("defaults", "defaults"))


def ssh_options(ground: Ground, *more: str) -> str:
    """OpenSSH's options for a login by that key to a known host, all else as the operator's machine has it."""
    options = (
        "BatchMode=yes",
        "IdentitiesOnly=yes",
        f"IdentityFile={ground.key}",
        f"UserKnownHostsFile={ground.known_hosts}",
        "StrictHostKeyChecking=yes",
        *more,
    )
    return " ".join(f"-o {option}" for option in options)


def targets_of(hosts: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """NAME=ADDRESS words."""
    return tuple(f"{name}={address}" for name, address in hosts)
