"""What smsbox answers, as an outcome. The words are those of Kannel 1.4.5 (`gw/smsbox.c`)."""

from collections.abc import Mapping

from notifiers.http_post import NOT_TAKEN, retry_after
from notifiers.message import plain
from notifiers.outcome import Outcome, Rejected, Retry, Sent, Unknown

# 0: an SMS centre has it; 3: bearerbox keeps it until one is connected; the last, where the administrator has
# set `immediate-sendsms-reply`: smsbox has it.
_ACCEPTED = ("0: Accepted for delivery", "3: Queued for later delivery", "Sent.")
_LONGEST_REASON = 200


def outcome_of(status: int, headers: Mapping[str, str], said: bytes, key: str, now: int) -> Outcome:
    """The outcome of one request; Kannel gives no id of its own, so `key` stands for it.

    `headers` by their names in small letters, `now` in ms. 500 is a bearerbox that smsbox cannot reach, 503
    one that takes nothing now; other numbers from 500 come from a server in between, which may have passed
    the text on.
    """
    words = plain(said.decode("utf-8", "replace"))[:_LONGEST_REASON]
    reason = f"smsbox answered {status}: {words}" if words else f"smsbox answered {status}"
    if status == 202 and words.startswith(_ACCEPTED):
        return Sent(key)
    if status in NOT_TAKEN:
        asked = headers.get("retry-after", "")
        # 0 is the pace of the dispatcher.
        return Retry(retry_after(asked, now) if asked else 0, reason)
    return Rejected(reason) if 300 <= status < 500 else Unknown(reason)
