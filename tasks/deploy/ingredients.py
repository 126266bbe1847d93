"""What a Secret is made of, and who is told what is missing."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from tasks.model.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from tasks.deploy.certificates import Authority
    from tasks.fleet.model import Cluster, Fleet
    from tasks.run.context import RunContext
    from tasks.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingredients:
    """
    What a Secret is made of.

    Attributes:
        root: the project's folder
        open_authority: reads the fleet's authority; called by whoever needs it, and not before
        live: the Secret's content as the cluster has it, empty where there is none
        stream: the component's rendered objects as text: what it asks for decides what is needed

    """

    settings: Settings
    root: Path
    fleet: Fleet
    cluster: Cluster
    open_authority: Callable[[], Authority]
    stream: str
    live: Mapping[str, str] = field(default_factory=dict, repr=False)

    def need(self, variable: str, value: str, what_for: str) -> str:
        """The value of a variable; raises ``SettingsError`` that names it and who wants it where it is missing."""
        if not value:
            raise SettingsError(
                f"{variable} is missing: {what_for} of {self.cluster.name} needs it; set it in the environment or in "
                ".env (see .env.example)"
            )
        return value

    @property
    def authority(self) -> Authority:
        """The fleet's authority."""
        return self.open_authority()

    @property
    def s3_keys(self) -> tuple[str, str]:
        """Access key and secret key of the object store."""
        settings = self.settings
        return (
            self.need("S3_ACCESS_KEY", settings.s3_access_key, "the object store's access"),
            self.need("S3_SECRET_KEY", settings.s3_secret_key, "the object store's access"),
        )

    def certificate(self, names: Sequence[str], *, addresses: Sequence[str] = ()) -> dict[str, str]:
        """A certificate of the fleet's authority: ``ca.crt``, ``tls.crt``, ``tls.key``; the live one while good."""
        from tasks.deploy.certificates import certificate_for  # noqa: PLC0415  as below

        return certificate_for(self.authority, names, addresses=addresses, live=self.live)


def ingredients_for(ctx: RunContext, cluster: Cluster, stream: str) -> Callable[[Mapping[str, str]], Ingredients]:
    """What one component's Secrets are made of, once the live content of each is given."""

    @cache
    def opened() -> Authority:
        from tasks.deploy.certificates import open_authority  # noqa: PLC0415  most components pay for no cryptography

        return open_authority(ctx.state / "authority")

    def given(live: Mapping[str, str]) -> Ingredients:
        return Ingredients(
            settings=ctx.settings,
            root=ctx.root,
            fleet=ctx.fleet,
            cluster=cluster,
            open_authority=opened,
            stream=stream,
            live=live,
        )

    return given
