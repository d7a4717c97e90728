"""One page in a browser, as a person has it before them."""

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from playwright.sync_api import ConsoleMessage, Locator, Page

SECONDS = 15_000
"""Longest wait for anything, in milliseconds; two busy cores are slow."""


@dataclass
class Visit:
    """A page, what it asked of others (nothing), and what went wrong in it (nothing)."""

    page: Page
    url: str
    origin: str
    foreign: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)
    """Pieces of addresses whose failure belongs to the test."""

    def is_expected(self, message: ConsoleMessage) -> bool:
        place = message.location.get("url", "")
        return any(piece in place for piece in self.expected)

    def go(self, **state: Any) -> None:
        """Open the page in a state, and wait until it is drawn."""
        self.page.set_default_timeout(SECONDS)
        self.page.goto(f"{self.url}#{fragment(state)}")
        self.settle()

    def settle(self) -> None:
        """Wait until nothing is asked and nothing is being drawn."""
        self.page.wait_for_function(
            "() => !document.querySelector('[aria-busy=true]') && document.fonts.status == 'loaded'"
        )
        self.page.wait_for_load_state("networkidle")

    def state(self) -> dict[str, Any]:
        """Give the state that the address names."""
        return self.page.evaluate("() => import('/core/store.js').then(m => m.get())")

    def find(self, selector: str) -> Locator:
        return self.page.locator(selector)


def fragment(state: dict[str, Any]) -> str:
    """Write a state as the address has it: readable keys, tables and lists as JSON."""
    said = {
        key: value if isinstance(value, str) else json.dumps(value)
        for key, value in state.items()
        if value is not None
    }
    return "&".join(f"{key}={quote(value, safe='')}" for key, value in said.items())
