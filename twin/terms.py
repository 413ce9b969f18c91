"""The vocabulary: one word per thing, everywhere; the Chinese term stands beside it once, here."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import msgspec


class Service(StrEnum):
    """What a resident goes to a facility for."""

    PHARMACY = "pharmacy"  # 药店
    CLINIC = "clinic"  # 社区卫生服务站
    HOSPITAL = "hospital"  # 医院
    COMMUNITY_STATION = "community_station"  # 社区服务站
    ELDER_DAY_CARE = "elder_day_care"  # 老年人日间照料中心
    CANTEEN = "canteen"  # 老年助餐点
    SUPERMARKET = "supermarket"  # 超市
    MARKET = "market"  # 菜市场
    SCHOOL = "school"  # 小学
    KINDERGARTEN = "kindergarten"  # 幼儿园
    PARK = "park"  # 公园绿地
    TOILET = "toilet"  # 公共厕所
    BUS_STOP = "bus_stop"  # 公交车站


class MobilityGroup(StrEnum):
    """How a person moves; speeds and limits are data in simulations/mobility.toml."""

    ADULT = "adult"  # 成年人
    AGE_65_74 = "65-74"  # 65-74 岁
    AGE_75_84 = "75-84"  # 75-84 岁
    AGE_85 = "85+"  # 85 岁及以上
    FRAIL = "frail"  # 体弱者
    WHEELCHAIR = "wheelchair"  # 轮椅使用者
    PUSHCHAIR = "pushchair"  # 推婴儿车者
    BLIND = "blind"  # 持盲杖的视障者


class ThingKind(StrEnum):
    """A kind of device, as in the register of device types."""

    LIFT = "lift"  # 电梯
    GATE = "gate"  # 门禁
    WATER_LEVEL = "water_level"  # 积水水位
    PM = "pm"  # 颗粒物
    NOISE = "noise"  # 噪声
    CLIMATE = "climate"  # 温湿度
    DOOR = "door"  # 门磁
    METER = "meter"  # 水表
    SMOKE = "smoke"  # 独立式感烟火灾探测报警器
    GATEWAY = "gateway"  # 网关


class Condition(StrEnum):
    """How a device is. Never seen is not silent: it has yet to say its first word."""

    OK = "ok"  # 正常
    SILENT = "silent"  # 失联
    NEVER_SEEN = "never_seen"  # 从未上报


class Severity(StrEnum):
    """How grave an alarm is, the worst first."""

    CRITICAL = "critical"  # 紧急
    MAJOR = "major"  # 重要
    NOTICE = "notice"  # 提示


class AlarmKind(StrEnum):
    """What an alarm is about."""

    PEOPLE_CUT_OFF = "people_cut_off"  # 居民受阻
    ELEMENT_CLOSED = "element_closed"  # 设施停用
    SERVICE_LOST = "service_lost"  # 多人失去服务
    THING_SILENT = "thing_silent"  # 设备失联
    VALUE = "value"  # 超限
    RATE = "rate"  # 变化过快
    INACTIVE = "inactive"  # 长时间无活动
    BATTERY_LOW = "battery_low"  # 电量低
    WRONG_UNIT = "wrong_unit"  # 单位异常
    ACCOUNT = "account"  # 账目不符


class ElementKind(StrEnum):
    """What a reading can close."""

    EDGE = "edge"  # 路段
    FACILITY = "facility"  # 设施
    BUILDING_LIFT = "building_lift"  # 楼内电梯


class State(StrEnum):
    """The state of an element. Unknown is a third state: silence is never shown as open."""

    OPEN = "open"  # 可用
    SLOWER = "slower"  # 变慢
    CLOSED = "closed"  # 停用
    UNKNOWN = "unknown"  # 未知


class EdgeKind(StrEnum):
    """A kind of edge in the walking network."""

    PATH = "path"  # 步行道
    STREET = "street"  # 街道
    CROSSING = "crossing"  # 过街
    STEPS = "steps"  # 台阶
    ESCALATOR = "escalator"  # 自动扶梯
    LIFT = "lift"  # 电梯


class Reading(msgspec.Struct, frozen=True, gc=False, eq=False):
    """One value as a decoder gives it: before it is known to the register. Made a million times: a tenth of a dataclass's time."""

    thing_key: str
    property: str
    time_us: int  # measured, microseconds since 1970-01-01 UTC
    value: float
    unit: str | None = None  # as stated by the payload; None: not stated
    # What stands there where it is text, which may be a number too; left out of comparisons, as it says no more.
    text: str | None = None

    def _said(self) -> tuple[object, ...]:
        return self.thing_key, self.property, self.time_us, self.value, self.unit

    def __eq__(self, other: object) -> bool:
        """Compare all but the text."""
        return isinstance(other, Reading) and self._said() == other._said()

    def __hash__(self) -> int:
        """Be the same for what is equal."""
        return hash(self._said())


@dataclass(frozen=True, slots=True)
class AgeBand:
    """An age band such as 65-79 or 80+; `to` is None where it is open."""

    start: int
    to: int | None

    @classmethod
    def parse(cls, text: str) -> AgeBand:
        """Read "65-79" or "80+".

        Raises ValueError with the text where it is neither.
        """
        if text.endswith("+") and text[:-1].isdecimal():
            return cls(int(text[:-1]), None)
        start, dash, to = text.partition("-")
        if dash and start.isdecimal() and to.isdecimal() and int(start) <= int(to):
            return cls(int(start), int(to))
        raise ValueError(f"not an age band: {text!r}")
