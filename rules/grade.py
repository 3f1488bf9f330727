"""The four grades of a warning, ordered; there is no fifth."""

from enum import IntEnum


class Grade(IntEnum):
    """Blue (IV) is the weakest, red (I) the strongest."""

    BLUE = 1
    YELLOW = 2
    ORANGE = 3
    RED = 4

    def __str__(self) -> str:
        return self.name.lower()

    @classmethod
    def named(cls, name: str) -> "Grade":
        """The grade of a lower-case name; KeyError for anything else."""
        return cls[name.upper()]
