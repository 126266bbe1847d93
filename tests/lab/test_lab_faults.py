"""Each fault breaks what it says and nothing beside it, and healing brings it back."""

import socket
import subprocess
import sys
import time

import pytest

from lab import linux, wire
from lab.credentials import fingerprint_of
from lab.faults import FaultError, active_faults
from lab.machine.ssh import answers
from lab.plan import mac_of
from lab.services import dns
from tests.lab.harness import Lab, Small

VICTIM, BYSTANDER = "cluster-02", "cluster-03"


def ping(lab: Lab, name: str, size: int = 56) -> float | None:
    """The round trip from the seat to a machine in milliseconds, unfragmented; None where nothing comes back."""
    address = str(lab.plan.machine(name).address.ip)
    root = str(lab.record.materials.root_file_system)
    argv = ["chroot", root, "ping", "-q", "-c1", "-W2", "-M", "do", "-s", str(size), address]
    done = lab.exec(argv)
    return float(done.stdout.rpartition("= ")[2].split("/")[0]) if done.returncode == 0 else None


def arp(lab: Lab, address: str) -> set[str]:
    """The MACs that answer for an address, asked from a machine."""
    said = lab.running.machine(BYSTANDER).run(["arping", "-c2", "-w2", "-I", "eth0", address]).stdout
    return {line.split("[")[1].split("]")[0].lower() for line in said.splitlines() if "reply from" in line}


def connects(lab: Lab, name: str) -> bool:
    """Whether TCP port 22 takes a connection, answered or not."""
    with linux.inside_network(lab.state.network(wire.SEAT)):
        try:
            socket.create_connection((str(lab.plan.machine(name).address.ip), 22), timeout=2).close()
        except OSError:
            return False
    return True


def ssh(lab: Lab, name: str) -> bool:
    """Whether sshd speaks."""
    return answers(lab.state, lab.plan.machine(name))


def host_key(lab: Lab, name: str) -> str:
    """The fingerprint that the machine shows now."""
    with lab.login(name, "key") as client:
        return fingerprint_of(f"x {client.get_remote_server_key().get_base64()}")


def curl(lab: Lab, name: str) -> int:
    """What curl on a machine makes of the object store: 0 an answer, 7 no way there, 28 nothing within five seconds."""
    url = "http://s3.minio.miribit.lab/minio/health/live"
    return lab.running.machine(name).run(["curl", "-sS", "-o", "/dev/null", "--max-time", "5", url]).returncode


def resolves(lab: Lab) -> bool:
    """Whether the seat finds the object store's address."""
    with linux.inside_network(lab.state.network(wire.SEAT)):
        return dns.resolve("s3.minio.miribit.lab", lab.plan.gateway.ip) == lab.plan.store.address.ip


def test_partition_cuts_one_machine_off(lab: Lab) -> None:
    """Nobody reaches it, it reaches nobody, and it runs on."""
    with lab.fault("partition", VICTIM):
        assert (ping(lab, VICTIM), ssh(lab, VICTIM), curl(lab, VICTIM)) == (None, False, 28)
        assert (ping(lab, BYSTANDER) is not None, ssh(lab, BYSTANDER)) == (True, True)
        assert lab.running.machine(VICTIM).system_state() == "running"
    assert (ping(lab, VICTIM) is not None, ssh(lab, VICTIM), curl(lab, VICTIM)) == (True, True, 0)


def test_blackhole_ssh_swallows_ssh_alone(lab: Lab) -> None:
    """Connecting hangs; ping and everything else of the machine work."""
    with lab.fault("blackhole-ssh", VICTIM):
        assert (connects(lab, VICTIM), ping(lab, VICTIM) is not None, curl(lab, VICTIM)) == (False, True, 0)
        assert ssh(lab, BYSTANDER)
    assert ssh(lab, VICTIM)


def test_mute_ssh_accepts_and_never_speaks(lab: Lab) -> None:
    """The trap for a client without a deadline on the banner."""
    with lab.fault("mute-ssh", VICTIM):
        assert (connects(lab, VICTIM), ssh(lab, VICTIM), ssh(lab, BYSTANDER)) == (True, False, True)
    assert ssh(lab, VICTIM)


def test_slow_link_adds_its_delay_each_way_and_loses_nothing(lab: Lab) -> None:
    """The round trip grows by twice the delay; a megabyte arrives whole; the neighbours are as fast as before."""
    with lab.fault("slow-link", VICTIM, "60"):
        slow, fast = ping(lab, VICTIM), ping(lab, BYSTANDER)
        assert slow is not None
        assert fast is not None
        assert 120 <= slow < 400
        assert fast < 60
        with lab.login(VICTIM, "key") as client:
            channel = client.open_session()
            channel.exec_command("head -c 1000000 /dev/zero")
            assert channel.makefile("rb").read() == bytes(1_000_000)
    restored = ping(lab, VICTIM)
    assert restored is not None
    assert restored < 60


