"""Why a message or a reading is set aside: the reason codes and what they tell the operator."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["Reason", "printable"]

TEXT_LIMIT = 300  # characters of a reason; the payload itself is kept beside it


class Reason(StrEnum):
    """A reason code: stable, for machines and translators; the sentence beside it is English."""

    EMPTY = "empty"  # 空报文
    TOO_LARGE = "too_large"  # 报文过大
    BAD_TOPIC = "bad_topic"  # 主题不合规
    NO_DECODER = "no_decoder"  # 无对应解码器
    NOT_UTF8 = "not_utf8"  # 非 UTF-8 编码
    NOT_JSON = "not_json"  # 非 JSON
    TOO_DEEP = "too_deep"  # 嵌套过深
    WRONG_SHAPE = "wrong_shape"  # 结构不符
    NO_CODEC = "no_codec"  # 平台未配置编解码
    UNDESCRIBED = "undescribed"  # 缺少设备描述
    NOT_MEASURED = "not_measured"  # 非实测数据
    NO_DEVICE = "no_device"  # 缺少设备标识
    DEVICE_MISMATCH = "device_mismatch"  # 设备标识与主题不符
    BAD_TIME = "bad_time"  # 时间无法识别
    TIME_WITHOUT_ZONE = "time_without_zone"  # 时间无时区
    TIME_FUTURE = "time_future"  # 时间在未来
    TIME_PAST = "time_past"  # 时间过旧
    NOT_A_NUMBER = "not_a_number"  # 非数值
    OUT_OF_RANGE = "out_of_range"  # 超出量程
    WRONG_UNIT = "wrong_unit"  # 单位不符
    UNKNOWN_DEVICE = "unknown_device"  # 未登记设备
    UNKNOWN_PROPERTY = "unknown_property"  # 未登记属性
    DECODER_FAILED = "decoder_failed"  # 解码器出错
    FLOOD = "flood"  # 报文过频
    NOT_STORABLE = "not_storable"  # 无法入库


def printable(text: str) -> str:
    """Return a text that a screen and PostgreSQL can take: no NUL, control, bidirectional or lone surrogate character.

    What a payload says ends up in reasons and topics, and a payload may say anything.
    """
    shown = text if len(text) <= TEXT_LIMIT else text[:TEXT_LIMIT] + "…"
    return shown if shown.isprintable() else "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in shown)
