"""The condition language: text -> syntax tree, with every defect found in one pass.

    sum(rain, 3h) >= 50 mm and not max(temperature, 10min) >= site.limit
    leakage - baseline(leakage, 7d, default=100 mA) >= 300 mA
    sensors(sustained(smoke >= 0.15 dB/m, 60s)) >= 1 and hours(22:00-06:00)

`rules.language.tree` says what there is; docs/rules.md teaches it.
"""

from rules.language.conditions import read_condition
from rules.language.group_kinds import kinds_meant
from rules.language.parsing import ConditionError, normalised, parse
from rules.language.scope import Scope
from rules.language.tree import Condition
from rules.language.vocabulary import Vocabulary

__all__ = ["ConditionError", "parse_condition"]


def parse_condition(text: str, vocabulary: Vocabulary) -> Condition:
    """The tree of `text`; ConditionError with all problems otherwise."""
    written = normalised(text)
    tree = parse(written)
    scope = Scope(written.text, vocabulary, vocabulary.kind, kinds_meant(tree, vocabulary.kinds))
    condition = read_condition(tree, scope)
    if condition is None or scope.problems:
        raise written.error(scope.problems)
    return condition
