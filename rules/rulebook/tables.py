"""The tables of thresholds that rules name, each a CSV file beside its rule file."""

from collections.abc import Iterator, Mapping

from ingest.document.source_text import did_you_mean
from ingest.finding import Finding, words
from ingest.registry import Registry
from rules.rule import Parameters
from rules.rulebook.table_file import Table, read_table


class Tables:
    """The tables among the files of a rulebook (name -> text), each read once, when a rule names it."""

    def __init__(self, files: Mapping[str, str], registry: Registry | None) -> None:
        self._texts = {name: text for name, text in files.items() if name.endswith(".csv")}
        self._registry = registry
        self._tables: dict[str, Table] = {}
        self._used: dict[str, set[str]] = {}

    def read(self, rule_file: str, name: str) -> Parameters | None:
        """The table of that name beside the rule file; None if there is none."""
        path = _beside(rule_file) + name
        if path not in self._texts:
            return None
        if path not in self._tables:
            self._tables[path] = read_table(path, self._texts[path], self._registry)
        return self._tables[path].parameters

    def nearest(self, rule_file: str, name: str) -> str:
        """The table of that directory that may have been meant."""
        directory = _beside(rule_file)
        known = [path.removeprefix(directory) for path in self._texts if path.startswith(directory)]
        return did_you_mean(name, known)

    def use(self, rule_file: str, name: str, parameters: frozenset[str]) -> None:
        """Note which parameters the conditions of a rule ask for."""
        self._used.setdefault(_beside(rule_file) + name, set()).update(parameters)

    def findings(self) -> list[Finding]:
        """What is wrong with the tables that were read."""
        return [finding for table in self._tables.values() for finding in table.findings]

    def unused(self) -> Iterator[Finding]:
        """Columns that no condition asks for, once all rules have said what they use: a typing error."""
        for path, table in self._tables.items():
            asked = self._used.get(path, set())
            for name, place in table.columns.items():
                if name not in asked:
                    message = words("no condition with this table uses site.{name}", name=name)
                    yield table.source.finding(
                        place, "E230", message, did_you_mean(name, asked - table.columns.keys())
                    )


def _beside(rule_file: str) -> str:
    return rule_file[: rule_file.rfind("/") + 1]
