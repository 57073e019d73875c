"""Writes of tags: words that staff put on members, with who and why."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from regulars.events.base import Event
from regulars.events.segments import MemberTagged, MemberUntagged
from regulars.infra import outbox
from regulars.infra.http.principal import MerchantFacts
from regulars.kernel.errors import Conflict, NotFound
from regulars.modules.members.lookup import circle_of
from regulars.modules.members.queries import carrier_of

from . import recorder
from .models import Tag
from .services import reread
from .types import Cause

MOST_TAGS: Final = 50


class TooManyTags(Conflict):
    """A member carries only so many words."""

    code = "too_many_tags"
    title = "The member has as many tags as there may be"


def tag(
    merchant: MerchantFacts, member_id: UUID, *, tag: str, why: str, by: str, now: datetime
) -> Sequence[Event]:
    """Put a word on a member; one that is there gets the new reason. In the caller's transaction.

    Raises NotFound, TooManyTags.
    """
    recorder.alone(merchant.id)
    carrier = carrier_of(merchant.id, member_id)
    rows = Tag.objects.of(merchant.id).filter(member_id=carrier)
    if rows.filter(tag=tag).exists():
        rows.filter(tag=tag).update(why=why, by=by, at=now)
    elif rows.count() >= MOST_TAGS:
        raise TooManyTags(f"A member has at most {MOST_TAGS} tags.")
    else:
        Tag(merchant_id=merchant.id, member_id=carrier, tag=tag, why=why, by=by, at=now).save(
            force_insert=True
        )
    event = MemberTagged(merchant_id=merchant.id, happened_at=now, member_id=carrier, tag=tag)
    return _told(merchant, carrier, event, tag, now)


def untag(merchant: MerchantFacts, member_id: UUID, *, tag: str, now: datetime) -> Sequence[Event]:
    """Take a word off a member, whichever of their records it was put on. In the caller's
    transaction. Raises NotFound where it is not there."""
    recorder.alone(merchant.id)
    circle = circle_of(merchant.id, member_id)
    carrier = circle.member_id
    gone, _ = Tag.objects.of(merchant.id).filter(member_id__in=circle.ids, tag=tag).delete()
    if not gone:
        raise NotFound
    event = MemberUntagged(merchant_id=merchant.id, happened_at=now, member_id=carrier, tag=tag)
    return _told(merchant, carrier, event, tag, now)


def _told(
    merchant: MerchantFacts, carrier: UUID, event: Event, tag: str, now: datetime
) -> Sequence[Event]:
    outbox.publish(aggregate=carrier.hex, events=[event], at=now)
    moved = reread(merchant, [carrier], "tags", Cause(event.topic, tag, now), now)
    return [event, *moved]
