"""Why a message or a reading is set aside: the reason codes and what they tell the operator."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["Reason", "printable"]

TEXT_LIMIT = 300  # characters of a reason; the payload itself is kept beside it


class Reason(StrEnum):
    """A reason code: stable, for machines; `words` says it in Chinese, and the sentence kept beside it is English."""

    EMPTY = "empty"
    TOO_LARGE = "too_large"
    BAD_TOPIC = "bad_topic"
    NO_DECODER = "no_decoder"
    NOT_UTF8 = "not_utf8"
    NOT_JSON = "not_json"
    TOO_DEEP = "too_deep"
    WRONG_SHAPE = "wrong_shape"
    NO_CODEC = "no_codec"
    UNDESCRIBED = "undescribed"
    NOT_MEASURED = "not_measured"
    NO_DEVICE = "no_device"
    DEVICE_MISMATCH = "device_mismatch"
    BAD_TIME = "bad_time"
    TIME_WITHOUT_ZONE = "time_without_zone"
    TIME_FUTURE = "time_future"
    TIME_PAST = "time_past"
    NOT_A_NUMBER = "not_a_number"
    OUT_OF_RANGE = "out_of_range"
    WRONG_UNIT = "wrong_unit"
    UNKNOWN_DEVICE = "unknown_device"
    UNKNOWN_PROPERTY = "unknown_property"
    DECODER_FAILED = "decoder_failed"
    FLOOD = "flood"
    NOT_STORABLE = "not_storable"

    @property
    def words(self) -> str:
        """Say the reason in Chinese."""
        return WORDS[self]


WORDS = {
    Reason.EMPTY: "空报文",
    Reason.TOO_LARGE: "报文过大",
    Reason.BAD_TOPIC: "主题不合规",
    Reason.NO_DECODER: "无对应解码器",
    Reason.NOT_UTF8: "非 UTF-8 编码",
    Reason.NOT_JSON: "非 JSON",
    Reason.TOO_DEEP: "嵌套过深",
    Reason.WRONG_SHAPE: "结构不符",
    Reason.NO_CODEC: "平台未配置编解码",
    Reason.UNDESCRIBED: "缺少设备描述",
    Reason.NOT_MEASURED: "非实测数据",
    Reason.NO_DEVICE: "缺少设备标识",
    Reason.DEVICE_MISMATCH: "设备标识、格式或主题与登记不符",
    Reason.BAD_TIME: "时间无法识别",
    Reason.TIME_WITHOUT_ZONE: "时间无时区",
    Reason.TIME_FUTURE: "时间在未来",
    Reason.TIME_PAST: "时间过旧",
    Reason.NOT_A_NUMBER: "非数值",
    Reason.OUT_OF_RANGE: "超出量程",
    Reason.WRONG_UNIT: "单位不符",
    Reason.UNKNOWN_DEVICE: "未登记设备",
    Reason.UNKNOWN_PROPERTY: "未登记属性",
    Reason.DECODER_FAILED: "解码器出错",
    Reason.FLOOD: "报文过频",
    Reason.NOT_STORABLE: "无法入库",
}


def printable(text: str) -> str:
    """Return a text that a screen and PostgreSQL can take: no NUL, control, bidirectional or lone surrogate character.

    What a payload says ends up in reasons and topics, and a payload may say anything.
    """
    shown = text if len(text) <= TEXT_LIMIT else text[:TEXT_LIMIT] + "…"
    return shown if shown.isprintable() else "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in shown)
