"""The tests of test files: played like the rules' own, and told by the configured routes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ingest.finding import Finding
from ingest.kinds import Kinds
from rules.rule import Rule
from rules.rulebook import Ladder
from rules.trial import Played, Script, Trial, perform
from rules.trial.cast import Cast
from rules.trial.claims import Difference, Wanted
from tocsin.configuration import Configuration
from tocsin.trials.addressees import unknown_names
from tocsin.trials.scenario_file import Scenario, Scenarios, strangers
from tocsin.trials.told import compare
from tocsin.wiring import router_of


@dataclass(frozen=True, slots=True)
class Ensemble:
    """What tests are played with; the configuration only where one of them asks for it."""

    kinds: Kinds
    ladders: Sequence[Ladder]
    configuration: Configuration | None

    @property
    def rules(self) -> tuple[Rule, ...]:
        return tuple(rule for ladder in self.ladders for rule in ladder.rules)

    def findings(self, scenarios: Scenarios) -> Iterator[Finding]:
        """Names in a test file that nothing has."""
        yield from strangers(scenarios, [rule.id for rule in self.rules])
        if self.configuration is not None:
            yield from unknown_names(scenarios, self.configuration)

    def play(self, scenarios: Scenarios) -> list[Trial]:
        """Every test of the file, in its order."""
        return [self._play(scenarios, index) for index in range(len(scenarios.tests))]

    def _play(self, scenarios: Scenarios, index: int) -> Trial:
        test = scenarios.tests[index]
        played = [ladder for ladder in self.ladders if not test.rules or ladder.rule.id in test.rules]
        rules = tuple(rule for ladder in played for rule in ladder.rules)
        script = Script(
            ", ".join(test.expect or test.rules),
            scenarios.document,
            ("tests", index),
            test,
            Cast(rules, scenarios.time_zone),
            tuple(Wanted(("expect", rule), rule, expect) for rule, expect in test.expect.items()),
            lambda played: self._told(test, rules, played),
            {time: bool(entries) for time, entries in test.deliveries.items()},
        )
        configured = self.configuration if test.is_configured else None
        return perform(script, self.kinds, configured.basis.registry if configured else None)

    def _told(self, test: Scenario, rules: tuple[Rule, ...], played: Played) -> list[Difference]:
        """By the routes of the configuration, whatever rules are tried out with them."""
        if self.configuration is None or not test.deliveries:
            return []
        basis = replace(self.configuration.basis, rules=rules)
        router = router_of(replace(self.configuration, basis=basis))
        return compare(test, self.configuration, router, played)
