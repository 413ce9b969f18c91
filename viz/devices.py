"""The integrator's, the administrator's and the security auditor's screen: its tabs, and the words that it needs."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from twin.imports import ImportKind
from twin.places import Place
from twin.reasons import Reason
from twin.roles import Role
from viz import screens, texts
from viz.words import N_

__all__ = ["TABS", "page"]

# Every tab by its name in the address: its title, and the route that who opens it must be allowed to read.
TABS: Mapping[str, tuple[str, str]] = {
    "devices": (N_("Devices"), "/api/devices/health"),
    "offered": (N_("Offered"), "/api/devices/offered"),
    "quarantine": (N_("Quarantine"), "/api/quarantine/messages"),
    "mappings": (N_("Mappings"), "/api/mappings"),
    "account": (N_("Ingest account"), "/api/account/balance"),
    "credentials": (N_("Credentials"), "/api/credentials"),
    "imports": (N_("Imports"), "/api/receipts"),
    "rules": (N_("Alarm rules"), "/api/alarm-rules"),
    "audit": (N_("Audit log"), "/api/audit"),
    "accounts": (N_("Accounts"), "/api/users"),
}

REASONS: Mapping[Reason, str] = {
    Reason.EMPTY: N_("Empty message"),
    Reason.TOO_LARGE: N_("Message too large"),
    Reason.BAD_TOPIC: N_("Topic not usable"),
    Reason.NO_DECODER: N_("No decoder for the topic"),
    Reason.NOT_UTF8: N_("Not UTF-8 text"),
    Reason.NOT_JSON: N_("Not JSON"),
    Reason.TOO_DEEP: N_("Nested too deep"),
    Reason.WRONG_SHAPE: N_("Another structure than expected"),
    Reason.NO_CODEC: N_("The network server has no codec"),
    Reason.UNDESCRIBED: N_("The device has not described itself"),
    Reason.NOT_MEASURED: N_("Not measured"),
    Reason.NO_DEVICE: N_("No device named"),
    Reason.DEVICE_MISMATCH: N_("Device, format or topic not as registered"),
    Reason.BAD_TIME: N_("Time cannot be read"),
    Reason.TIME_WITHOUT_ZONE: N_("Time without a zone"),
    Reason.TIME_FUTURE: N_("Time in the future"),
    Reason.TIME_PAST: N_("Time too old"),
    Reason.NOT_A_NUMBER: N_("Not a number"),
    Reason.OUT_OF_RANGE: N_("Out of range"),
    Reason.WRONG_UNIT: N_("Another unit"),
    Reason.UNKNOWN_DEVICE: N_("Device not enrolled"),
    Reason.UNKNOWN_PROPERTY: N_("Property not enrolled"),
    Reason.DECODER_FAILED: N_("The decoder failed"),
    Reason.FLOOD: N_("Too many messages"),
    Reason.NOT_STORABLE: N_("The database refuses it"),
}

ROLES: Mapping[Role, str] = {
    Role.OPERATOR: N_("Operator"),
    Role.PLANNER: N_("Planner"),
    Role.AUDITOR: N_("Accessibility auditor"),
    Role.CARE: N_("Care"),
    Role.GRID_WORKER: N_("Grid worker"),
    Role.INTEGRATOR: N_("Integrator"),
    Role.ADMINISTRATOR: N_("Administrator"),
    Role.SECURITY_AUDITOR: N_("Security auditor"),
}

IMPORTS: Mapping[ImportKind, str] = {
    ImportKind.OSM: N_("OpenStreetMap"),
    ImportKind.GRIDS: N_("Grids"),
    ImportKind.FACILITIES: N_("Facilities"),
    ImportKind.RESIDENTS: N_("Residents"),
    ImportKind.WELFARE: N_("People at risk"),
    ImportKind.DEVICES: N_("Devices"),
    ImportKind.ELEVATION: N_("Elevation"),
}

OTHERS: Mapping[Role, str] = {Role.PUBLIC: N_("Nobody signed in"), Role.SIGN_IN: N_("The sign-in")}  # in the audit
PLACE: Mapping[str, str] = {"place": N_("A whole place")}  # what a receipt can be of, and no upload

HEALTH: Mapping[str, str] = {
    "ok": N_("reporting"),
    "unknown": N_("silent"),
    "never_seen": N_("never seen"),
}

# What the audit calls what happened; an event that is not here shows itself.
EVENTS: Mapping[str, str] = {
    "account changed": N_("Account changed"),
    "account made": N_("Account made"),
    "asked for": N_("Change asked for"),
    "credential made": N_("Credential made"),
    "credential withdrawn": N_("Credential withdrawn"),
    "password changed": N_("Password changed"),
    "sessions revoked": N_("Sessions ended"),
    "sign-in refused": N_("Sign-in refused"),
    "signed in": N_("Signed in"),
    "signed out": N_("Signed out"),
    "token made": N_("Token made"),
    "welfare read": N_("Counts of people at risk read"),
}


def page(place: Place, reader: screens.Reader, *, role: Role, tabs: Collection[str]) -> str:
    """Write the page for one reader, who may open these of TABS."""
    translate = texts.translations(reader.wanted.language).gettext
    words = {
        "reason": {term.value: translate(text) for term, text in REASONS.items()},
        "role": {term.value: translate(text) for term, text in ROLES.items()},
        "import": {term.value: translate(text) for term, text in IMPORTS.items()},
        "who": {term.value: translate(text) for term, text in (*ROLES.items(), *OTHERS.items())},
        "receipt": {term.value: translate(text) for term, text in IMPORTS.items()}
        | {term: translate(text) for term, text in PLACE.items()},
        "health": {term: translate(text) for term, text in HEALTH.items()},
        "event": {term: translate(text) for term, text in EVENTS.items()},
    }
    shown = [{"name": name, "title": translate(title)} for name, (title, _) in TABS.items() if name in tabs]
    boot = {"tabs": [tab["name"] for tab in shown], "role": role.value, "more_words": words}
    return screens.render("devices.html.j2", place, reader, "/devices", boot, tabs=shown)
