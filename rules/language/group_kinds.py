"""Whose sensors a group function looks at: the kind it names, or the one kind that has all its metrics."""

from collections.abc import Iterator

from ingest.document.source_text import did_you_mean
from ingest.finding import both, words
from ingest.kinds import Kinds
from rules.language.functions import GROUPS
from rules.language.parsing import Node, branches, calls, keyword_of, word
from rules.language.scope import Call, Scope


def is_group(node: Node) -> bool:
    """Whether `node` is a call of a group function."""
    return node.data == "call" and str(word(node)) in GROUPS


def kinds_meant(tree: Node, kinds: Kinds) -> frozenset[str]:
    """The kinds that the group functions of a text name unambiguously."""
    found: set[str] = set()
    for node in filter(is_group, calls(tree)):
        named = [str(word(branches(part)[1])) for part in branches(node) if keyword_of(part) == "of"]
        candidates = named or _with_metrics(node, kinds)
        found |= set(candidates) if len(candidates) == 1 else set()
    return frozenset(found)


def read_kinds(node: Node, call: Call, scope: Scope) -> tuple[str, ...] | None:
    """The kinds whose sensors the group function at `node` looks at; None after a problem.

    Of several the rule's own kind is meant, or the one that another group function of the text names.
    """
    if "of" in call.keywords:
        return _named(call.keywords["of"], scope)
    names = list(_names(call.arguments[0]))
    if not names:
        return _every(node, call, scope)
    candidates = _with_metrics(call.arguments[0], scope.vocabulary.kinds)
    own = {scope.kind.name} if scope.kind else set()
    for meant in (candidates, candidates & own, candidates & scope.meant):
        if len(meant) == 1:
            return tuple(meant)
    _refuse(names, candidates, scope)
    return None


def _named(node: Node, scope: Scope) -> tuple[str, ...] | None:
    known = scope.vocabulary.kinds.kinds
    name = scope.written(node)
    if node.data == "name" and name in known:
        return (name,)
    scope.refuse(node, "E215", words("`{name}` is no kind of sensor", name=name), did_you_mean(name, known))
    return None


def _every(node: Node, call: Call, scope: Scope) -> tuple[str, ...] | None:
    """All kinds, for a condition on the age of whatever a sensor reports."""
    if any(word(inner) == "age" for inner in calls(call.arguments[0])):
        return tuple(scope.vocabulary.kinds.kinds)
    scope.refuse(
        node,
        "E215",
        words("`{condition}` names no metric", condition=scope.written(call.arguments[0])),
        words("name one, or age()"),
    )
    return None


def _refuse(names: list[Node], candidates: set[str], scope: Scope) -> None:
    metrics = _metrics(scope.vocabulary.kinds)
    unknown = [node for node in names if str(word(node)) not in metrics]
    text = both(f"`{name}`" for name in sorted({str(word(node)) for node in names}))
    if len(unknown) == len(names):
        message = words("`{name}` is not a metric of any kind", name=word(names[0]))
        scope.refuse(names[0], "E203", message, did_you_mean(str(word(names[0])), metrics))
    elif candidates:
        owners = ", ".join(sorted(candidates))
        message = words("{text} can be of sensors of several kinds: {owners}", text=text, owners=owners)
        scope.refuse(names[0], "E215", message, words("add `of={kind}`", kind=min(candidates)))
    else:
        scope.refuse(
            names[0],
            "E203",
            words("no kind of sensor reports {text}", text=text),
            words("ask for each kind by itself"),
        )


def _with_metrics(node: Node, kinds: Kinds) -> set[str]:
    """The kinds with every metric that is named below `node`; names that no kind knows are passed over."""
    named = {str(word(name)) for name in _names(node)} & _metrics(kinds)
    return {name for name, kind in kinds.kinds.items() if named and named <= kind.metrics.keys()}


def _metrics(kinds: Kinds) -> set[str]:
    return {name for kind in kinds.kinds.values() for name in kind.metrics}


def _names(node: Node) -> Iterator[Node]:
    """The names below `node`, those of keyword arguments apart."""
    if node.data == "name":
        yield node
    elif keyword_of(node) is None:
        for part in branches(node):
            yield from _names(part)
