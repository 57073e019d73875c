"""Member files in the console: uploaded, started, told row by row, conflicts with a proposal."""

from __future__ import annotations

from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from makers.merchants import console, make_merchant, make_staff
from regulars.infra.jobs import load
from regulars.kernel.ids import new_id
from regulars.modules.connectors.jobs import run_waiting


def upload(client: Any, text: str) -> Any:
    file = SimpleUploadedFile("people.csv", text.encode(), content_type="text/csv")
    return client.django.post(
        "/console/api/imports",
        {"file": file, "kind": "members", "profile": "auto"},
        headers={**client.headers, "Idempotency-Key": new_id().hex},
    )


def test_a_member_file_goes_from_upload_to_undo() -> None:
    load()
    merchant = make_merchant(programme="plain")
    client = console(make_staff(merchant, totp=True))
    one = client.post("/members", {"identities": [{"type": "email", "value": "a@example.com"}]})
    two = client.post("/members", {"identities": [{"type": "external", "value": "x1"}]})
    assert (one.status_code, two.status_code) == (201, 201)

    made = upload(
        client,
        "email,external,name,joined_at,source\na@example.com,x1,Both,,\n"
        ",x2,New,2025-01-01,expo\nbroken,,,,\n",
    )
    assert made.status_code == 201, made.content
    run = made.json()
    assert (run["kind"], run["status"], run["rejected"]) == ("members", "ready", 1)
    assert run["report"]["foretold"]["outcomes"] == {"conflict": 1, "created": 1}
    assert run["report"]["by_source"] == {"": 1, "expo": 1}

    assert client.post(f"/imports/{run['id']}/start").status_code == 202
    run_waiting()
    done = client.get(f"/imports/{run['id']}").json()
    assert (done["status"], done["orders"], done["lines"]) == ("done", 1, 2)
    people = client.get(f"/imports/{run['id']}/people").json()
    assert people["outcomes"] == {"conflict": 1, "created": 1}
    (conflict,) = people["data"]
    assert (conflict["merge_into"], conflict["merge"]) == (one.json()["id"], [two.json()["id"]])
    created = client.get(f"/imports/{run['id']}/people?outcome=created").json()["data"]
    assert [row["row"] for row in created] == [3]
    member = client.get(f"/members/{created[0]['member_id']}").json()
    assert (member["channel"], member["status"]) == ("expo", "active")

    merged = client.post(f"/members/{conflict['merge_into']}/merge", {"from": conflict["merge"][0]})
    assert merged.status_code == 201, merged.content
    (settled,) = client.get(f"/imports/{run['id']}/people").json()["data"]
    assert (settled["merge_into"], settled["merge"]) == (None, [])

    undone = client.post(f"/imports/{run['id']}/undo", {"confirm": "people.csv"})
    assert undone.status_code == 202
    run_waiting()
    after = client.get(f"/imports/{run['id']}").json()
    assert after["report"]["taken_back"] == {"removed": 1, "kept": 0}
    assert client.get(f"/members/{created[0]['member_id']}").status_code == 404


def test_another_merchants_run_has_no_people() -> None:
    merchant, other = make_merchant(programme="plain"), make_merchant(programme="plain")
    run = upload(console(make_staff(merchant, totp=True)), "email\na@example.com\n").json()
    found = console(make_staff(other, totp=True)).get(f"/imports/{run['id']}/people")
    assert found.status_code == 404
