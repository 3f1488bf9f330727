"""YAML aliases in rule files: refused, since nothing that is repeated has a place of its own."""

from collections.abc import Iterator

from ruamel.yaml import YAML
from ruamel.yaml.tokens import AliasToken

from ingest.document import Document
from ingest.finding import Finding, words


def alias_findings(document: Document) -> Iterator[Finding]:
    """E105 for every alias of a document that can be read."""
    source = document.source
    if "*" not in source.text or "&" not in source.text:
        return
    for token in YAML(typ="safe", pure=True).scan(source.text):
        if isinstance(token, AliasToken):
            place = (token.start_mark.line + 1, token.start_mark.column + 1)
            advice = words("write it out, or make the rule a template with `use` and `with`")
            yield source.finding(place, "E105", words("alias *{anchor}", anchor=token.value), advice)
