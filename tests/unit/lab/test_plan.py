"""From the inventory to the plan of a lab."""

from pathlib import Path

import pytest

from lab.inventory import common_domain, plan_from_inventory
from lab.plan import LabPlan, PlanError
from lab.record import Materials, Record, joined, load, save
from lab.state import State, open_state

INVENTORY = Path(__file__).resolve().parents[3] / "inventory"


def test_the_site_becomes_a_lab_of_the_same_addresses_and_names() -> None:
    """Machines, gateway, object store, buckets and names are the inventory's."""
    plan = plan_from_inventory(INVENTORY)
    records = {name: str(address) for name, address in plan.records}
    assert [(machine.name, str(machine.address)) for machine in plan.machines] == [
        ("cluster-01", "192.168.101.194/24"),
        ("cluster-02", "192.168.101.196/24"),
        ("cluster-03", "192.168.101.197/24"),
        ("cluster-04", "192.168.101.198/24"),
    ]
    assert (str(plan.gateway), str(plan.store.address), plan.store.port) == ("192.168.101.1/24", "172.16.203.1/24", 80)
    assert plan.store.buckets == ("thanos-bucket", "opensearch-logs", "longhorn-backups")
    assert records["s3.minio.miribit.lab"] == "172.16.203.1"
    assert records["grafana.k8s-cluster-01.miribit.lab"] == "192.168.101.210"
    assert records["*.k8s-cluster-04.miribit.lab"] == "192.168.101.213"
    assert records["cluster-02.miribit.lab"] == "192.168.101.196"


def test_every_machine_has_a_mac_of_its_own_that_spells_its_address(plan: LabPlan) -> None:
    """Locally administered, unicast, and readable in a capture: 02:00, then the four octets."""
    assert [machine.mac for machine in plan.machines] == ["02:00:c0:a8:65:c2", "02:00:c0:a8:65:c4"]


@pytest.mark.parametrize(
    ("file", "before", "after", "complaint"),
    [
        ("hosts.yaml", "192.168.101.194", "192.168.102.194", "cluster-01: 192.168.102.194 is not in the LAN"),
        ("hosts.yaml", "192.168.101.196", "192.168.101.194", "cluster-02: 192.168.101.194 belongs to cluster-01"),
        ("hosts.yaml", "192.168.101.196", "192.168.101.10", "belongs to the operator's seat"),
        ("hosts.yaml", "192.168.101.196", "192.168.101.1", "belongs to the gateway"),
        ("hosts.yaml", "hostname: 192.168.101.194", "hostname: first", r"hosts.yaml: cluster-01.hostname: .*IPv4"),
        ("hosts.yaml", "node_name: cluster-02", "node_name: a-name-of-sixteen", "at most 15 letters"),
        ("hosts.yaml", "groups: [central]", "groups: [central", r"hosts.yaml: while parsing"),
        ("defaults.yaml", "address: 172.16.203.1", "address: 192.168.101.77", "outside the LAN"),
        ("defaults.yaml", "buckets:", "bucket:", "defaults.yaml: data.s3.buckets: Field required"),
    ],
)
def test_an_inventory_that_is_no_lab_is_refused(
    tmp_path: Path, file: str, before: str, after: str, complaint: str
) -> None:
    """Each mistake is named with what is wrong and where."""
    for name in ("hosts.yaml", "defaults.yaml"):
        text = (INVENTORY / name).read_text()
        (tmp_path / name).write_text(text.replace(before, after, 1) if name == file else text)
    with pytest.raises(PlanError, match=complaint):
        plan_from_inventory(tmp_path)


def test_a_missing_inventory_is_named(tmp_path: Path) -> None:
    """The file that was wanted stands in the error."""
    with pytest.raises(PlanError, match=r"hosts.yaml: there is no such file"):
        plan_from_inventory(tmp_path)


@pytest.mark.parametrize(
    ("names", "domain"),
    [
        (("a.b.lab", "c.lab"), "lab"),
        (("s3.minio.x.lab", "g.k8s.x.lab"), "x.lab"),
        (("a.one", "a.two"), ""),
        (("xa.lab", "ya.lab"), "lab"),
    ],
)
def test_the_domain_is_what_all_names_end_in(names: tuple[str, ...], domain: str) -> None:
    """Whole labels only; none where the names share none."""
    assert common_domain(names) == domain


def test_a_part_of_the_machines_can_be_chosen_in_the_plans_order(plan: LabPlan) -> None:
    """The order of the words does not matter, an unknown word is refused with those that are known."""
    assert [machine.name for machine in plan.only(("cluster-02", "cluster-01")).machines] == [
        "cluster-01",
        "cluster-02",
    ]
    with pytest.raises(PlanError, match="'cluster-09'; this lab has cluster-01, cluster-02"):
        plan.only(("cluster-09",))


def test_what_was_booted_is_what_is_found_again(plan: LabPlan, state: State) -> None:
    """The record survives its file, addresses and paths included."""
    record = Record(plan=plan, materials=Materials(root_file_system=Path("/r"), images=None, tools=Path("/t")))
    save(record, state)
    assert load(state) == record


def test_a_lab_that_is_not_up_says_how_to_boot_it(state: State) -> None:
    """Not a stack trace."""
    with pytest.raises(PlanError, match=r"the lab 'unit' is not up; `python -m lab up` boots it"):
        load(state)


def test_booting_more_machines_keeps_those_that_run(plan: LabPlan) -> None:
    """`up --machines b` after `up --machines a` is a lab of both."""
    materials = Materials(root_file_system=Path("/r"), images=None, tools=Path("/t"))
    parts = [Record(plan=plan.only((name,)), materials=materials) for name in ("cluster-02", "cluster-01")]
    assert joined(*parts) == Record(plan=plan, materials=materials)


def test_a_lab_of_another_inventory_is_not_mixed_in(plan: LabPlan) -> None:
    """A running lab whose site differs has to go down first."""
    materials = Materials(root_file_system=Path("/r"), images=None, tools=Path("/t"))
    other = LabPlan(
        gateway=plan.seat,
        seat=plan.gateway,
        machines=plan.machines,
        store=plan.store,
        records=plan.records,
        domain=plan.domain,
    )
    with pytest.raises(PlanError, match="another inventory"):
        joined(Record(plan=plan, materials=materials), Record(plan=other, materials=materials))


def test_the_instance_decides_folder_and_prefix() -> None:
    """Labs of different names share nothing."""
    named = open_state({"FLEETPROOF_LAB": "bench", "XDG_STATE_HOME": "/state"})
    assert (str(named.root), named.title) == ("/state/fleetproof/bench", "fleetproof-bench")
    assert open_state({"XDG_STATE_HOME": "/state"}).instance == "lab"


@pytest.mark.parametrize("name", ["Lab", "a/b", "..", "1st", "x" * 22, "a b"])
def test_a_name_that_cannot_be_an_instance_is_refused(name: str) -> None:
    """It becomes part of paths and control groups."""
    with pytest.raises(PlanError, match="FLEETPROOF_LAB"):
        open_state({"FLEETPROOF_LAB": name})
