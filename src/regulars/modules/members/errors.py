"""What members refuses."""

from __future__ import annotations

from regulars.kernel.errors import Conflict


class BirthdayKept(Conflict):
    """A birthday that is known is replaced once a year at most."""

    code = "birthday_changed_recently"
    title = "A birthday can be changed once a year"


class HasLeft(Conflict):
    """Somebody who left is no member: nothing is promised to them or set aside for them."""

    code = "member_left"
    title = "They have left; they may join again at any time"


class IdentityConflict(Conflict):
    """The identities sent belong to more than one member."""

    code = "identity_conflict"
    title = "These identities belong to different members; merge them first"
