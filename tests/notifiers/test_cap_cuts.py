"""Cuts anywhere: whatever fails and restarts in between, the folder tells one story."""

from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given
from hypothesis import strategies as st

from ingest.clock import SECOND
from notifiers.bulletin import Act
from notifiers.outcome import Outcome, Retry, Sent
from tests.memory import in_memory
from tests.notifiers.announced import AT, bulletin, delivery
from tests.notifiers.cap_office import URL, against_schema, files, opened, tree, values

LINK = "{http://www.w3.org/2005/Atom}entry/{http://www.w3.org/2005/Atom}link"

# The next bulletin of one of three incidents, or the last one again; a restart; a folder that takes nothing,
# a feed that cannot be written, and both as they were.
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("next"), st.integers(0, 2), st.sampled_from([Act.UPDATE, Act.UPDATE, Act.CLEAR])),
        st.tuples(st.just("again"), st.integers(0, 2), st.none()),
        st.tuples(st.sampled_from(["restart", "folder", "feed", "mended"]), st.none(), st.none()),
    ),
    max_size=30,
)


class Story:
    """A feed, what it was told, and what it answered last on each (incident, revision)."""

    def __init__(self, folder: Path) -> None:
        self.outcomes: dict[tuple[int, int], Outcome] = {}
        self.revisions = [-1, -1, -1]
        self.acts: dict[tuple[int, int], Act] = {}
        self._folder = folder
        self._public, self._aside = folder / "public", folder / "aside"
        self._stack = ExitStack()
        self._channel = self._stack.enter_context(opened(folder))

    def end(self) -> None:
        self._stack.close()

    async def step(self, what: str, incident: int | None, act: Act | None) -> None:
        if incident is not None and act is not None:
            self.revisions[incident] += 1
            self.acts[incident, self.revisions[incident]] = act
        if incident is not None:
            await self._tell(incident)
        elif what == "restart":
            self.mend()
            self._stack.close()
            self._channel = self._stack.enter_context(opened(self._folder))
        elif what == "mended":
            self.mend()
        elif not self._aside.exists():
            self._spoil(what)

    def mend(self) -> None:
        if self._public.is_file():
            self._public.unlink()
            self._aside.rename(self._public)
        elif self._aside.exists():
            (self._public / "feed.atom").rmdir()
            self._aside.rename(self._public / "feed.atom")

    def _spoil(self, what: str) -> None:
        if what == "folder":
            self._public.rename(self._aside)
            self._public.touch()
        elif (feed := self._public / "feed.atom").exists():
            feed.rename(self._aside)
            feed.mkdir()

    async def _tell(self, incident: int) -> None:
        revision = self.revisions[incident]
        if revision >= 0:
            told = bulletin(
                incident=f"i-{incident}",
                revision=revision,
                act=self.acts[incident, revision],
                sent=AT + revision // 3 * SECOND,
            )
            self.outcomes[incident, revision] = await self._channel.send(delivery(told=told))


@given(STEPS)
async def test_the_feed_shows_what_was_sent_and_each_refers_to_what_was_out_before_it(
    steps: list[tuple[str, int | None, Act | None]],
) -> None:
    with TemporaryDirectory(dir=in_memory()) as name:
        story = Story(Path(name))
        for step in steps:
            await story.step(*step)
        story.mend()
        # One more delivery, so that there is a feed that has seen everything; then nothing is to be retried.
        await story.step("next", 0, Act.UPDATE)
        for incident in range(3):
            await story.step("again", incident, None)
        newest = [story.outcomes.get((i, story.revisions[i])) for i in range(3)]
        assert not any(isinstance(outcome, Retry) for outcome in newest)
        story.end()
        shown = files(Path(name))

    sent = {key: out.provider_id for key, out in story.outcomes.items() if isinstance(out, Sent)}
    listed = [link.get("href", "") for link in tree(shown["feed.atom"]).iterfind(LINK)]
    known = [address.removeprefix(URL).removesuffix(".xml") for address in listed]
    assert len(set(known)) == len(known)
    assert len(set(sent.values())) == len(sent)
    assert set(sent.values()) <= set(known)
    for incident in range(3):
        out: list[str] = []
        documents = [shown[f"{each}.xml"] for each in sorted(known)]
        own = [each for each in documents if values(each, "incidents") == [f"i-{incident}"]]
        for document in sorted(own, key=lambda each: len("".join(values(each, "references")).split())):
            assert against_schema(document) == ""
            references = "".join(values(document, "references")).split()
            assert [reference.split(",")[1] for reference in references] == out
            assert (values(document, "msgType") == ["Alert"]) == (not out)
            out += values(document, "identifier")
