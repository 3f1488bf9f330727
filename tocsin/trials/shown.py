"""How `tocsin test` shows what came of the tests of a file."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tocsin.trials import FileTrials


def show(of_file: FileTrials, console: Console) -> None:
    """A table of the tests of one file; below it what each failed one expected, and what came."""
    table = Table("rule", "test", "result", title=of_file.file, title_justify="left")
    for trial in of_file.trials:
        table.add_row(trial.rule, trial.test, Text("FAILED", "bold red") if trial.finding else "passed")
    for rule in of_file.untested:
        table.add_row(rule, "", Text("no test", "yellow"))
    console.print(table, markup=False)
    for trial in of_file.trials:
        if trial.finding:
            lines = [str(trial.finding), *(f"    {line}" for line in trial.account)]
            console.print("\n".join(lines), markup=False, highlight=False, soft_wrap=True)
    for finding in of_file.untested.values():
        heading = str(finding).splitlines()[0]
        console.print(f"warning: {heading}", markup=False, highlight=False, soft_wrap=True)
