"""Tell whether the unit a payload states is the registered one (UCUM codes)."""

from __future__ import annotations

# Spellings of one unit; the left side is what formats say, the right side UCUM (or SenML where UCUM has none).
SPELLINGS = {
    "°C": "Cel",
    "℃": "Cel",
    "degC": "Cel",
    "°F": "[degF]",
    "℉": "[degF]",
    "degF": "[degF]",
    "%RH": "%",
    "%EL": "%",
    "percent": "%",
    "µg/m³": "ug/m3",
    "μg/m³": "ug/m3",
    "µg/m3": "ug/m3",
    "μg/m3": "ug/m3",
    "m³": "m3",
    "dBA": "dB(A)",
    "dB": "dB(A)",
}


def is_same(stated: str | None, registered: str) -> bool:
    """Tell whether a value may be stored under the registered unit; a payload that states none is taken at its word."""
    if stated is None or stated == registered:
        return True
    return SPELLINGS.get(stated, stated) == SPELLINGS.get(registered, registered)
