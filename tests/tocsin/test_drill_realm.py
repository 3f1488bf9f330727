"""What a drill is started with: everything that decides, and nothing that leads out of the house."""

from dataclasses import replace
from pathlib import Path

import pytest

from ingest.finding import ConfigurationError
from ingest.journal import Retention
from notifiers.routes import Reach
from rules.realm import Realm
from tests.tocsin.test_channel_settings import WRITTEN, text_of
from tests.tocsin.test_sealed_settings import with_secrets, written
from tests.tocsin.village import SETTINGS, bundle
from tocsin.bundle import Bundle
from tocsin.channel_settings import Apprise, Loudspeaker
from tocsin.configuration import configure
from tocsin.drill.realm import Ends, refuse_foreign, sealed
from tocsin.settings import SeriesSettings, Settings, read_settings
from tocsin.storage import Storage
from tocsin.wiring import mqtt_broker, verify

ENDS = Ends(1111, 2222, Path("/drill/horns.key"))
# Everything else that settings can hold and that leads out of the house.
OUTWARD = """\
mqtt: {host: broker.example, port: 8883, client_id: qingxi, username: qingxi, password_file: /secret/mqtt,
       tls: {ca: /secret/ca, certificate: /secret/crt, key: /secret/pem}}
series: {store: influxdb, url: "http://db.example:8086", org: o, token_file: /secret/token}
watchdog: {heartbeat_url: "https://watch.example/beat", command: [/usr/bin/tell]}
http: {port: 9999}
"""
KEPT = """\
time_zone: Asia/Urumqi
journal: {period: 2h, keep: 3d, max_size: 5 GB}
horns_need_approval: true
apply: {plan: required}
"""


def live(channels: Path = Path("/secret")) -> str:
    """Settings of live service with one channel of every kind."""
    text = text_of({name: written(name, Realm.LIVE, channels) for name in WRITTEN})
    return text.replace("mqtt: {host: broker}\n", OUTWARD + KEPT)


def of_text(text: str) -> Bundle:
    return bundle(text)


def read(text: str) -> Settings:
    settings, findings = read_settings("tocsin.yaml", text)
    assert findings == []
    assert settings is not None
    return settings


def drilled(text: str) -> Settings:
    made = sealed(of_text(text), ENDS)
    return read(made.texts[made.main])


def test_every_channel_has_a_simulated_one_of_its_name_and_reach_in_its_place() -> None:
    settings = drilled(live())

    assert settings.realm is Realm.DRILL
    assert settings.reach == read(live()).reach
    assert {of.realm for of in settings.channels.values()} == {Realm.DRILL}
    for of in settings.channels.values():
        if isinstance(of, Apprise):
            assert of.url is not None
            assert of.url.startswith("json://127.0.0.1:2222/")
            public = of.reach is Reach.PUBLIC
            assert ("to=public&" in of.url, "{recipient}" in of.url) == (public, not public)
        else:
            assert of == Loudspeaker(via="loudspeaker", realm=Realm.DRILL, key_file=ENDS.horn_key)


def test_broker_history_heartbeat_and_port_are_a_drills_own() -> None:
    settings = drilled(live())

    broker = mqtt_broker(settings)
    assert (broker.host, broker.port, broker.client_id) == ("127.0.0.1", 1111, "tocsin")
    assert (broker.username, broker.password, broker.tls) == (None, None, None)
    assert (settings.watchdog, settings.series) == (None, SeriesSettings())
    assert settings.http.port == 9120


def test_what_decides_how_a_place_is_judged_and_told_is_kept() -> None:
    settings, before = drilled(live()), read(live())

    for key in ("kinds", "sensors", "zones", "rules", "contacts", "routes", "time_zone", "journal", "apply"):
        assert getattr(settings, key) == getattr(before, key), key
    assert settings.horns_need_approval


def test_only_the_settings_of_a_bundle_are_written_anew() -> None:
    before = of_text(live())

    after = sealed(before, ENDS)

    assert {name for name, text in after.texts.items() if text != before.texts[name]} == {"tocsin.yaml"}


@pytest.mark.parametrize("secret", ["/secret", "SECRET", "example", "qingxi", "/usr/bin/tell", ":9/"])
def test_nothing_of_live_service_stands_in_the_bundle_of_a_drill(secret: str) -> None:
    assert secret in live()
    assert secret not in sealed(of_text(live()), ENDS).texts["tocsin.yaml"]


def test_no_secret_is_read(tmp_path: Path) -> None:
    """Whoever opened one of these files would fail: each is a directory, and no variable is set."""
    for name in ("p", "k", "s", "token-TOKEN", "secret-SECRET", "url-TOCSIN_TEST_MAIL"):
        (tmp_path / name).mkdir()
    text = live(tmp_path)
    configured = configure(bundle())
    with pytest.raises(OSError, match=r"/secret/mqtt"):
        verify(replace(configured, settings=read(text)), tmp_path)
    key = tmp_path / "horns.key"
    key.write_text("0f" * 32)

    made = sealed(of_text(text), replace(ENDS, horn_key=key))

    verify(replace(configured, settings=read(made.texts[made.main])), tmp_path)


def test_settings_of_a_drill_are_sealed_as_well(tmp_path: Path) -> None:
    """A drill's own gateways are for exercises that really ring; a simulated town needs none."""
    folder = with_secrets(tmp_path)
    own = text_of({name: written(name, Realm.DRILL, folder) for name in WRITTEN}, "drill")

    assert drilled(own).reach == read(own).reach
    assert str(tmp_path) not in sealed(of_text(own), ENDS).texts["tocsin.yaml"]


def test_settings_that_are_wrong_are_not_sealed() -> None:
    with pytest.raises(ConfigurationError) as refused:
        sealed(bundle(SETTINGS.replace("reach: phone", "reach: moon")), ENDS)

    [finding] = refused.value.findings
    assert (finding.file, finding.line, finding.code) == ("tocsin.yaml", 12, "E112")


@pytest.mark.parametrize("realm", [Realm.REPLAY, Realm.SHADOW, Realm.CANARY])
def test_no_drill_is_made_of_what_nobody_acts_on(realm: Realm) -> None:
    with pytest.raises(ConfigurationError) as refused:
        sealed(bundle(SETTINGS.replace("realm: live", f"realm: {realm}")), ENDS)

    [finding] = refused.value.findings
    assert (finding.file, finding.line, finding.code) == ("tocsin.yaml", 1, "E015")


@pytest.mark.parametrize("realm", [realm for realm in Realm if realm is not Realm.DRILL])
def test_a_state_directory_of_another_realm_is_refused_before_it_is_touched(
    realm: Realm, tmp_path: Path
) -> None:
    Storage.open(tmp_path, realm, Retention()).close()
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}

    with pytest.raises(ConfigurationError) as refused:
        refuse_foreign(tmp_path)

    [finding] = refused.value.findings
    assert (finding.file, finding.code) == (str(tmp_path), "E016")
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_a_state_directory_of_a_drill_or_none_yet_is_taken(tmp_path: Path) -> None:
    refuse_foreign(tmp_path / "none")
    Storage.open(tmp_path, Realm.DRILL, Retention()).close()
    refuse_foreign(tmp_path)


def test_the_bundle_of_a_drill_is_a_sound_one_and_sealed_again_the_same() -> None:
    made = sealed(bundle(), ENDS)

    configuration = configure(made)

    assert configuration.basis.bundle == made.hash
    assert configuration.settings.realm is Realm.DRILL
    assert sealed(made, ENDS) == made
