"""The lab keeps its promises: real machines, the site's names and addresses, nothing left behind."""

import json
import signal
import subprocess
import sys
import time
from ipaddress import IPv4Address
from pathlib import Path

import paramiko
import pytest

from lab.credentials import LOGIN_USER, ROBOT_USER, fingerprint_of
from lab.progress import Progress
from lab.record import load
from lab.up import up
from tests.lab.harness import ROOT, Lab, Small
from tests.lab.traces import inhabitants, look

NAMES = ("cluster-01", "cluster-02", "cluster-03", "cluster-04")
each_machine = pytest.mark.parametrize("name", NAMES)


@each_machine
def test_a_machine_has_booted_without_a_failed_unit(lab: Lab, name: str) -> None:
    """Systemd says `running`: every unit that should run does."""
    machine = lab.running.machine(name)
    assert (machine.system_state(), machine.failed_units()) == ("running", ())


@each_machine
def test_the_operator_logs_in_by_password_and_by_key(lab: Lab, name: str) -> None:
    """With what `operator.env` has, and with a host key from the fingerprints list."""
    environment = lab.credentials.environment()
    known = {tuple(line.split()) for line in lab.credentials.fingerprints_file.read_text().splitlines()}
    for how in ("password", "key"):
        with lab.login(name, how) as client:
            key = client.get_remote_server_key()
            assert (name, key.get_name(), fingerprint_of(f"x {key.get_base64()}")) in known
            channel = client.open_session()
            channel.exec_command("sudo -S -p '' id -un")
            channel.sendall(f"{environment['NODE_PASSWORD']}\n".encode())
            assert (channel.recv_exit_status(), channel.recv(64)) == (0, b"root\n")


def test_a_wrong_password_opens_nothing(lab: Lab) -> None:
    """It is a real sshd that asks."""
    with pytest.raises(paramiko.AuthenticationException), lab.login("cluster-01", "password", secret="wrong"):
        pass


def test_the_robot_becomes_root_without_a_password_and_the_operator_does_not(lab: Lab) -> None:
    """Both ways of sudo that sites have are there."""
    for user, code in ((ROBOT_USER, 0), (LOGIN_USER, 1)):
        with lab.login("cluster-01", "key", user=user) as client:
            channel = client.open_session()
            channel.exec_command("sudo -n true")
            assert channel.recv_exit_status() == code


def test_no_two_machines_share_what_names_them(lab: Lab) -> None:
    """MAC, machine-id, host name and iSCSI name are each machine's own."""
    files = ("/sys/class/net/eth0/address", "/etc/machine-id", "/etc/hostname", "/etc/iscsi/initiatorname.iscsi")
    named = [lab.on(name, ["cat", *files]).splitlines() for name in NAMES]
    assert [len(set(column)) for column in zip(*named, strict=True)] == [4, 4, 4, 4]
    assert [row[2] for row in named] == list(NAMES)
    assert [row[0] for row in named] == [machine.mac for machine in lab.machines]


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("s3.minio.miribit.lab", "172.16.203.1"),
        ("console.minio.miribit.lab", "172.16.203.1"),
        ("grafana.k8s-cluster-01.miribit.lab", "192.168.101.210"),
        ("anything.k8s-cluster-04.miribit.lab", "192.168.101.213"),
        ("cluster-03", "192.168.101.197"),
        ("nothing.example.com", None),
    ],
)
def test_names_resolve_at_the_seat_and_on_machines(lab: Lab, name: str, address: str | None) -> None:
    """The inventory's names, wildcards and machines resolve; any other name does not exist."""
    script = f"getent ahostsv4 {name} | head -1 | cut -d' ' -f1"
    answers = (lab.exec(["sh", "-c", script]).stdout.strip(), lab.on("cluster-02", ["sh", "-c", script]).strip())
    assert answers == (address or "", address or "")


_ROUND_TRIP = """
import io, os, sys
from minio import Minio
secret = sys.argv[1] or os.environ["S3_SECRET_KEY"]
client = Minio("s3.minio.miribit.lab:80", os.environ["S3_ACCESS_KEY"], secret, secure=False)
client.put_object("thanos-bucket", "probe", io.BytesIO(b"written"), 7)
print(client.get_object("thanos-bucket", "probe").read().decode(), *sorted(each.name for each in client.list_buckets()))
client.remove_object("thanos-bucket", "probe")
print(len(list(client.list_objects("thanos-bucket"))))
"""


