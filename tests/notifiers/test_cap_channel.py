"""The folder of CAP documents: what is published, once, and what is never written."""

import asyncio
import math
import os
import random
import re
import sqlite3
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from ingest.clock import HOUR, SECOND, LockstepClock
from notifiers.bulletin import Act, Area, Ring
from notifiers.cap.channel import CapChannel, Folder
from notifiers.cap.terms import Issuer
from notifiers.delivery import Delivery
from notifiers.outcome import Rejected, Retry, Sent, Unknown
from rules.realm import Realm
from tests.notifiers.announced import AT, RIVERSIDE, bulletin, delivery
from tests.notifiers.cap_office import ISSUER, OFFICE, URL, against_schema, files, opened, tree, values

ATOM = "{http://www.w3.org/2005/Atom}"


def told(revision: int = 0, incident: str = "i", **changes: object) -> Delivery:
    """A delivery in the drill; the revision follows the first one by as many seconds."""
    sent = AT + revision * SECOND
    return delivery(told=bulletin(**{"incident": incident, "revision": revision, "sent": sent, **changes}))


def name(second: int = 0, serial: int = 0) -> str:
    return f"{OFFICE}_201806040510{second:02d}_{serial}"


def listed(folder: Path) -> list[str]:
    """The addresses that the feed shows, in its order."""
    feed = tree((folder / "public" / "feed.atom").read_bytes())
    return [link.get("href", "") for link in feed.findall(f"{ATOM}entry/{ATOM}link")]


async def test_a_document_and_the_feed_that_shows_it(tmp_path: Path) -> None:
    with opened(tmp_path) as channel:
        outcome = await channel.send(told())

    assert outcome == Sent(name())
    assert list(files(tmp_path)) == [f"{name()}.xml", "feed.atom"]
    document = files(tmp_path)[f"{name()}.xml"]
    assert against_schema(document) == ""
    assert values(document, "identifier") == [name()]
    feed = tree(files(tmp_path)["feed.atom"])
    assert feed.findtext(f"{ATOM}id") == f"{URL}feed.atom"
    assert feed.findtext(f"{ATOM}title", "").startswith("【演练】")
    assert feed.findtext(f"{ATOM}updated") == "2018-06-04T05:10:00+08:00"
    assert feed.findtext(f"{ATOM}author/{ATOM}name") == "清溪区应急指挥中心 / Qingxi District Command Centre"
    entry = feed.find(f"{ATOM}entry")
    assert entry is not None
    assert entry.findtext(f"{ATOM}id") == f"{URL}{name()}.xml"
    assert entry.findtext(f"{ATOM}title") == " / ".join(values(document, "headline"))
    link = entry.find(f"{ATOM}link")
    assert link is not None
    assert dict(link.attrib) == {
        "rel": "alternate",
        "type": "application/cap+xml",
        "href": f"{URL}{name()}.xml",
    }


async def test_the_web_server_may_read_what_it_shows_and_not_the_register(tmp_path: Path) -> None:
    """The daemon runs with the umask 0077, and the web server as another user."""
    before = os.umask(0o077)
    try:
        with opened(tmp_path) as channel:
            await channel.send(told())
    finally:
        os.umask(before)

    modes = {path.stat().st_mode & 0o777 for path in (tmp_path / "public").iterdir()}
    assert modes == {0o644}
    assert (tmp_path / "cap.sqlite").stat().st_mode & 0o777 == 0o600


async def test_what_comes_again_changes_nothing(tmp_path: Path) -> None:
    """Whether it is the same delivery or that of another recipient, and after a restart too."""
    with opened(tmp_path) as channel:
        await channel.send(told())
        before = files(tmp_path)
        assert await channel.send(told()) == Sent(name())
    with opened(tmp_path) as channel:
        assert await channel.send(told()) == Sent(name())

    assert files(tmp_path) == before


