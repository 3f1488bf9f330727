"""What is in force when."""

from simulators.timetable import Timetable


def test_each_change_is_in_force_from_its_instant_to_the_next_whatever_their_order() -> None:
    table = Timetable("well", [(20, "well again"), (10, "ill")])

    assert [table.at(instant) for instant in (0, 9, 10, 19, 20, 10**15)] == [
        *("well", "well", "ill", "ill", "well again", "well again")
    ]


def test_without_changes_it_is_as_usual_for_ever() -> None:
    assert Timetable(7).at(-1) == Timetable(7).at(2**62) == 7
