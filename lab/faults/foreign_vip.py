"""Somebody else on the LAN has taken a VIP for himself."""

from ipaddress import IPv4Address, IPv4Interface
from typing import ClassVar

from lab import wire
from lab.faults.fault import Case, Fault, Parameter
from lab.plan import LabPlan, PlanError


def _a_free_address(plan: LabPlan, word: str) -> None:
    try:
        address = IPv4Address(word)
    except ValueError as error:
        raise PlanError(f"{word!r}: wanted an IPv4 address of {plan.lan}") from error
    taken = {plan.gateway.ip, plan.seat.ip, *(machine.address.ip for machine in plan.machines)}
    if address not in plan.lan or address in taken:
        raise PlanError(f"{word}: wanted an address of {plan.lan} that is no machine's, the gateway's or the seat's")


class ForeignVip(Fault):
    """A host of its own on the switch, with the VIP as its address."""

    name: ClassVar[str] = "foreign-vip"
    parameters = (Parameter("VIP", _a_free_address),)
    breaks: ClassVar[str] = "A stranger on the LAN answers ARP for the VIP with a MAC of its own."

    def apply(self, case: Case) -> None:
        """Plug the stranger in."""
        self.undo(case)
        address = IPv4Interface((case.words[0], case.lab.plan.lan.prefixlen))
        wire.attach(case.lab.state, _name(case), address)

    def undo(self, case: Case) -> None:
        """Unplug it."""
        wire.detach(case.lab.state, _name(case))


def _name(case: Case) -> str:
    """Short enough for a port: the address in hexadecimal."""
    return f"alien-{IPv4Address(case.words[0]).packed.hex()}"
