"""`channels:` of `tocsin.yaml`: one class for each way out, told apart by `via`.

Each belongs to one realm, and settings of another realm refuse it: a drill has gateways and credentials of
its own. Secrets are named by `<secret>_file` or `<secret>_env` and read at start, so they are in no bundle.
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, ClassVar, Literal, Self, TypeAlias
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, model_validator

from ingest.clock import MINUTE, SECOND
from ingest.document import Strict
from ingest.document.shape_faults import in_form
from ingest.duration import Duration
from ingest.finding import words
from notifiers.apprise import AppriseChannel
from notifiers.bulletin import Act
from notifiers.kannel.callbacks import checked_token
from notifiers.routes import Reach
from notifiers.template_sms import Provider, Template
from notifiers.template_sms.aliyun import Aliyun
from notifiers.template_sms.channel import complete
from notifiers.template_sms.huawei import Huawei
from notifiers.template_sms.tencent import Tencent
from notifiers.webhook import decoded
from rules.realm import Realm

_NAME = r"^[a-z0-9][a-z0-9-]*$"
ChannelName = Annotated[
    str,
    Field(pattern=_NAME, max_length=64),
    in_form(_NAME, words("write lower-case letters, digits and hyphens")),
]
"""It stands in routes, in addresses of callbacks and in names of files."""

_Rate = Annotated[float, Field(gt=0, le=10_000)]
_VARIABLE = r"^[A-Za-z_][A-Za-z0-9_]*$"
_Variable = Annotated[
    str,
    Field(pattern=_VARIABLE),
    in_form(_VARIABLE, words("write the name of a variable of the environment")),
]
_Timeout = Annotated[Duration, Field(gt=0, le=MINUTE)]
# Kannel reads a % in a callback as one of its own escapes.
_OF_KANNEL = r"^https?://[^\s?#%@]+$"
_OfKannel = Annotated[
    str,
    Field(pattern=_OF_KANNEL),
    in_form(_OF_KANNEL, words("write an http or https address without user, ?, # and %")),
]
_COUNTRY = r"^[1-9][0-9]{0,2}$"
_FOLDER = r"^https?://[^\s]+/$"
_SENDER = r"^[^\s,<&]+$"
_OFFICE = r"^[0-9]{14}$"
_HTTPS = re.compile(r"(https://[^\s/@]+|http://(127\.0\.0\.1|localhost|\[::1\])(:[0-9]+)?)(/\S*)?")


def _holds_user(url: str) -> bool:
    try:
        return urlsplit(url).username is not None
    except ValueError:
        return False  # Apprise says that it is no URL


def _encrypted(url: str) -> str:
    if _HTTPS.fullmatch(url) is None:
        raise ValueError(words("write an https address, or http on loopback, without user and password"))
    return url


PROVIDERS: Mapping[str, type[Aliyun] | type[Tencent] | type[Huawei]] = MappingProxyType(
    {"aliyun": Aliyun, "tencent": Tencent, "huawei": Huawei}
)

_Https = Annotated[str, AfterValidator(_encrypted)]
_Some = Annotated[str, Field(min_length=1)]


class _Channel(Strict):
    """`secrets`: each has one of `<secret>_file` and `<secret>_env`, and is read by `secret`."""

    secrets: ClassVar[tuple[str, ...]] = ()

    realm: Realm

    @model_validator(mode="after")
    def _named_once(self) -> Self:
        for secret in self.secrets:
            ways = [way for way in self._ways(secret) if getattr(self, way) is not None]
            if len(ways) != 1:
                raise ValueError(words("give one of {keys}", keys=", ".join(self._ways(secret))))
        return self

    def _ways(self, secret: str) -> list[str]:
        """The keys that can give a secret; one of its own name too, where it need not be one."""
        return [way for way in (secret, f"{secret}_file", f"{secret}_env") if way in type(self).model_fields]

    def secret(self, secret: str, channel: str) -> SecretStr:
        """The secret of the channel of that name; OSError names what cannot be read, and by which key."""
        file: Path | None = getattr(self, f"{secret}_file")
        variable: str | None = getattr(self, f"{secret}_env")
        if file is not None:
            return _of_file(file, f"channels.{channel}.{secret}_file")
        if variable is not None:
            return _of_environment(variable, f"channels.{channel}.{secret}_env")
        return SecretStr(getattr(self, secret))

    def verify(self, channel: str) -> None:
        """OSError or ValueError if the channel could not start here."""
        for secret in self.secrets:
            self.secret(secret, channel)


class Apprise(_Channel):
    """`url` is an Apprise URL, in a file or the environment if it holds a password or a token.

    `{recipient}` stands in it, and `{key}` where the gateway takes one. `rate` messages a second at most.
    `signature` stands before the text, as carriers demand it: 【...】.
    """

    secrets: ClassVar[tuple[str, ...]] = ("url",)

    via: Literal["apprise"]
    reach: Reach
    url: str | None = None
    url_file: Path | None = None
    url_env: _Variable | None = None
    honours_keys: bool = False
    signature: str = ""
    rate: _Rate = 10.0

    @model_validator(mode="after")
    def _usable(self) -> Self:
        """A gateway that Apprise refuses is found here, not at a start that can go back to nothing."""
        if self.reach is Reach.HORN:
            raise ValueError(
                words("Apprise reaches phone, email or public; horns are reached via loudspeaker")
            )
        if self.url is not None:
            if _holds_user(self.url):
                raise ValueError(
                    words("the url holds a user or a password: write it into a file, and url_file")
                )
            self._try(self.url)
        return self

    def verify(self, channel: str) -> None:
        self._try(self.secret("url", channel).get_secret_value())

    def _try(self, url: str) -> None:
        room = self.reach is Reach.PUBLIC
        AppriseChannel("", Realm.REPLAY, url, room=room, honours_keys=self.honours_keys).close()


class Kannel(_Channel):
    """`url` is the sendsms of smsbox; `callbacks_at` where Kannel reaches us, None for loopback.

    `sender` is the number that phones see, `country` the code before numbers that come without one.
    """

    secrets: ClassVar[tuple[str, ...]] = ("password", "token")
    reach: ClassVar[Reach] = Reach.PHONE

    via: Literal["kannel"]
    url: _OfKannel
    username: _Some
    password_file: Path | None = None
    password_env: _Variable | None = None
    token_file: Path | None = None
    token_env: _Variable | None = None
    callbacks_at: _OfKannel | None = None
    sender: str = ""
    signature: str = ""
    country: Annotated[
        str,
        Field(pattern=_COUNTRY),
        in_form(_COUNTRY, words('write the country code alone, in quotes: "86"')),
    ] = "86"
    rate: _Rate = 10.0
    timeout: _Timeout = 4 * SECOND
    receipt_within: Duration = 100 * SECOND

    def verify(self, channel: str) -> None:
        super().verify(channel)
        checked_token(self.secret("token", channel).get_secret_value())


class TemplateEntry(Strict):
    """`id` as the cloud has it; `wording` as it approved it, with {grade}, {title}, {place} and the like.

    `limits`: characters that the cloud grants a parameter beyond its usual.
    """

    id: _Some
    wording: _Some
    limits: dict[_Some, Annotated[int, Field(ge=1)]] = Field(default={})


class TemplateSms(_Channel):
    """An account at a cloud that sends templates alone, in one language; `templates` has one for each act.

    `key` is what the account goes by (AccessKey id, SecretId, app key), `secret` what it signs with. `app_id`
    and `region` are Tencent's, `sender` is Huawei's.
    """

    secrets: ClassVar[tuple[str, ...]] = ("key", "secret")
    reach: ClassVar[Reach] = Reach.PHONE

    via: Literal["template"]
    provider: Literal["aliyun", "tencent", "huawei"]
    signature: _Some
    key_file: Path | None = None
    key_env: _Variable | None = None
    secret_file: Path | None = None
    secret_env: _Variable | None = None
    app_id: _Some | None = None
    region: _Some | None = None
    sender: _Some | None = None
    endpoint: _Https | None = None
    language: Literal["zh", "en"] = "zh"
    rate: _Rate = 10.0
    timeout: _Timeout = 4 * SECOND
    templates: dict[Act, TemplateEntry]

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if missing := [str(act) for act in Act if act not in self.templates]:
            raise ValueError(words("there is no template for {missing}", missing=", ".join(missing)))
        complete(self.provider, self.realm, self.worded())
        for provider, key in (("tencent", "app_id"), ("huawei", "sender")):
            if (getattr(self, key) is None) is (self.provider == provider):
                raise ValueError(
                    words("{provider} needs {key}", provider=provider, key=key)
                    if self.provider == provider
                    else words("{provider} knows no {key}", provider=self.provider, key=key)
                )
        if self.region is not None and self.provider != "tencent":
            raise ValueError(words("{provider} knows no {key}", provider=self.provider, key="region"))
        return self

    def worded(self) -> dict[Act, Template]:
        """Raises ValueError for a wording whose parameters are not known, or stand in it twice."""
        return {act: Template(entry.id, entry.wording, entry.limits) for act, entry in self.templates.items()}

    def account(self, channel: str) -> Provider:
        """OSError as `secret`; ValueError for a key that no header can hold, without showing it."""
        key, secret = (self.secret(part, channel).get_secret_value() for part in ("key", "secret"))
        options = (("region", self.region), ("endpoint", self.endpoint))
        chosen = {option: value for option, value in options if value is not None}
        match self.provider:
            case "aliyun":
                return Aliyun(key, secret, self.signature, **chosen)
            case "tencent":
                return Tencent(key, secret, self.app_id or "", self.signature, **chosen)
            case "huawei":
                return Huawei(key, secret, self.sender or "", self.signature, **chosen)

    def verify(self, channel: str) -> None:
        self.account(channel)


class Loudspeaker(_Channel):
    """Over the broker of `mqtt`. The key is the fleet's, in hexadecimal, of 32 bytes or more.

    A horn that sends no receipt in time has failed; one that answers no poll for so long is silent.
    """

    secrets: ClassVar[tuple[str, ...]] = ("key",)
    reach: ClassVar[Reach] = Reach.HORN

    via: Literal["loudspeaker"]
    key_file: Path | None = None
    key_env: _Variable | None = None
    receipt_within: Duration = MINUTE
    repeat: Annotated[int, Field(ge=1, le=20)] = 3
    poll_every: Annotated[Duration, Field(ge=SECOND)] = 30 * SECOND
    silent_after: Duration = MINUTE

    @model_validator(mode="after")
    def _patient(self) -> Self:
        if self.silent_after <= self.poll_every:
            raise ValueError(words("silent_after must be longer than poll_every: every horn would be silent"))
        return self

    def key(self, channel: str) -> bytes:
        """OSError as `secret`; ValueError for what is no key, without showing it."""
        try:
            key = bytes.fromhex(self.secret("key", channel).get_secret_value())
        except ValueError:
            key = b""
        if len(key) < 32:
            raise ValueError(
                f"channels.{channel}: the key is not 64 hexadecimal digits: `openssl rand -hex 32` makes one"
            )
        return key

    def verify(self, channel: str) -> None:
        self.key(channel)


class Webhook(_Channel):
    """`url` is https, or http on loopback. The secret is `whsec_` and the base64 of 24 to 64 random bytes."""

    secrets: ClassVar[tuple[str, ...]] = ("secret",)
    reach: ClassVar[Reach] = Reach.PUBLIC

    via: Literal["webhook"]
    url: _Https
    secret_file: Path | None = None
    secret_env: _Variable | None = None
    source: _Some = "/tocsin"
    rate: _Rate = 10.0
    timeout: _Timeout = 4 * SECOND

    def verify(self, channel: str) -> None:
        decoded(channel, self.secret("secret", channel).get_secret_value())


class CapHazard(Strict):
    """A hazard in CAP: categories, name by language, national code."""

    categories: Annotated[tuple[_Some, ...], Field(min_length=1)]
    event: dict[Literal["zh", "en"], _Some] = Field(default={})
    code: _Some | None = None


class Cap(_Channel):
    """`directory` is shown by a web server at `url`, which ends in a slash.

    `sender` is unique in the world; `office` the 14 digits that begin every identifier: division 6, agency 3,
    unit 3, extension 2. `exercise` is the id of a drill, `largest_area` in square kilometres. `hazards` go
    by hazard, `certainty` by rule.
    """

    reach: ClassVar[Reach] = Reach.PUBLIC

    via: Literal["cap"]
    directory: Path
    url: Annotated[
        str, Field(pattern=_FOLDER), in_form(_FOLDER, words("write an http or https address that ends in /"))
    ]
    sender: Annotated[
        str, Field(pattern=_SENDER), in_form(_SENDER, words("write it without spaces, commas, < and &"))
    ]
    name: Annotated[dict[Literal["zh", "en"], _Some], Field(min_length=1)]
    office: Annotated[str, Field(pattern=_OFFICE), in_form(_OFFICE, words("write its 14 digits in quotes"))]
    exercise: str = ""
    largest_area: Annotated[float, Field(gt=0)]
    hazards: dict[_Some, CapHazard] = Field(default={})
    certainty: dict[_Some, Literal["Observed", "Likely", "Possible", "Unlikely", "Unknown"]] = Field(
        default={}
    )

    @model_validator(mode="after")
    def _exercised(self) -> Self:
        if self.realm is Realm.DRILL and not self.exercise.strip():
            raise ValueError(words("the feed of a drill needs the id of the exercise"))
        return self


Channel: TypeAlias = Annotated[
    Apprise | Kannel | TemplateSms | Loudspeaker | Webhook | Cap, Field(discriminator="via")
]


def _of_file(file: Path, key: str) -> SecretStr:
    try:
        text = file.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise OSError(error.errno, f"{key} cannot be read: {error.strerror}", str(file)) from error
    except UnicodeDecodeError as error:
        raise OSError(f"{key} is not UTF-8: {file}") from error
    if not text:
        raise OSError(f"{key} is empty: {file}")
    return SecretStr(text)


def _of_environment(variable: str, key: str) -> SecretStr:
    if not (text := os.environ.get(variable, "").strip()):
        raise OSError(f"{key}: the environment has no {variable}")
    return SecretStr(text)