def test_mtu_drops_large_packets_in_silence(lab: Lab) -> None:
    """A full-sized packet vanishes, a small one passes, and the machine's own interface knows nothing of it."""
    with lab.fault("mtu", VICTIM, "1400"):
        assert (ping(lab, VICTIM, 1472), ping(lab, VICTIM, 1300) is not None) == (None, True)
        assert lab.on(VICTIM, ["cat", "/sys/class/net/eth0/mtu"]) == "1500\n"
        assert ping(lab, BYSTANDER, 1472) is not None
    assert ping(lab, VICTIM, 1472) is not None


def test_a_foreign_vip_answers_with_its_own_mac(lab: Lab) -> None:
    """Before the fault nobody answers for the address; in it a stranger does; afterwards nobody again."""
    address = next(iter(lab.plan.lan.hosts())) + 248  # free in every site that this lab rebuilds
    assert arp(lab, str(address)) == set()
    with lab.fault("foreign-vip", str(address)):
        assert arp(lab, str(address)) == {mac_of(address)}
        assert mac_of(address) not in {machine.mac for machine in lab.machines}
    assert arp(lab, str(address)) == set()


def test_dns_away_leaves_queries_without_an_answer(lab: Lab) -> None:
    """Addresses still work; names do not; status calls the service silent."""
    with lab.fault("dns-away"):
        assert (resolves(lab), curl(lab, VICTIM)) == (False, 28)
        assert ping(lab, VICTIM) is not None
        assert [each.answers for each in lab.status().services if each.name == "dns"] == [False]
    assert (resolves(lab), curl(lab, VICTIM)) == (True, 0)


def test_s3_away_is_unreachable_while_its_name_resolves(lab: Lab) -> None:
    """Every machine is told that there is no way."""
    with lab.fault("s3-away"):
        assert (resolves(lab), curl(lab, VICTIM), curl(lab, BYSTANDER)) == (True, 7, 7)
    assert curl(lab, VICTIM) == 0


def test_stop_service_stops_one_unit(lab: Lab) -> None:
    """The same unit elsewhere runs on; what does not run cannot be stopped."""
    active = ["systemctl", "is-active", "chrony"]
    with lab.fault("stop-service", VICTIM, "chrony"):
        assert lab.running.machine(VICTIM).run(active).stdout == "inactive\n"
        assert lab.running.machine(BYSTANDER).run(active).stdout == "active\n"
    assert lab.running.machine(VICTIM).run(active).stdout == "active\n"
    with pytest.raises(FaultError, match="there is nothing to stop"), lab.fault("stop-service", VICTIM, "no-such-unit"):
        pass


def test_fill_disk_leaves_no_byte_free_and_the_host_alone(lab: Lab) -> None:
    """The folder's file system is full; what lay in the folder is back afterwards."""
    free = ["df", "--output=avail", "/var/lib/longhorn"]
    lab.on(VICTIM, ["touch", "/var/lib/longhorn/kept"])
    on_the_host = lab.state.machine(VICTIM).real / "longhorn"
    with lab.fault("fill-disk", VICTIM):
        assert lab.on(VICTIM, free).split()[-1] == "0"
        assert lab.running.machine(VICTIM).run(["cp", "/etc/passwd", "/var/lib/longhorn/"]).returncode != 0
        assert int(lab.on(BYSTANDER, free).split()[-1]) > 0
        assert [(file.name, file.stat().st_size) for file in on_the_host.iterdir()] == [("kept", 0)]
    assert int(lab.on(VICTIM, free).split()[-1]) > 0
    lab.on(VICTIM, ["rm", "/var/lib/longhorn/kept"])
    with pytest.raises(FaultError, match="no folder /no/such"), lab.fault("fill-disk", VICTIM, "/no/such"):
        pass


def test_no_forwarding_is_seen_where_preflight_looks(lab: Lab) -> None:
    """net.ipv4.ip_forward is 0 on that machine alone."""
    asked = ["sysctl", "-n", "net.ipv4.ip_forward"]
    with lab.fault("no-forwarding", VICTIM):
        assert (lab.on(VICTIM, asked), lab.on(BYSTANDER, asked)) == ("0\n", "1\n")
    assert lab.on(VICTIM, asked) == "1\n"


