"""Clocks against one reference, each with the error that distance and resolution leave. Pure arithmetic, in seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasks.preflight.values import Clock, Unknown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tasks.preflight.values import Fact

HTTP_DATE_RESOLUTION_S = 1.0
"""An HTTP ``Date`` is cut to whole seconds: the server's clock stands somewhere in the second that it names."""


def read_clock(begun: Fact[float], ended: Fact[float], *, sent: float, received: float) -> Fact[Clock]:
    """
    Compare a host's clock, read at the beginning and the end of a script, with the operator's around it.

    The host's own time between the two readings is no part of the distance, so a slow script blurs nothing: the offset
    is NTP's ``((T2 - T1) + (T3 - T4)) / 2``, and it is wrong by at most half of the time on the way.
    """
    if isinstance(begun, Unknown):
        return begun
    if isinstance(ended, Unknown):
        return ended
    on_the_way = (received - sent) - (ended - begun)
    return Clock(ahead_s=((begun - sent) + (ended - received)) / 2, error_s=abs(on_the_way) / 2)


def read_http_date(date: float, *, sent: float, received: float) -> Clock:
    """Compare an HTTP ``Date`` (Unix time) with the operator's clock around the request."""
    earliest, latest = date - received, date + HTTP_DATE_RESOLUTION_S - sent
    return Clock(ahead_s=(earliest + latest) / 2, error_s=(latest - earliest) / 2)


def reference(clocks: Sequence[Clock]) -> Clock:
    """
    Choose what "the right time" is.

    The median of all clocks of the fleet, the operator's and the object store's included: no single wrong clock moves
    it, not even the operator's. Of two middle ones that which is nearer to the operator's.

    Arguments:
        clocks: at least the operator's own, which is 0 s ahead of itself

    """
    ordered = sorted(clocks, key=lambda clock: clock.ahead_s)
    middle = (ordered[(len(ordered) - 1) // 2], ordered[len(ordered) // 2])
    return min(middle, key=lambda clock: abs(clock.ahead_s))
