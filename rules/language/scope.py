"""What the names in one condition mean, and what has been found wrong with it so far."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from ingest.clock import DAY
from ingest.document.source_text import did_you_mean
from ingest.duration import DurationError, format_duration, parse_duration
from ingest.finding import either, words, words_of
from ingest.kinds import Form, Kind, Metric
from rules.language.functions import SIGNATURES
from rules.language.parsing import Node, Problem, branches, keyword_of, word
from rules.language.thresholds import ThresholdError
from rules.language.vocabulary import Units, Vocabulary

LONGEST = 31 * DAY
# What a zone says itself, in minutes.
EVACUATION = "evacuation"
_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class Call:
    """The arguments of a call, those without a name and those with one."""

    function: str
    arguments: tuple[Node, ...]
    keywords: Mapping[str, Node]


@dataclass(frozen=True, slots=True)
class Scope:
    """`kind` owns the metrics that can be named here: None where none can, outside the groups of a zone.

    `group` is the group function whose condition is read, "" outside; `meant` are the kinds that the group
    functions of the text name unambiguously.
    """

    text: str
    vocabulary: Vocabulary
    kind: Kind | None
    meant: frozenset[str] = frozenset()
    group: str = ""
    problems: list[Problem] = field(default_factory=list)

    def within(self, group: str, kind: Kind | None) -> "Scope":
        """The scope of the condition of a group function over sensors of `kind`."""
        return replace(self, kind=kind, group=group)

    def refuse(self, node: Node, code: str, message: str, suggestion: str = "") -> None:
        """Note what is wrong with `node`."""
        self.refuse_at(node.meta.start_pos, code, message, suggestion)

    def refuse_at(self, offset: int, code: str, message: str, suggestion: str = "") -> None:
        """Note what is wrong with the character at `offset`."""
        self.problems.append(Problem(offset, code, message, suggestion))

    def attempt(self, node: Node, step: Callable[[], _Result]) -> _Result | None:
        """The step's result, or None after noting why it refuses what stands at `node`."""
        try:
            return step()
        except ThresholdError as error:
            self.refuse(node, error.code, error.message, error.suggestion)
            return None

    def written(self, node: Node) -> str:
        """The text of `node`."""
        return self.text[node.meta.start_pos : node.meta.end_pos]

    def site_units(self, parameter: str) -> frozenset[str] | None:
        """The units in which sensors of the kind give a parameter; None if no sensors are known."""
        known = self._parameters()
        units = None if known is None else known.get(parameter, frozenset())
        return (units or frozenset()) | {"min"} if parameter == EVACUATION else units

    def site_names(self) -> list[str]:
        """The parameters that are known."""
        return [*(self._parameters() or ()), EVACUATION]

    def call(self, node: Node) -> Call | None:
        """The arguments of a call; None after noting that there are too few, too many or unknown ones."""
        name = str(word(node))
        signature = SIGNATURES[name]
        given: list[Node] = []
        keywords: dict[str, Node] = {}
        fits = True
        for branch in branches(node):
            keyword = self._keyword(branch)
            if keyword is None:
                given.append(branch)
            elif keyword in signature.keywords and keyword not in keywords:
                keywords[keyword] = branches(branch)[1]
            else:
                message = (
                    words("`{name}` takes no second `{keyword}=`", name=name, keyword=keyword)
                    if keyword in keywords
                    else words("`{name}` takes no `{keyword}=`", name=name, keyword=keyword)
                )
                self.refuse(branch, "E210", message, did_you_mean(keyword, signature.keywords))
                fits = False
        if not signature.least <= len(given) <= signature.most:
            message = words(
                "`{name}` takes {arguments}, not {given}",
                name=name,
                arguments=_count(signature.least, signature.most),
                given=len(given),
            )
            self.refuse(node, "E210", message, words("write {form}", form=signature.form))
            fits = False
        return Call(name, tuple(given), keywords) if fits else None

    def duration(self, node: Node, longest: int = LONGEST) -> int | None:
        """Milliseconds, more than 0 and at most `longest`; None after a problem."""
        if node.data != "quantity":
            advice = words("write a number and a unit: 90s, 5min, 3h")
            self.refuse(node, "E206", words("`{text}` is no duration", text=self.written(node)), advice)
            return None
        try:
            duration = parse_duration(str(word(node)))
        except DurationError as error:
            self.refuse(node, "E206", words_of(error), error.suggestion)
            return None
        if 0 < duration <= longest:
            return duration
        limits = words("write more than 0s and at most {longest}", longest=format_duration(longest))
        self.refuse(node, "E206", words("`{text}` cannot be kept", text=self.written(node)), limits)
        return None

    def window(self, node: Node, form: Form = Form.INSTANT) -> int | None:
        """A duration that holds a period of an amount, or two intervals of an instantaneous metric."""
        width = self.duration(node)
        reporting = self.vocabulary.interval(self.kind) if self.kind else 0
        least = reporting if form is Form.AMOUNT else 2 * reporting
        if width is None or width >= least:
            return width
        holds = words("one period") if form is Form.AMOUNT else words("two intervals")
        message = words(
            "a window of {width} is shorter than {holds}: sensors report every {interval}",
            width=format_duration(width),
            holds=holds,
            interval=format_duration(reporting),
        )
        advice = words("write at least {least}", least=format_duration(least))
        self.refuse(node, "E214", message, advice)
        return None

    def metric(self, node: Node) -> Metric | None:
        """The metric named at `node`; counters are for decoding only (D23)."""
        if node.data != "name":
            message = words("a metric belongs here, not `{text}`", text=self.written(node))
            self.refuse(node, "E204", message, did_you_mean("", self.kind.metrics if self.kind else ()))
            return None
        name = str(word(node))
        metric = self.kind.metrics.get(name) if self.kind else None
        if metric is None:
            owner = self.kind.name if self.kind else words("every kind")
            message = words("`{name}` is not a metric of {owner}", name=name, owner=owner)
            self.refuse(node, "E203", message, did_you_mean(name, self.kind.metrics if self.kind else ()))
        elif metric.form is Form.COUNTER:
            advice = words("use {feeds}", feeds=metric.feeds) if metric.feeds else ""
            self.refuse(
                node, "E204", words("`{name}` is a counter; rules see what it feeds", name=name), advice
            )
            return None
        return metric

    def _parameters(self) -> Units | None:
        if self.vocabulary.parameters is None or self.kind is None:
            return None
        return self.vocabulary.parameters.get(self.kind.name)

    def _keyword(self, node: Node) -> str | None:
        """The name of a keyword argument, known or not; `smoke = 1` is a comparison by a wrong operator."""
        if node.data != "comparison" or word(node) != "=" or branches(node)[0].data != "name":
            return None
        name = str(word(branches(node)[0]))
        kinds = self.vocabulary.kinds.kinds.values()
        is_metric = keyword_of(node) is None and any(name in kind.metrics for kind in kinds)
        return None if is_metric else name


def _count(least: int, most: int) -> str:
    number = str(least) if least == most else either([str(least), str(most)])
    return (
        words("{number} argument", number=number) if most == 1 else words("{number} arguments", number=number)
    )
