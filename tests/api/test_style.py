"""The style of every API: strict in, problem documents out, each write once."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from django.test import Client, override_settings

from makers.merchants import ApiClient, client_for, make_key, make_merchant, partner, unique
from regulars.infra import logs
from regulars.infra.models import WriteRecord
from regulars.kernel.ids import new_id, show
from regulars.modules.members.models import Member

PROBLEM = "application/problem+json"


def joins(**given: Any) -> dict[str, Any]:
    return {"identities": [{"type": "external", "value": unique("u")}], **given}


@pytest.fixture(scope="module")
def shop() -> ApiClient:
    return client_for(make_merchant())


def codes(answer: Any) -> list[tuple[str, str]]:
    return [(e["pointer"], e["code"]) for e in answer.json()["errors"]]


# ── problem documents ─────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "not_found"),
        ("GET", "/members/mem_zzz", 404, "not_found"),
        ("GET", "/members/" + "x" * 500, 404, "not_found"),
        ("GET", "/members/%00", 404, "not_found"),
        ("DELETE", "/members", 405, "method_not_allowed"),
        ("PUT", "/members/mem_1", 405, "method_not_allowed"),
        ("POST", "/members/", 404, "not_found"),
    ],
)
def test_every_refusal_is_a_problem_document(
    shop: ApiClient, method: str, path: str, status: int, code: str
) -> None:
    answer = shop.send(method, path, None)
    assert (answer.status_code, answer["Content-Type"]) == (status, PROBLEM)
    body = answer.json()
    assert body["code"] == code
    assert body["status"] == status
    assert {"type", "title", "detail"} <= body.keys()
    if status == 405:
        assert answer["Allow"]


def test_nobody_gets_past_the_door() -> None:
    for headers in ({}, {"Authorization": "Bearer sk_live_x"}, {"Authorization": "Basic x"}):
        answer = ApiClient("/api/v1", headers).get("/members/mem_1")
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
        assert answer["WWW-Authenticate"].startswith("Bearer")


def test_a_failure_here_says_nothing_of_itself(
    shop: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("regulars.modules.members.api.enrolling.services.enrol", fails)
    answer = shop.post("/members", joins())
    assert (answer.status_code, answer["Content-Type"]) == (500, PROBLEM)
    assert "secret" not in answer.content.decode()


def test_a_database_that_is_away_is_503_with_a_time_to_return(
    shop: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.db.utils import OperationalError

    def fails(*_: object, **__: object) -> None:
        raise OperationalError("server closed the connection")

    monkeypatch.setattr("regulars.modules.members.api.enrolling.services.enrol", fails)
    answer = shop.post("/members", joins())
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert answer["Retry-After"] == "1"


# ── strict input ──────────────────────────────────────────────────────────────────────────────

IDENTITY = b'"identities":[{"type":"external","value":"x"}]'


@pytest.mark.parametrize(
    ("raw", "fault"),
    [
        (b"", ("", "required")),
        (b"null", ("", "object_required")),
        (b"[]", ("", "object_required")),
        (b"{", ("", "malformed_json")),
        (b"{}{}", ("", "malformed_json")),
        (b"\xff\xfe{\x00}\x00", ("", "not_utf8")),
        (b"\xef\xbb\xbf{}", ("", "malformed_json")),
        (b"[" * 100_000, ("", "malformed_json")),
        (b'{"a":' * 5_000 + b"1" + b"}" * 5_000, ("", "malformed_json")),
        (b'{"identities":[],' + IDENTITY + b"}", ("", "repeated_key")),
        (
            b'{"identities":[{"type":"card","type":"card","value":"1"}]}',
            ("/identities/0", "repeated_key"),
        ),
        (b"{" + IDENTITY + b',"tenant_id":1}', ("/tenant_id", "unknown_field")),
        (b"{" + IDENTITY + b',"a/b~c":1}', ("/a~1b~0c", "unknown_field")),
        (b'{"identities":[]}', ("/identities", "too_short")),
        (b'{"identities":[{"type":"fax","value":"1"}]}', ("/identities/0/type", "unknown_value")),
        (b'{"identities":[{"type":"card","value":1}]}', ("/identities/0/value", "text_required")),
        (
            b'{"identities":[{"type":"card","value":1e400}]}',
            ("/identities/0/value", "text_required"),
        ),
        (b'{"identities":[{"type":"card","value":NaN}]}', ("/identities/0/value", "text_required")),
        (b'{"identities":[{"type":"card","value":""}]}', ("/identities/0/value", "too_short")),
        (b'{"identities":[{"type":"card","value":" "}]}', ("/identities/0/value", "blank")),
        (
            b'{"identities":[{"type":"card","value":"a\\u0007"}]}',
            ("/identities/0/value", "control_character"),
        ),
        (b'{"identities":[{"type":"card","value":"a\\u0000"}]}', ("", "nul_in_text")),
        (
            b'{"identities":[{"type":"card","value":"\\ud800"}]}',
            ("/identities/0/value", "text_required"),
        ),
        (
            b'{"identities":[{"type":"card","value":"' + b"x" * 256 + b'"}]}',
            ("/identities/0/value", "too_long"),
        ),
        (b"{" + IDENTITY + b',"joined_at":"2018-01-02"}', ("/joined_at", "instant_required")),
        (b"{" + IDENTITY + b',"joined_at":1700000000}', ("/joined_at", "instant_required")),
        (b"{" + IDENTITY + b',"joined_at":"1700000000"}', ("/joined_at", "instant_required")),
        (
            b"{" + IDENTITY + b',"joined_at":"2018-01-02T00:00:00"}',
            ("/joined_at", "instant_required"),
        ),
        (b"{" + IDENTITY + b',"birthday":"2018-02-30"}', ("/birthday", "day_required")),
        (b"{" + IDENTITY + b',"birthday":"0001-01-01"}', ("/birthday", "day_required")),
        (
            b"{" + IDENTITY + b',"consents":[{"purpose":"sms","granted":1}]}',
            ("/consents/0/granted", "boolean_required"),
        ),
        (
            b"{" + IDENTITY + b',"consents":[{"purpose":"sms","granted":"true"}]}',
            ("/consents/0/granted", "boolean_required"),
        ),
    ],
)
def test_what_does_not_fit_is_422_with_a_pointer_and_no_effect(
    shop: ApiClient, raw: bytes, fault: tuple[str, str]
) -> None:
    before = WriteRecord.plain.count(), Member.plain.count()
    answer = shop.post("/members", raw)
    assert (answer.status_code, answer["Content-Type"]) == (422, PROBLEM), answer.content
    assert fault in codes(answer)
    assert (WriteRecord.plain.count(), Member.plain.count()) == before


def test_an_escaped_backslash_is_no_nul(shop: ApiClient) -> None:
    body = b'{"identities":[{"type":"card","value":"a\\\\u0000"}]}'
    assert shop.post("/members", body).status_code == 201


def test_a_body_that_is_too_large_is_413(shop: ApiClient) -> None:
    with override_settings(DATA_UPLOAD_MAX_MEMORY_SIZE=1000):
        answer = shop.post("/members", b" " * 1001)
    assert (answer.status_code, answer["Content-Type"]) == (413, PROBLEM)


def test_json_is_read_whatever_it_is_called(shop: ApiClient) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", "application/json"):
        answer = shop.django.post(
            "/api/v1/members",
            json.dumps(joins()),
            content_type=kind,
            headers={**shop.headers, "Idempotency-Key": new_id().hex},
        )
        assert answer.status_code == 201, kind


@pytest.mark.parametrize("query", ["?x=1", "?limit=5&limit=5", "?%00=1"])
def test_unknown_and_repeated_query_parameters_are_refused(shop: ApiClient, query: str) -> None:
    answer = shop.get(f"/members/{show('mem', new_id())}{query}")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"].startswith("?")


# ── writes ────────────────────────────────────────────────────────────────────────────────────


def test_a_repeat_gets_the_first_answer_to_the_byte(shop: ApiClient) -> None:
    body, key = joins(), new_id().hex
    first = shop.post("/members", body, key=key)
    again = shop.post("/members", body, key=key)
    reordered = json.dumps(body, indent=3, sort_keys=True).encode()
    spaced = shop.post("/members", reordered, key=key)
    assert first.status_code == again.status_code == spaced.status_code == 201
    assert first.content == again.content == spaced.content
    assert "Idempotent-Replayed" not in first
    assert again["Idempotent-Replayed"] == spaced["Idempotent-Replayed"] == "true"


def test_a_key_for_another_body_is_refused_with_no_effect(shop: ApiClient) -> None:
    key = new_id().hex
    shop.post("/members", joins(), key=key)
    before = Member.plain.count()
    answer = shop.post("/members", joins(), key=key)
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert Member.plain.count() == before


@pytest.mark.parametrize("key", ["", "x" * 256])
def test_a_write_without_a_usable_key_is_400(shop: ApiClient, key: str) -> None:
    answer = shop.post("/members", joins(), key=key)
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_required")


def test_a_refused_write_may_be_sent_again_under_its_key(shop: ApiClient) -> None:
    key, body = new_id().hex, joins(joined_at="2999-01-01T00:00:00Z")
    assert shop.post("/members", body, key=key).status_code == 422
    del body["joined_at"]
    assert shop.post("/members", body, key=key).status_code == 201


def test_merchants_share_no_keys() -> None:
    one, other = client_for(make_merchant()), client_for(make_merchant())
    key, body = new_id().hex, joins()
    first, second = one.post("/members", body, key=key), other.post("/members", body, key=key)
    assert first.status_code == second.status_code == 201
    assert first.json()["id"] != second.json()["id"]


# ── members, as every resource ────────────────────────────────────────────────────────────────


def test_a_member_is_enrolled_found_and_read() -> None:
    shop = client_for(make_merchant(currency="CNY", zone="Asia/Shanghai"))
    body = {
        "identities": [{"type": "phone", "value": "13800138000"}],
        "name": "Ana",
        "birthday": "1990-05-01",
        "joined_at": "2020-01-01T08:00:00+08:00",
        "channel": "pos",
        "store": "s1",
        "consents": [{"purpose": "sms", "granted": True, "text_version": "v1"}],
    }
    made = shop.post("/members", body)
    assert made.status_code == 201, made.content
    told = made.json()
    assert told["id"].startswith("mem_")
    assert told["identities"] == [{"type": "phone", "masked": "+86*******8000"}]
    assert told["joined_at"] == "2020-01-01T00:00:00Z"
    assert [effect["type"] for effect in told["effects"]] == ["member.enrolled", "consent.granted"]
    assert told["effects"][0]["member_id"] == told["id"]
    assert "Ana" not in made.content.decode()

    found = shop.post("/members", {"identities": body["identities"]})
    assert (found.status_code, found.json()["id"], found.json()["effects"]) == (200, told["id"], [])
    read = shop.get(f"/members/{told['id']}").json()
    assert read == {key: value for key, value in told.items() if key != "effects"}


def test_two_members_identities_conflict(shop: ApiClient) -> None:
    one, other = joins()["identities"], joins()["identities"]
    shop.post("/members", {"identities": one})
    shop.post("/members", {"identities": other})
    answer = shop.post("/members", {"identities": one + other})
    assert (answer.status_code, answer.json()["code"]) == (409, "identity_conflict")


def test_another_merchants_object_is_as_one_that_never_was(shop: ApiClient) -> None:
    theirs = client_for(make_merchant()).post("/members", joins()).json()["id"]
    never = show("mem", new_id())
    answers = [shop.get(f"/members/{id_}") for id_ in (theirs, never, "mem_x", "ord_" + "0" * 32)]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1
    assert len({frozenset(answer.headers.keys()) for answer in answers}) == 1


# ── the document ──────────────────────────────────────────────────────────────────────────────


def test_the_document_needs_no_key_and_is_the_same_at_both_addresses() -> None:
    anonymous = Client()
    one, other = anonymous.get("/openapi.json"), anonymous.get("/api/v1/openapi.json")
    assert one.status_code == other.status_code == 200
    document = one.json()
    assert document == other.json()
    assert document["openapi"].startswith("3.1")
    operations = [op for path in document["paths"].values() for op in path.values()]
    ids = [op["operationId"] for op in operations]
    assert len(ids) == len(set(ids))
    enrol = document["paths"]["/api/v1/members"]["post"]
    assert {"201", "200", "400", "401", "409", "422"} <= enrol["responses"].keys()
    assert any(p["name"] == "Idempotency-Key" for p in enrol["parameters"])
    assert enrol["security"] == [{"ApiKey": []}]
    read = document["paths"]["/api/v1/members/{member_id}"]["get"]
    assert read["parameters"][0]["schema"]["pattern"] == "^mem_[0-9a-f]{32}$"


# ── the test clock ────────────────────────────────────────────────────────────────────────────


def test_the_test_clock_freezes_and_only_moves_forward() -> None:
    merchant = make_merchant()
    shop = client_for(merchant)
    moved = shop.post("/test/clock", {"to": "2031-01-01T00:00:00Z"})
    assert (moved.status_code, moved.json()) == (200, {"now": "2031-01-01T00:00:00Z"})
    joined = shop.post("/members", joins()).json()
    assert joined["joined_at"] == "2031-01-01T00:00:00Z"
    back = shop.post("/test/clock", {"to": "2030-12-31T23:59:59Z"})
    assert (back.status_code, back.json()["code"]) == (422, "clock_backwards")
    assert shop.post("/test/clock", {"to": "2031-01-01T00:00:00Z"}, key="").status_code == 200
    assert WriteRecord.objects.of(merchant.id).filter(operation="test.clock").count() == 2


def test_the_test_clock_is_not_there_unless_it_is_on(shop: ApiClient) -> None:
    with override_settings(TEST_CLOCK=False):
        answer = shop.post("/test/clock", {"to": "2031-01-01T00:00:00Z"})
        nowhere = shop.post("/nowhere", {})
    assert answer.status_code == 404
    assert answer.content == nowhere.content


# ── logs, health, figures, pages ──────────────────────────────────────────────────────────────


def test_no_personal_data_reaches_the_log(shop: ApiClient) -> None:
    told = StringIO()
    logs.configure(stream=told)
    try:
        phone = "+4915112345678"
        made = shop.post(
            "/members", {"identities": [{"type": "phone", "value": phone}], "name": "Canary Bird"}
        )
        shop.get(f"/members/{made.json()['id']}?secret=Canary")
        shop.get("/members/canary-path")
        shop.post("/members", b'{"name": "Canary Bird"}')
    finally:
        logs.configure()
    text = told.getvalue()
    lines = [json.loads(line) for line in text.splitlines()]
    requests = [line for line in lines if line["event"] == "request"]
    assert [line["status"] for line in requests] == [201, 422, 404, 422]
    assert requests[0]["route"] == "api/v1/members"
    assert requests[1]["route"] == "api/v1/members/<member_id>"
    assert all(line["merchant"] and line["request_id"] for line in requests)
    for canary in ("Canary", "canary", "15112345678", made.json()["id"], "sk_live_"):
        assert canary not in text, canary


def test_an_exception_is_logged_without_its_message(
    shop: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise RuntimeError("Failing row contains (Canary)")

    monkeypatch.setattr("regulars.modules.members.api.enrolling.services.enrol", fails)
    told = StringIO()
    logs.configure(stream=told)
    try:
        shop.post("/members", joins())
    finally:
        logs.configure()
    assert "Canary" not in told.getvalue()
    failure = next(
        line for line in map(json.loads, told.getvalue().splitlines()) if "frames" in line
    )
    assert failure["error"] == "RuntimeError"
    assert failure["frames"][-1].endswith("fails")


def test_health_says_whether_it_can_serve() -> None:
    answer = Client().get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_figures_are_for_this_machine_or_the_token_alone(shop: ApiClient) -> None:
    shop.post("/members", joins())
    here = Client().get("/metrics")
    assert here.status_code == 200
    assert b'route="api/v1/members"' in here.content
    assert b"regulars_outbox_waiting" in here.content
    assert Client(REMOTE_ADDR="203.0.113.9").get("/metrics").status_code == 404
    assert Client().get("/metrics", headers={"X-Forwarded-For": "127.0.0.1"}).status_code == 404
    with override_settings(METRICS_TOKEN="t" * 20):
        far = Client(REMOTE_ADDR="203.0.113.9")
        wrong = far.get("/metrics", headers={"Authorization": "Bearer x"})
        right = far.get("/metrics", headers={"Authorization": "Bearer " + "t" * 20})
    assert (wrong.status_code, right.status_code) == (404, 200)


def test_pages_are_served_under_a_strict_policy(tmp_path: Any) -> None:
    (tmp_path / "console").mkdir()
    (tmp_path / "console" / "index.html").write_text("<!doctype html><div id=app></div>")
    with override_settings(PAGES=tmp_path):
        page = Client().get("/console/members/mem_1")
        missing = Client().get("/m/")
    assert (page.status_code, page["Cache-Control"]) == (200, "no-cache")
    policy = page["Content-Security-Policy"]
    assert "script-src 'self' 'nonce-" in policy
    assert "unsafe-inline" not in policy.split("script-src")[1].split(";")[0]
    assert "frame-ancestors 'none'" in policy
    assert missing.status_code == 503
    assert b"make setup" in missing.content
    assert Client().get("/")["Location"] == "/console/"


def test_what_is_under_an_api_is_never_a_page() -> None:
    for path in ("/console/api/nowhere", "/member/api/nowhere", "/api/v2"):
        assert Client().get(path)["Content-Type"] != "text/html; charset=utf-8"
    assert Client().get("/console/api/nowhere")["Content-Type"] == PROBLEM


def test_the_key_of_a_client_is_never_in_an_answer() -> None:
    merchant = make_merchant()
    key = make_key(merchant)
    shop = partner(key)
    for answer in (shop.get("/members/mem_1"), shop.post("/members", {}), shop.get("/nowhere")):
        assert key not in answer.content.decode() + str(answer.headers)