def test_an_object_goes_to_s3_and_comes_back(lab: Lab) -> None:
    """With the keys that the lab made, by the site's name, into one of its three buckets."""
    done = lab.exec([sys.executable, "-c", _ROUND_TRIP, ""])
    assert done.stdout.splitlines() == ["written longhorn-backups opensearch-logs thanos-bucket", "0"], done.stderr


def test_s3_refuses_a_wrong_key(lab: Lab) -> None:
    """It is a real S3 server that checks signatures."""
    done = lab.exec([sys.executable, "-c", _ROUND_TRIP, "wrong"])
    assert "SignatureDoesNotMatch" in done.stderr


@each_machine
def test_a_machine_reaches_the_object_store_through_the_gateway(lab: Lab, name: str) -> None:
    """Two networks, one router between them."""
    assert "200" in lab.on(name, ["curl", "-sSI", "http://s3.minio.miribit.lab/minio/health/live"]).splitlines()[0]


@each_machine
def test_a_machine_knows_the_lans_time_and_cannot_set_it(lab: Lab, name: str) -> None:
    """Its chronyd measures against the gateway; the clock is the host's and out of reach, for root too."""
    with lab.login(name, "key", user=ROBOT_USER) as client:
        channel = client.open_session()
        channel.exec_command("sudo date --set=@$(date +%s)")
        assert channel.recv_exit_status() == 1
        assert b"Operation not permitted" in channel.recv_stderr(256)
    entered = lab.running.machine(name).run(["sh", "-c", "date --set=@$(date +%s)"])
    assert "Operation not permitted" in entered.stderr
    assert f"{lab.plan.gateway.ip}" in lab.on(name, ["chronyc", "-n", "sources"])


def test_a_machine_changes_no_setting_of_the_host(lab: Lab) -> None:
    """Global settings are read-only but for those that a kubelet insists on: these are the machine's own files."""
    panic = Path("/proc/sys/kernel/panic").read_text()
    refused = lab.running.machine("cluster-01").run(["sysctl", "-w", "vm.max_map_count=300000"])
    assert refused.returncode != 0
    lab.on("cluster-01", ["sysctl", "-w", "kernel.panic=77"])
    assert lab.on("cluster-01", ["cat", "/proc/sys/kernel/panic"]) == "77\n"
    assert (Path("/proc/sys/kernel/panic").read_text(), lab.on("cluster-02", ["cat", "/proc/sys/kernel/panic"])) == (
        panic,
        "10\n",
    )
    lab.on("cluster-01", ["sysctl", "-w", "kernel.panic=10"])


def test_a_program_at_the_seat_is_only_displaced(lab: Lab, tmp_path: Path) -> None:
    """Its input, output, folder, variables and exit code are the caller's; only the network is the lab's."""
    script = 'cat; pwd; echo "$MARK $NODE_USER"; ip -4 -oneline address show dev lan0 | cut -d" " -f7; exit 7'
    done = lab.exec(["sh", "-c", script], stdin="given\n", environment={"MARK": "kept"}, folder=tmp_path)
    assert (done.stdout.splitlines(), done.returncode) == (
        ["given", str(tmp_path), f"kept {LOGIN_USER}", str(lab.plan.seat)],
        7,
    )


def test_no_secret_is_in_a_programs_arguments(lab: Lab) -> None:
    """The credentials travel in the environment alone."""
    done = lab.exec(["sh", "-c", "tr '\\0' ' ' </proc/$$/cmdline; tr '\\0' ' ' </proc/$PPID/cmdline"])
    secrets = [lab.credentials.environment()[name] for name in ("NODE_PASSWORD", "S3_SECRET_KEY", "S3_ACCESS_KEY")]
    assert "cmdline" in done.stdout
    assert not [secret for secret in secrets if secret in done.stdout]


def test_an_interrupt_reaches_the_program_itself(lab: Lab) -> None:
    """Ctrl-C is the program's to handle, and its exit code comes back."""
    script = "trap 'exit 42' INT; echo ready; while :; do sleep 0.1; done"
    # a shell does not trap what was ignored when it began, as it is below `nohup ... &`
    argv = ["env", "--default-signal=INT", sys.executable, "-m", "lab", "exec", "--", "bash", "-c", script]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, env=lab.environment) as program:
        try:
            assert program.stdout is not None
            assert program.stdout.readline() == "ready\n"
            program.send_signal(signal.SIGINT)
            assert program.wait(timeout=20) == 42
        finally:
            program.kill()


