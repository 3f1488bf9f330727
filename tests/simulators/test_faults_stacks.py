"""What holds for every layer of faults, and for any stack of them in any order."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given
from hypothesis import strategies as st

from ingest.clock import HOUR, MINUTE
from simulators.device import Device
from simulators.faults import FAULTS, Layer, Scope
from simulators.report import Report
from simulators.reports import Reports
from tests.simulators.faulty import START, devices, fleet, wire

MEASURED = START + 3 * HOUR
# By then whatever was measured before has left: no layer holds anything for longer, nor are there so many.
LEFT = START + 10 * HOUR


@cache
def county() -> Sequence[Device]:
    with TemporaryDirectory() as folder:
        return devices(Path(folder))


@dataclass(frozen=True, slots=True)
class Drawn:
    """A layer to be made, for each fleet anew."""

    name: str
    scope: Scope
    seed: int

    def made(self) -> Layer:
        return FAULTS[self.name](self.scope, self.seed)


hours = st.integers(0, 180).map(lambda minutes: START + minutes * MINUTE)
scopes = st.builds(
    Scope,
    sensors=st.frozensets(st.sampled_from([device.id for device in county()]), max_size=2),
    gateways=st.frozensets(st.sampled_from(["gw-1", "gw-2"]), max_size=1),
    spared=st.frozensets(st.sampled_from(["s1", "g1"]), max_size=1),
    begin=hours,
    end=hours,
    share=st.sampled_from([0.01, 0.1, 0.5, 1.0]),
)
drawn = st.builds(Drawn, st.sampled_from(list(FAULTS)), scopes, st.integers(0, 3))
stacks = st.lists(drawn, max_size=5)
each_alone = st.sampled_from(list(FAULTS)).flatmap(
    lambda name: st.builds(Drawn, st.just(name), scopes, st.just(1)).map(lambda one: [one])
)
any_stack = st.one_of(each_alone, stacks)


def faulty(stack: Sequence[Drawn], seed: int = 1) -> tuple[Reports, list[Layer]]:
    layers = [one.made() for one in stack]
    return fleet(county(), *layers, seed=seed), layers


def measured(report: Report) -> tuple[str, int]:
    """Which measurement this is."""
    return report.device.id, report.seq


# Those that roll no dice of their own.
certain = st.lists(
    st.builds(
        Drawn,
        st.sampled_from([name for name in FAULTS if name not in ("reordering", "sentinel", "garbage")]),
        scopes.map(lambda scope: replace(scope, share=float(scope.share == 1))),
        st.just(1),
    ),
    max_size=5,
)


@given(certain)
def test_a_stack_is_its_layers_called_one_behind_another(stack: list[Drawn]) -> None:
    layers = [one.made() for one in stack]
    called: list[Report] = []
    for report in fleet(county()).until(MEASURED):
        reports: Sequence[Report] = [report]
        for layer in layers:
            if layer.scope.covers(report.device):
                reports = [out for each in reports for out in layer(each)]
        called += reports

    reports_of = faulty(stack)[0]
    stacked = [report for report in reports_of.until(LEFT) if report.at <= MEASURED]
    assert wire(stacked) == wire(sorted(called, key=lambda report: report.leaves))


@given(any_stack, st.integers(0, 5))
def test_the_same_seed_gives_the_same_bytes_however_often_it_is_asked(stack: list[Drawn], seed: int) -> None:
    first, _ = faulty(stack, seed)
    again, _ = faulty(stack, seed)
    steps = range(START, MEASURED + 1, 10 * MINUTE)

    assert wire(report for step in steps for report in again.until(step)) == wire(first.until(MEASURED))
    assert again.happened == first.happened


@given(any_stack)
def test_nothing_leaves_before_it_was_measured_and_all_leave_in_order(stack: list[Drawn]) -> None:
    reports = list(faulty(stack)[0].until(LEFT))

    assert all(report.leaves >= report.at for report in reports)
    assert [report.leaves for report in reports] == sorted(report.leaves for report in reports)


@given(any_stack)
def test_every_message_is_counted(stack: list[Drawn]) -> None:
    """What leaves and what waits is what was measured, with what each layer says that it added or lost."""
    reports, layers = faulty(stack)
    left = 0
    for until in (MEASURED - HOUR, MEASURED, LEFT):
        left += sum(1 for _ in reports.until(until))
        added = sum(layer.adds * layer.happened for layer in layers)
        assert left + reports.waiting == reports.measured + added


@given(any_stack)
def test_only_layers_that_lose_lose_and_only_layers_that_add_add(stack: list[Drawn]) -> None:
    reports, layers = faulty(stack)
    seen = Counter(measured(report) for report in reports.until(LEFT) if report.at <= MEASURED)
    whole = Counter(measured(report) for report in fleet(county()).until(MEASURED))

    lost = sum(layer.happened for layer in layers if layer.adds < 0)
    added = sum(layer.happened for layer in layers if layer.adds > 0)
    assert (whole - seen).total() <= lost
    assert (seen - whole).total() <= added
    assert set(seen) <= set(whole)


@given(any_stack)
def test_what_no_layer_met_is_on_the_wire_as_it_was_measured(stack: list[Drawn]) -> None:
    reports, layers = faulty(stack)
    said = wire(reports.until(MEASURED))

    if not any(layer.happened for layer in layers):
        assert said == wire(fleet(county()).until(MEASURED))
