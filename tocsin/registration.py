"""Putting new sensors into one of the files that the settings name: all of it checked first, or nothing."""

import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ingest.durable import whole_file
from ingest.finding import words
from tocsin.bundle import Bundle
from tocsin.configuration import Configuration, configure, read_bundle
from tocsin.sensor_lines import NoPlaceError, with_lines
from tocsin.settings import read_files


@dataclass(frozen=True, slots=True)
class Files:
    """The files on disk, checked: `names` those of sensors, relative to the settings file `config`."""

    config: Path
    bundle: Bundle
    configuration: Configuration
    names: tuple[str, ...]

    @classmethod
    def read(cls, config: Path) -> "Files":
        """Raises ConfigurationError for files that could not be applied as they are."""
        bundle = read_bundle(config)
        files = read_files(bundle.main, bundle.texts[bundle.main])
        return cls(config, bundle, configure(bundle), () if files is None else files.sensors)

    def named(self, into: Path | None) -> str:
        """The name of the file to add to: the only one there is, unless given. Raises NoPlaceError."""
        paths = {(self.config.parent / name).resolve(): name for name in self.names}
        if into is None and len(self.names) == 1:
            return self.names[0]
        if into is None or into.resolve() not in paths:
            several = words("several files of sensors")
            other = words("{file} is none of the files of sensors", file=into)
            raise NoPlaceError(
                words(
                    "{which}: say --into with one of {names} of {settings}",
                    which=several if into is None else other,
                    names=", ".join(self.names),
                    settings=self.config,
                )
            )
        return paths[into.resolve()]


@dataclass(frozen=True, slots=True)
class Registration:
    """New sensors, by column, as one file of sensors would say them; its whole text is `text`."""

    path: Path
    text: str

    @classmethod
    def checked(cls, files: Files, name: str, sensors: Sequence[dict[str, str]]) -> "Registration":
        """Raises NoPlaceError, or ConfigurationError where the files with it could not be applied."""
        path = (files.config.parent / name).resolve()
        text = with_lines(name, path.read_bytes().decode(), sensors)
        texts = files.bundle.texts | {name: text.replace("\r\n", "\n")}
        configure(Bundle(files.bundle.main, texts))
        return cls(path, text)

    def write(self) -> None:
        """Replace the file as a whole; mode and owner stay. Raises OSError, and has changed nothing then."""
        was = self.path.stat()
        with whole_file(self.path) as file:
            os.fchmod(file.fileno(), stat.S_IMODE(was.st_mode))
            now = os.fstat(file.fileno())
            if (now.st_uid, now.st_gid) != (was.st_uid, was.st_gid):
                os.fchown(file.fileno(), was.st_uid, was.st_gid)
            file.write(self.text.encode())