def test_a_missing_program_ends_as_in_a_shell(lab: Lab) -> None:
    """127, and its name."""
    done = lab.exec(["no-such-program"])
    assert (done.returncode, done.stderr) == (127, "no-such-program: No such file or directory\n")


def test_status_tells_people_and_machines_the_same(lab: Lab) -> None:
    """Every part answers; the JSON says so field by field."""
    argv = [sys.executable, "-m", "lab", "status"]
    table, document = (
        subprocess.run([*argv, *extra], capture_output=True, text=True, check=True, env=lab.environment).stdout
        for extra in ([], ["--json"])
    )
    seen = json.loads(document)
    assert seen["sound"] is True
    assert [(each["name"], each["ssh"], each["containerd"]) for each in seen["machines"]] == [
        (name, True, True) for name in NAMES
    ]
    assert all(each["memory_mib"] > 0 for each in seen["machines"])
    assert seen["services"] == [{"name": name, "answers": True} for name in ("dns", "s3", "clock", "alerts-stand-in")]
    assert all(name in table for name in NAMES)


def test_a_second_up_changes_nothing(lab: Lab) -> None:
    """What runs goes on running, as the same processes."""
    before = [lab.running.machine(name).process for name in NAMES]
    up(lab.record, lab.state, Progress())
    assert [lab.running.machine(name).process for name in NAMES] == before
    assert None not in before


def test_down_leaves_nothing_behind(small: Small) -> None:
    """No mount, link, namespace, control group, process, file or setting; the clock is where it was."""
    before = look(small.state)
    booted = small.run("up", "--machines", "cluster-01,cluster-02")
    assert booted.returncode == 0, booted.stderr
    namespaces = [file.stat().st_ino for file in small.state.namespaces.iterdir()]
    assert inhabitants(namespaces)
    during = look(small.state)
    assert small.run("down").returncode == 0
    after = look(small.state)
    assert (during.links, during.named_namespaces, during.settings) == (
        before.links,
        before.named_namespaces,
        before.settings,
    )
    assert {mount.removeprefix(f"{small.state.root}/net/") for mount in during.mounts - before.mounts} == {
        *("switch", "gateway", "s3", "ops", "cluster-01", "cluster-02"),
    }
    assert (after.mounts, after.control_groups, after.files) == (before.mounts, before.control_groups, before.files)
    assert (after.links, after.named_namespaces, after.settings) == (
        before.links,
        before.named_namespaces,
        before.settings,
    )
    assert inhabitants(namespaces) == frozenset()
    assert after.clock_offset_s == pytest.approx(before.clock_offset_s, abs=1)


def test_a_small_lab_beside_another_has_the_same_addresses(lab: Lab, small: Small) -> None:
    """Two instances do not meet: each has its own 192.168.101.194 with its own host key."""
    assert small.run("up", "--machines", "cluster-01").returncode == 0
    own, other = (
        {line.split()[2] for line in (state.secrets / "fingerprints").read_text().splitlines()}
        for state in (small.state, lab.state)
    )
    assert not own & other
    assert lab.running.machine("cluster-01").system_state() == "running"
    assert load(small.state).plan.machines == (lab.plan.machine("cluster-01"),)
    assert small.run("up", "--machines", "cluster-02").returncode == 0
    assert [machine.name for machine in load(small.state).plan.machines] == ["cluster-01", "cluster-02"]


@pytest.mark.parametrize("after_s", [0.4, 0.8, 1.2, 1.8, 2.6])
def test_a_killed_up_can_be_repeated(small: Small, after_s: float) -> None:
    """Wherever it was, the next one ends with the whole lab, and `down` still leaves nothing."""
    before = look(small.state)
    words = ("up", "--machines", "cluster-01,cluster-02")
    with subprocess.Popen(small.command(*words), stderr=subprocess.DEVNULL, env=small.environment, cwd=ROOT) as first:
        time.sleep(after_s)
        first.kill()
    second = small.run(*words)
    assert second.returncode == 0, second.stderr
    assert json.loads(small.run("status", "--json").stdout)["sound"] is True
    assert small.run("down").returncode == 0
    after = look(small.state)
    assert (after.mounts, after.control_groups, after.files) == (before.mounts, before.control_groups, before.files)


