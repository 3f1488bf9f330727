"""How `tocsin test` shows what came of the tests of a file."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ingest.finding import Finding, words
from tocsin.commands.language import Language
from tocsin.trials import FileTrials
from tocsin.wording import in_language, line_in_language, lines_in_language

_HEADINGS = words("rule"), words("test"), words("result")
_RESULTS = words("passed"), words("FAILED"), words("no test")


def show(of_file: FileTrials, console: Console, language: Language) -> None:
    """A table of the tests of one file; below it what each failed one expected, and what came."""
    table = Table(*lines_in_language(_HEADINGS, language), title=of_file.file, title_justify="left")
    passed, failed, no_test = lines_in_language(_RESULTS, language)
    for trial in of_file.trials:
        table.add_row(trial.rule, trial.test, Text(failed, "bold red") if trial.finding else passed)
    for rule in of_file.untested:
        table.add_row(rule, "", Text(no_test, "yellow"))
    console.print(table, markup=False)
    for trial in of_file.trials:
        if trial.finding:
            account = lines_in_language(trial.account, language)
            _print(console, [_told(trial.finding, language), *(f"    {line}" for line in account)])
    for _, finding in of_file.lacking:
        heading = _told(finding, language).splitlines()[0]
        _print(console, [line_in_language(words("warning: {finding}", finding=heading), language)])


def _told(finding: Finding, language: Language) -> str:
    [told] = in_language([finding], language)
    return str(told)


def _print(console: Console, lines: list[str]) -> None:
    console.print("\n".join(lines), markup=False, highlight=False, soft_wrap=True)
