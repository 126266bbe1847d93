"""The object store: MinIO, outside the clusters, with credentials that this lab made."""

import http.client
from pathlib import Path

from lab import linux, wire
from lab.credentials import Credentials
from lab.plan import LabPlan
from lab.services.daemon import Daemon
from lab.state import State

NAME = "s3"
_HEALTHY = 200


def daemon(plan: LabPlan, state: State, minio: Path) -> Daemon:
    """MinIO over one folder; a bucket is a folder within, made before it starts."""
    data = state.services / NAME / "data"
    for bucket in plan.store.buckets:
        (data / bucket).mkdir(parents=True, exist_ok=True)
    keys = Credentials(state.secrets).environment()
    address = f"{plan.store.address.ip}:{plan.store.port}"
    return Daemon(
        name=NAME,
        network=wire.STORE,
        argv=(str(minio), "server", "--quiet", "--address", address, "--console-address", "127.0.0.1:9001", str(data)),
        environment={
            "MINIO_ROOT_USER": keys["S3_ACCESS_KEY"],
            "MINIO_ROOT_PASSWORD": keys["S3_SECRET_KEY"],
            "MINIO_CI_CD": "1",  # it refuses to share a disk with the root file system otherwise
            "MINIO_BROWSER": "off",
            "MINIO_UPDATE": "off",
        },
    )


def answers(plan: LabPlan, state: State) -> bool:
    """Whether it calls itself ready, asked from the operator's seat, through the gateway."""
    with linux.inside_network(state.network(wire.SEAT)):
        connection = http.client.HTTPConnection(str(plan.store.address.ip), plan.store.port, timeout=1)
        try:
            connection.request("GET", "/minio/health/ready")
            return connection.getresponse().status == _HEALTHY
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()
