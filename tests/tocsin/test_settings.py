"""The settings file: what it may say, and where each mistake stands."""

import json
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from ingest.clock import DAY, HOUR
from ingest.namespace import Namespace
from rules.realm import Realm
from tocsin.settings import Mqtt, Settings, read_settings
from tocsin.wiring import mqtt_broker

SHORTEST = """\
realm: live
kinds: kinds.yaml
sensors: [sensors.csv]
zones: zones.geojson
rules: rules
contacts: contacts.yaml
routes: routes.yaml
mqtt: {host: broker}
channels: {}
"""


def read(text: str) -> Settings:
    settings, findings = read_settings("tocsin.yaml", text)
    assert findings == []
    assert settings is not None
    return settings


def findings(text: str) -> list[str]:
    settings, found = read_settings("tocsin.yaml", text)
    assert settings is None
    return [str(finding).splitlines()[0] for finding in found]


def test_what_is_left_out_has_a_default() -> None:
    settings = read(SHORTEST)

    assert settings.realm is Realm.LIVE
    assert settings.zone_info == ZoneInfo("Asia/Shanghai")
    assert (settings.mqtt.port, mqtt_broker(settings).topics) == (1883, ("tocsin/v1/#",))
    assert (settings.journal.period, settings.journal.keep) == (HOUR, 7 * DAY)
    assert int(settings.journal.max_size) == 20 * 10**9
    assert (settings.series.store, settings.http.port) == ("embedded", 9120)
    assert settings.channels == {}


@pytest.mark.parametrize("realm", Realm)
def test_what_is_subscribed_to_is_of_the_realm(realm: Realm) -> None:
    settings = read(SHORTEST.replace("realm: live", f"realm: {realm}"))

    first = "tocsin-drill" if realm is Realm.DRILL else "tocsin"
    assert mqtt_broker(settings).topics == (f"{first}/v1/#",)


@pytest.mark.parametrize(
    "topic", ["#", "+/v1/#", "{other}/#", "{other}/v1/a/b/c/event", "$share/g/{other}/v1/#"]
)
@pytest.mark.parametrize("realm", Realm)
def test_no_realm_subscribes_to_what_another_may_say(realm: Realm, topic: str) -> None:
    """Live service hears no exercise, an exercise nothing of live service."""
    own, other = realm.namespace, next(each for each in Namespace if each is not realm.namespace)
    topics = json.dumps([f"{own}/v1/#", topic.format(other=other), f"$share/g/{own}/v1/+/smoke/#"])
    text = SHORTEST.replace("realm: live", f"realm: {realm}").replace(
        "broker}", f"broker, topics: {topics}}}"
    )

    [finding] = findings(text)

    assert finding.startswith("tocsin.yaml:8:")
    assert f"E014 {topic.format(other=other)} hears more than the realm {realm}" in finding


def test_the_realm_has_no_default() -> None:
    [finding] = findings(SHORTEST.replace("realm: live\n", ""))

    assert "E111 realm is missing" in finding


def test_durations_and_sizes_are_written_with_units() -> None:
    settings = read(SHORTEST + "journal: {period: 10min, keep: 2d, max_size: 500 MB}\n")

    assert (settings.journal.period, settings.journal.keep) == (HOUR // 6, 2 * DAY)
    assert int(settings.journal.max_size) == 500 * 10**6


def test_all_mistakes_are_found_at_once_and_in_their_place() -> None:
    text = SHORTEST.replace("{host: broker}", "{host: broker, port: 70000}").replace("live", "public")

    found = findings(text + "time_zone: Asia/Peking\nhtpp: {port: 80}\n")

    assert [finding.split(" ")[:2] for finding in sorted(found)] == [
        ["tocsin.yaml:10:12:", "E112"],
        ["tocsin.yaml:11:1:", "E110"],
        ["tocsin.yaml:1:8:", "E112"],
        ["tocsin.yaml:8:28:", "E112"],
    ]


def test_a_misspelt_key_comes_with_the_right_one() -> None:
    _, [finding] = read_settings("tocsin.yaml", SHORTEST + "jornal: {keep: 1d}\n")

    assert "journal" in finding.suggestion


@pytest.mark.parametrize("store", ["victoriametrics", "influxdb"])
def test_a_database_needs_its_address(store: str) -> None:
    [finding] = findings(SHORTEST + f"series: {{store: {store}}}\n")

    assert f"store {store} needs a url, for example http://" in finding


def test_text_that_is_no_yaml_is_one_finding() -> None:
    [finding] = findings("realm: [live\n")

    assert "E101" in finding


def test_the_password_is_read_from_its_file_and_never_shown(tmp_path: Path) -> None:
    path = tmp_path / "password"
    path.write_text("geheim\n")
    mqtt = Mqtt(host="broker", password_file=path)

    password = mqtt.password()

    assert password is not None
    assert password.get_secret_value() == "geheim"
    assert "geheim" not in repr(mqtt) + repr(password)


def test_a_password_file_that_is_missing_is_an_error() -> None:
    assert Mqtt(host="broker").password() is None
    with pytest.raises(OSError, match="nowhere"):
        Mqtt(host="broker", password_file=Path("/nowhere/password")).password()


@pytest.mark.parametrize("written", ["rules", "rules/", "./rules"])
def test_rule_files_are_found_in_all_folders_however_the_directory_is_written(
    tmp_path: Path, written: str
) -> None:
    (tmp_path / "rules" / "town").mkdir(parents=True)
    for name in ("b.yaml", "a.yaml", "town/c.yaml", "a.yaml.swp", "README.md"):
        (tmp_path / "rules" / name).touch()
    settings = read(SHORTEST.replace("rules: rules", f"rules: {written}"))

    files = settings.files(tmp_path)

    assert [name for name in files if name.startswith(settings.rules_prefix)] == [
        "rules/a.yaml",
        "rules/b.yaml",
        "rules/town/c.yaml",
    ]
    assert len(files) == 8


def test_rules_may_lie_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "a.yaml").touch()
    settings = read(SHORTEST.replace("rules: rules", f"rules: {tmp_path}/elsewhere"))

    files = settings.files(tmp_path / "here")

    assert [n for n in files if n.startswith(settings.rules_prefix)] == [f"{tmp_path}/elsewhere/a.yaml"]
