"""What is in the bucket of blocks, read with the very Secret that the workload has; and what Prometheus holds back."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml

from tasks.deploy.secrets import live_secret
from tasks.model.errors import FleetError
from tasks.model.masking import mask_values
from tasks.monitoring.ask import PROMETHEUS, get
from tasks.preflight.canary import open_store
from tasks.preflight.object_store import innermost
from tasks.thanos.block import Bucket, Head, read_block

if TYPE_CHECKING:
    from collections.abc import Mapping

    from minio import Minio

    from tasks.deploy.api import KubeApi
    from tasks.fleet.model import S3
    from tasks.thanos.block import Block

SECRET, KEY = "thanos-objstore", "objstore.yml"
_ULID = re.compile(r"[0-9A-HJKMNP-TV-Z]{26}")
_UNITS_S = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
META, DELETION, APART = "meta.json", "deletion-mark.json", "no-compact-mark.json"
READERS = 8


class BucketSilent(FleetError):
    """The bucket could not be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mounted:
    """The store as a workload's Secret has it; no ``repr`` shows a key."""

    endpoint: str
    bucket: str
    access_key: str = field(repr=False)
    secret_key: str = field(repr=False)

    def open(self, s3: S3) -> Minio:
        """A client with these keys."""
        return open_store(s3, self.access_key, self.secret_key)

    def masked(self, text: str) -> str:
        """A text without the keys, which need not be those of the operator's environment."""
        return mask_values((self.access_key, self.secret_key))(text)


def mounted(api: KubeApi, namespace: str) -> Mounted:
    """
    Read the Secret that Thanos mounts in a namespace.

    Raises:
        ApiError: the API server does not answer
        ValueError: there is no such Secret, or it is not what Thanos reads

    """
    text = live_secret(api, namespace, SECRET).get(KEY, "")
    config = (yaml.safe_load(text) or {}).get("config") or {}
    try:
        return Mounted(
            endpoint=config["endpoint"],
            bucket=config["bucket"],
            access_key=config["access_key"],
            secret_key=config["secret_key"],
        )
    except KeyError as error:
        raise ValueError(f"Secret {SECRET} of namespace {namespace} has no {error} in {KEY}") from None


def head_of(api: KubeApi) -> Head:
    """
    Ask one cluster's Prometheus about its storage.

    Raises:
        ApiError, ValueError, KeyError: it does not say

    """
    flags = get(api, PROMETHEUS, "api/v1/status/flags")["data"]
    # its page and no query: after a restart the samples of the Prometheus before are still there
    page = api.text(f"/api/v1/namespaces/{PROMETHEUS}/proxy/metrics")
    return Head(
        duration_s=seconds(flags["storage.tsdb.min-block-duration"]),
        begins_s=_gauge(page, "prometheus_tsdb_head_min_time_seconds"),
        oldest_s=_gauge(page, "prometheus_tsdb_lowest_timestamp_seconds"),
        started_s=_gauge(page, "process_start_time_seconds"),
    )


def _gauge(page: str, name: str) -> float:
    found = re.search(rf"^{name} (\S+)$", page, re.MULTILINE)
    if found is None:
        raise ValueError(f"Prometheus' own metrics have no {name}")
    return float(found[1])


def seconds(duration: str) -> float:
    """A duration as Prometheus writes it, ``1h30m``, in seconds; ValueError where it is none."""
    parts = re.findall(r"(\d+)(ms|[smhdw])", duration)
    if not parts or "".join(number + unit for number, unit in parts) != duration:
        raise ValueError(f"{duration!r} is no duration")
    return sum(int(number) * _UNITS_S[unit] for number, unit in parts)


def read_bucket(store: Minio, bucket: str) -> Bucket:
    """
    List all blocks and read each ``meta.json``.

    Raises:
        BucketSilent: the store does not answer, or refuses

    """
    from minio.error import MinioException  # noqa: PLC0415  `--help` does not pay for it
    from urllib3.exceptions import HTTPError  # noqa: PLC0415  as above

    try:
        objects: dict[str, dict[str, float]] = {}
        for it in store.list_objects(bucket_name=bucket, recursive=True):
            folder, _, name = (it.object_name or "").partition("/")
            if _ULID.fullmatch(folder) and it.last_modified:
                objects.setdefault(folder, {})[name] = it.last_modified.timestamp()
        whole = {folder: names for folder, names in objects.items() if META in names}
        with ThreadPoolExecutor(READERS) as pool:
            read = list(pool.map(lambda it: _block(store, bucket, *it), whole.items()))
    except (MinioException, HTTPError, OSError) as error:
        raise BucketSilent(f"bucket {bucket}: {innermost(error)}") from error
    return Bucket(
        blocks=tuple(it for it in read if it is not None and not isinstance(it, str)),
        unfinished={folder: max(names.values()) for folder, names in objects.items() if META not in names},
        damaged=tuple(it for it in read if isinstance(it, str)),
    )


def _block(store: Minio, bucket: str, folder: str, names: Mapping[str, float]) -> Block | str | None:
    """One block, or what is wrong with its ``meta.json``; None where it has just been deleted."""
    from minio.error import S3Error  # noqa: PLC0415  as above

    try:
        meta = _json(store, bucket, f"{folder}/{META}")
        mark = _json(store, bucket, f"{folder}/{DELETION}") if DELETION in names else {}
        marked_s = float(mark["deletion_time"]) if mark else None
        return read_block(meta, names[META], marked_s, kept_apart=APART in names)
    except S3Error as error:
        if error.code == "NoSuchKey":
            return None
        raise
    except (ValueError, KeyError, TypeError) as error:
        return f"{folder}/{META} cannot be read: {type(error).__name__} {error}"


def _json(store: Minio, bucket: str, name: str) -> Any:
    with closing(store.get_object(bucket_name=bucket, object_name=name)) as answer:
        return json.loads(answer.read())