@pytest.mark.parametrize("lost", ["wire-laid", "machines/cluster-01/pid", "machines/cluster-01/ready"])
def test_an_up_that_was_cut_off_just_before_a_mark_goes_on_from_there(small: Small, lost: str) -> None:
    """What had been made by then is kept or made anew; no half of it stands in the way."""
    assert small.run("up", "--machines", "cluster-01").returncode == 0
    (small.state.root / lost).unlink()
    again = small.run("up", "--machines", "cluster-01")
    assert again.returncode == 0, again.stderr
    assert json.loads(small.run("status", "--json").stdout)["sound"] is True


def test_down_names_who_still_sits_at_the_seat(small: Small) -> None:
    """A program that was left running there is not ended with the lab, and not passed over either."""
    assert small.run("up", "--machines", "cluster-01").returncode == 0
    with subprocess.Popen(small.command("exec", "--", "sleep", "60"), env=small.environment, cwd=ROOT) as sleeper:
        deadline = time.monotonic() + 20
        while sleeper.pid not in inhabitants([small.state.network("ops").stat().st_ino]):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        said = small.run("down")
        assert (said.returncode, sleeper.poll()) == (0, None)
        assert f"processes [{sleeper.pid}] still sit at the seat" in said.stderr
        sleeper.kill()


def test_an_interrupted_up_ends_at_once_and_can_be_repeated(small: Small) -> None:
    """Ctrl-C says what to do next and ends with 130."""
    words = ("up", "--machines", "cluster-01")
    with subprocess.Popen(
        small.command(*words), stderr=subprocess.PIPE, text=True, env=small.environment, cwd=ROOT
    ) as first:
        assert first.stderr is not None
        for line in first.stderr:
            if "wire: " in line:
                break
        first.send_signal(signal.SIGINT)
        said = first.stderr.read()
        assert first.wait(timeout=20) == 130
    assert "`python -m lab up` goes on from here" in said
    assert small.run(*words).returncode == 0


def test_a_machine_that_was_switched_off_keeps_its_disk(small: Small) -> None:
    """`poweroff` on it is seen; `up` boots it again with what it had written, and a fresh network."""
    assert small.run("up", "--machines", "cluster-01").returncode == 0
    machine = small.machine("cluster-01")
    machine.run(["sh", "-c", "echo mine >/root/note; ip link add left type dummy || true"])
    machine.run(["systemctl", "poweroff", "--force", "--force"])
    deadline = time.monotonic() + 20
    while machine.process is not None and time.monotonic() < deadline:
        time.sleep(0.1)
    assert json.loads(small.run("status", "--json").stdout)["machines"][0]["system"] == "off"
    assert small.run("up", "--machines", "cluster-01").returncode == 0
    assert machine.run(["cat", "/root/note"]).stdout == "mine\n"


def test_an_up_that_cannot_boot_a_machine_says_which_and_why(small: Small) -> None:
    """The other machine is up; the error has one line per part that is not."""
    assert small.run("up", "--machines", "cluster-01").returncode == 0
    broken = small.state.machine("cluster-02")
    broken.root.mkdir(parents=True)
    broken.ready.touch()  # a disk that claims to be complete and is empty
    done = small.run("up", "--machines", "cluster-01,cluster-02")
    assert done.returncode == 1
    assert "cluster-02 does not start: cluster-02: mount overlay on" in done.stderr
    assert "cluster-01: running" in done.stderr


def test_this_host_can_carry_the_lab_that_runs_on_it(lab: Lab) -> None:
    """`check` says so, with exit code 0."""
    argv = [sys.executable, "-m", "lab", "check"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, env=lab.environment)
    assert (done.returncode, "this machine can carry the lab" in done.stderr) == (0, True)


def test_the_seat_address_is_the_plans(lab: Lab) -> None:
    """Machines see the operator coming from it."""
    with lab.login("cluster-01", "key") as client:
        channel = client.open_session()
        channel.exec_command("echo ${SSH_CONNECTION%% *}")
        assert IPv4Address(channel.recv(64).decode().strip()) == lab.plan.seat.ip
