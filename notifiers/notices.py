"""What is said of a warning beside the warning: that it was wrong, that a person must act, in zh and en."""

from collections.abc import Mapping, Sequence

from notifiers.bulletin import Bulletin
from notifiers.message import plain
from rules.grade import Grade

_COLOURS: Mapping[Grade, tuple[str, str]] = {
    Grade.BLUE: ("蓝色预警", "BLUE warning"),
    Grade.YELLOW: ("黄色预警", "YELLOW warning"),
    Grade.ORANGE: ("橙色预警", "ORANGE warning"),
    Grade.RED: ("红色预警", "RED warning"),
}
_OUTSTANDING = {
    "acknowledged": ("尚无人确认", "nobody has acknowledged it"),
    "arrived": ("尚无人到场", "nobody has reported to be there"),
    "handled": ("尚未处置", "nobody has reported it handled"),
}


def cancelled(told: Bulletin, reason: str) -> dict[str, str]:
    """That what was told was wrong."""
    zh, en = _COLOURS[told.grade] if told.grade else ("预警", "warning")
    return _plain(
        f"预警取消：{_head(told, 'zh')}。此前的{zh}有误。原因：{reason}。编号{told.incident}",
        f"CANCELLED: {_head(told, 'en')}. The {en} was wrong. Reason: {reason}. Id {told.incident}",
    )


def release_wanted(proposed: Bulletin) -> dict[str, str]:
    """That a person must decide whether it goes out, and how they do."""
    command = f"tocsin release {proposed.incident} {proposed.revision}"
    return _plain(
        f"待审批第{proposed.revision}版，经您批准后才会发布（{command}）：{proposed.text['zh']}",
        f"AWAITS YOUR RELEASE, no. {proposed.revision} ({command}): {proposed.text['en']}",
    )


def released_alone(released: Bulletin, user: str, reason: str) -> dict[str, str]:
    """That its own author let it out, without a second person."""
    return _plain(
        f"未经第二人审批，{user}已自行发布第{released.revision}版。理由：{reason}。{released.text['zh']}",
        f"RELEASED BY {user} ALONE, without a second person, no. {released.revision}. Reason: {reason}. "
        f"{released.text['en']}",
    )


def takeover_wanted(told: Bulletin, stage: str) -> dict[str, str]:
    """That nobody did what is due, so somebody must take over."""
    zh, en = _OUTSTANDING[stage]
    command = f"tocsin ack {told.incident}"
    return _plain(
        f"请接手，{zh}（{command}）：{told.text['zh']}",
        f"PLEASE TAKE OVER, {en} ({command}): {told.text['en']}",
    )


def unreached(told: Bulletin, recipients: Sequence[str]) -> dict[str, str]:
    """That these could not be reached, so somebody must see to it."""
    return _plain(
        f"未能通知{'、'.join(recipients)}，请设法通知：{told.text['zh']}",
        f"NOT REACHED: {', '.join(recipients)}. Please see that they know: {told.text['en']}",
    )


def _head(told: Bulletin, language: str) -> str:
    parts = (told.title.get(language) or told.rule, told.place.get(language) or told.subject)
    return {"zh": "，", "en": ", "}[language].join(parts)


def _plain(zh: str, en: str) -> dict[str, str]:
    return {"zh": plain(zh), "en": plain(en)}
