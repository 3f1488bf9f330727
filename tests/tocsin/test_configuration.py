"""From files to a checked bundle, or to everything that is wrong with them."""

from decimal import Decimal
from pathlib import Path

import pytest

from ingest.finding import ConfigurationError
from tocsin.bundle import Bundles
from tocsin.configuration import configure, read_bundle


def spoil(path: Path, old: str, new: str) -> int:
    """Replace the first `old`; returns its line."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return text[: text.index(old)].count("\n") + 1


def refused(configs: Path) -> list[str]:
    """`file:line: code` of each finding, in the order in which they are shown."""
    with pytest.raises(ConfigurationError) as error:
        configure(read_bundle(configs / "tocsin.yaml"))
    return [f"{f.file}:{f.line}: {f.code}" for f in sorted(error.value.findings)]


def test_the_example_is_fine(configs: Path) -> None:
    bundle = read_bundle(configs / "tocsin.yaml")
    configuration = configure(bundle)

    assert configuration.basis.bundle == bundle.hash
    assert len(configuration.basis.registry.sensors) == 306
    assert len({rule.hazard for rule in configuration.basis.rules}) >= 4
    assert configuration.routes


def test_sensors_of_the_same_texts_are_those_that_were_read_before(configs: Path) -> None:
    first = configure(read_bundle(configs / "tocsin.yaml"))
    spoil(configs / "rules" / "river.yaml", "river-stage", "river-stages")
    other_rules = configure(read_bundle(configs / "tocsin.yaml"), like=first)
    spoil(configs / "sensors.csv", "stage-dead-run,stage", "stage-dead-end,stage")
    other_sensors = configure(read_bundle(configs / "tocsin.yaml"), like=other_rules)

    assert other_rules.basis.registry is first.basis.registry
    assert other_rules.basis.rules != first.basis.rules
    assert "stage-dead-end" in other_sensors.basis.registry.slots


def test_a_bundle_holds_every_file_that_is_named_and_no_other(configs: Path) -> None:
    (configs / "rules" / ".river.yaml.swp").write_text("half")
    (configs / "notes.yaml").write_text("not named")

    bundle = read_bundle(configs / "tocsin.yaml")

    rules = {f"rules/{path.name}" for path in (configs / "rules").glob("[!.]*.*")}
    others = {"tocsin.yaml", "kinds.yaml", "sensors.csv", "zones.geojson", "contacts.yaml", "routes.yaml"}
    assert bundle.texts.keys() == rules | others


def test_a_bundle_needs_its_files_no_more(configs: Path, tmp_path: Path) -> None:
    """What was applied is what runs, whatever has happened to the files since."""
    bundles = Bundles(tmp_path / "bundles")
    bundle = read_bundle(configs / "tocsin.yaml")
    hash_ = bundles.save(bundle)
    for path in configs.rglob("*.yaml"):
        path.unlink()

    assert configure(bundles.load(hash_)).basis.rules == configure(bundle).basis.rules


def test_the_findings_of_all_files_come_at_once(configs: Path) -> None:
    places = [
        (spoil(configs / "rules" / "river.yaml", "stage >= site.warning_stage", "stag >= 2 m"), "river"),
        (spoil(configs / "rules" / "smoke.yaml", "release:", "relaese:"), "smoke"),
    ]
    phone = spoil(configs / "contacts.yaml", 'phone: "+8610000000002"', "phone: 5")
    sensor = spoil(configs / "sensors.csv", ",smoke,old-town,", ",smoke,atlantis,")

    found = refused(configs)

    for line, name in places:
        assert any(f.startswith(f"rules/{name}.yaml:{line}:") for f in found)
    assert any(f.startswith(f"contacts.yaml:{phone}:") for f in found)
    assert f"sensors.csv:{sensor}: E135" in found
    assert found == sorted(found, key=lambda f: f.split(":")[0])


def test_a_broken_kind_hides_no_broken_contact(configs: Path) -> None:
    """Sensors and rules cannot be read without kinds; contacts can."""
    spoil(configs / "kinds.yaml", "reporting: periodic 5min", "reporting: sometimes")
    spoil(configs / "contacts.yaml", 'phone: "+8610000000002"', "phone: 5")

    assert {f.split(":")[0] for f in refused(configs)} == {"contacts.yaml", "kinds.yaml"}


def test_a_route_to_nobody_is_found(configs: Path) -> None:
    line = spoil(configs / "routes.yaml", "to: [duty]", "to: [nobody-known]")

    assert refused(configs) == [f"routes.yaml:{line}: E311"]


def test_all_files_that_cannot_be_read_are_named_with_the_reason(configs: Path) -> None:
    (configs / "kinds.yaml").unlink()
    (configs / "zones.geojson").write_bytes(b'{"name": "\xb9\xfe"}')

    with pytest.raises(ConfigurationError) as error:
        read_bundle(configs / "tocsin.yaml")

    reasons = {Path(f.file).name: f.message for f in error.value.findings}
    assert reasons.keys() == {"kinds.yaml", "zones.geojson"}
    assert "No such file" in reasons["kinds.yaml"]
    assert "not UTF-8" in reasons["zones.geojson"]


def test_a_settings_file_that_is_missing_is_a_finding(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read: No such file"):
        read_bundle(tmp_path / "tocsin.yaml")


def test_a_mistake_in_the_settings_hides_none_in_the_other_files(configs: Path) -> None:
    port = spoil(configs / "tocsin.yaml", "port: 1883", "port: many")
    phone = spoil(configs / "contacts.yaml", 'phone: "+8610000000002"', "phone: 5")
    stage = spoil(configs / "rules" / "river.yaml", "stage >= site.warning_stage", "stage >= 2")

    assert refused(configs) == [
        f"contacts.yaml:{phone}: E112",
        f"rules/river.yaml:{stage}: E205",
        f"tocsin.yaml:{port}: E112",
    ]


def test_settings_that_do_not_name_their_files_are_all_that_is_told(configs: Path) -> None:
    line = spoil(configs / "tocsin.yaml", "kinds: kinds.yaml", "kinds: 5")
    spoil(configs / "contacts.yaml", 'phone: "+8610000000002"', "phone: 5")

    assert refused(configs) == [f"tocsin.yaml:{line}: E112"]


def test_a_table_of_thresholds_is_part_of_the_bundle(configs: Path, tmp_path: Path) -> None:
    """What was applied goes on with the table it was applied with."""
    table = configs / "rules" / "levels.csv"
    table.write_text("zone,warning_stage [m]\nqingxi,3.5\n", encoding="utf-8")
    spoil(configs / "rules" / "river.yaml", "    release:", "    table: levels.csv\n    release:")
    bundles = Bundles(tmp_path / "bundles")
    hash_ = bundles.save(read_bundle(configs / "tocsin.yaml"))
    table.write_text("zone,warning_stage [m]\nqingxi,4\n", encoding="utf-8")

    [rule] = [r for r in configure(bundles.load(hash_)).basis.rules if r.id == "river-stage"]

    assert rule.parameters.zones == {"qingxi": {"warning_stage": (Decimal("3.5"), "m")}}
    assert read_bundle(configs / "tocsin.yaml").hash != hash_


def test_a_table_with_a_mistake_is_refused_at_its_cell(configs: Path) -> None:
    table = configs / "rules" / "levels.csv"
    table.write_text("zone,warning_stage [m]\nqingix,3.5\nharbour,x\n", encoding="utf-8")
    spoil(configs / "rules" / "river.yaml", "    release:", "    table: levels.csv\n    release:")

    assert refused(configs)[:2] == ["rules/levels.csv:2: E230", "rules/levels.csv:3: E230"]


@pytest.mark.parametrize("written", ["rules/", "./rules"])
def test_rules_are_found_however_their_directory_is_written(configs: Path, written: str) -> None:
    expected = len(configure(read_bundle(configs / "tocsin.yaml")).basis.rules)
    spoil(configs / "tocsin.yaml", "rules: rules", f"rules: {written}")

    assert len(configure(read_bundle(configs / "tocsin.yaml")).basis.rules) == expected


def test_a_directory_without_rules_is_a_finding(configs: Path) -> None:
    """A daemon that judges nothing must not look like one that has nothing to warn of."""
    spoil(configs / "tocsin.yaml", "rules: rules", "rules: ruels")

    assert refused(configs) == ["ruels:0: E002"]


def test_a_half_saved_file_is_refused_with_its_place(configs: Path) -> None:
    path = configs / "rules" / "rainstorm.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text[: text.index("grades:") + 14], encoding="utf-8")

    found = refused(configs)

    assert found
    assert all(f.startswith("rules/rainstorm.yaml:") for f in found)


def test_sensors_may_come_from_several_files(configs: Path) -> None:
    text = (configs / "sensors.csv").read_text(encoding="utf-8").splitlines()
    (configs / "sensors.csv").write_text("\n".join(text[:-1]) + "\n", encoding="utf-8")
    (configs / "more.csv").write_text(f"{text[0]}\n{text[-1]}\n", encoding="utf-8")
    spoil(configs / "tocsin.yaml", "sensors: [sensors.csv]", "sensors: [sensors.csv, more.csv]")

    assert len(configure(read_bundle(configs / "tocsin.yaml")).basis.registry.sensors) == 306


def test_one_sensor_in_two_files_is_refused(configs: Path) -> None:
    text = (configs / "sensors.csv").read_text(encoding="utf-8").splitlines()
    (configs / "more.csv").write_text(f"{text[0]}\n{text[-1]}\n", encoding="utf-8")
    spoil(configs / "tocsin.yaml", "sensors: [sensors.csv]", "sensors: [sensors.csv, more.csv]")

    assert refused(configs) == ["more.csv:0: E133"]


def test_a_route_over_a_channel_that_is_not_configured_is_found(configs: Path) -> None:
    """Applied, it would leave a daemon that can neither tell anybody nor start again."""
    spoil(configs / "tocsin.yaml", "  loudspeaker:", "  loudspeakers:")

    with pytest.raises(ConfigurationError) as error:
        configure(read_bundle(configs / "tocsin.yaml"))
    assert {finding.suggestion for finding in error.value.findings} == {"did you mean loudspeakers?"}
    assert refused(configs) == [f"routes.yaml:{line}: E003" for line in lines_of(configs, "[loudspeaker]")]


@pytest.mark.parametrize(
    "url",
    ["json://127.0.0.1:8025/sms", "nothing://x/?:to={recipient}&:key={key}", "json://x/?:to={recipient}"],
)
def test_a_gateway_that_cannot_be_used_is_found_in_its_place(configs: Path, url: str) -> None:
    spoil(configs / "tocsin.yaml", "json://127.0.0.1:8025/sms?:to={recipient}&:key={key}", url)

    [finding] = refused(configs)

    assert finding.startswith("tocsin.yaml:")
    assert finding.endswith("E112")
    assert ":0:" not in finding


def test_a_channel_of_another_realm_is_refused_at_each(configs: Path) -> None:
    """A copy of the live settings in which the realm alone was changed would drill with live gateways."""
    text = (configs / "tocsin.yaml").read_text(encoding="utf-8")
    spoil(configs / "tocsin.yaml", "realm: live", "realm: drill")

    lines = [n for n, line in enumerate(text.splitlines(), start=1) if line.startswith("    realm: live")]
    assert len(lines) == 4
    assert refused(configs) == [f"tocsin.yaml:{line}: E005" for line in lines]


def test_a_live_daemon_refuses_the_channel_of_a_drill(configs: Path) -> None:
    line = spoil(configs / "tocsin.yaml", "    realm: live", "    realm: drill")

    assert refused(configs) == [f"tocsin.yaml:{line}: E005"]


def test_a_route_of_a_hazard_that_no_rule_raises_is_a_typing_error(configs: Path) -> None:
    """Nobody would miss the warnings that it keeps from its people."""
    path = configs / "routes.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("hazard: flood", "hazard: flod"), encoding="utf-8")

    assert refused(configs) == [f"routes.yaml:{line}: E004" for line in lines_of(configs, "hazard: flod")]


def lines_of(configs: Path, part: str) -> list[int]:
    """The numbers of the routes that hold `part`."""
    lines = (configs / "routes.yaml").read_text(encoding="utf-8").splitlines()
    found = [number for number, line in enumerate(lines, start=1) if part in line]
    assert found
    return found
