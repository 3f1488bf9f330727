"""The text of a condition as a parse tree with offsets, or the one place where it has no shape.

Full-width punctuation, ℃, ㎜ and the like are folded by NFKC first; problems point at the
characters as they were written.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cache
from typing import TypeAlias
from unicodedata import normalize

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedInput, UnexpectedToken

from ingest.finding import either, words
from rules.language.functions import FUNCTIONS as FUNCTIONS
from rules.language.functions import KEYWORDS, MEANT

Node: TypeAlias = Tree[Token]

# Deeper trees are refused: people cannot read them, and walking them costs stack.
DEEPEST = 32
_CALL = re.compile(r"(?<![\w.])(?!(?:and|or|not)\b)([^\W\d]\w*)\s*\(")
_WORDS = {
    "&": words("write `and`"),
    "|": words("write `or`"),
    "^": words("multiply instead: x * x"),
    "%": words("write a share as 0.5"),
}
_EXPECTED = {
    "OPERATOR": words("a comparison (>= > <= < == !=)"),
    "_AND": "`and`",
    "_OR": "`or`",
    "RPAR": "`)`",
    "COMMA": "`,`",
    "NAME": words("a metric or function"),
}


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One defect; `offset` counts characters from 0."""

    offset: int
    code: str
    message: str
    suggestion: str = ""


class ConditionError(Exception):
    """A text that is no condition; carries every problem, in the order of the text."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(problem.message for problem in problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Written:
    """A text after NFKC; `origin[i]` is the offset its character i, or its end, was written at."""

    text: str
    origin: tuple[int, ...]

    def error(self, problems: list[Problem]) -> ConditionError:
        """The problems with offsets into the text as it was written."""
        return ConditionError(sorted(replace(p, offset=self.origin[p.offset]) for p in problems))


def normalised(text: str) -> Written:
    """`text` with compatibility characters folded: （ ， ％ ℃ ㎜ become ( , % °C mm."""
    parts = [(part, offset) for offset, written in enumerate(text) for part in normalize("NFKC", written)]
    return Written("".join(part for part, _ in parts), (*(offset for _, offset in parts), len(text)))


def parse(written: Written) -> Node:
    """The parse tree; ConditionError if the text has no shape, or too deep a one."""
    try:
        tree = _parser().parse(written.text)
    except UnexpectedInput as error:
        # A function that is not known says more than the character its arguments stumble over.
        calls = [(call[1], call.start()) for call in _CALL.finditer(written.text)]
        unknown = [unknown_function(name, offset) for name, offset in calls if name not in FUNCTIONS]
        raise written.error(unknown or [_shapeless(written.text, error)]) from error
    if too_deep := _below(tree, DEEPEST):
        message = words("nested deeper than {most} levels", most=DEEPEST)
        raise written.error([Problem(too_deep.meta.start_pos, "E210", message, words("split the rule"))])
    return tree


def unknown_function(name: str, offset: int) -> Problem:
    """What is wrong with a call of `name`, which is not in FUNCTIONS."""
    near = MEANT.get(name) or next(iter(get_close_matches(name, FUNCTIONS, n=1)), None)
    message = words("unknown function `{name}`; known: {names}", name=name, names=", ".join(FUNCTIONS))
    return Problem(offset, "E202", message, words("did you mean {near}?", near=near) if near else "")


def branches(node: Node) -> list[Node]:
    """The parts of a node that are nodes themselves."""
    return [child for child in node.children if isinstance(child, Tree)]


def word(node: Node) -> Token:
    """The token a node carries: the name of a call, a comparison's operator, a leaf itself."""
    return next(child for child in node.children if isinstance(child, Token))


def keyword_of(node: Node) -> str | None:
    """The name of a keyword argument, which is parsed as a comparison by `=`; None for anything else."""
    if node.data != "comparison" or word(node) != "=" or branches(node)[0].data != "name":
        return None
    name = str(word(branches(node)[0]))
    return name if name in KEYWORDS else None


def calls(node: Node) -> Iterator[Node]:
    """Every call of a function in a tree, in no particular order."""
    return (part for part in node.iter_subtrees() if part.data == "call")


def _below(tree: Node, depth: int) -> Node | None:
    """A node that lies deeper than `depth`."""
    level = [tree]
    for _ in range(depth):
        level = [branch for node in level for branch in branches(node)]
    return level[0] if level else None


@cache
def _parser() -> Lark:
    return Lark.open("grammar.lark", rel_to=__file__, parser="lalr", propagate_positions=True)


def _shapeless(text: str, error: UnexpectedInput) -> Problem:
    offset = len(text.rstrip()) if _at_end(error) else min(error.pos_in_stream or 0, len(text))
    if not text.strip():
        return Problem(offset, "E201", words("the condition is empty"), words("write `metric >= threshold`"))
    if _at_end(error):
        return Problem(offset, "E201", words("the condition ends too early"), _expected(error))
    found = error.token if isinstance(error, UnexpectedToken) else text[offset]
    return Problem(
        offset, "E201", words("unexpected `{found}`", found=found), _WORDS.get(found, _expected(error))
    )


def _at_end(error: UnexpectedInput) -> bool:
    return isinstance(error, UnexpectedToken) and error.token.type == "$END"


def _expected(error: UnexpectedInput) -> str:
    names = (
        getattr(error, "accepts", None) or getattr(error, "expected", None) or getattr(error, "allowed", None)
    )
    shown = [_EXPECTED[name] for name in _EXPECTED if name in (names or ())]
    return words("expected {shown}", shown=either(shown)) if shown else ""