async def test_the_whole_incident_is_referred_to_after_a_restart_and_under_another_name(
    tmp_path: Path,
) -> None:
    renamed = replace(ISSUER, sender="new.example")
    with opened(tmp_path) as channel:
        await channel.send(told())
        await channel.send(told(1, act=Act.UPDATE))
    with opened(tmp_path, issuer=renamed) as channel:
        await channel.send(told(2, act=Act.CLEAR, grade=None))

    [references] = values(files(tmp_path)[f"{name(2)}.xml"], "references")
    assert references.split() == [
        f"{ISSUER.sender},{name()},2018-06-04T05:10:00+08:00",
        f"{ISSUER.sender},{name(1)},2018-06-04T05:10:01+08:00",
    ]


@pytest.mark.parametrize("act", [Act.CLEAR, Act.CANCEL])
async def test_nothing_is_cancelled_that_no_reader_has_seen(tmp_path: Path, act: Act) -> None:
    with opened(tmp_path) as channel:
        outcome = await channel.send(told(1, act=act, grade=None))

    assert outcome == Rejected("nothing of this incident was published here, so there is nothing to cancel")
    assert files(tmp_path) == {}


async def test_what_comes_late_is_not_published_behind_what_replaced_it(tmp_path: Path) -> None:
    with opened(tmp_path) as channel:
        await channel.send(told())
        await channel.send(told(2, act=Act.CANCEL, grade=None))
        outcome = await channel.send(told(1, act=Act.UPDATE))

    assert outcome == Rejected("revision 2 of this incident is out already")
    assert f"{name(1)}.xml" not in files(tmp_path)


async def test_another_bulletin_under_the_same_number_is_not_taken_for_the_first(tmp_path: Path) -> None:
    with opened(tmp_path) as channel:
        await channel.send(told())
        outcome = await channel.send(told(sent=AT + HOUR, expires=AT + 2 * HOUR))

    assert outcome == Rejected("revision 0 of this incident was announced as another bulletin")


async def test_a_request_is_for_a_person(tmp_path: Path) -> None:
    with opened(tmp_path) as channel:
        assert isinstance(await channel.send(told(act=Act.REQUEST)), Rejected)

    assert files(tmp_path) == {}


@pytest.mark.parametrize("realm", Realm)
async def test_a_feed_publishes_its_own_realm_alone(tmp_path: Path, realm: Realm) -> None:
    with opened(tmp_path, realm) as channel:
        outcomes = {other: await channel.send(delivery(other)) for other in Realm}

    assert {other for other, outcome in outcomes.items() if isinstance(outcome, Sent)} == {realm}
    assert len(files(tmp_path)) == 2


async def test_more_than_ten_in_a_second_take_the_next_free_one_and_say_so(tmp_path: Path) -> None:
    with opened(tmp_path) as channel:
        outcomes = await asyncio.gather(*(channel.send(told(incident=f"i-{n}")) for n in range(25)))
        [later] = await asyncio.gather(channel.send(told(1, "i-3", act=Act.UPDATE)))

    taken = [outcome.provider_id for outcome in outcomes if isinstance(outcome, Sent)]
    assert Counter(identifier[15:29] for identifier in taken) == {
        "20180604051000": 10,
        "20180604051001": 10,
        "20180604051002": 5,
    }
    assert len(set(taken)) == 25
    assert all(re.fullmatch(r"\d{14}_\d{14}_\d", identifier) for identifier in taken)
    assert later == Sent(name(2, 5))
    shown = files(tmp_path)
    assert all(
        ("identifierTime" in shown[f"{i}.xml"].decode()) == ("_20180604051000_" not in i) for i in taken
    )
    assert sorted(listed(tmp_path)) == sorted(f"{URL}{i}.xml" for i in (*taken, name(2, 5)))


