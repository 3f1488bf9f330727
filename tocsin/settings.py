"""`tocsin.yaml`: where the daemon finds its files, its broker, its stores, its gateways."""

from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, available_timezones

from pydantic import (
    BaseModel,
    ByteSize,
    ConfigDict,
    Field,
    SecretStr,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from ingest.clock import DAY, HOUR, MINUTE, SECOND
from ingest.document import Document, Strict, parse_yaml, validate
from ingest.duration import Duration
from ingest.finding import Finding, words
from notifiers.routes import Reach
from rules.realm import Realm
from tocsin.channel_settings import Channel, ChannelName

Port = Annotated[int, Field(ge=1, le=65535)]
GB = 10**9


class Tls(Strict):
    """PEM files; a certificate and key only where the broker asks clients for one."""

    ca: Path
    certificate: Path | None = None
    key: Path | None = None


class Mqtt(Strict):
    """Without `topics` it is all that devices report in the namespace of the realm."""

    host: str
    port: Port = 1883
    client_id: str = "tocsin"
    topics: tuple[str, ...] = ()
    username: str | None = None
    password_file: Path | None = None
    tls: Tls | None = None
    linger: Duration = 20

    def password(self) -> SecretStr | None:
        """Read at start, so that it is never part of a bundle; OSError if the file cannot be read."""
        if self.password_file is None:
            return None
        return SecretStr(self.password_file.read_text(encoding="utf-8").rstrip("\n"))


class JournalSettings(Strict):
    period: Duration = HOUR
    keep: Duration = 7 * DAY
    max_size: Annotated[ByteSize, WithJsonSchema({"type": ["integer", "string"]})] = ByteSize(20 * GB)


class SeriesSettings(Strict):
    """`embedded` needs nothing; `victoriametrics` a url; `influxdb` url, org, bucket, token_file."""

    store: Literal["embedded", "victoriametrics", "influxdb"] = "embedded"
    url: str | None = None
    org: str = ""
    bucket: str = "tocsin"
    token_file: Path | None = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.store != "embedded" and not self.url:
            raise ValueError(
                words("store {store} needs a url, for example http://127.0.0.1:8428", store=self.store)
            )
        return self


class Http(Strict):
    """Loopback only: what faces a network belongs behind a proxy that authenticates."""

    port: Port = 9120


class Watchdog(Strict):
    """A canary flies through the whole chain `every` so often; none back `within` is told.

    By 180 s somebody outside has seen it: whoever looks every 5 s, and waits 5 s for the answer. `command` is
    run by `tocsin watch`, a process of its own. `heartbeat_url_file` holds the URL, which is a secret.
    """

    every: Duration = MINUTE
    within: Duration = 170 * SECOND
    heartbeat_url: str | None = Field(None, repr=False)
    heartbeat_url_file: Path | None = None
    command: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if self.within < 2 * self.every:
            raise ValueError(words("within must be at least twice every: one canary may be lost on its way"))
        if self.heartbeat_url and self.heartbeat_url_file:
            raise ValueError(words("give heartbeat_url or heartbeat_url_file, not both"))
        return self

    def url(self) -> str | None:
        """Read at start, so that it is never part of a bundle; OSError if the file cannot be read."""
        if self.heartbeat_url_file is None:
            return self.heartbeat_url
        return self.heartbeat_url_file.read_text(encoding="utf-8").strip()

    @property
    def patience(self) -> int:
        """How long (ms) no answer of the daemon at all may take: by then its last canary is `within` old."""
        return self.within - self.every


class Planning(StrEnum):
    """Whether a change needs a plan."""

    OPTIONAL = "optional"
    REQUIRED = "required"


class Apply(Strict):
    """`plan: required`: nothing comes into force but by `tocsin apply --plan` and `tocsin rollback`."""

    plan: Planning = Planning.OPTIONAL


class Files(BaseModel):
    """Which files make up the bundle; what else stands in the settings is passed over here."""

    model_config = ConfigDict(frozen=True)

    kinds: str
    sensors: tuple[str, ...]
    zones: str
    rules: str
    contacts: str
    routes: str

    def files(self, base: Path) -> list[str]:
        """Every other file of the bundle, relative to the settings file in `base`."""
        rules = [self.rules_prefix + name for name in rule_files(base / self.rules)]
        return [self.kinds, *self.sensors, self.zones, *rules, self.contacts, self.routes]

    @property
    def rules_prefix(self) -> str:
        """What the names of the rule files in a bundle begin with."""
        return f"{PurePosixPath(self.rules)}/"


class Judged(Files):
    """What decides how a journal is judged: the files, and in which namespace devices report."""

    realm: Realm


class Settings(Judged):
    """The whole file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    time_zone: str = "Asia/Shanghai"
    mqtt: Mqtt
    journal: JournalSettings = JournalSettings()
    series: SeriesSettings = SeriesSettings()
    http: Http = Http()
    watchdog: Watchdog | None = None
    horns_need_approval: bool = False
    apply: Apply = Apply()
    channels: dict[ChannelName, Channel]

    @field_validator("time_zone")
    @classmethod
    def _known(cls, name: str) -> str:
        if name not in available_timezones():
            raise ValueError(words("no such time zone; write it as in Asia/Shanghai"))
        return name

    @property
    def zone_info(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @property
    def reach(self) -> dict[str, Reach]:
        """Whom each channel reaches."""
        return {name: channel.reach for name, channel in self.channels.items()}


def rule_files(directory: Path) -> list[str]:
    """Rules and the tables they name, in `directory` and below it, by their names from there."""
    found = [path for suffix in ("*.yaml", "*.csv") for path in directory.rglob(suffix)]
    return sorted(path.relative_to(directory).as_posix() for path in found)


def read_settings(name: str, text: str) -> tuple[Settings | None, list[Finding]]:
    """The settings, or all that is wrong with them."""
    document, findings = parse_yaml(name, text)
    if document is None:
        return None, findings
    settings, found = validate(document, Settings)
    findings += found
    findings += [] if settings is None else [*_unsealed(document, settings), *_astray(document, settings)]
    return (None if findings else settings), findings


def _unsealed(document: Document, settings: Settings) -> list[Finding]:
    """A drill names no gateway and no credential of live service, nor the other way round."""
    return [
        document.finding(
            ("channels", name, "realm"),
            "E005",
            words(
                "{name} is a channel of the realm {realm}, and these settings are {wanted}",
                name=name,
                realm=channel.realm,
                wanted=settings.realm,
            ),
            words(
                "give it a gateway and credentials of the realm {realm}, or take it out", realm=settings.realm
            ),
        )
        for name, channel in settings.channels.items()
        if channel.realm is not settings.realm
    ]


def _astray(document: Document, settings: Settings) -> list[Finding]:
    """Live service hears nothing of an exercise, nor an exercise anything of live service."""
    own = settings.realm.namespace
    return [
        document.finding(
            ("mqtt", "topics", number),
            "E014",
            words(
                "{topic} hears more than the realm {realm}, whose topics begin with {own}",
                topic=topic,
                realm=settings.realm,
                own=f"{own}/",
            ),
            words("write {reports} or a part of it, or leave topics out", reports=own.reports),
        )
        for number, topic in enumerate(settings.mqtt.topics)
        if not own.admits(topic)
    ]


def read_judged(name: str, text: str) -> Judged | None:
    """What settings that were applied once say of judgement, whatever this version makes of the rest."""
    document, _ = parse_yaml(name, text)
    return None if document is None else validate(document, Judged)[0]


def read_files(name: str, text: str) -> Files | None:
    """The files that the settings name, whatever else is wrong with them; None where they cannot be told."""
    document, _ = parse_yaml(name, text)
    return None if document is None else validate(document, Files)[0]
