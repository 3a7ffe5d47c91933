"""Formats of Django's templates; what isn't named here is as Django has it for the language."""

#: With no-break spaces, so that a narrow column keeps a moment on one line.
DATETIME_FORMAT = "Y-m-d\N{NO-BREAK SPACE}H:i\N{NO-BREAK SPACE}T"
SHORT_DATETIME_FORMAT = DATETIME_FORMAT
DATE_FORMAT = "Y-m-d"
SHORT_DATE_FORMAT = DATE_FORMAT
