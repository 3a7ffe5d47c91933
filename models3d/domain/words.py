"""The words for what models are, and what becomes of them."""

from enum import StrEnum


class Origin(StrEnum):
    AI_GENERATED = "ai_generated"
    USER_UPLOADED = "user_uploaded"


class Visibility(StrEnum):
    PRIVATE = "private"
    PUBLIC = "public"


class VersionReason(StrEnum):
    MADE = "made"
    UPLOADED = "uploaded"
    REPAIRED = "repaired"


class Unit(StrEnum):
    """What a number in a file means."""

    MM = "mm"
    CM = "cm"
    M = "m"
    INCH = "inch"


class UnitSource(StrEnum):
    """Who says so: whoever asked, the file's format, a guess by its size; or the file was scaled to a size."""

    ASKED = "asked"
    FORMAT = "format"
    GUESSED = "guessed"
    SCALED = "scaled"


class Format(StrEnum):
    """Kinds of files. An OBJ is a ZIP with its materials and textures, or one file."""

    GLB = "glb"
    STL = "stl"
    OBJ = "obj"
    THREE_MF = "3mf"
    PLY = "ply"


class ReportReason(StrEnum):
    COPYRIGHT = "copyright"
    OFFENSIVE = "offensive"
    DANGEROUS = "dangerous"
    SPAM = "spam"
    OTHER = "other"


class ReportState(StrEnum):
    OPEN = "open"
    UPHELD = "upheld"
    DISMISSED = "dismissed"
