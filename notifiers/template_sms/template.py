"""A template as a cloud approved it, what a bulletin puts into it, and whether that fits."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo

from ingest.clock import SECOND
from ingest.finding import words
from notifiers.bulletin import Bulletin
from notifiers.headline import grade_of
from notifiers.message import plain
from notifiers.seal import marked
from rules.realm import Realm

PARAMETERS = ("grade", "title", "place", "time", "advice", "id")
_PLACE = re.compile(r"\{(\w*)\}")
# The clouds keep these for the signature, which they put before all the rest.
_BRACKETS = str.maketrans({"【": "", "】": "："})
_TIMES = {"zh": "{0.month}月{0.day}日{0:%H:%M}", "en": "{0:%Y-%m-%d %H:%M}"}


@dataclass(frozen=True, slots=True)
class Limits:
    """What a cloud takes: characters of one parameter and of the whole SMS, its signature included.

    `refused` may not stand in a parameter.
    """

    parameter: int
    message: int
    refused: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Template:
    """`id` is the cloud's; `wording` what it approved, with `{grade}`, `{title}`, ... for its parameters.

    A cloud that numbers its parameters counts them as they stand in the wording, so each stands there once.
    `limits` are characters that the cloud grants a parameter beyond its usual. Raises ValueError for a
    wording or limit that names no parameter.
    """

    id: str
    wording: str
    limits: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        named = (*self.parameters, *self.limits)
        if strangers := sorted({name for name in named if name not in PARAMETERS}):
            raise ValueError(
                words(
                    "template {id}: there is no parameter {strangers}, but there are {known}",
                    id=self.id,
                    strangers=", ".join(strangers),
                    known=", ".join(PARAMETERS),
                )
            )
        if set("{}") & set(_PLACE.sub("", self.wording)):
            raise ValueError(
                words("template {id}: a brace in the wording belongs to no parameter", id=self.id)
            )
        if len(set(self.parameters)) < len(self.parameters):
            raise ValueError(words("template {id}: a parameter stands twice in the wording", id=self.id))

    @property
    def parameters(self) -> tuple[str, ...]:
        """In the order of the wording."""
        return tuple(_PLACE.findall(self.wording))


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds of all templates of a channel; `signature` without the brackets that the cloud adds."""

    realm: Realm
    language: str
    zone_of_time: tzinfo
    limits: Limits
    signature: str


def values(template: Template, bulletin: Bulletin, terms: Terms) -> dict[str, str]:
    """The parameters in the order of the wording, nothing cut; the first holds the mark of a drill.

    For that, what is not live begins with a parameter: see `TemplateSmsChannel`.
    """
    language = terms.language
    local = datetime.fromtimestamp(bulletin.at / SECOND, terms.zone_of_time)
    found = {
        "grade": grade_of(bulletin, language),
        "title": bulletin.title.get(language, ""),
        "place": bulletin.place.get(language, ""),
        "time": _TIMES[language].format(local),
        "advice": bulletin.advice.get(language, ""),
        "id": bulletin.incident,
    }
    chosen = {name: plain(found[name]) for name in template.parameters}
    mark = marked(language, "", terms.realm).translate(_BRACKETS)
    for first in template.parameters[:1]:
        # What is empty is refused as such, and the mark would hide it.
        chosen[first] = chosen[first] and f"{mark}{chosen[first]}"
    return chosen


def shortcomings(template: Template, chosen: Mapping[str, str], terms: Terms) -> dict[str, str]:
    """Why the cloud would not take these parameters: by the name of each, by "" of the whole SMS."""
    limits, found = terms.limits, dict[str, str]()
    for name, value in chosen.items():
        most = template.limits.get(name, limits.parameter)
        if not value:
            found[name] = words("is empty")
        elif len(value) > most:
            found[name] = words(
                "has {count} characters, and the cloud takes {most}", count=len(value), most=most
            )
        elif refused := sorted(limits.refused & set(value)):
            found[name] = words(
                "has {refused}, which the cloud refuses in a parameter", refused=" ".join(refused)
            )
    whole = len(f"【{terms.signature}】{template.wording.format(**chosen)}")
    if whole > limits.message:
        found[""] = words(
            "has {count} characters, and the cloud takes {most}", count=whole, most=limits.message
        )
    return found


def check_lengths(template: Template, bulletins: Iterable[Bulletin], terms: Terms) -> list[str]:
    """What the cloud would refuse of these bulletins, each problem once, with the text that causes it."""
    problems: dict[str, None] = {}
    for bulletin in bulletins:
        chosen = values(template, bulletin, terms)
        for name, reason in shortcomings(template, chosen, terms).items():
            what = (
                words("{name} of {rule} ({chosen!r})", name=name, rule=bulletin.rule, chosen=chosen[name])
                if name
                else words("the SMS of {rule}", rule=bulletin.rule)
            )
            problems[words("template {id}: {what} {reason}", id=template.id, what=what, reason=reason)] = None
    return list(problems)
