"""The word on the screen for each term of the twin; English here, other languages in texts/ under the same key."""

from __future__ import annotations

from collections.abc import Callable

from twin.terms import AlarmKind, Condition, MobilityGroup, Service, Severity, State, ThingKind


def N_(text: str) -> str:  # noqa: N802  # the name by which Babel finds texts that are looked up later
    """Mark a text for the catalogues; it is translated where it is shown."""
    return text


SERVICES: dict[Service, str] = {
    Service.PHARMACY: N_("Pharmacy"),
    Service.CLINIC: N_("Community clinic"),
    Service.HOSPITAL: N_("Hospital"),
    Service.COMMUNITY_STATION: N_("Community service station"),
    Service.ELDER_DAY_CARE: N_("Day care for older people"),
    Service.CANTEEN: N_("Senior canteen"),
    Service.SUPERMARKET: N_("Supermarket"),
    Service.MARKET: N_("Food market"),
    Service.SCHOOL: N_("Primary school"),
    Service.KINDERGARTEN: N_("Kindergarten"),
    Service.PARK: N_("Park"),
    Service.TOILET: N_("Public toilet"),
    Service.BUS_STOP: N_("Bus stop"),
}

GROUPS: dict[MobilityGroup, str] = {
    MobilityGroup.ADULT: N_("adult on foot"),
    MobilityGroup.AGE_65_74: N_("aged 65–74"),
    MobilityGroup.AGE_75_84: N_("aged 75–84"),
    MobilityGroup.AGE_85: N_("aged 85 and over"),
    MobilityGroup.FRAIL: N_("frail walker"),
    MobilityGroup.WHEELCHAIR: N_("wheelchair"),
    MobilityGroup.PUSHCHAIR: N_("pushchair"),
    MobilityGroup.BLIND: N_("blind, with a stick"),
}

THING_KINDS: dict[ThingKind, str] = {
    ThingKind.LIFT: N_("Lifts"),
    ThingKind.GATE: N_("Gates"),
    ThingKind.WATER_LEVEL: N_("Water levels"),
    ThingKind.PM: N_("Particulates"),
    ThingKind.NOISE: N_("Noise"),
    ThingKind.CLIMATE: N_("Climate"),
    ThingKind.DOOR: N_("Doors"),
    ThingKind.METER: N_("Water meters"),
    ThingKind.SMOKE: N_("Smoke alarms"),
    ThingKind.GATEWAY: N_("Gateways"),
}

# What a sign can say: the state of what the device watches, else whether the device itself reports.
THING_STATES: dict[State | Condition, str] = {
    State.OPEN: N_("in service"),
    State.SLOWER: N_("slower than usual"),
    State.CLOSED: N_("out of service"),
    State.UNKNOWN: N_("unknown"),
    Condition.OK: N_("reporting"),
    Condition.SILENT: N_("silent"),
    Condition.NEVER_SEEN: N_("never seen"),
}

SEVERITIES: dict[Severity, str] = {
    Severity.CRITICAL: N_("Critical"),
    Severity.MAJOR: N_("Major"),
    Severity.NOTICE: N_("Notice"),
}

ALARM_KINDS: dict[AlarmKind, str] = {
    AlarmKind.PEOPLE_CUT_OFF: N_("People cut off"),
    AlarmKind.ELEMENT_CLOSED: N_("Out of service"),
    AlarmKind.SERVICE_LOST: N_("Many have lost a service"),
    AlarmKind.THING_SILENT: N_("Device silent"),
    AlarmKind.VALUE: N_("Limit passed"),
    AlarmKind.RATE: N_("Changes too fast"),
    AlarmKind.INACTIVE: N_("Nothing moves"),
    AlarmKind.BATTERY_LOW: N_("Battery low"),
    AlarmKind.WRONG_UNIT: N_("Unit changed"),
    AlarmKind.ACCOUNT: N_("The account does not add up"),
}

PROPERTIES = {
    "in_service": N_("in service"),
    "open": N_("open"),
    "depth": N_("depth"),
    "pm2_5": N_("PM2.5"),
    "pm10": N_("PM10"),
    "laeq": N_("LAeq"),
    "temperature": N_("temperature"),
    "humidity": N_("humidity"),
    "contact": N_("contact"),
    "volume": N_("volume"),
    "battery": N_("battery"),
}

# UCUM codes as a person writes them.
UNITS = {
    "Cel": "°C",
    "%": "%",
    "%RH": "%",
    "cm": "cm",
    "ug/m3": "µg/m³",
    "dB(A)": "dB(A)",
    "dB[A]": "dB(A)",
    "m3": "m³",
    "1": "",
}


def spoken(translate: Callable[[str], str]) -> dict[str, dict[str, str]]:
    """Give the page's vocabulary, {kind: {term: word}}, in the language of `translate`."""
    tables: dict[str, dict[str, str]] = {
        "service": {term.value: text for term, text in SERVICES.items()},
        "group": {term.value: text for term, text in GROUPS.items()},
        "thing_kind": {term.value: text for term, text in THING_KINDS.items()},
        "thing_state": {term.value: text for term, text in THING_STATES.items()},
        "severity": {term.value: text for term, text in SEVERITIES.items()},
        "alarm_kind": {term.value: text for term, text in ALARM_KINDS.items()},
        "property": PROPERTIES,
    }
    words = {kind: {term: translate(text) for term, text in table.items()} for kind, table in tables.items()}
    return words | {"unit": UNITS}