async def test_the_feed_shows_the_newest_fifty_and_what_still_holds(tmp_path: Path) -> None:
    clock = LockstepClock(AT + 2 * HOUR)
    with opened(tmp_path, clock=clock) as channel:
        for n in range(3):
            await channel.send(told(incident=f"long-{n}", expires=AT + 9 * HOUR))
        for n in range(55):
            await channel.send(told(incident=f"short-{n}", sent=AT + (n // 2 + 1) * SECOND))

    shown = listed(tmp_path)
    assert len(shown) == 53
    assert shown == sorted(shown, reverse=True)
    assert [f"{URL}{name(0, n)}.xml" in shown for n in range(3)] == [True] * 3
    assert f"{URL}{name(3, 0)}.xml" not in shown
    assert f"{URL}{name(3, 1)}.xml" in shown


async def test_a_folder_that_takes_nothing_is_to_be_tried_again_under_the_same_identifier(
    tmp_path: Path,
) -> None:
    public = tmp_path / "public"
    with opened(tmp_path) as channel:
        public.rmdir()
        public.write_bytes(b"in the way")
        outcome = await channel.send(told())
        other = await channel.send(told(incident="j"))
        assert isinstance(outcome, Retry)
        assert isinstance(other, Retry)
        assert str(public) in outcome.reason
    public.unlink()
    with opened(tmp_path) as channel:
        assert await channel.send(told(1, act=Act.UPDATE)) == Sent(name(1))
        assert listed(tmp_path) == [f"{URL}{name(1)}.xml"]
        assert await channel.send(told(incident="j")) == Sent(name(0, 1))

    assert values(files(tmp_path)[f"{name(1)}.xml"], "references") == []


async def test_a_document_that_is_out_is_listed_when_the_feed_can_be_written_again(tmp_path: Path) -> None:
    """Until then it may have been read: were it to be tried again, its all-clear would not be published."""
    with opened(tmp_path) as channel:
        (tmp_path / "public" / "feed.atom").mkdir()
        for outcome in [await channel.send(told()) for _ in range(2)]:
            assert isinstance(outcome, Unknown)
            assert "feed.atom" in outcome.reason
    (tmp_path / "public" / "feed.atom").rmdir()
    with opened(tmp_path) as channel:
        assert await channel.send(told()) == Sent(name())

    assert listed(tmp_path) == [f"{URL}{name()}.xml"]


async def test_a_register_that_cannot_be_read_is_to_be_tried_again(tmp_path: Path) -> None:
    with opened(tmp_path) as channel:
        with sqlite3.connect(tmp_path / "cap.sqlite") as database:
            database.execute("DROP TABLE issued")
        database.close()
        outcome = await channel.send(told())

    assert isinstance(outcome, Retry)
    assert "no such table" in outcome.reason
    assert files(tmp_path) == {}


def square(lon: float, lat: float, size: float) -> Ring:
    return ((lon, lat), (lon + size, lat), (lon + size, lat + size), (lon, lat + size), (lon, lat))


def somewhere(pick: random.Random) -> Ring:
    return square(116.4 + pick.random() / 10, 29.9 + pick.random() / 10, 0.01 + pick.random() / 20)


def crossed(ring: Ring) -> Ring:
    return (ring[0], ring[2], ring[1], ring[3], ring[0])


def spoilt(value: float) -> Callable[[random.Random], Area | None]:
    def area(pick: random.Random) -> Area:
        ring = list(somewhere(pick))
        place, axis = pick.randrange(1, 4), pick.randrange(2)
        ring[place] = (value, ring[place][1]) if axis == 0 else (ring[place][0], value)
        return shaped(tuple(ring))

    return area


def shaped(*rings: Ring) -> Area:
    return msgspec.structs.replace(RIVERSIDE, rings=rings)


BAD: dict[str, Callable[[random.Random], Area | None]] = {
    "none": lambda _: None,
    "no ring": lambda _: shaped(),
    "an empty ring": lambda _: shaped(()),
    "a point": lambda pick: shaped(somewhere(pick)[:1] * pick.randrange(1, 9)),
    "a line": lambda pick: shaped((*(r := somewhere(pick))[:2], *r[:2][::-1], r[0])),
    "few pairs": lambda pick: shaped((*(r := somewhere(pick))[: pick.randrange(1, 3)], r[0])),
    "open": lambda pick: shaped(somewhere(pick)[: pick.randrange(3, 5)]),
    "crossing itself": lambda pick: shaped(crossed(somewhere(pick))),
    "the whole region": lambda pick: shaped(square(116.39, 29.89, 0.2 + pick.random())),
    "the world": lambda pick: shaped(square(-90 * pick.random(), -80 * pick.random(), 80 + pick.random())),
    "lat before lon": lambda pick: shaped(tuple((lat, lon) for lon, lat in somewhere(pick))),
    "not a number": spoilt(math.nan),
    "without end": spoilt(math.inf),
    "before all": spoilt(-math.inf),
    "far out": spoilt(1e9),
}


async def test_five_hundred_bad_areas_and_nothing_is_written(tmp_path: Path) -> None:
    pick = random.Random(31)
    kinds = [kind for _ in range(34) for kind in BAD]
    with opened(tmp_path) as channel:
        for number, kind in enumerate(kinds):
            outcome = await channel.send(told(incident=f"bad-{number}", area=BAD[kind](pick)))
            assert isinstance(outcome, Rejected), kind
            assert "area" in outcome.reason or "polygon" in outcome.reason
            assert files(tmp_path) == {}
        # What was refused took no identifier either.
        assert await channel.send(told()) == Sent(name())

    assert len(kinds) >= 500


async def test_an_area_up_to_the_limit_is_believed(tmp_path: Path) -> None:
    """A square of 0.16 degrees has 274 square kilometres there, one of 0.17 has 310; the limit is 300."""
    with opened(tmp_path) as channel:
        within = await channel.send(told(incident="a", area=shaped(square(116.4, 29.9, 0.16))))
        beyond = await channel.send(told(incident="b", area=shaped(square(116.4, 29.9, 0.17))))

    assert isinstance(within, Sent)
    assert isinstance(beyond, Rejected)
    assert "over the limit of 300" in beyond.reason


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"sender": "an office"}, "without spaces"),
        ({"sender": ""}, "without spaces"),
        ({"office": "361199"}, "14 digits"),
    ],
)
def test_an_issuer_whose_references_nobody_could_read_is_refused(
    changes: dict[str, str], reason: str
) -> None:
    with pytest.raises(ValueError, match=reason):
        Issuer(**{"sender": "a.example", "office": OFFICE, "name": {}, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize("url", ["warnings.example/", "https://warnings.example/cap", "file:///cap/"])
def test_a_folder_needs_an_address_to_which_names_can_be_added(tmp_path: Path, url: str) -> None:
    folder = Folder(tmp_path, url, tmp_path / "r.sqlite")
    with pytest.raises(ValueError, match="ends in /"):
        CapChannel("feed", Realm.DRILL, folder, ISSUER, clock=LockstepClock(AT), largest=1)


def test_a_drill_without_an_exercise_has_no_feed(tmp_path: Path) -> None:
    nameless = Issuer(sender="a.example", office=OFFICE, name={}, exercise=" ")
    with pytest.raises(ValueError, match="exercise"), opened(tmp_path, issuer=nameless):
        pass


async def test_a_feed_that_is_being_read_stays_as_it_was(tmp_path: Path) -> None:
    """A new one takes its name: whoever has the old one open reads it to its end."""
    with opened(tmp_path) as channel:
        await channel.send(told())
        before = files(tmp_path)["feed.atom"]
        with (tmp_path / "public" / "feed.atom").open("rb") as being_read:
            await channel.send(told(1, act=Act.UPDATE))
            assert being_read.read() == before

    assert files(tmp_path)["feed.atom"] != before


async def test_no_reader_ever_sees_half_a_document_or_a_link_to_none(tmp_path: Path) -> None:
    """A web server reads at any moment; here it does while thirty incidents are told."""
    seen = 0
    with opened(tmp_path) as channel:
        await channel.send(told())
        sending = [channel.send(told(incident=f"i-{n}")) for n in range(30)]
        work = asyncio.ensure_future(asyncio.gather(*sending))
        while not work.done():
            await asyncio.sleep(0)
            for address in listed(tmp_path):
                document = (tmp_path / "public" / address.removeprefix(URL)).read_bytes()
                assert against_schema(document) == ""
                seen += 1
        await work

    assert seen > 0
