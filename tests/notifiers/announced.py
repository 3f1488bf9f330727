"""Bulletins and deliveries for tests: one flood at Riverside, told to one person."""

from typing import Any

from notifiers.bulletin import Act, Area, Bulletin
from notifiers.delivery import Delivery
from rules.grade import Grade
from rules.realm import Realm

AT = 1_528_060_200_000  # 2018-06-03T21:10:00Z
HOUR = 3_600_000
RIVERSIDE = Area(
    zone="riverside",
    code="361199001203",
    name={"zh": "滨河村", "en": "Riverside"},
    rings=(((116.50, 29.95), (116.52, 29.95), (116.52, 29.97), (116.50, 29.97), (116.50, 29.95)),),
)
TEXT = {
    "zh": "红色预警（Ⅰ级）：河道水位，清溪区滨河村，6月4日05:10。请立即转移。编号5f2a9c0e11d4b7a3",
    "en": "RED warning (level I): River stage, Riverside, 2018-06-04 05:10. Move now. Id 5f2a9c0e11d4b7a3",
}


def bulletin(**changes: Any) -> Bulletin:
    """A red alert of a flood, with `changes`."""
    given: dict[str, Any] = {
        "incident": "5f2a9c0e11d4b7a3",
        "revision": 0,
        "act": Act.ALERT,
        "hazard": "flood",
        "rule": "river-stage",
        "warning": "5f2a9c0e11d4b7a3",
        "subject": "stage-1",
        "grade": Grade.RED,
        "before": None,
        "at": AT,
        "sent": AT,
        "expires": AT + HOUR,
        "title": {"zh": "河道水位", "en": "River stage"},
        "place": {"zh": "清溪区滨河村", "en": "Riverside, Qingxi District"},
        "evidence": {"zh": "stage = 3.4 m >= 3.0 m", "en": "stage = 3.4 m >= 3.0 m"},
        "advice": {"zh": "请立即转移。", "en": "Move now."},
        "text": TEXT,
        "area": RIVERSIDE,
    }
    return Bulletin(**{**given, **changes})


def delivery(realm: Realm = Realm.DRILL, *, told: Bulletin | None = None, **changes: Any) -> Delivery:
    """A delivery of `told` (a red alert of a flood if not given), with `changes`."""
    told = bulletin() if told is None else told
    given: dict[str, Any] = {
        "key": "0123456789abcdef01234567",
        "realm": realm,
        "bulletin": told,
        "channel": "sms",
        "recipient": "lin-duty",
        "address": "+8610000000001",
        "text": told.text,
        "created": told.sent,
        "expires": told.expires,
    }
    return Delivery(**{**given, **changes})
