"""Templates: a rule with gaps, filled where it is used.

    templates:
      toxic-gas:
        parameters: [gas, limit]
        rule: {for_each: gas sensor, grades: {yellow: "${gas} >= ${limit}"}}
    rules:
      - {use: toxic-gas, id: gas-h2s, with: {gas: h2s, limit: 10 mg/m3}}

Other keys beside `use` and `with` replace those of the template.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from ingest.document import Document
from ingest.document.composer import Path, Plain
from ingest.document.source_text import did_you_mean
from ingest.finding import Finding, words

_GAP = re.compile(r"\$\{([^}]*)\}")


@dataclass(frozen=True, slots=True)
class Template:
    """A template's rule as plain data, and the document it stands in; `sound` if nothing is wrong with it."""

    name: str
    document: Document
    parameters: tuple[str, ...]
    rule: dict[str, Plain]
    sound: bool = True

    @property
    def path(self) -> Path:
        """Where its rule stands in its document."""
        return ("templates", self.name, "rule")

    def filled(self, given: Mapping[str, Plain]) -> dict[str, Plain]:
        """Its rule with a value in each gap."""
        return {fill(key, given): _filled(part, given) for key, part in self.rule.items()}


def fill(text: str, given: Mapping[str, Plain]) -> str:
    """`text` with a value in each gap."""
    return _GAP.sub(lambda gap: str(given[gap[1]]), text)


def read_templates(documents: list[Document]) -> tuple[dict[str, Template], list[Finding]]:
    """The templates of all files by name, and what is wrong with them by themselves (E229).

    What has not the shape of a template is passed over: validation reports it.
    """
    templates: dict[str, Template] = {}
    findings: list[Finding] = []
    for document in documents:
        for template in _templates_of(document):
            if template.name in templates:
                other = templates[template.name].document.source.name
                message = words(
                    "template `{name}` stands in {other} already", name=template.name, other=other
                )
                path = ("templates", template.name)
                findings.append(
                    document.finding(path, "E229", message, words("give one of the two another name"))
                )
            defects = [*_defects(template)]
            findings += defects
            templates[template.name] = replace(template, sound=not defects)
    return templates, findings


def use_findings(
    document: Document, path: Path, entry: dict[str, Plain], templates: Mapping[str, Template]
) -> Iterator[Finding]:
    """What is wrong with a rule at `path` that says `use` (E229)."""
    name, given = str(entry["use"]), entry.get("with", {})
    if name not in templates:
        advice = did_you_mean(name, templates)
        yield document.finding((*path, "use"), "E229", words("unknown template `{name}`", name=name), advice)
    elif not isinstance(given, dict):
        yield document.finding(
            (*path, "with"), "E229", words("`with` maps parameters to values"), words("{{gas: h2s}}")
        )
    else:
        yield from _gap_findings(document, path, given, templates[name])


def _gap_findings(
    document: Document, path: Path, given: dict[str, Plain], template: Template
) -> Iterator[Finding]:
    for name in given:
        if name not in template.parameters:
            message = words(
                "template `{name}` has no parameter `{parameter}`", name=template.name, parameter=name
            )
            advice = did_you_mean(name, template.parameters)
            yield document.source.finding(document.keys[*path, "with", name], "E229", message, advice)
    for name in template.parameters:
        if name not in given:
            message = words(
                "template `{name}` needs the parameter `{parameter}`", name=template.name, parameter=name
            )
            yield document.finding(
                (*path, "use"), "E229", message, words("write with: {{{name}: ...}}", name=name)
            )
        elif not isinstance(given[name], str | int | float) or isinstance(given[name], bool):
            message = words("parameter `{name}` is no text or number", name=name)
            yield document.finding((*path, "with", name), "E229", message, words("write a text in quotes"))


def _templates_of(document: Document) -> Iterator[Template]:
    written = document.data.get("templates") if isinstance(document.data, dict) else None
    for name, entry in written.items() if isinstance(written, dict) else ():
        if not isinstance(entry, dict):
            continue
        parameters, rule = entry.get("parameters"), entry.get("rule")
        if isinstance(parameters, list) and isinstance(rule, dict):
            yield Template(name, document, tuple(map(str, parameters)), rule)


def _defects(template: Template) -> Iterator[Finding]:
    document, used = template.document, set()
    for path, text in _texts(template.rule, template.path):
        for gap in _GAP.finditer(text):
            used.add(gap[1])
            if gap[1] not in template.parameters:
                message = words(
                    "template `{name}` has no parameter `{parameter}`", name=template.name, parameter=gap[1]
                )
                advice = did_you_mean(gap[1], template.parameters)
                yield document.finding(path, "E229", message, advice, offset=gap.start())
    for index, parameter in enumerate(template.parameters):
        if parameter not in used:
            message = words(
                "template `{name}` does not use its parameter `{parameter}`",
                name=template.name,
                parameter=parameter,
            )
            path = ("templates", template.name, "parameters", index)
            yield document.finding(
                path, "E229", message, words("write ${{{parameter}}} where it belongs", parameter=parameter)
            )
    if "use" in template.rule:
        message = words("a template does not use another one")
        yield document.finding((*template.path, "use"), "E229", message, words("write its keys out"))


def _texts(part: Plain, path: Path) -> Iterator[tuple[Path, str]]:
    """Every text in which gaps are filled, keys too."""
    if isinstance(part, str):
        yield path, part
    elif isinstance(part, dict):
        for key, value in part.items():
            yield (*path, key), key
            yield from _texts(value, (*path, key))
    elif isinstance(part, list):
        for index, value in enumerate(part):
            yield from _texts(value, (*path, index))


def _filled(part: Plain, given: Mapping[str, Plain]) -> Plain:
    if isinstance(part, str):
        return fill(part, given)
    if isinstance(part, dict):
        return {fill(key, given): _filled(value, given) for key, value in part.items()}
    return [_filled(value, given) for value in part] if isinstance(part, list) else part
