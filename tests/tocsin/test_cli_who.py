"""What `tocsin who` explains and what `tocsin check` warns of."""

from pathlib import Path

import pytest

from tests.tocsin.program import Ended, Tocsin, program

MINUTE = 60_000


@pytest.fixture
def tocsin(capfd: pytest.CaptureFixture[str]) -> Tocsin:
    return program(capfd)


def test_who_names_the_people_and_the_route(tocsin: Tocsin, configs: Path) -> None:
    ended = tocsin(
        "who", "--zone", "old-town", "--hazard", "fire", "--grade", "orange", "-c", configs / "tocsin.yaml"
    )

    assert ended.code == 0
    for shown in ("zhao-fire", "lin-duty", "loudspeaker", "routes.yaml:"):
        assert shown in ended.out
    told, _, _ = ended.out.partition("who is asked next")
    assert "wu-emergency" not in told


def who(tocsin: Tocsin, configs: Path, of: str, *more: str) -> Ended:
    zone, hazard, grade = of.split()
    where = ["--zone", zone, "--hazard", hazard, "--grade", grade, *more]
    return tocsin("who", *where, "-c", configs / "tocsin.yaml")


def test_who_shows_what_comes_next_what_needs_a_release_and_no_whole_address(
    tocsin: Tocsin, configs: Path
) -> None:
    ended = who(tocsin, configs, "riverside flood red")

    told, _, asked = ended.out.partition("who is asked next")
    for shown in ("wu-emergency", "+86…004", "w…@qingxi.example", "a person releases it", "horn-riverside-1"):
        assert shown in told
    horn = next(line_ for line_ in told.splitlines() if "horn-riverside-1" in line_)
    assert "sms +86…008" in horn
    assert "released within 1min, acknowledged within 1min, arrived within 3min, handled within 5min" in told
    assert [line_.split()[1:4:2] for line_ in asked.splitlines() if "sms" in line_] == [
        ["1", "sun-river"],
        ["2", "gao-district"],
        ["2", "wu-emergency"],
    ]
    assert "+8610" not in ended.out


@pytest.mark.parametrize(
    ("at", "on", "until"),
    [
        ("2026-12-01T07:59+08:00", "ma-watch", "2026-12-01 08:00"),
        ("2026-12-01T08:00+08:00", "wang-watch", "2026-12-01 20:00"),
    ],
)
def test_who_at_an_instant_names_who_is_on_duty_then(
    tocsin: Tocsin, configs: Path, at: str, on: str, until: str
) -> None:
    ended = who(tocsin, configs, "riverside flood red", "--at", at)

    assert f"on duty by watch: {on}, until {until}" in ended.out
    assert [name for name in ("ma-watch", "wang-watch") if f"│ {name} " in ended.out] == [on]


@pytest.mark.parametrize(
    ("grade", "at", "waits"),
    [
        ("yellow", "2026-12-01T23:00+08:00", True),
        ("yellow", "2026-12-01T06:29+08:00", True),
        ("yellow", "2026-12-01T06:30+08:00", False),
        ("orange", "2026-12-01T23:00+08:00", False),
    ],
)
def test_who_says_when_quiet_hours_hold_back_a_warning(
    tocsin: Tocsin, configs: Path, grade: str, at: str, waits: bool
) -> None:
    ended = who(tocsin, configs, f"riverside flood {grade}", "--at", at)

    assert (f"quiet hours: {grade} waits until 06:30" in ended.out) is waits


def test_who_says_when_nobody_is_asked_next(tocsin: Tocsin, configs: Path) -> None:
    path = configs / "routes.yaml"
    text = path.read_text("utf-8").replace("approval: true, ", "")
    path.write_text(text.replace("zones: [qingxi], to: [district]", "zones: [riverside], to: [district]"))

    assert "nobody is asked next" in who(tocsin, configs, "old-town fire red").out
    assert "asked next" not in who(tocsin, configs, "old-town fire blue").out


def test_check_warns_of_what_hangs_by_one_thread_and_of_an_sms_that_is_too_long(
    tocsin: Tocsin, configs: Path
) -> None:
    routes, rules = configs / "routes.yaml", configs / "rules" / "smoke.yaml"
    text = routes.read_text("utf-8").replace("zones: [qingxi]", "zones: [old-town]")
    for taken in (", mail]", "mail", ", tank", "approval: true, "):
        text = text.replace(taken, "]" if taken.endswith("]") else "")
    routes.write_text(text.replace("hazard: [gas, workshop]", "hazard: [gas, workshop, tank]"), "utf-8")
    rules.write_text(rules.read_text("utf-8").replace("zh: 请立即", f"zh: {'撤' * 700}", 1), "utf-8")

    ended = tocsin("check", configs)

    assert ended.code == 0
    assert "warning: routes.yaml: E321 red must be acknowledged within 1min" in ended.err
    assert "warning: routes.yaml: E322 tank red goes out over sms alone" in ended.err
    assert "warning: rules/smoke.yaml:5:1: E323 smoke orange over sms is an SMS of 1" in ended.err


def test_check_warns_of_what_the_template_of_a_cloud_cannot_carry(tocsin: Tocsin, configs: Path) -> None:
    path = configs / "tocsin.yaml"
    acts = ("alert", "update", "clear", "cancel", "digest", "request")
    templates = ", ".join(f"{act}: {{id: T-{act}, wording: '{{title}}，{{place}}'}}" for act in acts)
    cloud = (
        "  cloud: {via: template, realm: live, provider: tencent, app_id: '1', signature: 应急,"
        f" key_file: /k, secret_file: /s, templates: {{{templates}}}}}\n"
    )
    path.write_text(path.read_text("utf-8").replace("channels:\n", f"channels:\n{cloud}"), "utf-8")

    ended = tocsin("check", configs)

    assert ended.code == 0
    # Tencent takes twelve characters of a parameter. Of many problems of a template one stands for all.
    assert "warning: channels: E324 cloud: template T-alert: place of " in ended.err
    assert " more like it" in ended.err
    assert ended.err.count("E324") == len(acts)


def test_who_ends_with_1_where_nobody_would_be_told(tocsin: Tocsin, configs: Path) -> None:
    """The duty room hears of everything; without it, blue fires reach nobody."""
    path = configs / "routes.yaml"
    path.write_text(path.read_text("utf-8").replace('hazard: "*", grades: [blue,', 'hazard: "*", grades: ['))
    where = ["--zone", "old-town", "--hazard", "fire", "--grade", "blue"]

    ended = tocsin("who", *where, "-c", configs / "tocsin.yaml")

    assert ended.code == 1
    assert "nobody" in ended.err


def test_check_warns_of_grades_that_reach_nobody(tocsin: Tocsin, configs: Path) -> None:
    path = configs / "routes.yaml"
    path.write_text(path.read_text("utf-8").replace('hazard: "*", grades: [blue,', 'hazard: "*", grades: ['))

    ended = tocsin("check", configs / "tocsin.yaml")

    assert ended.code == 0
    assert "warning: routes.yaml: E320" in ended.err


@pytest.mark.parametrize(
    ("zone", "grade", "reason"),
    [("atlantis", "red", "there are: "), ("old-town", "purple", "there are: blue, yellow, orange, red")],
)
def test_who_of_something_unknown_is_a_mistake_of_usage(
    tocsin: Tocsin, configs: Path, zone: str, grade: str, reason: str
) -> None:
    ended = tocsin("who", "--zone", zone, "--hazard", "fire", "--grade", grade, "-c", configs / "tocsin.yaml")

    assert ended.code == 2
    assert reason in ended.err
