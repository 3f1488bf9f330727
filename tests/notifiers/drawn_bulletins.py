"""Bulletins of any words that somebody could write, drawn for properties."""

from hypothesis import strategies as st

from ingest.clock import HOUR, SECOND
from notifiers.bulletin import Act
from notifiers.cap.terms import HAZARDS
from rules.grade import Grade
from tests.notifiers.announced import AT, bulletin

SLY = st.sampled_from(
    ["", " ", "<b>", "&amp;", "&#x3c;", "]]>", "<!--", "\x00", "\ud800", "\uffff", "\n", "”", "😀"]
)
WORDS = st.lists(st.one_of(SLY, st.text(max_size=20)), max_size=5).map("".join)
TEXTS = st.dictionaries(st.sampled_from(["zh", "en"]), st.one_of(WORDS, st.just("很长 long " * 400)))
SAID = st.fixed_dictionaries({}, optional={"zh": WORDS.map("水".__add__), "en": WORDS.map("w".__add__)})
BULLETINS = st.builds(
    bulletin,
    incident=WORDS.map("i".__add__),
    revision=st.integers(0, 9),
    act=st.sampled_from([act for act in Act if act is not Act.REQUEST]),
    hazard=st.one_of(st.sampled_from(sorted(HAZARDS)), WORDS),
    rule=WORDS,
    grade=st.one_of(st.none(), st.sampled_from(Grade)),
    before=st.one_of(st.none(), st.sampled_from(Grade)),
    at=st.integers(AT - HOUR, AT),
    sent=st.integers(AT, AT + HOUR),
    expires=st.integers(AT + HOUR + SECOND, AT + 9 * HOUR),
    count=st.integers(1, 10_000),
    title=TEXTS,
    place=TEXTS,
    advice=TEXTS,
    text=SAID.filter(bool),
)  # fmt: skip
