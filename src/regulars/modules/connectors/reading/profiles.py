"""Profiles: which columns of a known kind of file mean what, and how a file is recognised."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from .types import ColumnMatch, UnreadableFile

CERTAIN_BPS = 10_000
AUTOMATIC_BPS = 8_000
"""From here on a profile is taken without asking."""

_LOOSE_BPS = 9_000  # a name that fits but for case, blanks and punctuation
_REQUIRED_PARTS = 4  # how often the required columns count for each time the strong ones do


@dataclass(frozen=True, slots=True)
class Profile:
    """One known layout. ``aliases`` names, for each field, the columns that may hold it.

    ``strong`` are columns that the kind of file usually has besides; they tell likes apart.
    ``any_of`` are fields of which a file needs at least one. ``constants`` are fields that no
    column holds. With ``order_per_row`` every row is an order (or a person) of its own, known by
    its running number.
    """

    name: str
    required: tuple[str, ...]
    aliases: Mapping[str, tuple[str, ...]]
    any_of: tuple[str, ...] = ()
    strong: tuple[str, ...] = ()
    constants: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    order_per_row: bool = False


@dataclass(frozen=True, slots=True)
class Detected:
    """The profile that fits a header best, how well, and the column index of each field.

    ``repeated`` are names of mapped columns that stand more than once in the header.
    """

    profile: Profile
    confidence_bps: int
    columns: Mapping[str, int]
    matches: tuple[ColumnMatch, ...]
    repeated: tuple[str, ...]


def _same_names(*names: str) -> dict[str, tuple[str, ...]]:
    return {name: (name,) for name in names}


CANONICAL = Profile(
    name="canonical",
    required=("order_id", "member", "placed_at", "sku", "quantity", "line_total"),
    aliases=_same_names(
        "order_id", "member", "placed_at", "sku", "quantity", "line_total", "store", "channel",
        "unit_price", "product_name", "category", "type", "currency",
    ),
)  # fmt: skip

COMPLETE_JOURNEY = Profile(
    name="completejourney",
    required=("order_id", "member", "placed_at", "sku", "quantity", "line_total", "store"),
    aliases={
        "order_id": ("basket_id",),
        "member": ("household_id",),
        "placed_at": ("transaction_timestamp",),
        "sku": ("product_id",),
        "quantity": ("quantity",),
        "line_total": ("sales_value",),
        "store": ("store_id",),
        "category": ("product_category", "department"),
        "type": ("product_type",),
    },
    strong=("retail_disc", "coupon_disc", "coupon_match_disc", "week"),
)

CDNOW = Profile(
    name="cdnow",
    required=("member", "placed_at", "quantity", "line_total"),
    aliases={
        "member": ("customer_id",),
        "placed_at": ("date",),
        "quantity": ("number_of_cds",),
        "line_total": ("dollar_value",),
    },
    constants=MappingProxyType({"sku": "CD"}),
    order_per_row=True,
)

REFUNDS = Profile(
    name="refunds",
    required=("order_id", "refund_id", "refunded_at", "line", "quantity"),
    aliases=_same_names("order_id", "refund_id", "refunded_at", "line", "quantity"),
)

MEMBERS = Profile(
    name="members",
    required=(),
    any_of=("phone", "email", "external", "card", "wechat_unionid", "douyin_openid"),
    aliases={
        "phone": ("phone", "mobile", "tel", "telephone", "phone_number", "mobile_phone",
                  "手机号", "手机号码", "手机", "联系电话", "手機號碼", "手機", "電話"),
        "email": ("email", "e-mail", "mail", "email_address", "邮箱", "电子邮箱", "電子郵件"),
        "external": ("external", "external_id", "member", "member_id", "customer", "customer_id",
                     "会员编号", "会员号", "客户编号", "會員編號", "會員號"),
        "card": ("card", "card_no", "card_number", "会员卡号", "卡号", "會員卡號", "卡號"),
        "wechat_unionid": ("wechat_unionid", "unionid", "微信unionid"),
        "douyin_openid": ("douyin_openid", "抖音openid"),
        "name": ("name", "full_name", "姓名", "会员姓名", "會員姓名"),
        "birthday": ("birthday", "birth_date", "date_of_birth", "生日", "出生日期"),
        "joined_at": ("joined_at", "joined", "registered_at", "created_at",
                      "入会时间", "注册时间", "入會時間", "註冊時間"),
        "status": ("status", "member_status", "会员状态", "會員狀態"),
        "channel": ("channel", "source", "来源", "渠道", "來源"),
        "store": ("store", "store_id", "门店", "門市"),
        "locale": ("locale", "language", "语言", "語言"),
        "consents": ("consents", "consent", "agreed", "同意", "授权"),
        "refused": ("refused", "opt_out", "拒绝", "拒絕"),
        "consent_version": ("consent_version", "text_version", "条款版本", "條款版本"),
        "consent_at": ("consent_at", "consent_time", "同意时间", "授权时间", "同意時間"),
        "consent_channel": ("consent_channel", "同意渠道"),
        "consent_campaign": ("consent_campaign", "campaign", "活动", "活動"),
    },
    order_per_row=True,
)  # fmt: skip

ORDER_PROFILES = (CANONICAL, COMPLETE_JOURNEY, CDNOW)
REFUND_PROFILES = (REFUNDS,)
MEMBER_PROFILES = (MEMBERS,)


def known_names() -> frozenset[str]:
    """Every column name that some profile reads, folded; they tell an encoding from another."""
    profiles = (*ORDER_PROFILES, *REFUND_PROFILES, *MEMBER_PROFILES)
    names = (name for profile in profiles for names in profile.aliases.values() for name in names)
    return frozenset(_folded(name) for name in names)


def hits(header: Iterable[str], known: frozenset[str]) -> int:
    """How many of the header's names are known."""
    return sum(_folded(name) in known for name in header)


