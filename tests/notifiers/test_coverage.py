"""What `check` warns of: places that hear nothing, red by one thread, what channels cannot carry."""

from dataclasses import replace

import pytest

from ingest.registry import Registry
from notifiers.cap.coverage import too_large
from notifiers.coverage import coverage
from notifiers.lengths import Sms, too_long
from notifiers.routing import Router
from rules.grade import Grade
from rules.language.tree import Or
from rules.rule import Rule
from tests.notifiers.parish import REGISTRY, ZONES, router, rule

NEXT = "levels:\n  - {zones: [town, far], to: [cy], channels: [mail]}\n"
ALL = "routes:\n  - {hazard: rain, grades: [blue, orange, red], to: [ana], channels: [sms, mail]}\n"


def warned(of: Router) -> list[tuple[str, str]]:
    return [(f.code, f.message) for f in coverage("routes.yaml", of, 0)]


def test_what_reaches_nobody_is_found_for_each_zone_that_no_other_lies_in() -> None:
    text = ALL.replace("to: [ana]", "zones: [town], to: [ana]") + NEXT
    both = router(text, rule(Grade.ORANGE, Grade.BLUE))

    assert both.unreached(0) == [("far", "rain", Grade.BLUE), ("far", "rain", Grade.ORANGE)]
    assert warned(both) == [
        ("E320", "rain blue reaches nobody in far"),
        ("E320", "rain orange reaches nobody in far"),
    ]


def test_red_needs_somebody_to_ask_next_in_each_zone() -> None:
    red = rule(Grade.RED)

    assert warned(router(ALL + NEXT, red)) == []
    [(code, message)] = warned(router(ALL + NEXT.replace("[town, far]", "[town]"), red))
    assert code == "E321"
    assert message == "red must be acknowledged within 1min, and nobody is asked next in far"


def test_who_need_not_acknowledge_needs_nobody_to_ask_next() -> None:
    none = ALL + "deadlines: {red: {acknowledge: none}}\n"

    assert warned(router(none, rule(Grade.RED))) == []
    assert warned(router(ALL, rule(Grade.ORANGE))) == []


@pytest.mark.parametrize(
    ("to", "alone"),
    [
        ("to: [ana], channels: [sms]", "mill, far"),
        ("to: [ana], channels: [sms, mail]", ""),
        ("to: [ana], channels: [sms], otherwise: [mail]", ""),
        ("to: [ana, horns], channels: [sms, loudspeaker]", "far"),
        ("to: [horns], channels: [loudspeaker], zones: [town]", ""),
    ],
)
def test_red_over_one_channel_alone_is_found(to: str, alone: str) -> None:
    text = f"routes:\n  - {{hazard: rain, grades: [red], {to}}}\n{NEXT}"

    found = [message for code, message in warned(router(text, rule(Grade.RED))) if code == "E322"]

    assert found == ([f"rain red goes out over sms alone in {alone}"] if alone else [])


def lengthy(of: Rule, languages: str = "[zh, en]", channel: str = "sms", signature: str = "") -> list[str]:
    """What is said of an SMS of red rain to Ana."""
    text = (
        f"routes:\n  - {{hazard: rain, grades: [red], to: [ana], channels: [sms], languages: {languages}}}\n"
    )
    found = too_long(Sms(channel, signature), [of], router(text, of), REGISTRY, 0)
    return [f"{finding.code} {finding.message}" for finding in found]


def test_an_sms_of_more_than_ten_parts_is_shown() -> None:
    # Ten parts of 67 characters.
    advised = replace(rule(Grade.RED), advice={"zh": "撤" * 700})

    [said] = lengthy(advised)

    assert said.startswith("E323 rainstorm red over sms is an SMS of 1")
    assert "撤撤" in said
    assert lengthy(replace(rule(Grade.RED), advice={"zh": "撤" * 400})) == []


def test_it_is_counted_in_the_languages_that_are_read_with_the_signature_over_that_channel() -> None:
    of = replace(rule(Grade.RED), advice={"zh": "撤" * 350, "en": "Leave. " * 60})

    assert len(lengthy(of)) == 1
    assert lengthy(of, "[zh]") == lengthy(of, "[en]") == []
    assert lengthy(of, channel="mail") == []
    assert len(lengthy(of, "[zh]", signature="署" * 400)) == 1


def test_of_many_alternatives_one_is_counted() -> None:
    of = rule(Grade.RED)
    [condition] = of.grades.values()

    assert lengthy(replace(of, grades={Grade.RED: Or((condition,) * 80)})) == []


def square(side: float) -> tuple[tuple[tuple[float, float], ...], ...]:
    """An outline of `side` degrees, where one of 0.16 has 274 square kilometres."""
    east, north = 116.4 + side, 29.9 + side
    return (((116.4, 29.9), (east, 29.9), (east, north), (116.4, north), (116.4, 29.9)),)


@pytest.mark.parametrize(
    ("covered", "said"),
    [
        ("", "town: up to 310 square kilometres"),
        ("zones: [town], ", "town: up to 310 square kilometres"),
        ("zones: [mill], ", ""),
        ("zones: [far], ", ""),
    ],
)
def test_a_zone_that_the_feed_would_refuse_as_too_large_is_found(covered: str, said: str) -> None:
    """Town has 310 square kilometres and mill in it 274, which is the limit or less; far has no outline."""
    sizes = {"town": square(0.17), "mill": square(0.16), "far": ()}
    known = Registry.of([], {name: replace(zone, polygon=sizes[name]) for name, zone in ZONES.items()})
    text = f"routes:\n  - {{hazard: rain, grades: [red], {covered}to: [public], channels: [board]}}\n"
    by = router(text, rule(Grade.RED))

    found = list(too_large("board", 300, by, known))

    assert [(f.code, f.file, f.line) for f in found] == ([("E325", "routes.yaml", 2)] if said else [])
    assert all(
        f"board would not publish a warning of {said}, over its largest_area of 300" in f.message
        for f in found
    )
    assert list(too_large("board", 311, by, known)) == []
    assert list(too_large("sms", 300, by, known)) == []


def test_a_feed_that_is_addressed_to_people_alone_or_not_at_all_warns_no_zone() -> None:
    known = Registry.of([], {name: replace(zone, polygon=square(1)) for name, zone in ZONES.items()})

    assert list(too_large("sms", 300, router(ALL), known)) == []
    assert list(too_large("board", 300, router(ALL), known)) == []
