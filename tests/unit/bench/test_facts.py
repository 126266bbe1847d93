"""What contenders print is read back, and whoever lacks a kind of fact, or has another host's, does not count."""

import json
from ipaddress import IPv4Address

import pytest

from bench.figures import CRITICAL_PATH, LONGEST_CHAIN
from bench.model import BenchError
from bench.subjects import readers
from bench.subjects.kinds import KINDS, Expected, must_hold
from tasks.preflight.sections import SECTIONS

HOST = Expected(name="cluster-02", mac="02:00:c0:a8:65:c4", store=IPv4Address("172.16.203.1"))
RAW = {
    "system": "cluster-02\n6.1.0\nID=debian\n4e91401852196a844f6be29dbc510875\n",
    "capacity": "/proc/meminfo:MemTotal: 24684000 kB\n",
    "swap": "Filename Type Size Used Priority\n",
    "disks": "/var/lib/containerd 4141959ee9ab680a ext2/ext3 4096 66053997 13237894\n",
    "modules": "overlay\nnf_conntrack\n",
    "sysctls": "net.ipv4.ip_forward = 1\nvm.max_map_count = 65530\n",
    "mounts": "31 23 0:27 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n",
    "cgroups": "memory 4 99 1\n",
    "listeners": 'tcp LISTEN 0 128 0.0.0.0:22 0.0.0.0:* users:(("sshd",pid=1,fd=3))\n',
    "links": '[{"address": "02:00:c0:a8:65:c4"}]',
    "routes": '[{"dst": "default"}]',
    "names": "172.16.203.1 STREAM s3.minio.miribit.lab\n",
    "units": "Names=containerd.service\nActiveState=active\n",
    "programs": "Kubernetes v1.33.13\n",
}


def test_the_raw_answers_of_a_host_hold_every_kind() -> None:
    """A complete answer is accepted."""
    must_hold(HOST, RAW)


@pytest.mark.parametrize("kind", [kind.name for kind in KINDS])
def test_a_missing_or_empty_kind_is_named(kind: str) -> None:
    """Each kind of fact is looked for: without it, or with nothing in it, the contender does not count."""
    for answers in ({**RAW, kind: ""}, {name: text for name, text in RAW.items() if name != kind}):
        with pytest.raises(BenchError, match=f"cluster-02: did not gather {kind}$"):
            must_hold(HOST, answers)


def test_another_host_s_answers_do_not_count() -> None:
    """Name and MAC are this host's alone."""
    other = Expected(name="cluster-03", mac="02:00:c0:a8:65:c5", store=HOST.store)
    with pytest.raises(BenchError, match="did not gather system, links"):
        must_hold(other, RAW)


def test_every_kind_is_made_of_sections_that_exist() -> None:
    """A section that was renamed would otherwise never be found in the script's output."""
    known = {section.name for section in SECTIONS}
    assert {name for kind in KINDS for name in kind.sections} <= known


def test_a_script_s_output_is_taken_apart_by_host() -> None:
    """Sections become kinds; a kind with a section missing is not there."""
    text = "\x1eswaps\nFilename\n\x1e=0\n\x1enames\nsome\n\x1e=0\n"
    assert readers.of_script({"a": text}) == {"a": {"swap": "Filename\n"}}


def test_parsed_sections_become_kinds() -> None:
    """Values stay as JSON, so that the same evidence is found in them."""
    text = json.dumps({"a": {"links": [{"mac": HOST.mac}], "clock": {}}})
    assert readers.of_sections(text) == {"a": {"links": f'[{{"mac": "{HOST.mac}"}}]'}}


def test_ansible_s_tasks_are_named_for_their_kinds() -> None:
    """Results are told apart by task and host; what `setup` gathered comes from the cache; the rest is passed over."""
    text = (
        "TASK [swap] ***\n"
        'ok: [a] => {"changed": false, "stdout": "Filename"}\n'
        'ok: [b] => {"changed": false, "stdout": "Filename"}\n'
        "TASK [units] ***\n"
        'ok: [a] => {"ansible_facts": {"services": {}}}\n'
        "PLAY RECAP ***\na : ok=2\n"
    )
    assert readers.of_ansible_tasks(text, {"a": "facts"}) == {
        "a": {"system": "facts", "swap": "Filename", "units": '{"ansible_facts": {"services": {}}}'},
        "b": {"swap": "Filename"},
    }


def test_ansible_s_script_runs_on_a_terminal() -> None:
    """Carriage returns and the markers of standard error in between do no harm."""
    said = json.dumps({"stdout": "\x1eswaps\r\n\x1eswaps\r\nFilename\r\n\x1e=0\r\n"})
    assert readers.of_ansible_script(f"changed: [a] => {said}") == {"a": {"swap": "Filename\n"}}


@pytest.mark.parametrize(
    ("totals", "said"),
    [
        ({"rows": 0}, "0 of 0"),
        ({"rows": 9, "unreachable": 2}, "2 of 9"),
        ({"rows": 9, "errors": 1}, "1 of 9"),
    ],
)
def test_a_report_without_answers_does_not_count(totals: dict[str, int], said: str) -> None:
    """No rows, hosts that were not reached, rows that could not be judged: none of it is a measurement."""
    with pytest.raises(BenchError, match=said):
        readers.of_report(json.dumps({"totals": {"errors": 0, "unreachable": 0, "failed": 0, "skipped": 0, **totals}}))


def test_a_report_tells_how_much_it_judged() -> None:
    """Skipped rows were not judged."""
    totals = {"rows": 9, "errors": 0, "unreachable": 0, "failed": 1, "skipped": 2}
    assert readers.of_report(json.dumps({"totals": totals})) == {"rows judged": 7, "not good": 1}


def test_a_report_tells_what_bounds_it_from_below() -> None:
    """Every stage waits for its slowest host; one host alone would have been quicker, and nobody spares the fleet's."""
    stages = [{"a": 1.0, "b": 3.0}, {"a": 4.0, "b": 1.0, "fleet": 0.5}, {}]
    told = [{"hosts": [{"host": name, "duration_s": took} for name, took in stage.items()]} for stage in stages]
    assert readers.of_stages(json.dumps({"stages": told})) == {CRITICAL_PATH: 7500, LONGEST_CHAIN: 5500}
