"""What a prompt is for, as far as the optimizer distinguishes it."""

from enum import StrEnum


class Mode(StrEnum):
    GENERAL = "general"
    PROGRAMMING = "programming"
    WRITING = "writing"
    DATA_ANALYSIS = "data_analysis"
    CREATIVE = "creative"
