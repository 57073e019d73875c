"""Refusals of segments."""

from __future__ import annotations

from regulars.kernel.errors import Conflict


class CodeTaken(Conflict):
    """Another segment of the merchant has this code."""

    code = "segment_code_taken"
    title = "Another segment has this code"


class TooManySegments(Conflict):
    """Every segment is asked of every change, so there is a limit."""

    code = "too_many_segments"
    title = "There are as many segments as there may be"


class InUse(Conflict):
    """A rule names the list."""

    code = "segment_in_use"
    title = "Another segment's rule names this list"


class NotAList(Conflict):
    """Members were named for a segment that a rule follows."""

    code = "segment_not_a_list"
    title = "A rule decides who is in this segment"


class NotARule(Conflict):
    """A rule was given to a list."""

    code = "segment_not_a_rule"
    title = "The members of this segment are named, no rule decides"


class Frozen(Conflict):
    """A frozen segment keeps its members."""

    code = "segment_frozen"
    title = "The segment is frozen; let it go first"
