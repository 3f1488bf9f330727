"""The functions of the language: what each takes."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Signature:
    """`form` shows the arguments, `least` to `most` of them without a name; `keywords` are given by name."""

    form: str
    least: int
    most: int
    keywords: tuple[str, ...] = ()


WINDOWED = ("fall", "max", "mean", "median", "min", "rate", "rise", "sum")
GROUPS = ("sensors", "share")
CONDITIONS = ("flagged", "hours", "season", "stuck", "sustained")

SIGNATURES = {name: Signature(f"{name}(metric, window)", 2, 2) for name in (*WINDOWED, "stuck")} | {
    "age": Signature("age(metric)", 0, 1),
    "baseline": Signature("baseline(metric, window, default=value)", 2, 2, ("default",)),
    "count": Signature("count(metric >= threshold, window)", 2, 2),
    "eta": Signature("eta(metric, level)", 2, 2),
    "flagged": Signature("flagged(metric, flag)", 2, 2),
    "forecast": Signature("forecast(metric, horizon)", 2, 2),
    "hours": Signature("hours(22:00-06:00)", 1, 1),
    "season": Signature("season(05-01..10-15)", 1, 1),
    "sensors": Signature("sensors(condition)", 1, 1, ("within", "radius", "of")),
    "share": Signature("share(condition)", 1, 1, ("radius", "of")),
    "sustained": Signature("sustained(metric >= threshold, duration)", 2, 2),
}
FUNCTIONS = tuple(sorted(SIGNATURES))
KEYWORDS = frozenset(keyword for signature in SIGNATURES.values() for keyword in signature.keywords)

# Words of other systems: what says the same here.
MEANT = {
    "avg": "mean",
    "average": "mean",
    "delta": "rise",
    "slope": "rate",
    "any": "sensors(condition) >= 1",
    "all": "share(condition) >= 100 %",
    "percentile": "median",
}
