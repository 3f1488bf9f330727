"""As much of JSON Schema as the schemas of `tocsin schema` use, by the definitions of draft 2020-12."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

TYPES: Mapping[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "boolean": (bool,),
    "null": (type(None),),
    "number": (int, float),
    "integer": (int,),
}
# They say something to people, or lead elsewhere.
ANNOTATIONS = {"$schema", "$defs", "title", "description", "default", "format"}


class Checker:
    """Checks values against one schema; a keyword that it does not know is an error of the schema."""

    def __init__(self, schema: dict[str, Any]) -> None:
        self.schema = schema

    def errors(self, value: Any) -> list[str]:
        """Where the value is not as the schema says."""
        return [*self._errors(self.schema, value, "$")]

    def _errors(self, schema: Any, value: Any, at: str) -> Iterator[str]:
        if isinstance(schema, bool):
            yield from [] if schema else [f"{at}: not allowed"]
            return
        for keyword, says in schema.items():
            if keyword in ANNOTATIONS or keyword == "additionalProperties":
                continue
            yield from KEYWORDS[keyword](self, says, value, at)
        if isinstance(value, dict) and "additionalProperties" in schema:
            yield from self._additional(schema, value, at)

    def _additional(self, schema: Any, value: dict[str, Any], at: str) -> Iterator[str]:
        patterns = schema.get("patternProperties", {})
        for key, part in value.items():
            if key not in schema.get("properties", {}) and not any(re.search(p, key) for p in patterns):
                yield from self._errors(schema["additionalProperties"], part, f"{at}.{key}")

    def ref(self, says: str, value: Any, at: str) -> Iterator[str]:
        yield from self._errors(self.schema["$defs"][says.removeprefix("#/$defs/")], value, at)

    def properties(self, says: dict[str, Any], value: Any, at: str) -> Iterator[str]:
        for key in says.keys() & (value.keys() if isinstance(value, dict) else ()):
            yield from self._errors(says[key], value[key], f"{at}.{key}")

    def patterns(self, says: dict[str, Any], value: Any, at: str) -> Iterator[str]:
        for pattern, part in says.items():
            for key in value if isinstance(value, dict) else ():
                if re.search(pattern, key):
                    yield from self._errors(part, value[key], f"{at}.{key}")

    def names(self, says: Any, value: Any, at: str) -> Iterator[str]:
        for key in value if isinstance(value, dict) else ():
            yield from self._errors(says, key, f"{at}.{key}")

    def items(self, says: Any, value: Any, at: str) -> Iterator[str]:
        for index, part in enumerate(value if isinstance(value, list) else ()):
            yield from self._errors(says, part, f"{at}[{index}]")

    def prefix(self, says: list[Any], value: Any, at: str) -> Iterator[str]:
        for index, (each, part) in enumerate(
            zip(says, value if isinstance(value, list) else (), strict=False)
        ):
            yield from self._errors(each, part, f"{at}[{index}]")

    def any_of(self, says: list[Any], value: Any, at: str) -> Iterator[str]:
        if not self._fitting(says, value, at):
            yield f"{at}: none of {len(says)}"

    def one_of(self, says: list[Any], value: Any, at: str) -> Iterator[str]:
        if self._fitting(says, value, at) != 1:
            yield f"{at}: not one of {len(says)}"

    def _fitting(self, says: list[Any], value: Any, at: str) -> int:
        return sum(not [*self._errors(each, value, at)] for each in says)


def is_of(type_: str, value: Any) -> bool:
    if isinstance(value, bool):
        return type_ == "boolean"
    return isinstance(value, TYPES[type_])


def plain(fits: Callable[[Any, Any], bool], what: str) -> Callable[[Checker, Any, Any, str], Iterator[str]]:
    """A keyword that says something of the value itself."""

    def errors(_: Checker, says: Any, value: Any, at: str) -> Iterator[str]:
        if not fits(says, value):
            yield f"{at}: {what} {says}"

    return errors


def of(kinds: type | tuple[type, ...], fits: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    """Only of values of these kinds."""
    return lambda says, value: isinstance(value, bool) or not isinstance(value, kinds) or fits(says, value)


NUMBERS = (int, float)
KEYWORDS: Mapping[str, Callable[[Checker, Any, Any, str], Iterator[str]]] = {
    "$ref": Checker.ref,
    "properties": Checker.properties,
    "patternProperties": Checker.patterns,
    "propertyNames": Checker.names,
    "items": Checker.items,
    "prefixItems": Checker.prefix,
    "anyOf": Checker.any_of,
    "oneOf": Checker.one_of,
    "type": plain(
        lambda says, v: any(is_of(t, v) for t in ([says] if isinstance(says, str) else says)), "no"
    ),
    "enum": plain(lambda says, value: value in says, "none of"),
    "const": plain(lambda says, value: value == says, "not"),
    "required": plain(of(dict, lambda says, value: set(says) <= value.keys()), "lacks one of"),
    "pattern": plain(of(str, lambda says, value: re.search(says, value) is not None), "not like"),
    "minLength": plain(of(str, lambda says, value: len(value) >= says), "shorter than"),
    "maxLength": plain(of(str, lambda says, value: len(value) <= says), "longer than"),
    "minItems": plain(of(list, lambda says, value: len(value) >= says), "fewer than"),
    "maxItems": plain(of(list, lambda says, value: len(value) <= says), "more than"),
    "minProperties": plain(of(dict, lambda says, value: len(value) >= says), "fewer than"),
    "minimum": plain(of(NUMBERS, lambda says, value: value >= says), "below"),
    "maximum": plain(of(NUMBERS, lambda says, value: value <= says), "above"),
    "exclusiveMinimum": plain(of(NUMBERS, lambda says, value: value > says), "not above"),
    "exclusiveMaximum": plain(of(NUMBERS, lambda says, value: value < says), "not below"),
}
