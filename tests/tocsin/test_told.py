"""Expected and sent messages as one table."""

from rich.cells import cell_len

from ingest.clock import MINUTE
from notifiers.bulletin import Act
from rules.grade import Grade
from tests.notifiers.town import NOON
from tocsin.commands.language import Language
from tocsin.rehearsal import Message
from tocsin.trials.addressees import Line
from tocsin.trials.told import Row, table
from tocsin.wording import lines_in_language


def sent(zone: str, minutes: int) -> Message:
    return Message(NOON + minutes * MINUTE, "sms", "ana", Act.ALERT, Grade.RED, zone, text="")


def test_each_period_has_its_messages_and_the_differences_are_marked() -> None:
    periods = {
        MINUTE: [],
        5 * MINUTE: [
            Row(Line("sms", "ana", Act.CLEAR, "", None), is_wanted=True, at=NOON + 2 * MINUTE),
            Row(Line("sms", "bo", Act.ALERT, "red", "v1"), is_wanted=True, at=None),
            Row(sent("v1", 3), is_wanted=False, at=NOON + 3 * MINUTE),
        ],
    }

    assert [*table(periods, NOON)] == [
        "   by    message                 expected  got",
        "   1min  nobody                  yes       yes",
        "   5min  sms ana clear           yes       at 2min",
        ">        sms bo alert red (v1)   yes       -",
        ">        sms ana alert red (v1)  -         at 3min",
    ]


def test_columns_stand_under_each_other_whatever_script_a_zone_is_written_in() -> None:
    rows = [Row(sent(zone, 1), is_wanted=True, at=NOON + MINUTE) for zone in ("清溪镇老城区", "v1", "ｖ")]

    lines = [*table({MINUTE: rows}, NOON)]

    assert len({cell_len(line.rpartition("at ")[0]) for line in lines[1:]}) == 1


def test_columns_stand_under_each_other_in_chinese_too() -> None:
    rows = [Row(sent("v1", 1), is_wanted=wanted, at=NOON + MINUTE) for wanted in (True, False)]

    heading, *lines = lines_in_language(table({MINUTE: [], 2 * MINUTE: rows}, NOON), Language.ZH)

    assert "没有人" in lines[0]
    lasts = [heading.rpartition("实际")[0], lines[0].rpartition("是")[0]]
    lasts += [line.rpartition("于 ")[0] for line in lines[1:]]
    assert len({cell_len(text) for text in lasts}) == 1
