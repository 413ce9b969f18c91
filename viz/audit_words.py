"""The words of the step-free audit: elements of a way, what is measured of them, and what a measurement can say."""

from __future__ import annotations

from collections.abc import Callable

from viz.words import N_

__all__ = ["spoken"]

# What a way breaks at, or is measured for.
ELEMENTS = {
    "steps": N_("Steps"),
    "escalator": N_("Escalator"),
    "lift": N_("Lift"),
    "incline": N_("Gradient"),
    "width": N_("Width"),
    "kerb": N_("Kerb"),
    "barrier": N_("Barrier"),
    "surface": N_("Surface"),
    "wheelchair": N_("Marked as no way for wheelchairs"),
    "entrance": N_("Entrance"),
    "step_count": N_("Number of steps"),
    # what an edge is, where it is nothing of the above
    "path": N_("Path"),
    "street": N_("Street"),
    "crossing": N_("Crossing"),
    "building": N_("Building"),
}
KINDS = {
    "width": N_("Clear width"),
    "kerb_height": N_("Kerb height"),
    "gradient": N_("Gradient along the way"),
    "surface": N_("Surface"),
    "barrier": N_("Barrier"),
    "step_count": N_("Number of steps"),
    "handrail": N_("Handrail"),
    "entrance_steps": N_("Steps at the entrance"),
    "door_width": N_("Clear width of the door"),
    "lift_present": N_("Lift in the building"),
}
VALUES = {
    "asphalt": N_("asphalt"),
    "concrete": N_("concrete"),
    "paving_stones": N_("paving stones"),
    "metal": N_("metal"),
    "wood": N_("wood"),
    "sett": N_("setts"),
    "cobblestone": N_("cobblestones"),
    "compacted": N_("compacted"),
    "fine_gravel": N_("fine gravel"),
    "gravel": N_("gravel"),
    "ground": N_("bare ground"),
    "grass": N_("grass"),
    "sand": N_("sand"),
    "none": N_("none"),
    "bollard": N_("bollard"),
    "block": N_("block or single step"),
    "stile": N_("stile"),
    "kissing_gate": N_("kissing gate"),
    "turnstile": N_("turnstile"),
    "gate": N_("gate"),
    "debris": N_("things in the way"),
    "both": N_("on both sides"),
    "one": N_("on one side"),
    "yes": N_("yes"),
    "no": N_("no"),
    "raised": N_("raised"),
    "rolled": N_("rolled"),
    "regular": N_("regular"),
    "lowered": N_("lowered"),
    "flush": N_("flush"),
    "out of order": N_("out of service"),
    "steps": N_("steps"),
    "escalator": N_("escalator"),
    "lift": N_("lift"),
}
UNITS = {"1": N_("number"), "1:n": "1 : n", "%": "%", "°": "°", "cm": "cm", "mm": "mm", "m": "m"}
CERTAINTIES = {
    "A": N_("an assumption of ours"),
    "V1": N_("checked against the published text"),
    "V2": N_("checked against a second source"),
    "recalled": N_("recalled, to be checked"),
    "assumed": N_("assumed"),
    "derived": N_("derived"),
}


def spoken(translate: Callable[[str], str]) -> dict[str, dict[str, str]]:
    """Give the words, {kind: {term: word}}, in the language of `translate`."""
    tables = {
        "element": ELEMENTS,
        "measurement": KINDS,
        "value": VALUES,
        "measured_unit": UNITS,
        "certainty": CERTAINTIES,
    }
    return {kind: {term: translate(text) for term, text in table.items()} for kind, table in tables.items()}
