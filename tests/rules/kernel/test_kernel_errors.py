"""Refusals carry what a problem document needs."""

from __future__ import annotations

import copy
import pickle

import pytest

from regulars.kernel.errors import Conflict, Contention, FieldError, Invalid, NotFound, Refusal


@pytest.mark.parametrize(
    ("refusal", "status", "code", "retry_after_seconds"),
    [
        (NotFound(), 404, "not_found", None),
        (Conflict("already paid"), 409, "conflict", None),
        (Invalid("see errors"), 422, "invalid", None),
        (Contention(), 409, "contention", 1),
        (Contention("busy", retry_after_seconds=3), 409, "contention", 3),
    ],
)
def test_each_kind_tells_its_status_and_code(
    refusal: Refusal, status: int, code: str, retry_after_seconds: int | None
) -> None:
    assert (refusal.status, refusal.code) == (status, code)
    assert refusal.retry_after_seconds == retry_after_seconds
    assert refusal.detail
    assert str(refusal) == f"{code}: {refusal.detail}"


def test_a_refusal_keeps_its_particulars_through_copies() -> None:
    wrong = FieldError("/lines/0/quantity", "out_of_range", "give 1 or more")
    for refusal in (Invalid("one field", errors=[wrong]), Contention(), NotFound()):
        for again in (copy.copy(refusal), pickle.loads(pickle.dumps(refusal))):
            assert type(again) is type(refusal)
            assert (again.detail, again.errors) == (refusal.detail, refusal.errors)
            assert again.retry_after_seconds == refusal.retry_after_seconds
    assert Invalid(errors=[wrong]).errors == (wrong,)


def test_not_found_takes_nothing_that_could_tell_missing_from_foreign() -> None:
    with pytest.raises(TypeError):
        NotFound("member 5 of another merchant")  # type: ignore[call-arg]
    assert vars(NotFound()) == vars(NotFound())


def test_a_module_names_its_own_refusal() -> None:
    class OverRefund(Conflict):
        code = "over_refund"
        title = "More than is left"

    with pytest.raises(Refusal) as refused:
        raise OverRefund("line 2 has 1 unit left")
    assert (refused.value.code, refused.value.status) == ("over_refund", 409)
    assert refused.value.detail == "line 2 has 1 unit left"
