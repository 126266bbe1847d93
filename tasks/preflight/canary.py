"""Prove the real S3 keys: write an object, read the same bytes back, delete it, see that it is gone."""

from __future__ import annotations

import secrets
from contextlib import closing, suppress
from io import BytesIO
from typing import TYPE_CHECKING, Any

from tasks.preflight.object_store import TIMEOUT_S, innermost

if TYPE_CHECKING:
    from minio import Minio
    from urllib3 import HTTPConnectionPool, PoolManager

    from tasks.fleet.model import S3

REGION = "us-east-1"
"""MinIO's default; naming it spares a question that narrow policies forbid."""

CANARY_BYTES = 1024


class CanaryDied(Exception):
    """A step did not work; ``code`` is the store's own (``NoSuchBucket``, ``AccessDenied`` ...) or empty."""

    def __init__(self, said: str, code: str = "") -> None:
        super().__init__(said)
        self.code = code


def open_store(s3: S3, access_key: str, secret_key: str) -> Minio:
    """Open a client with these keys: plain HTTP, short deadlines, no retries; path style, as for all but AWS."""
    from minio import Minio  # noqa: PLC0415  keeps `--help` light

    return Minio(
        endpoint=s3.endpoint,
        access_key=access_key,
        secret_key=secret_key,
        secure=False,
        region=REGION,
        http_client=_straight_to(s3),
    )


def _straight_to(s3: S3) -> PoolManager:
    """A client that connects to the inventory's address, whatever name it asks for: no resolver can make it hang."""
    from urllib3 import PoolManager, Timeout  # noqa: PLC0415  keeps `--help` light

    class Straight(PoolManager):
        def connection_from_host(self, host: str | None, *rest: Any, **options: Any) -> HTTPConnectionPool:
            del host
            return super().connection_from_host(str(s3.address), *rest, **options)

    return Straight(timeout=Timeout(connect=TIMEOUT_S, read=TIMEOUT_S), retries=False)


def send_canary(store: Minio, bucket: str, name: str) -> str:
    """
    Write, read back and delete one object. It is removed also where a step in between fails.

    Arguments:
        name: of the object; unique to this run

    Returns:
        what was proven

    Raises:
        CanaryDied: something did not work

    """
    from minio.error import MinioException, S3Error  # noqa: PLC0415  keeps `--help` light
    from urllib3.exceptions import HTTPError  # noqa: PLC0415

    payload = secrets.token_bytes(CANARY_BYTES)
    try:
        back = _there_and_back(store, bucket, name, payload)
        gone = not list(store.list_objects(bucket_name=bucket, prefix=name))
    except S3Error as error:
        raise CanaryDied(f"{error.code}: {error.message}", error.code or "") from error
    except (MinioException, HTTPError, OSError) as error:
        raise CanaryDied(innermost(error)) from error
    if back != payload:
        raise CanaryDied(f"wrote {len(payload)} bytes and read {len(back)} others")
    if not gone:
        raise CanaryDied(f"deleted {name}, but it is still listed")
    return f"wrote, read back and deleted {len(payload)} bytes"


def _there_and_back(store: Minio, bucket: str, name: str, payload: bytes) -> bytes:
    try:
        store.put_object(bucket_name=bucket, object_name=name, data=BytesIO(payload), length=len(payload))
        with closing(store.get_object(bucket_name=bucket, object_name=name)) as answer:
            back = bytes(answer.read())
    except BaseException:
        # whatever went wrong, Ctrl-C included, is told; that the clean-up failed as well would only hide it
        with suppress(Exception):
            store.remove_object(bucket_name=bucket, object_name=name)
        raise
    store.remove_object(bucket_name=bucket, object_name=name)
    return back
