"""A warning's story as plain JSON values (docs/formats.md); instants in ms, addresses masked."""

from typing import Any

import msgspec

from notifiers.contacts import masked
from notifiers.outbox.dossier import Issued, Sent, Told
from rules.transition import line
from tocsin.commands.language import Language
from tocsin.desk.questions import plain
from tocsin.explaining.sentence import sentence
from tocsin.explaining.story import Led, Story


def story_json(story: Story) -> dict[str, Any]:
    """The whole story."""
    of = story.dossier
    led = {each.ordinal: each for each in story.led}
    return {
        "warning": of.warning,
        "sentence": {str(language): sentence(story, language) for language in Language},
        "incident": plain(of.incident),
        "transitions": [_line(told, led.get(told.line.ordinal)) for told in of.lines],
        "unread": story.unread,
        "others": plain(of.others),
        "cancelled": plain(of.cancelled),
        "shelves": plain(of.shelves),
        "flood": plain(of.collapsed),
        "digests": plain(of.digests),
        "proposals": plain(of.proposals),
        "bulletins": [_bulletin(issued) for issued in of.bulletins],
        "deliveries": [_delivery(sent) for sent in of.deliveries],
        "stages": plain(of.stages),
        "deadlines": plain(of.deadlines),
        "actions": plain(of.actions),
        "unreached": plain(of.unreached),
        "audit": plain(of.audit),
    }


def _line(told: Told, led: Led | None) -> dict[str, Any]:
    return {
        "ordinal": told.line.ordinal,
        **msgspec.json.decode(line(told.line)),
        "at": told.line.at,
        "routed": told.routed,
        "readings": [] if led is None else [plain(r) | {"value": float(r.value)} for r in led.readings],
        "earlier": 0 if led is None else led.earlier,
        "blind": [] if led is None else plain(led.blind),
    }


def _bulletin(issued: Issued) -> dict[str, Any]:
    told = issued.bulletin
    return {
        "revision": told.revision,
        "act": str(told.act),
        "grade": plain(told.grade),
        "before": plain(told.before),
        "at": told.at,
        "sent": told.sent,
        "author": issued.author,
        "text": told.text,
    }


def _delivery(sent: Sent) -> dict[str, Any]:
    delivery, progress = sent.progress.delivery, sent.progress
    return {
        "revision": delivery.revision,
        "recipient": delivery.recipient,
        "channel": delivery.channel,
        "address": masked(delivery.address) if delivery.address != delivery.recipient else delivery.address,
        "why": progress.why,
        "state": str(progress.state),
        "created": delivery.created,
        "updated": progress.updated,
        "attempts": delivery.attempt,
        "detail": progress.detail,
        "receipt": progress.provider_id,
        "step": sent.step,
        "asks": sent.asks,
        "instead": [list(way) for way in sent.instead],
    }
