"""The Chromium that the tests of a file share, and the shop that files share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from browser.shop import ARGUMENTS, Shop, chromium
from browser.stocked import foretold


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        yield running
        running.close()


@pytest.fixture(scope="session")
def foretold_shop() -> Iterator[Shop]:
    """Members with rhythms, and what is foretold of them."""
    with foretold() as running:
        yield running