def detect(
    header: Sequence[str],
    profiles: Sequence[Profile],
    *,
    wanted: str = "auto",
    chosen: Mapping[str, str] | None = None,
) -> Detected:
    """The profile called ``wanted``, or with "auto" the one that fits the header best.

    ``chosen`` maps fields to column names where a person decided. Raises UnreadableFile for a
    profile or column that is not there.
    """
    known = {profile.name: profile for profile in profiles}
    if wanted != "auto" and wanted not in known:
        raise UnreadableFile(
            "unknown_profile",
            f"There is no profile {wanted[:40]!r}: use auto or one of {', '.join(known)}.",
        )
    candidates = profiles if wanted == "auto" else (known[wanted],)
    for name in chosen or {}:
        if not any(name in profile.aliases for profile in candidates):
            raise UnreadableFile(
                "unknown_field",
                f"There is no field {name[:40]!r} to read: choose one of "
                f"{', '.join(candidates[0].aliases)}.",
            )
    fits = [_fit(header, profile, chosen or {}) for profile in candidates]
    return max(fits, key=lambda fit: fit.confidence_bps)  # the first of equals


def require_certain(found: Detected, *, automatic: bool) -> None:
    """Raise UnreadableFile unless every required field has one column and the fit is sure."""
    if found.repeated:
        raise UnreadableFile(
            "duplicate_column",
            f"The column {found.repeated[0]!r} stands more than once in the first row: "
            "rename or delete all but the one that counts.",
        )
    missing = [name for name in found.profile.required if name not in found.columns]
    choice = found.profile.any_of
    if choice and not any(name in found.columns for name in choice):
        raise UnreadableFile(
            "missing_columns",
            f"The file has none of the columns {', '.join(choice)}: name at least one of them in "
            "the first row, or say which column holds what.",
        )
    if missing:
        wanted = ", ".join(found.profile.aliases[name][0] for name in missing)
        raise UnreadableFile(
            "missing_columns",
            f"The file has no column {wanted}. Name the columns in the first row as the "
            f"{found.profile.name} file does, or say which column holds what.",
        )
    if automatic and found.confidence_bps < AUTOMATIC_BPS:
        raise UnreadableFile(
            "unknown_columns",
            "The columns fit no known kind of file well enough: name the profile, or say which "
            "column holds what.",
        )


def _fit(header: Sequence[str], profile: Profile, chosen: Mapping[str, str]) -> Detected:
    columns: dict[str, int] = {}
    matches: list[ColumnMatch] = []
    repeated: list[str] = []
    for name, aliases in profile.aliases.items():
        found = _chosen(header, chosen[name]) if name in chosen else _column(header, aliases)
        if found:
            columns[name] = found[0][0]
            matches.append(ColumnMatch(name, header[found[0][0]], found[0][1]))
        if len(found) > 1:
            repeated.append(header[found[0][0]])
    sure = {match.field: match.confidence_bps for match in matches}
    needed_bps = [sure.get(name, 0) for name in profile.required]
    if profile.any_of:
        needed_bps.append(max(sure.get(name, 0) for name in profile.any_of))
    required_bps = sum(needed_bps) // len(needed_bps)
    folded = {_folded(name) for name in header}
    strong = [_folded(name) in folded for name in profile.strong] or [True]
    strong_bps = CERTAIN_BPS * sum(strong) // len(strong)
    score_bps = (_REQUIRED_PARTS * required_bps + strong_bps) // (_REQUIRED_PARTS + 1)
    if 0 in needed_bps:
        score_bps = min(score_bps, AUTOMATIC_BPS - 1)
    return Detected(profile, score_bps, MappingProxyType(columns), tuple(matches), tuple(repeated))


def _column(header: Sequence[str], aliases: tuple[str, ...]) -> list[tuple[int, int]]:
    """Indexes and confidence of the columns with the first alias that the header has."""
    for alias in aliases:
        exact = [(i, CERTAIN_BPS) for i, name in enumerate(header) if name == alias]
        if exact:
            return exact
    for alias in aliases:
        folded = _folded(alias)
        loose = [(i, _LOOSE_BPS) for i, name in enumerate(header) if _folded(name) == folded]
        if loose:
            return loose
    return []


def _chosen(header: Sequence[str], column: str) -> list[tuple[int, int]]:
    found = [(i, CERTAIN_BPS) for i, name in enumerate(header) if name == column]
    if not found:
        raise UnreadableFile(
            "missing_columns", f"The file has no column {column[:80]!r}: choose one that it has."
        )
    return found


def _folded(name: str) -> str:
    return re.sub(r"[\s_\-.]+", "", name).casefold()
