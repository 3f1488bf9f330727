"""The signed messages of docs/formats.md, by the daemon and by the simulated horn, which share no code."""

import json

import msgspec
import pytest

from notifiers.loudspeaker import signature
from notifiers.loudspeaker.wire import Command, Message, Poll, Present, Pressed, Receipted
from simulators.horn import wire
from tests.docs.test_format_examples import examples

HORN = "horn-riverside-1"
FLEET, OWN, SIGNED = examples("text horn-signature")[0].splitlines()
KINDS: dict[str, type[Message]] = {
    "command": Command,
    "receipt": Receipted,
    "poll": Poll,
    "state": Present,
    "button": Pressed,
}


def example(kind: str) -> bytes:
    [text] = examples(f"json horn-{kind}")
    return text.encode()


def test_both_make_the_horns_key_of_the_example() -> None:
    assert signature.own_key(FLEET.encode(), HORN).hex() == OWN
    assert wire.own_key(FLEET.encode(), HORN).hex() == OWN


def test_both_sign_the_bytes_of_the_example() -> None:
    command = example("command")

    assert signature.signed_bytes(HORN, msgspec.json.decode(command, type=Command)).decode() == SIGNED
    heard = msgspec.json.decode(command, type=wire.Command)
    assert wire.netstrings(heard.parts(HORN)).decode() == SIGNED


@pytest.mark.parametrize("kind", KINDS)
def test_the_daemon_makes_and_believes_each_example(kind: str) -> None:
    message = signature.opened(FLEET.encode(), HORN, KINDS[kind], example(kind))

    assert json.loads(signature.signed(FLEET.encode(), HORN, message))["mac"] == message.mac


@pytest.mark.parametrize("heard", [wire.Command, wire.Poll])
def test_a_horn_believes_what_is_sent_to_it(heard: type[wire.Command | wire.Poll]) -> None:
    message = msgspec.json.decode(example(heard.__name__.lower()), type=heard)

    assert message.signed_by(bytes.fromhex(OWN), HORN)


@pytest.mark.parametrize("kind", ["receipt", "state", "button"])
def test_a_horn_says_what_the_examples_say(kind: str) -> None:
    whole = json.loads(example(kind))
    said = {member: value for member, value in whole.items() if member != "mac"}
    say = {"receipt": wire.receipt, "state": wire.state, "button": wire.button}[kind]

    assert json.loads(say(bytes.fromhex(OWN), HORN, said)) == whole


@pytest.mark.parametrize(
    "change",
    [
        {"text": {"zh": "没有危险", "en": "RED warning: move now."}},
        {"text": {"en": "RED warning: move now.", "zh": "红色预警：请立即转移。"}},
        {"id": "another"},
        {"incident": "another"},
        {"revision": 3},
        {"warning": "another"},
        {"act": "alert"},
        {"grade": None},
        {"repeat": 30},
        {"expires": 1_528_062_600_001},
        {"realm": "drill"},
        {"stop": False},
        {"nonce": "another"},
        # What a sum of the texts without their lengths would let pass.
        {"id": "5b0f2c7e9a1d4e6f8a3b2c1d5", "incident": "f2a9c0e11d4b7a3"},
    ],
    ids=lambda change: "+".join(f"{name}={value}" for name, value in change.items())[:30],
)
def test_each_field_of_a_command_is_under_its_signature(change: dict[str, object]) -> None:
    """On both sides, so that neither signs less than the other one checks."""
    changed = json.dumps({**json.loads(example("command")), **change}).encode()

    assert not msgspec.json.decode(changed, type=wire.Command).signed_by(bytes.fromhex(OWN), HORN)
    with pytest.raises(ValueError, match="not signed"):
        signature.opened(FLEET.encode(), HORN, Command, changed)


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("receipt", {"id": "another"}),
        ("receipt", {"state": "failed"}),
        ("receipt", {"at": 1}),
        ("receipt", {"reason": "none"}),
        ("state", {"nonce": "another"}),
        ("state", {"at": 1}),
        ("state", {"volume": 0}),
        ("state", {"battery": 0}),
        ("state", {"battery": None}),
        ("button", {"id": "another"}),
        ("button", {"at": 1}),
        ("receipt", {"mac": ""}),
        ("receipt", {"mac": "é"}),
    ],
)
def test_each_field_of_an_answer_is_under_its_signature(kind: str, change: dict[str, object]) -> None:
    changed = json.dumps({**json.loads(example(kind)), **change}).encode()

    with pytest.raises(ValueError, match="not signed"):
        signature.opened(FLEET.encode(), HORN, KINDS[kind], changed)


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_signed_for_one_horn_passes_for_another(kind: str) -> None:
    with pytest.raises(ValueError, match="not signed with the key of horn-riverside-2"):
        signature.opened(FLEET.encode(), "horn-riverside-2", KINDS[kind], example(kind))


def test_a_poll_does_not_pass_for_a_press_of_the_button() -> None:
    """Both sign one text and one instant."""
    poll = json.loads(example("poll"))
    passed_off = json.dumps({"id": poll["nonce"], "at": poll["at"], "mac": poll["mac"]}).encode()

    with pytest.raises(ValueError, match="not signed"):
        signature.opened(FLEET.encode(), HORN, Pressed, passed_off)


def test_an_absent_signature_is_a_wrong_one() -> None:
    unsigned = b'{"id":"5b0f2c7e9a1d4e6f8a3b2c1d","at":1528062010000}'

    with pytest.raises(ValueError, match="not signed"):
        signature.opened(FLEET.encode(), HORN, Pressed, unsigned)
