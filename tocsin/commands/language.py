"""In which language a command speaks: as asked for, else as the environment says."""

import os
from enum import StrEnum
from typing import Annotated

import typer


class Language(StrEnum):
    """A language that every text of a command is there in."""

    ZH = "zh"
    EN = "en"


Lang = Annotated[
    Language | None, typer.Option("--lang", help="Chinese or English; as LANG says if not given.")
]


def spoken(asked: Language | None) -> Language:
    """The language to speak: Chinese where `LANG` begins with zh, English anywhere else."""
    if asked is not None:
        return asked
    return Language.ZH if os.environ.get("LANG", "").startswith("zh") else Language.EN
