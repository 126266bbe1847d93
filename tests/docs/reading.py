"""A Markdown document as values: sections, code blocks, code spans, links. Knows nothing of this project."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from markdown_it import MarkdownIt

if TYPE_CHECKING:
    from collections.abc import Iterator

    from markdown_it.token import Token

_EXPLICIT = re.compile(r'<a id="([^"]+)"></a>')
_HEREDOC = re.compile(r"<<-?\s*'?(\w+)'?")
_COMMENT = re.compile(r"(^|\s)#.*$", re.MULTILINE)
_WORDS_BEFORE_A_COMMAND = {"do", "then", "else", "if", "while", "!", "("}
_NO_COMMAND = {"for", "done", "fi", "case", "esac", ")"}


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced or indented block: its language (`sh` where it is indented), its text, the line it starts at."""

    language: str
    text: str
    line: int

    @property
    def bare(self) -> str:
        """The text without comments and surrounding blanks: what two languages must share."""
        return "\n".join(line.rstrip() for line in _COMMENT.sub("", self.text).strip().splitlines() if line.strip())


@dataclass(frozen=True, slots=True)
class Span:
    """Inline code, or a link's target, with the line of its paragraph."""

    text: str
    line: int


@dataclass(slots=True)
class Section:
    """
    One heading, its anchor, and what stands under it up to the next heading.

    Attributes:
        tables: of each table the first cell of every row, without the header

    """

    level: int
    title: str
    anchor: str
    blocks: list[Block] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    links: list[Span] = field(default_factory=list)
    tables: list[list[str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Document:
    """A whole file; what stands above its first heading is a section without a title."""

    name: str
    sections: tuple[Section, ...]

    @property
    def anchors(self) -> set[str]:
        """What a link may point to."""
        return {section.anchor for section in self.sections if section.anchor}

    def section(self, anchor: str) -> Section:
        """The section of that anchor; StopIteration where there is none."""
        return next(section for section in self.sections if section.anchor == anchor)

    @property
    def blocks(self) -> list[Block]:
        """All blocks, in order."""
        return [block for section in self.sections for block in section.blocks]

    @property
    def spans(self) -> list[Span]:
        """All inline code, in order."""
        return [span for section in self.sections for span in section.spans]

    @property
    def links(self) -> list[Span]:
        """All link targets, in order."""
        return [link for section in self.sections for link in section.links]


def read(name: str, text: str) -> Document:
    """Parse a document."""
    sections = [Section(0, "", "")]
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    line = 1
    for index, token in enumerate(tokens):
        line = token.map[0] + 1 if token.map else line
        if token.type == "heading_open":
            sections.append(_section(int(token.tag[1]), tokens[index + 1].content))
        elif token.type in {"fence", "code_block"}:
            sections[-1].blocks.append(Block(token.info.strip() or "sh", token.content, line))
        elif token.type == "inline":
            sections[-1].spans += _spans(token, line)
            sections[-1].links += _links(token, line)
        elif token.type == "table_open":
            sections[-1].tables.append([])
        elif token.type == "tr_open" and tokens[index + 1].type == "td_open":
            sections[-1].tables[-1].append(tokens[index + 2].content)
    return Document(name, tuple(sections))


def _section(level: int, heading: str) -> Section:
    explicit = _EXPLICIT.search(heading)
    title = _EXPLICIT.sub("", heading).strip()
    return Section(level, title, explicit[1] if explicit else slug(title))


def slug(title: str) -> str:
    """The anchor that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def _spans(token: Token, line: int) -> list[Span]:
    return [Span(child.content, line) for child in token.children or () if child.type == "code_inline"]


def _links(token: Token, line: int) -> list[Span]:
    return [Span(str(child.attrs["href"]), line) for child in token.children or () if child.type == "link_open"]


def commands(script: str) -> Iterator[list[str]]:
    """
    The simple commands of a shell script, as words, without assignments, here-documents and redirections.

    `sudo` and what it is told stay: whoever judges wants to see them.
    """
    for line in _logical_lines(script):
        words: list[str] = []
        lexer = shlex.shlex(_COMMENT.sub("", line), posix=True, punctuation_chars=";|&()<>")
        lexer.whitespace_split, lexer.commenters = True, ""
        for word in lexer:
            if set(word) <= set(";|&()") or (not words and word in _WORDS_BEFORE_A_COMMAND):
                yield from _finished(words)
                words = []
            else:
                words.append(word)
        yield from _finished(words)


def _finished(words: list[str]) -> Iterator[list[str]]:
    words = [word for word in words if not set(word) <= set("<>")]
    while words and re.match(r"\w+=", words[0]):
        words = words[1:]
    if words and words[0] not in _NO_COMMAND:
        yield words


def _logical_lines(script: str) -> Iterator[str]:
    end = ""
    for line in script.replace("\\\n", " ").splitlines():
        if end:
            end = "" if line.strip() == end else end
            continue
        heredoc = _HEREDOC.search(line)
        end = heredoc[1] if heredoc else ""
        yield _HEREDOC.sub("", line)
