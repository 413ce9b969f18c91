"""The tables as SQLAlchemy sees them; `migrations/` makes them, a test holds the two against each other."""

from twin.tables.access import AuditEntry, ClosedTable, UserAccount, UserSession, UserToken
from twin.tables.account import Account, ObservationCount, Quarantine
from twin.tables.alarms import Alarm, AlarmEvent, AlarmRule, AlarmRuleChange, AlarmWatch, Away, ThingGateway
from twin.tables.community import (
    Building,
    Facility,
    Grid,
    MapFeature,
    Place,
    ResidentCount,
    ResidentUnlocated,
    WelfareCount,
)
from twin.tables.coverage import ServiceLoss
from twin.tables.deliveries import Delivery
from twin.tables.effects import Effect, EffectHistory, EffectState
from twin.tables.gaps import Sequence
from twin.tables.health import ThingHealth, ThingTally
from twin.tables.history import KEPT, KeptTable, Revision
from twin.tables.imports import ImportJob
from twin.tables.integration import Credential, Mapping, QuarantineRetry
from twin.tables.layers import LayerVersion
from twin.tables.measurements import Measurement, Photo
from twin.tables.metadata import Table
from twin.tables.network import NetworkEdge, NetworkNode
from twin.tables.notices import Notice
from twin.tables.offers import Offer
from twin.tables.receipts import ImportReceipt
from twin.tables.repeats import AskedOnce
from twin.tables.runs import Run
from twin.tables.sensing import (
    Category,
    Datastream,
    Latest,
    LatestText,
    Observation,
    ObservationDay,
    ObservationDirty,
    ObservationFloor,
    ObservationHour,
    ObservationMinute,
    ObservationPacked,
    ObservationText,
    ObservationWatermark,
    Thing,
)
from twin.tables.sensorthings import (
    FeatureOfInterest,
    HistoricalLocation,
    Location,
    ObservationDetail,
    ObservedProperty,
    Sensor,
)
from twin.tables.subscribers import SubscribedTopic

__all__ = [
    "KEPT",
    "Account",
    "Alarm",
    "AlarmEvent",
    "AlarmRule",
    "AlarmRuleChange",
    "AlarmWatch",
    "AskedOnce",
    "AuditEntry",
    "Away",
    "Building",
    "Category",
    "ClosedTable",
    "Credential",
    "Datastream",
    "Delivery",
    "Effect",
    "EffectHistory",
    "EffectState",
    "Facility",
    "FeatureOfInterest",
    "Grid",
    "HistoricalLocation",
    "ImportJob",
    "ImportReceipt",
    "KeptTable",
    "Latest",
    "LatestText",
    "LayerVersion",
    "Location",
    "MapFeature",
    "Mapping",
    "Measurement",
    "NetworkEdge",
    "NetworkNode",
    "Notice",
    "Observation",
    "ObservationCount",
    "ObservationDay",
    "ObservationDetail",
    "ObservationDirty",
    "ObservationFloor",
    "ObservationHour",
    "ObservationMinute",
    "ObservationPacked",
    "ObservationText",
    "ObservationWatermark",
    "ObservedProperty",
    "Offer",
    "Photo",
    "Place",
    "Quarantine",
    "QuarantineRetry",
    "ResidentCount",
    "ResidentUnlocated",
    "Revision",
    "Run",
    "Sensor",
    "Sequence",
    "ServiceLoss",
    "SubscribedTopic",
    "Table",
    "Thing",
    "ThingGateway",
    "ThingHealth",
    "ThingTally",
    "UserAccount",
    "UserSession",
    "UserToken",
    "WelfareCount",
]
