"""Units: whether the one a payload states is the registered one (UCUM codes), and what each is called."""

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

# What OGC SensorThings wants said of a unit; the definition is its UCUM code (dB(A): as the field writes it).
NAMES = {
    "1": ("state (0 or 1)", ""),
    "%": ("percent", "%"),
    "Cel": ("degree Celsius", "°C"),
    "cm": ("centimetre", "cm"),
    "ug/m3": ("microgram per cubic metre", "µg/m³"),
    "dB(A)": ("A-weighted decibel", "dB(A)"),
    "m3": ("cubic metre", "m³"),
}
DESCRIBED = {
    code: {"name": name, "symbol": symbol, "definition": f"ucum:{code}"} for code, (name, symbol) in NAMES.items()
}


def is_same(stated: str | None, registered: str) -> bool:
    """Tell whether a value may be stored under the registered unit; a payload that states none is taken at its word."""
    if stated is None or stated == registered:
        return True
    return SPELLINGS.get(stated, stated) == SPELLINGS.get(registered, registered)
