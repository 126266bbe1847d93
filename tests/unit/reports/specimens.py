"""Specimen runs, made up to hold one of everything that a report can say."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from tasks.model.finding import FLEET, Change, Finding, Row, Verdict
from tasks.model.record import Fate, HostRecord, Labels, Member, RunRecord, StageRecord, Trait
from tasks.run.close import INTERRUPTED, closing_stage
from tasks.run.collapse import collapse

HOSTS = ("cluster-01", "cluster-02", "cluster-03", "cluster-04")
ADDRESSES = ("192.168.101.194", "192.168.101.196", "192.168.101.197", "192.168.101.198")
BEGAN = datetime(2026, 11, 23, 14, 5, 1, tzinfo=UTC)
SSH = Row("host.ssh", "cluster-03")
PATHS = ("reach.api", "reach.vip.arp", "reach.vip.http", "reach.s3")


def labels(*, plan: bool = False) -> Labels:
    """What the specimen runs are about."""
    return Labels(
        run_id="20261123T140501Z-1a2b",
        runbook="full_deploy",
        summary="Four bare hosts become four clusters, and every path between them is proven.",
        argv=("--plan",) if plan else (),
        plan=plan,
        tool="fleetproof 0.1.0",
        revision="0123456789ab",
        operator="operator@seat",
        versions=(("kubernetes", "1.33.13"), ("cilium", "1.18.2")),
        members=tuple(
            Member(
                name=host,
                address=ADDRESSES[number],
                region="edge" if number else "central",
                vip=f"192.168.101.21{number}",
                chosen=True,
            )
            for number, host in enumerate(HOSTS)
        ),
        traits=(Trait(name="lab", says="Smaller requests and a plain-HTTP registry, for four machines inside one."),),
    )


def check_hosts() -> StageRecord:
    """One host fails, one cannot be reached, one has a warning and a waived failure."""
    findings = [
        Finding(row=Row(check, host), verdict=Verdict.PASS, observed=said, duration_s=0.04)
        for host in HOSTS
        if host != SSH.target
        for check, said in (
            ("host.ssh", "logged in with the operator's key"),
            ("host.memory", "16 GiB"),
            ("host.swap", "none"),
            ("host.clock", "off by 3 ms"),
        )
    ]
    findings += [
        Finding(
            row=Row(check, SSH.target),
            verdict=Verdict.UNREACHABLE,
            observed="cluster-03: connect-timeout (no answer from 192.168.101.197:22 within 10 s)",
            wanted="the step runs to its end",
            remedy="" if check != "host.ssh" else "ping -c 3 192.168.101.197",
            blocked_by=None if check == "host.ssh" else SSH,
            duration_s=10.0,
        )
        for check in ("host.ssh", "host.memory", "host.swap", "host.clock")
    ]
    swap, memory, clock = (Row(f"host.{what}", "cluster-02") for what in ("swap", "memory", "clock"))
    changed = {
        swap: Finding(
            row=swap,
            verdict=Verdict.FAIL,
            observed="swap is on: /dev/sda2, 8 GiB",
            wanted="no swap, for the kubelet refuses to start with it",
            remedy="sudo swapoff -a && sudo sed -i '/ swap / s/^/#/' /etc/fstab",
            reproduce="ssh operator@192.168.101.196 cat /proc/swaps",
            evidence=("Filename\t\tType\t\tSize\t\tUsed\t\tPriority", "/dev/sda2\tpartition\t8388604\t0\t-2"),
            duration_s=0.04,
        ),
        memory: Finding(
            row=memory,
            verdict=Verdict.FAIL,
            observed="6 GiB",
            wanted="at least 8 GiB",
            remedy="give the machine more memory",
            waiver="test box, carries no Longhorn",
        ),
        clock: Finding(
            row=clock,
            verdict=Verdict.WARN,
            observed="off by 410 ms",
            wanted="less than 250 ms",
            remedy="chronyc makestep",
        ),
    }
    fates = dict.fromkeys(HOSTS, Fate.DONE) | {SSH.target: Fate.UNREACHABLE}
    ordered = sorted((changed.get(one.row, one) for one in findings), key=lambda one: one.row.target)
    return stage("Check hosts", 0.1, tuple(ordered), fates, mutates=False, took=10.0)


def initialise() -> StageRecord:
    """Two hosts are changed; two are kept out."""
    causes = {"cluster-02": Row("host.swap", "cluster-02"), "cluster-03": SSH}
    findings = tuple(
        Finding(
            row=Row("kubeadm.init", host),
            verdict=Verdict.SKIP,
            observed=f"not asked, because {causes[host]} went wrong",
            blocked_by=causes[host],
        )
        if host in causes
        else Finding(
            row=Row("kubeadm.init", host), verdict=Verdict.PASS, observed="the API server is ready", duration_s=31.2
        )
        for host in HOSTS
    )
    changes = tuple(
        change
        for host in HOSTS
        if host not in causes
        for change in (
            Change(
                target=host,
                sentence="write /etc/kubernetes/fleet/kubeadm.yaml",
                made=True,
                diff="--- before\n+++ after\n@@ -0,0 +1 @@\n+apiVersion: kubeadm.k8s.io/v1beta4\n",
            ),
            Change(target=host, sentence="run kubeadm init", made=True, undo="kubeadm reset --force"),
            Change(target=host, sentence="create pod fleet-probe", made=True, temporary=True),
        )
    )
    fates = {host: Fate.BLOCKED if host in causes else Fate.DONE for host in HOSTS}
    return stage("Initialise control planes", 10.2, findings, fates, mutates=True, took=31.2, changes=changes)


def prove() -> StageRecord:
    """Every path is looked at from everywhere; those from and to the lost hosts follow from their cause."""
    blocked = {"cluster-02": Row("host.swap", "cluster-02"), "cluster-03": SSH}
    findings = []
    for here in HOSTS:
        for check in PATHS:
            for there in ("s3.minio.miribit.lab",) if check == "reach.s3" else HOSTS:
                row = Row(check, here, there)
                bad = (here, there, check) == ("cluster-01", "cluster-04", "reach.vip.http")
                said = "HTTP 503 from 192.168.101.213" if bad else "answered in 3 ms"
                if there in blocked:
                    said, bad = "no answer within 5 s", True
                findings.append(
                    Finding(
                        row=row,
                        verdict=Verdict.FAIL if bad else Verdict.PASS,
                        observed=said,
                        wanted="HTTP 200" if bad else "",
                        reproduce="curl -m 5 http://192.168.101.213/" if bad else "",
                        duration_s=0.003,
                    )
                )
    collapsed = collapse(findings, blocked=blocked, known=check_hosts().findings)
    kept_out = tuple(
        Finding(row=one.row, verdict=Verdict.SKIP, observed="not asked", blocked_by=blocked[one.row.target])
        if one.row.target in blocked
        else one
        for one in collapsed
    )
    fates = {host: Fate.BLOCKED if host in blocked else Fate.DONE for host in HOSTS} | {FLEET: Fate.DONE}
    return stage("Prove reachability", 41.5, kept_out, fates, mutates=False, took=6.4)


def stage(
    title: str,
    started_s: float,
    findings: tuple[Finding, ...],
    fates: dict[str, Fate],
    *,
    mutates: bool,
    took: float,
    changes: tuple[Change, ...] = (),
) -> StageRecord:
    """A reached stage whose steps took between half and all of its time."""
    return StageRecord(
        title=title,
        slug=title.lower().replace(" ", "-"),
        mutates=mutates,
        reached=True,
        started_s=started_s,
        duration_s=took,
        hosts=tuple(
            HostRecord(
                host=host,
                fate=fate,
                started_s=started_s if fate is not Fate.BLOCKED else 0.0,
                duration_s=took * (0.5 + 0.12 * number) if fate is not Fate.BLOCKED else 0.0,
            )
            for number, (host, fate) in enumerate(fates.items())
        ),
        findings=findings,
        changes=changes,
    )


def run_of(*stages: StageRecord, plan: bool = False, interrupted: str = "", notes: tuple[str, ...] = ()) -> RunRecord:
    """A finished run of these stages."""
    duration_s = sum(one.duration_s for one in stages) + 0.4
    return RunRecord(
        labels=labels(plan=plan),
        started=BEGAN,
        finished=BEGAN + timedelta(seconds=duration_s),
        duration_s=duration_s,
        stages=stages,
        interrupted=interrupted,
        notes=notes,
    )


def mended(record: StageRecord) -> StageRecord:
    """The same stage, had all gone well."""
    return replace(
        record,
        findings=tuple(
            Finding(row=one.row, verdict=Verdict.PASS, observed="as wanted", duration_s=one.duration_s)
            for one in record.findings
        ),
        hosts=tuple(replace(one, fate=Fate.DONE, started_s=record.started_s) for one in record.hosts),
    )


def specimens() -> dict[str, RunRecord]:
    """Name to record, one per way in which a run can end."""
    lost = stage("Prove reachability", 0.0, (), {}, mutates=False, took=0.0)
    unreached = replace(
        lost,
        reached=False,
        findings=tuple(
            Finding(
                row=one.row,
                verdict=Verdict.SKIP,
                observed="the run ended before this was asked",
                blocked_by=INTERRUPTED,
            )
            for one in prove().findings
        ),
    )
    walked = (mended(check_hosts()), mended(initialise()))
    pending = replace(
        mended(initialise()), changes=tuple(replace(change, made=False) for change in initialise().changes)
    )
    closing = closing_stage((*walked, unreached), INTERRUPTED, "ended by SIGINT")
    note = "took over the lock of a run that died: full_deploy (pid 4711 of operator on seat)"
    return {
        "mixed": run_of(check_hosts(), initialise(), prove(), notes=(note,)),
        "green": run_of(*walked, mended(prove())),
        "interrupted": run_of(*walked, unreached, *closing, interrupted="SIGINT"),
        "plan": run_of(mended(check_hosts()), pending, plan=True),
    }
