"""Who is told of alerts: a stand-in on the gateway, where every pod reaches it and the operator can read what came."""

import http.client
import sys
from pathlib import Path
from urllib.parse import urlsplit

from lab import linux, wire
from lab.credentials import RECEIVER_PORT, Credentials
from lab.plan import LabPlan
from lab.services.daemon import Daemon
from lab.services.receive import HEALTH
from lab.state import State

NAME = "alerts-stand-in"
_PROGRAM = Path(__file__).with_name("receive.py")
_HEALTHY = 200


def daemon(plan: LabPlan, state: State) -> Daemon:
    """The program over the path that the lab made up; messages live as long as it does."""
    path = urlsplit(Credentials(state.secrets).environment()["ALERT_WEBHOOK_URL"]).path
    return Daemon(
        name=NAME,
        network=wire.GATEWAY,
        argv=(sys.executable, "-I", str(_PROGRAM), str(plan.gateway.ip), str(RECEIVER_PORT)),
        environment={"RECEIVER_PATH": path},
    )


def answers(plan: LabPlan, state: State) -> bool:
    """Whether it is there, asked from the operator's seat."""
    with linux.inside_network(state.network(wire.SEAT)):
        connection = http.client.HTTPConnection(str(plan.gateway.ip), RECEIVER_PORT, timeout=1)
        try:
            connection.request("GET", HEALTH)
            return connection.getresponse().status == _HEALTHY
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()
