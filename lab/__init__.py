"""
The lab: four real machines inside one Linux host, at the addresses of the site's inventory.

    python -m lab up       then       python -m lab exec -- python runbooks/full_deploy.py

What comes up is no imitation: each machine is a Debian root file system under its own systemd, with OpenSSH, containerd
and kubelet, in namespaces of its own, and a packet between two of them crosses a bridge. Nothing outside the lab's
namespaces, its control group and its folder changes, and `down` leaves none of these.

The map, from the wire up; each line may use those above it:

    linux        the system calls that Python has no name for
    cgroups      the control groups, by which every process of a lab is found again
    plan         what the lab is to be, read from the inventory by `inventory`, kept by `record`
    wire/        network namespaces, the switch, the gateway
    machine/     one machine: its disk and files, its boot, its power button and the way in
    services/    beside the machines: DNS, time and the alerts' receiver on the gateway, S3 behind it
    seat         the operator's place: a program there sees the lab's network, names and credentials
    faults/      what can be broken on purpose, and the journal by which it is healed
    up, status   the whole: to running, to gone, and asked how it is
    check        whether this host can carry a lab, found out by trying
    cli          the command line; `commands` has what its words do
    build/       the root file system, images and programs that a lab boots from, made once and kept in a cache

Several labs live side by side: FLEETPROOF_LAB names the instance, and with it the folder
`$XDG_STATE_HOME/fleetproof/<instance>/`, the control group `fleetproof-<instance>` and everything within.

What is not as on real hosts: the machines share one kernel, so its clock and its global settings are out of their reach
(`machine/kernel_files`), and one disk, so a kubelet's image clean-up is held off (`machine/files`).
"""
