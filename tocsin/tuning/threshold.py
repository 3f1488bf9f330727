"""The one number of a rule that is to be tuned: where it stands, and the text with another in its place."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from unicodedata import normalize

from ingest.document.composer import Path
from ingest.finding import words
from rules.grade import Grade
from rules.language.parsing import Node, branches, keyword_of, normalised, parse, word
from rules.language.printed import plain_number
from rules.rulebook import Ladder

# No duration of several terms, `1h30min`: there is not one number in it.
_NUMBER = re.compile(r"(?P<number>-?\d+(?:\.\d+)?)(?P<gap>\s*)(?P<unit>(?!(?:d|h|min|s)\s*\d).*)", re.DOTALL)
_OFFSET = re.compile(r"(?P<site>site\.\w+)(?:\s*(?P<sign>[-+])\s*(?P<amount>\d.*))?", re.DOTALL)


class Untunable(Exception):
    """Why a threshold cannot be tuned, and what can be."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """A comparison as it is written in a grade's condition; `text` is all of it, `right` its threshold."""

    grade: Grade
    text: str
    left: str
    right: str

    @property
    def head(self) -> str:
        """All before the threshold: `sum(rain, 3h) >= `."""
        return self.text[: len(self.text) - len(self.right)]

    def is_named(self, metric: str) -> bool:
        """Whether `metric` is its left side, with or without what follows, however spaced; "" is any."""
        names = map(_closed_up, (self.left, self.head, self.text))
        return not metric or _closed_up(metric) in names

    def __str__(self) -> str:
        return f"{self.grade}: {self.text}"


@dataclass(frozen=True, slots=True)
class Threshold:
    """The number on the right of a comparison; `number` is the one in force, in `unit`.

    `span` (from, to) is where the right side stands in the text of its file. `site` is the parameter that the
    number is added to, "" where it stands alone; then it may be negative.
    """

    comparison: Comparison
    span: tuple[int, int]
    number: Decimal
    gap: str
    unit: str
    site: str = ""

    def written(self, number: Decimal) -> str:
        """The right side with another number; its own text for the number in force."""
        if number == self.number:
            return self.comparison.right
        amount = f"{plain_number(abs(number))}{self.gap}{self.unit}"
        if not self.site:
            return amount if number >= 0 else f"-{amount}"
        return f"{self.site} {'-' if number < 0 else '+'} {amount}" if number else self.site

    def edited(self, text: str, number: Decimal) -> str:
        """The text of the file with another number."""
        begin, end = self.span
        return text[:begin] + self.written(number) + text[end:]

    def line(self, text: str) -> tuple[int, str]:
        """The number (from 1) and the text of the line that the threshold begins in."""
        begin = self.span[0]
        return text.count("\n", 0, begin) + 1, text.split("\n")[text.count("\n", 0, begin)]


def find(ladder: Ladder, grade: Grade | None, metric: str) -> Comparison:
    """The only comparison of the grade (any, if None) with `metric` (any, if "") on its left.

    Raises Untunable that names what there is.
    """
    every = [each for of in ladder.rule.grades for each in comparisons(ladder, of)]
    fitting = [each for each in every if grade in (None, each.grade) and each.is_named(metric)]
    if len(fitting) == 1:
        return fitting[0]
    asked = " ".join(
        [*([f"--grade {grade}"] if grade else []), *([f"--metric '{metric}'"] if metric else [])]
    )
    listed, rule = "\n".join(f"  {each}" for each in (fitting or every)), ladder.rule.id
    if fitting:
        raise Untunable(
            words(
                "{rule}: several thresholds; name one with --grade and --metric:\n{listed}",
                rule=rule,
                listed=listed,
            )
        )
    raise Untunable(
        words(
            "{rule}: no threshold for {asked}; there are:\n{listed}",
            rule=rule,
            asked=asked or words("it"),
            listed=listed,
        )
    )


