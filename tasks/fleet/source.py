"""YAML as a tree of text that remembers its lines, so that every later sentence can name one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

import yaml
from yaml.composer import ComposerError
from yaml.reader import ReaderError

from tasks.model.errors import Mistake

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

Plain: TypeAlias = "str | dict[str, Plain] | list[Plain]"


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a file; the file as the operator knows it, relative to the project's folder."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"

    def mistake(self, said: str) -> Mistake:
        """One mistake at this line."""
        return Mistake(self.file, self.line, said)


@dataclass(frozen=True, slots=True)
class Node:
    """
    One value and where it stands.

    Attributes:
        place: the line of the key that introduces the value, or of the list's item
        value: text (numbers too: ``1.30`` must not become 1.3), or nodes

    """

    place: Place
    value: str | Mapping[str, Node] | tuple[Node, ...]

    def plain(self) -> Plain:
        """The value without its lines."""
        match self.value:
            case str():
                return self.value
            case tuple():
                return [item.plain() for item in self.value]
            case _:
                return {key: item.plain() for key, item in self.value.items()}


@dataclass(slots=True)
class Reader:
    """Reads files one after the other, and keeps what is wrong with them in ``mistakes``."""

    mistakes: list[Mistake] = field(default_factory=list)

    def read(self, path: Path, shown: str) -> Node | None:
        """
        The tree of one file, empty for an empty file; None where it cannot be read at all.

        Arguments:
            path: the file
            shown: its name in mistakes

        """
        try:
            text = path.read_text(encoding="utf-8")
            root = yaml.compose(text, Loader=_PlainLoader)
        except OSError as error:
            self.mistakes.append(Mistake(shown, 1, f"cannot be read: {error.strerror}; the inventory needs this file"))
        except UnicodeDecodeError as error:
            line = error.object[: error.start].count(b"\n") + 1
            self.mistakes.append(Mistake(shown, line, "is not UTF-8 text; save the file as UTF-8"))
        except ReaderError as error:
            line = text[: error.position].count("\n") + 1
            self.mistakes.append(Mistake(shown, line, f"holds control character {error.character:#04x}; delete it"))
        except yaml.MarkedYAMLError as error:
            self.mistakes.append(_syntax_mistake(error, shown))
        else:
            return self._tree(root, Place(shown, 1)) if root else Node(Place(shown, 1), {})
        return None

    def _tree(self, node: yaml.Node, place: Place) -> Node:
        match node:
            case yaml.MappingNode():
                return Node(place, self._mapping(node, place.file))
            case yaml.SequenceNode():
                return Node(place, tuple(self._tree(item, _place(item, place.file)) for item in node.value))
            case _:
                return Node(place, str(node.value))

    def _mapping(self, node: yaml.MappingNode, file: str) -> dict[str, Node]:
        entries: dict[str, Node] = {}
        for key, value in node.value:
            place = _place(key, file)
            if not isinstance(key, yaml.ScalarNode):
                self.mistakes.append(place.mistake("a key must be plain text"))
            elif first := entries.get(key.value):
                said = f"{key.value} is given twice, first in line {first.place.line}; keep one, each name is unique"
                self.mistakes.append(place.mistake(said))
            else:
                entries[key.value] = self._tree(value, place)
        return entries


class _PlainLoader(yaml.BaseLoader):
    """Scalars stay text; an alias, which may refer to itself, is refused."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]  # not in the stubs
            raise ComposerError(None, None, "aliases are not read here; write the value out", mark)
        return super().compose_node(parent, index)


def _place(node: yaml.Node, file: str) -> Place:
    return Place(file, node.start_mark.line + 1)


def _syntax_mistake(error: yaml.MarkedYAMLError, shown: str) -> Mistake:
    """The parser's own words; where it stumbled and, for what was left open, where that began."""
    line = error.problem_mark.line if error.problem_mark else 0
    said = [error.problem]
    if error.context:
        begun = error.context_mark.line if error.context_mark else line
        said.insert(0, error.context + (f" that began in line {begun + 1}" if begun != line else ""))
    return Mistake(shown, line + 1, f"is not YAML here: {', '.join(filter(None, said))}")
