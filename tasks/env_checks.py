"""What can be wrong with the operator's environment; no sentence shows a value."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from tasks.env_file import open_to_others
from tasks.notices import wrong_notices

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tasks.settings import Settings

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
WHERE = "set it in the environment or in .env (see .env.example)"


def mangled(values: Mapping[str, str]) -> Iterator[str]:
    """Values that cannot be meant: pasted with their line breaks."""
    for name, value in values.items():
        if _CONTROL.search(value):
            hint = "; it wants the path of a key file, not the key" if name == "NODE_SSH_KEY" else ""
            yield f"{name} holds a line break or another control character{hint}"


def incomplete(settings: Settings) -> Iterator[str]:
    """Halves of pairs, and paths that lead nowhere."""
    if bool(settings.s3_access_key) != bool(settings.s3_secret_key):
        missing = "S3_SECRET_KEY" if settings.s3_access_key else "S3_ACCESS_KEY"
        yield f"{missing} is missing, its counterpart is set; {WHERE}"
    yield from wrong_notices(settings.notices)
    files = {"NODE_SSH_KEY": settings.node_ssh_key, "FLEETPROOF_WAIVERS": settings.waivers}
    for name, path in files.items():
        if path and not os.path.isfile(path):  # noqa: PTH113  unlike Path's, it never raises with the value in its text
            yield f"{name} names no file; give the path of one, relative to the project's folder or absolute"
        elif path and name == "NODE_SSH_KEY":
            yield from open_to_others(path)
    folders = [("FLEETPROOF_CHARTS", path) for path in settings.charts]
    more = (("FLEETPROOF_SCHEMAS", settings.schemas), ("FLEETPROOF_TEXTFILE", settings.notices.textfile))
    for name, path in (*folders, *more):
        if path and not os.path.isdir(path):  # noqa: PTH112  as above
            yield f"{name} names no folder; give the path of one, relative to the project's folder or absolute"
