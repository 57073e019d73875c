"""What the tests of the file readers share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from regulars.modules.connectors.reading.orders import OrderFile, open_orders

Opener = Callable[..., OrderFile]


@pytest.fixture
def opened(tmp_path: Path, request: pytest.FixtureRequest) -> Opener:
    """Write content to a file and open it as orders of a shop in Shanghai; closed at the end."""

    def open_content(
        content: str | bytes, *, name: str = "orders.csv", currency: str = "CNY", **options: object
    ) -> OrderFile:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        options = {"zone": ZoneInfo("Asia/Shanghai"), **options}
        file = open_orders(path, currency=currency, **options)  # type: ignore[arg-type]
        request.addfinalizer(file.close)
        return file

    return open_content
