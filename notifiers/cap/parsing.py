"""XML as it may come from anywhere: without a document type, so that no entity reads a file or grows."""

from xml.etree import ElementTree as ET


class NotXml(ValueError):
    """What is no XML that is read here; the message says why."""


class _NoDocumentType(ET.TreeBuilder):
    def doctype(self, name: str, pubid: str | None, system: str | None) -> None:
        raise NotXml("it declares a document type, and with it could fetch files or grow without end")


def parse(data: bytes) -> ET.Element:
    """The root element. Raises NotXml."""
    try:
        return ET.fromstring(data, parser=ET.XMLParser(target=_NoDocumentType()))
    except (ET.ParseError, LookupError, UnicodeError) as error:
        raise NotXml(str(error)) from None
