"""Tables of thresholds: what a row gives to whom, and every defect at its cell."""

from decimal import Decimal

import pytest

from rules.rule import Parameters
from rules.rulebook import read_rules
from tests.rules.county import findings_of, kinds, registry, rules_of

RULES = """\
rules:
  - id: torrent
    for_each: rain sensor
    grades: {blue: "sum(rain, 1h) >= site.blue_1h", red: "sum(rain, 1h) >= site.red_1h"}
    table: table.csv
"""
TABLE = "zone,blue_1h [mm],red_1h [mm]\nqingxi,35,60\nold-town,30,55\n"


def parameters(table: str, rules: str = RULES) -> Parameters:
    [rule] = rules_of(rules, table=table)
    return rule.parameters


def millimetres(**values: str) -> dict[str, tuple[Decimal, str]]:
    return {name: (Decimal(value), "mm") for name, value in values.items()}


def test_a_row_is_the_parameters_of_its_zone():
    found = parameters(TABLE)
    assert found.sensors == {}
    assert found.zones == {
        "qingxi": millimetres(blue_1h="35", red_1h="60"),
        "old-town": millimetres(blue_1h="30", red_1h="55"),
    }


def test_a_row_may_be_that_of_a_sensor():
    found = parameters("sensor,blue_1h [mm],red_1h [mm]\nroof,35.5,60\n")
    assert (found.sensors, found.zones) == ({"roof": millimetres(blue_1h="35.5", red_1h="60")}, {})


def test_the_nearest_row_counts_for_a_sensor():
    text = RULES + "    parameters: {blue_1h: 20 mm, red_1h: 40 mm}\n"
    [rule] = rules_of(text, table="zone,blue_1h [mm],red_1h [mm]\nqingxi,35,\n")
    roof = registry().sensors[registry().slots["roof"]]
    assert rule.parameters.of(roof, registry()) == millimetres(blue_1h="35", red_1h="40")


@pytest.mark.parametrize(
    "table",
    [
        "zone,blue_1h,red_1h\nqingxi,35 mm,60毫米\nold-town,30mm,55 mm\n",
        "\ufeffzone,blue_1h [毫米],red_1h（mm）\r\nqingxi,３５,60\r\nold-town, 30 ,55\r\n",
        'zone,"blue_1h [mm]",red_1h[mm]\nqingxi,"35",60\n,,\nold-town,30,55\n',
    ],
)
def test_a_table_may_be_written_as_a_spreadsheet_saves_it(table: str):
    assert parameters(table) == parameters(TABLE)


def test_an_empty_cell_gives_nothing():
    assert parameters(TABLE.replace(",60", ",")).zones["qingxi"] == millimetres(blue_1h="35")


@pytest.mark.parametrize(
    ("old", "new", "place", "message"),
    [
        ("zone,", "village,", (1, 1), "the first column is `zone` or `sensor`"),
        ("zone,blue_1h [mm],red_1h [mm]", "zone", (1, 1), "the table has no parameter"),
        ("blue_1h [mm]", "Blue 1h", (1, 6), "`Blue 1h` names no parameter"),
        ("red_1h", "blue_1h", (1, 19), "column blue_1h appears twice"),
        ("[mm]", "[mn]", (1, 6), "unit 'mn' is not known"),
        (",60", ",many", (2, 11), "`many` is no number"),
        (",60", ",60 mm", (2, 11), "`60 mm` is no number"),
        (",60", ",60,70", (2, 1), "4 columns, the header has 3"),
        ("qingxi", "qingix", (2, 1), "zone `qingix` is not known"),
        ("qingxi", "", (2, 1), "the zone is missing"),
        ("old-town", "qingxi", (3, 1), "zone `qingxi` stands in the table already"),
        ("red_1h [mm]", "rde_1h [mm]", (1, 19), "no condition with this table uses site.rde_1h"),
        ("35", '"35', (3, 1), "not well-formed CSV"),
        ("qingxi,35,60\nold-town,30,55\n", "", (1, 1), "the table has no row"),
    ],
)
def test_a_defect_of_a_table_is_found_at_its_place(old: str, new: str, place: tuple[int, int], message: str):
    assert old in TABLE
    rules = RULES.replace(', red: "sum(rain, 1h) >= site.red_1h"', "") if "rde" in new else RULES
    _, findings = read_rules(
        {"rules.yaml": rules, "table.csv": TABLE.replace(old, new, 1)}, kinds(), registry()
    )
    [finding] = [f for f in findings if f.file == "table.csv"]
    assert finding.code == "E230"
    assert message in finding.message
    assert (finding.line, finding.column) == place


def test_a_column_that_nobody_asks_for_may_have_been_meant_for_one_that_is_missing():
    """The rule has a default for red, which would go on unseen."""
    rules = RULES + "    parameters: {red_1h: 60 mm}\n"
    files = {"rules.yaml": rules, "table.csv": TABLE.replace("red_1h", "rde_1h")}
    _, [finding] = read_rules(files, kinds(), registry())
    assert (finding.code, finding.suggestion) == ("E230", "did you mean red_1h?")


def test_a_unit_of_another_dimension_is_found_where_the_parameter_is_used():
    findings = findings_of(RULES, table=TABLE.replace("red_1h [mm]", "red_1h [mA]"))
    assert [(f.file, f.code) for f in findings] == [("rules.yaml", "E209")]


def test_a_parameter_that_neither_table_nor_sensors_have_is_found():
    findings = findings_of(RULES.replace("site.red_1h", "site.red_2h"), table=TABLE)
    assert ("rules.yaml", "E209", "did you mean red_1h?") in [
        (f.file, f.code, f.suggestion) for f in findings
    ]


def test_a_table_that_is_not_there_is_found_with_the_nearest():
    findings = findings_of(RULES.replace("table.csv", "tabel.csv"), table=TABLE)
    assert ("E230", "did you mean table.csv?") in [(f.code, f.suggestion) for f in findings]


def test_all_defects_of_a_table_come_at_once_with_those_of_the_rules():
    broken = TABLE.replace("35", "x").replace("55", "y")
    findings = findings_of(RULES.replace("for_each", "for_eech"), table=broken)
    assert [f.code for f in findings if f.file == "table.csv"] == ["E230", "E230"]
    assert {f.file for f in findings} == {"rules.yaml", "table.csv"}


def test_a_table_lies_beside_the_file_that_names_it():
    """Two directories may have a table of one name each."""
    files = {
        "a/rules.yaml": RULES,
        "a/table.csv": TABLE,
        "b/rules.yaml": RULES.replace("torrent", "other"),
        "b/table.csv": TABLE.replace("35", "36"),
    }
    found, findings = read_rules(files, kinds(), registry())
    assert findings == []
    assert [rule.parameters.zones["qingxi"]["blue_1h"][0] for rule in found] == [35, 36]


def test_only_the_columns_that_a_rule_asks_for_are_part_of_its_meaning():
    blue = RULES.replace(', red: "sum(rain, 1h) >= site.red_1h"', "")
    red = RULES.replace('blue: "sum(rain, 1h) >= site.blue_1h", ', "").replace("torrent", "red")
    both = blue + red.removeprefix("rules:\n")
    before, after = rules_of(both, table=TABLE), rules_of(both, table=TABLE.replace("60", "61"))
    assert before[0].meaning == after[0].meaning
    assert before[1].meaning != after[1].meaning


def test_without_a_registry_every_zone_is_taken():
    found, findings = read_rules({"r.yaml": RULES, "table.csv": TABLE.replace("qingxi", "x")}, kinds(), None)
    assert findings == []
    assert "x" in found[0].parameters.zones
