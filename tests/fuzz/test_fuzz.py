"""Whatever arrives, the readers answer with data or with their own refusal: they never crash and never hang.

`TOCSIN_FUZZ` says how many mutated inputs each target gets (`make test-deep` gives a million); the corpus,
with every input that ever broke something, is always replayed. A failure prints the command that repeats it.
"""

import os

import pytest

from tests.fuzz.fuzzing import Hang, corpus, crashes, numbered
from tests.fuzz.mutation import LARGEST
from tests.fuzz.oracles import TARGETS
from tests.fuzz.words_of import LANGUAGES, WORDS

MANY = int(os.environ.get("TOCSIN_FUZZ", "2000"))
# A panic of the MQTT codec also passes through sys.unraisablehook, which pytest takes for a leak.
LET_PANIC = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@LET_PANIC
@pytest.mark.parametrize("target", TARGETS)
def test_every_input_of_the_corpus_is_read_or_refused(target: str) -> None:
    inputs = corpus(target)

    assert len(inputs) >= 1
    assert [str(crash) for crash in crashes(target, inputs)] == []


@LET_PANIC
@pytest.mark.parametrize("target", TARGETS)
def test_mutated_inputs_are_read_or_refused(target: str) -> None:
    found = next(crashes(target, numbered(target, range(MANY))), None)

    assert found is None, str(found)


def test_the_same_number_is_the_same_input_and_no_input_is_larger_than_the_limit() -> None:
    for target in TARGETS:
        first, again = (list(numbered(target, range(50))) for _ in range(2))
        assert first == again
        assert len({data for _, data in first}) > 40
        assert max(len(data) for _, data in first) <= LARGEST


def test_every_target_has_its_words() -> None:
    assert LANGUAGES.keys() == TARGETS.keys()
    assert {name for names in LANGUAGES.values() for name in names} == {path.name for path in WORDS.iterdir()}


def test_an_input_that_breaks_or_hangs_a_reader_is_reported_with_what_repeats_it() -> None:
    def reader(data: bytes) -> None:
        while data == b"hangs":
            pass
        assert data == b"good", "odd"

    inputs = [("1", b"good"), ("2", b"bad"), ("3", b"hangs"), ("4", b"good")]
    found = list(crashes("native", inputs, reader, seconds=0.1))

    assert [(crash.number, type(crash.error)) for crash in found] == [("2", AssertionError), ("3", Hang)]
    assert "python -m tests.fuzz native --only 2" in str(found[0])