def test_wrong_cgroup_driver_is_what_containerd_really_runs_with(lab: Lab) -> None:
    """Asked of the running containerd, not of its file."""
    asked = ["crictl", "info"]
    with lab.fault("wrong-cgroup-driver", VICTIM):
        assert '"SystemdCgroup": false' in lab.on(VICTIM, asked)
        assert '"SystemdCgroup": true' in lab.on(BYSTANDER, asked)
    assert '"SystemdCgroup": true' in lab.on(VICTIM, asked)


def test_changed_hostkey_shows_keys_that_are_on_no_list(lab: Lab) -> None:
    """As after a reinstallation, or with somebody in between."""
    known = lab.credentials.fingerprints_file.read_text()
    with lab.fault("changed-hostkey", VICTIM):
        assert host_key(lab, VICTIM) not in known
        assert host_key(lab, BYSTANDER) in known
    assert host_key(lab, VICTIM) in known


def test_duplicate_machine_id_makes_a_twin(lab: Lab) -> None:
    """Two machines, one id; then two again."""
    asked = ["cat", "/etc/machine-id"]
    own = lab.on(VICTIM, asked)
    with lab.fault("duplicate-machine-id", VICTIM, BYSTANDER):
        assert lab.on(VICTIM, asked) == lab.on(BYSTANDER, asked)
    assert lab.on(VICTIM, asked) == own != lab.on(BYSTANDER, asked)
    with pytest.raises(FaultError, match="two different"), lab.fault("duplicate-machine-id", VICTIM, VICTIM):
        pass


def test_clock_skew_is_seen_by_programs_on_that_machine_alone(lab: Lab) -> None:
    """`date` over SSH is off, under sudo too; the kernel's clock, which all share, is not."""

    def skew(name: str) -> float:
        with lab.login(name, "key", user="robot") as client:
            channel = client.open_session()
            channel.exec_command("sudo date +%s.%N")
            return float(channel.makefile("rb").read()) - time.time()

    with lab.fault("clock-skew", VICTIM, "-120"):
        assert skew(VICTIM) == pytest.approx(-120, abs=3)
        assert skew(BYSTANDER) == pytest.approx(0, abs=3)
    assert skew(VICTIM) == pytest.approx(0, abs=3)


def test_swap_on_is_seen_in_proc_swaps(lab: Lab) -> None:
    """Where kubelet and preflight look."""

    def count(name: str) -> int:
        return len(lab.on(name, ["cat", "/proc/swaps"]).splitlines())

    assert count(VICTIM) == 1
    with lab.fault("swap-on", VICTIM):
        assert (count(VICTIM), count(BYSTANDER)) == (2, 1)
    assert count(VICTIM) == 1


def test_expired_cert_needs_a_cluster(lab: Lab) -> None:
    """On a bare machine there is no API server whose certificate could expire."""
    if lab.running.machine(VICTIM).run(["test", "-e", "/etc/kubernetes/pki/ca.key"]).returncode == 0:
        pytest.skip("another test has made a cluster of it already")
    with pytest.raises(FaultError, match="has no cluster yet"), lab.fault("expired-cert", VICTIM):
        pass


def test_expired_cert_is_what_a_real_api_server_shows(small: Small) -> None:
    """Clients refuse it for its date alone, and trust it again once healed."""
    assert small.run("up", "--machines", VICTIM).returncode == 0
    version = small.machine(VICTIM).run(["kubeadm", "version", "--output=short"]).stdout.strip()
    made = small.machine(VICTIM).run(
        ["kubeadm", "init", "--skip-phases=addon", f"--kubernetes-version={version}"], timeout_s=300
    )
    assert made.returncode == 0, made.stderr
    ready = ["kubectl", "--kubeconfig=/etc/kubernetes/admin.conf", "get", "--raw=/readyz"]
    assert small.machine(VICTIM).run(ready).stdout == "ok"
    assert small.run("fault", "expired-cert", VICTIM).returncode == 0
    assert "certificate has expired" in small.machine(VICTIM).run(ready).stderr
    assert small.run("heal").returncode == 0
    assert small.machine(VICTIM).run(ready).stdout == "ok"


def test_status_shows_what_is_in_force_and_heal_undoes_it_all(lab: Lab) -> None:
    """By the command line, as an operator does it."""
    command = [sys.executable, "-m", "lab"]
    environment = lab.environment
    for words in (["no-forwarding", VICTIM], ["mtu", BYSTANDER, "1400"]):
        subprocess.run([*command, "fault", *words], check=True, capture_output=True, env=environment)
    assert lab.status().faults == (f"mtu {BYSTANDER} 1400", f"no-forwarding {VICTIM}")
    healed = subprocess.run([*command, "heal"], check=True, capture_output=True, text=True, env=environment)
    assert f"healed: mtu {BYSTANDER} 1400; no-forwarding {VICTIM}" in healed.stderr
    assert active_faults(lab.state) == ()
