"""The canonical text of any condition parses back to an equal tree."""

from hypothesis import given

from rules.language.printed import Judged, Leaf, explained, printed
from rules.language.tree import Condition
from tests.rules.trees import OF_SENSORS, OF_ZONES
from tests.rules.words import read


@given(OF_SENSORS)
def test_a_condition_of_sensors_is_read_back(condition: Condition):
    assert read(printed(condition), "electrical") == condition


@given(OF_ZONES)
def test_a_condition_of_zones_is_read_back(condition: Condition):
    assert read(printed(condition), None) == condition


@given(OF_SENSORS)
def test_an_explanation_without_values_is_the_text_with_marks(condition: Condition):
    def unknown(_: Leaf) -> Judged:
        return Judged(None, "", 0)

    assert explained(condition, unknown).replace(" ?", "") == printed(condition)
