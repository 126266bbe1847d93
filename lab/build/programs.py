"""Programs from pinned Go modules: one artefact per tool set, with `bin/` and whatever sources a later step needs."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from lab.build.cache import Recipe, content_of
from lab.build.toolchain import TOOLS, go_environment
from lab.build.workshop import BuildError, Workshop

# no symbol table, no debugging information; stack traces stay readable
_FLAGS = ("-trimpath", "-buildvcs=false", "-gcflags=all=-dwarf=false")
_LINKER_FLAGS = "-s -w"
_PROGRESS_INTERVAL_S = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolSet:
    """
    One folder of `lab/tools`, whose go.mod names programs and pins everything that they are made of.

    Attributes:
        name: of the folder
        module: the module that carries the release's version
        stamp: variables that the linker sets, as a release build of the project does; the release's `version` (v1.2.3),
            `bare` (1.2.3), `major`, `minor` and `patch` are filled in
        tags: build tags
        rename: programs whose file is not called after their package
        sources: files and folders of the module that are kept beside `bin/`: path in the module to name

    """

    name: str
    module: str
    stamp: Mapping[str, str] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    rename: Mapping[str, str] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """Where its pins are."""
        return TOOLS / self.name

    @property
    def version(self) -> str:
        """The pinned release, as ``v1.2.3``."""
        return self.version_of(self.module)

    def version_of(self, module: str) -> str:
        """The pinned version of any module that it is made of."""
        pinned = re.search(rf"^\s*(?:require )?{re.escape(module)} (v\S+)", self._pins, re.MULTILINE)
        if pinned is None:
            raise BuildError(f"{self.folder / 'go.mod'} does not require {module}")
        return pinned[1]

    @property
    def programs(self) -> tuple[str, ...]:
        """The packages that its go.mod declares as tools."""
        block = re.search(r"^tool \(\n(.*?)^\)", self._pins, re.MULTILINE | re.DOTALL)
        lines = block[1].split() if block else re.findall(r"^tool (\S+)", self._pins, re.MULTILINE)
        return tuple(lines)

    @property
    def linker_flags(self) -> str:
        """What the linker is told: the release's version, where the program would not know it otherwise."""
        stamps = (f"-X '{name}={self.worded(value)}'" for name, value in self.stamp.items())
        return " ".join([_LINKER_FLAGS, *stamps])

    def worded(self, template: str) -> str:
        """Fill the release into a template; see `stamp`."""
        bare = self.version.removeprefix("v")
        major, minor, patch = bare.split(".", 2)
        return template.format(version=self.version, bare=bare, major=major, minor=minor, patch=patch)

    @property
    def recipe(self) -> Recipe:
        """The artefact."""
        decisive = json.dumps([_FLAGS, self.linker_flags, self.tags, dict(self.rename), dict(self.sources)])
        pins = (content_of(self.folder / "go.mod"), content_of(self.folder / "go.sum"))
        return Recipe(name=self.name, build=partial(_build, self), inputs=(decisive, *pins))

    @property
    def _pins(self) -> str:
        return (self.folder / "go.mod").read_text()


@dataclass(slots=True)
class _Watch:
    """Tells which programs have appeared, and at least now and then that work goes on."""

    workshop: Workshop
    name: str
    total: int
    folder: Path
    seen: set[str] = field(default_factory=set)
    told_s: float = 0.0

    def __call__(self, elapsed_s: float) -> None:
        for program in sorted({file.name for file in self.folder.iterdir()} - self.seen):
            self.seen.add(program)
            self._tell(program, elapsed_s)
        if elapsed_s - self.told_s >= _PROGRESS_INTERVAL_S:
            self._tell("compiling", elapsed_s)

    def _tell(self, what: str, elapsed_s: float) -> None:
        self.told_s = elapsed_s
        self.workshop.say(f"{self.name} {len(self.seen)}/{self.total} {what}, {elapsed_s:.0f} s")


def _build(tools: ToolSet, workshop: Workshop, draft: Path, _needs: Mapping[str, Path]) -> None:
    target = draft / "bin"
    target.mkdir()
    flags = [*_FLAGS, "-ldflags", tools.linker_flags, "-tags", ",".join(tools.tags)]
    argv: list[str | Path] = [workshop.go, "build", *flags, "-o", f"{target}/", "tool"]
    watch = _Watch(workshop, tools.name, len(tools.programs), target)
    workshop.run(tools.name, argv, cwd=tools.folder, environment=go_environment(), watch=watch)
    built = {file.name for file in target.iterdir()}
    if len(built) != len(tools.programs):
        raise BuildError(f"{tools.name}: {len(tools.programs)} programs were wanted, {sorted(built)} were built")
    for program, name in tools.rename.items():
        (target / program).rename(target / name)
    if tools.sources:
        keep_sources(tools, tools.sources, workshop, draft)


def keep_sources(tools: ToolSet, sources: Mapping[str, str], workshop: Workshop, draft: Path) -> None:
    """Copy files and folders of a tool set's module (path there to name here) into `draft`."""
    argv: list[str | Path] = [workshop.go, "list", "-m", "-f", "{{.Dir}}", tools.module]
    module = workshop.ask(argv, cwd=tools.folder, environment=go_environment()).strip()
    for origin, name in sources.items():
        path = Path(module, origin)
        workshop.ask(["cp", "--recursive", "--no-target-directory", "--no-preserve=mode", path, draft / name])
        if path.suffix == ".sh":
            (draft / name).chmod(0o755)  # a module has no executable files
