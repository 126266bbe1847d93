"""The images of the logs' way: OpenSearch, and what ships logs in Fluent Bit's place."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from lab.build.bases import base_recipe
from lab.build.images import ASSEMBLED, STAND_IN, Image
from lab.build.opensearch import HOME, OPENSEARCH, version_of

_USER = 1000
"""As whom the published image of OpenSearch runs."""


LOGS_BASE = base_recipe("logs-base", ("bash", "ca-certificates", "findutils", "rsyslog", "rsyslog-elasticsearch"))
"""The file system beneath both images."""

NEEDS = (OPENSEARCH, LOGS_BASE)


def log_images(needs: Mapping[str, Path]) -> Iterator[Image]:
    """Describe both images; `needs` are finished artefacts by name."""
    base = needs[LOGS_BASE.name] / "base.tar"
    versions = {name: version_of(name) for name in ("opensearch", "opensearch-security", "repository-s3")}
    yield Image(
        reference="opensearchproject/opensearch:3.6.0",
        contents={HOME: needs[OPENSEARCH.name] / "home", f"{HOME}/data": None, f"{HOME}/logs": None},
        command=(f"{HOME}/entrypoint.sh",),
        inside=", ".join(f"{name} {version}" for name, version in versions.items()) + ", a Java runtime",
        origin=ASSEMBLED,
        differs=(
            "another release than the reference says: the newest with a published security plugin; repository-s3 is "
            "its neighbour's; no index management, no analysers of languages"
        ),
        base=base,
        owner=_USER,
    )
    yield Image(
        reference="docker.io/fleetproof/log-shipper:stand-in",
        contents={},
        command=("/usr/sbin/rsyslogd",),
        inside="Debian's rsyslog with imfile and omelasticsearch",
        origin=STAND_IN,
        differs="ships logs in Fluent Bit's place",
        base=base,
    )
