"""What is replaced is given back piece by piece, and nothing of what others hold."""

from weakref import ref

from tocsin.remains import give_back


class Part:
    def __init__(self, *parts: object) -> None:
        self.parts = list(parts)


def test_everything_below_goes_and_the_list_is_empty() -> None:
    leaf = Part()
    seen = [ref(leaf), ref(whole := Part(Part(leaf), {"by name": leaf}))]
    remains: list[object] = [whole, leaf]
    del whole, leaf

    give_back(remains)

    assert remains == []
    assert [each() for each in seen] == [None, None]


def test_what_somebody_else_holds_stays_as_it_is() -> None:
    held = Part(Part())
    remains: list[object] = [Part(held)]

    give_back(remains)

    assert len(held.parts) == 1
    assert isinstance(held.parts[0], Part)
