"""XML from strangers: no entities, no network, and no more bytes than a score can need.

MusicXML comes plain or in a zip (.mxl), whose META-INF/container.xml names the score.
"""

import io
import zipfile
import zlib
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from naepo.config import UserError

MAX_BYTES = 64 << 20
"""The most XML that is read, unpacked. The longest of 408 chorales has 1.4 MB."""
BOM = b"\xef\xbb\xbf"
CONTAINER = "META-INF/container.xml"


def parse_xml(document: bytes) -> Element:
    """Read one XML document. A type definition may stand in it, but is neither fetched nor obeyed.

    Raises: UserError for what is no XML, declares an entity (the billion laughs), or is too large.
    """
    if len(document) > MAX_BYTES:
        raise UserError(
            f"it has {len(document) >> 20} MiB of XML; at most {MAX_BYTES >> 20} are read"
        )
    builder = TreeBuilder()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.data
    parser.EntityDeclHandler = _refuse_entity
    try:
        parser.Parse(document.removeprefix(BOM).lstrip(), True)
        return builder.close()
    except (expat.ExpatError, ValueError, LookupError) as error:
        if isinstance(error, UserError):
            raise
        raise UserError(f"not XML: {error}") from None


def unpack(archive: bytes) -> bytes:
    """Give the score inside an .mxl file.

    Raises: UserError for a damaged zip, one without a score, or one that unpacks to too much.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as files:
            return _member(files, _score_name(files))
    except (
        zipfile.BadZipFile, zlib.error, EOFError, KeyError, NotImplementedError, OSError,
        OverflowError, RuntimeError, UnicodeDecodeError,
    ) as error:  # fmt: skip
        raise UserError(f"not a compressed score (.mxl) that can be unpacked: {error}") from None


def _score_name(files: zipfile.ZipFile) -> str:
    """Give the name of the score: what the container says, else the first XML that is no container.

    Some writers leave the container out.
    """
    names = files.namelist()
    if CONTAINER in names:
        for element in parse_xml(_member(files, CONTAINER)).iter():
            path = element.get("full-path")
            if path in names and _is_xml(path):
                return path
    for name in names:
        if _is_xml(name) and not name.startswith(("META-INF/", "__MACOSX/")):
            return name
    raise UserError("there is no score in this .mxl file")


def _is_xml(name: str) -> bool:
    return name.lower().endswith((".xml", ".musicxml"))


def _member(files: zipfile.ZipFile, name: str) -> bytes:
    """Unpack one file, and stop as soon as it is too much, whatever the zip says of its size."""
    with files.open(name) as member:
        content = member.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise UserError(f"{name} unpacks to more than {MAX_BYTES >> 20} MiB")
    return content


def _refuse_entity(name: str, *declared: object) -> None:
    raise UserError(f"it declares an XML entity (`{name}`), which no score needs")
