from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.units import UnitError, canonical, conversion, convert, linear, parse
from ingest.units.table import KNOWN

H2S = Decimal("34.08")


@pytest.mark.parametrize(
    ("written", "spelling"),
    [
        ("毫米", "mm"),
        ("米", "m"),
        ("℃", "degC"),
        ("°F", "degF"),
        ("％", "%"),
        ("%RH", "%"),
        ("％LEL", "%LEL"),
        ("m³/s", "m3/s"),
        ("立方米/秒", "m3/s"),
        ("mg/m³", "mg/m3"),
        ("毫克/立方米", "mg/m3"),
        ("µg/m3", "ug/m3"),
        ("dB / m", "dB/m"),
        ("per s", "1/s"),
        ("毫安", "mA"),
        ("千帕", "kPa"),
        ("人", ""),
        ("count", ""),
        ("", ""),
    ],
)
def test_a_unit_has_one_spelling(written: str, spelling: str) -> None:
    assert canonical(written) == spelling
    assert canonical(spelling) == spelling


@pytest.mark.parametrize(
    ("value", "source", "target", "expected"),
    [
        ("227", "cm", "m", "2.27"),
        ("129.2", "degF", "degC", "54"),
        ("54", "℃", "degF", "129.2"),
        ("0", "degC", "K", "273.15"),
        ("3600", "m3/h", "m3/s", "1"),
        ("5", "L/s", "m3/s", "0.005"),
        ("9", "degF/min", "degC/min", "5"),
        ("60", "1/min", "1/s", "1"),
        ("4", "ft", "m", "1.2192"),
        ("2", "bar", "kPa", "200"),
        ("150", "W", "kW", "0.15"),
        ("195000", "ppm", "%", "19.5"),
    ],
)
def test_conversions_are_exact(value: str, source: str, target: str, expected: str) -> None:
    assert convert(Decimal(value), source, target) == Decimal(expected)


def test_a_difference_of_temperature_has_no_offset() -> None:
    assert convert(Decimal(10), "degC", "K", difference=True) == 10
    assert convert(Decimal(18), "degF", "degC", difference=True) == 10


def test_ppm_becomes_mg_per_m3_at_25_degc_by_the_molar_mass() -> None:
    assert conversion("ppm", "mg/m3", H2S).scale == Fraction("34.08") / Fraction("24.45")
    below = convert(Decimal("7.17"), "ppm", "mg/m3", H2S)
    above = convert(Decimal("7.18"), "ppm", "mg/m3", H2S)
    assert (round(below, 2), round(above, 2)) == (Decimal("9.99"), Decimal("10.01"))
    assert convert(Decimal(1000), "ppb", "ug/m3", H2S) == convert(Decimal(1), "ppm", "ug/m3", H2S)
    assert round(convert(above, "mg/m3", "ppm", H2S), 20) == Decimal("7.18")


def test_without_a_molar_mass_ppm_is_no_concentration_by_weight() -> None:
    with pytest.raises(UnitError, match="molar mass") as caught:
        conversion("ppm", "mg/m3")
    assert "molar_mass" in caught.value.suggestion


@pytest.mark.parametrize(
    ("source", "target", "suggestion"),
    [
        ("%", "%LEL", "did you mean %LEL?"),
        ("mA", "m", "did you mean m?"),
        ("", "m", "did you mean m?"),
        ("m", "", "write the number without a unit"),
        ("mm/h", "mm", "did you mean mm?"),
        ("m2", "m", "did you mean m?"),
    ],
)
def test_another_dimension_is_refused_with_the_unit_that_fits(
    source: str, target: str, suggestion: str
) -> None:
    with pytest.raises(UnitError) as caught:
        conversion(source, target)
    assert caught.value.suggestion == suggestion


@pytest.mark.parametrize(
    ("written", "near"), [("mg/m4", "mg/m3"), ("KPa", "kPa"), ("%LEF", "%LEL"), ("degc", "degC")]
)
def test_a_mistyped_unit_is_refused_with_the_nearest(written: str, near: str) -> None:
    with pytest.raises(UnitError) as caught:
        canonical(written)
    assert caught.value.suggestion == f"did you mean {near}?"


@pytest.mark.parametrize(
    "written", ["furlong", "m**9", "()", "__import__", "delta_degC", "lel_", "mms", "2*m"]
)
def test_what_is_not_in_the_vocabulary_is_refused(written: str) -> None:
    with pytest.raises(UnitError) as caught:
        conversion(written, "m")
    assert caught.value.suggestion


@given(st.text(max_size=40))
def test_any_text_is_a_unit_or_a_unit_error(text: str) -> None:
    try:
        spelling = canonical(text)
    except UnitError:
        return
    assert canonical(spelling) == spelling
    assert conversion(text, spelling).scale == 1


@given(
    st.decimals(-1000, 1000, places=3),
    st.sampled_from([("mm", "m"), ("degF", "degC"), ("ppm", "mg/m3"), ("mbar", "kPa")]),
)
def test_there_and_back_is_the_same_value(value: Decimal, units: tuple[str, str]) -> None:
    there, back = conversion(*units, H2S), conversion(*reversed(units), H2S)
    assert back.scale * (there.scale * Fraction(value) + there.offset) + back.offset == Fraction(value)


@given(
    st.lists(st.tuples(st.sampled_from("*/"), st.sampled_from([name for name in KNOWN if name.isalpha()]))),
    st.sampled_from(KNOWN),
)
def test_a_product_of_units_converts_where_the_library_says_that_it_is_of_one_dimension(
    factors: list[tuple[str, str]], target: str
) -> None:
    unit = "1" + "".join(f"{sign}{name}" for sign, name in factors)
    try:
        found = conversion(unit, target, H2S)
    except UnitError:
        found = None
    gas = {parse("ppm").dimensionality, parse("mg/m3").dimensionality}
    sizes = parse(unit).dimensionality, parse(target).dimensionality

    assert (found is not None) == (sizes[0] == sizes[1] or set(sizes) == gas)
    if sizes[0] == sizes[1] and parse(unit) != parse(target):
        assert found == linear(parse(unit), parse(target))
