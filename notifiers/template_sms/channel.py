"""The channel of an account at a cloud that sends templates."""

import secrets
import ssl
from collections.abc import Mapping
from datetime import tzinfo

from ingest.clock import Clock
from ingest.finding import words
from notifiers.bulletin import Act
from notifiers.delivery import Delivery
from notifiers.http_post import Answer, Poster
from notifiers.outcome import Outcome, Rejected
from notifiers.pace import Pace
from notifiers.seal import refusal
from notifiers.template_sms.provider import Provider, Sms
from notifiers.template_sms.template import Template, Terms, shortcomings, values
from rules.realm import Realm


class TemplateSmsChannel:
    """One language of one account; `templates` has one for each act.

    What is not live says so in its first parameter, so there each wording begins with one: what is fixed is
    the cloud's, and could be that of another template. `rate` in messages a second, `timeout` in s,
    for connecting and for the answer, each. Raises ValueError for an act without template and for a wording
    that could not be marked.
    """

    honours_keys = False
    receipt_within: int | None = None

    def __init__(
        self,
        name: str,
        realm: Realm,
        provider: Provider,
        templates: Mapping[Act, Template],
        clock: Clock,
        *,
        zone_of_time: tzinfo,
        language: str = "zh",
        rate: float = 10.0,
        timeout: float = 4.0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.name = name
        self.realm = realm
        self.terms = Terms(realm, language, zone_of_time, provider.limits, provider.signature)
        self._provider = provider
        self._templates = complete(name, realm, templates)
        self._clock = clock
        self._pace = Pace(rate)
        self._poster = Poster(timeout=timeout, tls=tls)

    async def send(self, delivery: Delivery) -> Outcome:
        if (refused := refusal(self.realm, delivery)) is not None:
            return refused
        await self._pace.turn()
        template = self._templates[delivery.bulletin.act]
        chosen = values(template, delivery.bulletin, self.terms)
        if short := shortcomings(template, chosen, self.terms):
            said = "; ".join(f"{name or 'the SMS'} {reason}" for name, reason in short.items())
            return Rejected(f"template {template.id}: {said}")
        sms = Sms(delivery.address, template.id, chosen, delivery.key)
        answer = await self._poster.post(self._provider.post(sms, self._clock.now(), secrets.token_hex(16)))
        if not isinstance(answer, Answer):
            return answer
        return self._provider.outcome(answer, sms, self._clock.now())

    async def close(self) -> None:
        await self._poster.close()


def complete(name: str, realm: Realm, templates: Mapping[Act, Template]) -> Mapping[Act, Template]:
    """The same templates; ValueError if an act has none, or one could not be marked."""
    if missing := [str(act) for act in Act if act not in templates]:
        raise ValueError(
            words("{name}: there is no template for {missing}", name=name, missing=", ".join(missing))
        )
    for act, template in templates.items():
        if realm is not Realm.LIVE and not template.wording.startswith("{"):
            raise ValueError(
                words(
                    "{name}: template {id} ({act}) begins with fixed words, so that an SMS of the realm"
                    " {realm} could not begin with its mark: let a parameter come first",
                    name=name,
                    id=template.id,
                    act=act,
                    realm=realm,
                )
            )
    return templates