def comparisons(ladder: Ladder, grade: Grade) -> Iterator[Comparison]:
    """The comparisons of a grade, those inside functions too, in the order of the text."""
    text = _text(ladder, grade)
    written = normalised(text)

    def of(node: Node) -> str:
        return text[written.origin[node.meta.start_pos] : written.origin[node.meta.end_pos]].strip()

    nodes = [node for node in parse(written).find_data("comparison") if keyword_of(node) is None]
    for node in sorted(nodes, key=lambda each: each.meta.start_pos):
        # A keyword argument has the shape of a comparison by `=`.
        if str(word(node)) != "=":
            left, right = branches(node)
            yield Comparison(grade, of(node), of(left), of(right))


def threshold(ladder: Ladder, comparison: Comparison, unit_of_site: str) -> Threshold:
    """What can be tuned of a comparison; `unit_of_site` is that of its site parameter, if it has one.

    Raises Untunable for one that is calculated, or that is not written out in the rule itself.
    """
    span = _span(ladder, comparison)
    if match := _NUMBER.fullmatch(normalize("NFKC", comparison.right)):
        return Threshold(comparison, span, Decimal(match["number"]), match["gap"], match["unit"].strip())
    if match := _OFFSET.fullmatch(normalize("NFKC", comparison.right)):
        if match["amount"] is None:
            return Threshold(comparison, span, Decimal(0), " ", unit_of_site, match["site"])
        if amount := _NUMBER.fullmatch(match["amount"]):
            number = Decimal(amount["number"]) * (-1 if match["sign"] == "-" else 1)
            return Threshold(comparison, span, number, amount["gap"], amount["unit"].strip(), match["site"])
    raise Untunable(
        words(
            "{rule}: `{right}` is calculated: only one number with its unit, or one that is added to "
            "site.<parameter> or taken from it, can be tuned",
            rule=ladder.rule.id,
            right=comparison.right,
        )
    )


def site_of(comparison: Comparison) -> str:
    """The name of the site parameter that the threshold begins with; "" for none."""
    match = _OFFSET.fullmatch(comparison.right)
    return match["site"].removeprefix("site.") if match else ""


def _text(ladder: Ladder, grade: Grade) -> str:
    at: object = ladder.document.data
    for part in _path(ladder, grade):
        assert isinstance(at, dict | list)
        at = at[part]  # type: ignore[index]
    return str(at)


def _path(ladder: Ladder, grade: Grade) -> Path:
    return (*ladder.path, "grades", str(grade))


def _closed_up(text: str) -> str:
    return "".join(normalize("NFKC", text).split())


def _span(ladder: Ladder, comparison: Comparison) -> tuple[int, int]:
    """Where the right side stands in the file: the one place between the grade's key and the next one."""
    document, path = ladder.document, _path(ladder, comparison.grade)
    lines = document.source.lines
    line, column = document.place(path)
    if line > len(lines):
        raise Untunable(
            words(
                "{rule}: its {grade} stands in a template, which other rules use",
                rule=ladder.rule.id,
                grade=str(comparison.grade),
            )
        )
    starts = [0]
    for each in lines:
        starts.append(starts[-1] + len(each) + 1)
    begin = starts[line - 1] + column - 1
    behind = [starts[row - 1] + at - 1 for row, at in document.keys.values() if row <= len(lines)]
    end = min((at for at in behind if at > begin), default=len(document.source.text))
    found = [*_pattern(comparison).finditer(document.source.text, begin, end)]
    if len(found) != 1:
        why = words("stands there twice") if found else words("is written with escapes")
        raise Untunable(
            words(
                "{file}:{line}: `{text}` {why}, so it cannot be told what to change",
                file=document.source.name,
                line=line,
                text=comparison.text,
                why=why,
            )
        )
    return found[0].span("right")


def _pattern(comparison: Comparison) -> re.Pattern[str]:
    """The text of the comparison, wherever its line is broken."""
    return re.compile(
        rf"(?<![\w.]){_broken(comparison.head)}(?P<right>{_broken(comparison.right)})(?![\w.%/])"
    )


def _broken(text: str) -> str:
    return "".join(r"\s+" if part.isspace() else re.escape(part) for part in _pieces(text))


def _pieces(text: str) -> Sequence[str]:
    return re.split(r"(\s+)", text)
