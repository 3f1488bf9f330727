"""A warning in one sentence, for the report upward: when, where, what, how grave, on what, and who knows."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from notifiers.delivery import State
from notifiers.headline import GRADES
from rules.grade import Grade
from rules.transition import Disposition
from tocsin.commands.language import Language
from tocsin.explaining.story import Story

REACHED = frozenset({State.ACCEPTED, State.DELIVERED, State.PLAYED, State.ACKNOWLEDGED})
LEVELS = {
    "zh": {Grade.BLUE: "Ⅳ级", Grade.YELLOW: "Ⅲ级", Grade.ORANGE: "Ⅱ级", Grade.RED: "Ⅰ级"},
    "en": {Grade.BLUE: "level IV", Grade.YELLOW: "level III", Grade.ORANGE: "level II", Grade.RED: "level I"},
}
# So many names are told, then how many there are.
MOST_NAMES = 5
_STAGES = {
    "acknowledged": ("确认", "acknowledged"),
    "arrived": ("到场", "arrived"),
    "handled": ("处置完毕", "handled"),
}


def sentence(story: Story, language: Language) -> str:
    """Ends with who was not reached; times are local."""
    if not story.dossier.lines:
        return _notice(story, language)
    parts = [_what(story, language), *_told(story, language), *_done(story, language), *_end(story, language)]
    zh = language is Language.ZH
    return ("；" if zh else "; ").join([*parts, _missed(story, language)]) + ("。" if zh else ".")


def _notice(story: Story, language: Language) -> str:
    of = story.dossier
    count = len(of.bulletins)
    if language is Language.ZH:
        return f"{of.warning} 是规则泛滥时的合并通知，共发布{count}次。"
    return f"{of.warning} is the notice of a rule that floods, told {count} times."


def _what(story: Story, language: Language) -> str:
    lines = [told.line for told in story.dossier.lines]
    highest = max((line for line in lines if line.after), key=lambda line: line.after or 0, default=lines[0])
    grade = highest.after
    title, place = _title(story, language), _place(story, language)
    evidence = str(highest.evidence.get("text", "")).replace(" ✓", "")
    review = highest.disposition is Disposition.REVIEW
    if language is Language.ZH:
        level = f"{GRADES['zh'][grade]}预警（{LEVELS['zh'][grade]}）" if grade else "预警"
        doubt = "（待核实）" if review else ""
        rests = f"依据：{highest.subject} {evidence}"
        return f"{_clock(highest.at, language)}，{place}，{title}{level}{doubt}，{rests}"
    level = f"{GRADES['en'][grade]} warning ({LEVELS['en'][grade]})" if grade else "warning"
    doubt = ", to be reviewed" if review else ""
    return (
        f"{_clock(highest.at, language)}, {place}: {title}, {level}{doubt}, on {highest.subject} {evidence}"
    )


def _title(story: Story, language: Language) -> str:
    told = [issued.bulletin.title for issued in story.dossier.bulletins]
    title = (story.rule.title if story.rule else {}) or (told[-1] if told else {})
    return title.get(str(language)) or next(iter(title.values()), story.dossier.lines[0].line.rule)


def _place(story: Story, language: Language) -> str:
    places = [story.place, *(issued.bulletin.place for issued in story.dossier.bulletins)]
    for place in filter(None, places):
        return place.get(str(language)) or next(iter(place.values()))
    return story.dossier.incident.zone if story.dossier.incident else story.dossier.lines[0].line.subject


def _told(story: Story, language: Language) -> list[str]:
    reached = recipients(story, reached=True)
    zh = language is Language.ZH
    if not reached:
        return ["尚未通知任何人" if zh else "nobody has been told"]
    names = _named(reached, story, language)
    return [f"已通知{len(reached)}方（{names}）" if zh else f"told to {len(reached)} ({names})"]


def _done(story: Story, language: Language) -> list[str]:
    found = []
    for stage in story.dossier.stages:
        who, at = _named([stage.user], story, language), _clock(stage.at, language, short=True)
        chinese, english = _STAGES[stage.stage]
        note = f"（{stage.note}）" if language is Language.ZH else f" ({stage.note})"
        said = f"{who}{at}{chinese}" if language is Language.ZH else f"{english} by {who} at {at}"
        found.append(said + (note if stage.note else ""))
    if not found and recipients(story, reached=True):
        return ["尚无人确认" if language is Language.ZH else "nobody has acknowledged"]
    return found


def _end(story: Story, language: Language) -> list[str]:
    last, incident = story.dossier.lines[-1].line, story.dossier.incident
    zh = language is Language.ZH
    if incident is not None and incident.cancelled:
        return [f"已取消：{incident.cancelled}" if zh else f"cancelled: {incident.cancelled}"]
    if last.after is None:
        at = _clock(last.at, language, short=True)
        return [f"{at}解除" if zh else f"over since {at}"]
    return []


def _missed(story: Story, language: Language) -> str:
    missed = recipients(story, reached=False)
    names = _named(missed, story, language)
    if language is Language.ZH:
        return f"未达：{names or '无'}"
    return f"not reached: {names or 'none'}"


def recipients(story: Story, *, reached: bool) -> list[str]:
    """Those a message was for that tells of it, by whether any has reached them; in order of time."""
    found: dict[str, bool] = {}
    for sent in story.dossier.deliveries:
        if not sent.asks and sent.progress.state is not State.HELD:
            recipient = sent.progress.delivery.recipient
            found[recipient] = found.get(recipient, False) or sent.progress.state in REACHED
    return [recipient for recipient, told in found.items() if told == reached]


def _named(ids: Sequence[str], story: Story, language: Language) -> str:
    names: Iterable[str] = (story.names.get(each, {}).get(str(language), each) for each in ids[:MOST_NAMES])
    more = len(ids) - MOST_NAMES
    zh = language is Language.ZH
    text = ("、" if zh else ", ").join(names)
    return text + ((f"等{len(ids)}方" if zh else f" and {more} more") if more > 0 else "")


def _clock(instant: int, language: Language, *, short: bool = False) -> str:
    moment = datetime.fromtimestamp(instant / 1000).astimezone()
    if language is Language.ZH:
        day = "" if short else f"{moment.year}年{moment.month}月{moment.day}日"
        return f"{day}{moment:%H时%M分}"
    return f"{moment:%H:%M}" if short else f"{moment:%Y-%m-%d %H:%M}"
