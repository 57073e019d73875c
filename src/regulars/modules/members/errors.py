"""What members refuses."""

from __future__ import annotations

from regulars.kernel.errors import Conflict


class IdentityConflict(Conflict):
    """The identities sent belong to more than one member."""

    code = "identity_conflict"
    title = "These identities belong to different members; merge them first"
