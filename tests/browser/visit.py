"""One page in a browser, as a person has it before them."""

import json
import re
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

import numpy as np
from playwright.sync_api import ConsoleMessage, Locator, Page, Request, Response, Route

SECONDS = 15
"""Longest wait for anything; two busy cores are slow."""
QUIET = 0.1
"""Seconds without a request or a change of the page after which it counts as drawn."""
_FRAMES = """() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => {
    if (window.naepoTest) window.naepoTest.last = performance.now();
    done();
})))"""
_QUIET = """() => {
    const now = performance.now();
    if (!window.naepoTest) {
        window.naepoTest = {last: now};
        new MutationObserver(() => (window.naepoTest.last = performance.now())).observe(
            document, {subtree: true, childList: true, attributes: true, characterData: true});
    }
    const isBusy = document.querySelector(".is-waiting, [aria-busy=true]");
    return isBusy ? 0 : (now - window.naepoTest.last) / 1000;
}"""


@dataclass
class Visit:
    """A page, what it asked of others (nothing), and what went wrong in it (nothing)."""

    page: Page
    url: str
    origin: str
    foreign: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=lambda: ["/look/frequencies"])
    """Pieces of addresses that may fail: a model may not have its corpus at hand."""
    asking: set[Request] = field(default_factory=set)

    def is_expected(self, message: ConsoleMessage) -> bool:
        place = message.location.get("url", "")
        return any(piece in place for piece in self.expected)

    def go(self, **state: Any) -> None:
        """Open the page in a state, and wait until it is drawn."""
        self.page.set_default_timeout(1000 * SECONDS)
        self.page.goto(f"{self.url}#{fragment(state)}")
        self.find("naepo-tokens .token").first.wait_for()
        self.settle()

    def settle(self) -> None:
        """Wait until nothing is asked, and nothing changes any more."""
        end = time.monotonic() + SECONDS
        self.page.evaluate(_FRAMES)
        while time.monotonic() < end:
            self.page.wait_for_timeout(20)
            if not self.asking and self.page.evaluate(_QUIET) > QUIET:
                return
        left = ", ".join(request.url for request in self.asking)
        raise AssertionError(f"the page never came to rest; it asks: {left or 'nothing'}")

    def press(self, *keys: str) -> None:
        """Press keys one after another, each answered before the next."""
        for key in keys:
            self.page.keyboard.press(key)
            self.settle()

    def select(self, **patch: Any) -> None:
        """Choose something, as any element of the page does."""
        script = """(detail) =>
            document.dispatchEvent(new CustomEvent("naepo-select", {detail}))"""
        self.page.evaluate(script, patch)
        self.settle()

    def state(self) -> dict[str, Any]:
        """Give the state that the address speaks of, with the defaults filled in."""
        script = """async () => {
            const {DEFAULTS, decode} = await import("/core/store.js");
            return {...DEFAULTS, ...decode(location.hash)};
        }"""
        return self.page.evaluate(script)

    def find(self, selector: str, **options: Any) -> Locator:
        return self.page.locator(selector, **options)

    def unfold(self, within: str = "#stage") -> None:
        """Open everything that can be opened, as for reading the numbers behind the pictures."""
        script = "e => e.querySelectorAll('details').forEach(d => (d.open = true))"
        self.find(within).evaluate(script)
        self.settle()

    def run(self, **body: Any) -> dict[str, Any]:
        """Run a prompt through the page's own connection."""
        script = """async (body) => {
            const {postJSON} = await import("/core/api.js");
            return await postJSON("/look/run", body);
        }"""
        return self.page.evaluate(script, body)

    def table(self, path: str, **params: Any) -> Any:
        """Ask for a table through the page's own connection."""
        script = """async ([path, params]) => {
            const {getJSON} = await import("/core/api.js");
            return await getJSON(path, params);
        }"""
        return self.page.evaluate(script, [path, params])

    def tensor(self, path: str, **params: Any) -> np.ndarray:
        """Fetch a tensor through the page's own connection, bit for bit."""
        script = """async ([path, params]) => {
            const {getTensor} = await import("/core/api.js");
            const {shape, data} = await getTensor(path, params);
            return {shape, bits: [...new Uint32Array(data.buffer, data.byteOffset, data.length)]};
        }"""
        found = self.page.evaluate(script, [path, params])
        bits = np.array(found["bits"], dtype=np.uint32)
        return bits.view(np.float32).reshape(found["shape"])


def fragment(state: dict[str, Any]) -> str:
    """Write a state as the address has it: readable keys, tables and lists as JSON."""
    said = {
        key: value if isinstance(value, str) else json.dumps(value)
        for key, value in state.items()
        if value is not None
    }
    return urlencode(said)


def origin_of(url: str) -> str:
    """Give scheme, host and port of an address."""
    return "http://" + urlsplit(url).netloc


def watch(visit: Visit) -> None:
    """Write down every request that leaves the server, and everything that goes wrong."""

    def refuse(route: Route, request: Request) -> None:
        visit.foreign.append(f"asked {request.url}")
        route.abort()

    def hear(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not visit.is_expected(message):
            place = message.location.get("url", "")
            visit.errors.append(f"console {message.type}: {message.text} ({place})")

    def answer(response: Response) -> None:
        if response.status >= 500:
            visit.errors.append(f"{response.status} for {response.url}")

    def begin(request: Request) -> None:
        if not request.url.startswith(("blob:", "data:")):
            visit.asking.add(request)

    page: Page = visit.page
    page.on("request", begin)
    page.on("requestfinished", lambda request: visit.asking.discard(request))
    page.on("requestfailed", lambda request: visit.asking.discard(request))
    own = re.escape(visit.origin)
    page.context.route(re.compile(f"^(?!{own}/|blob:{own}|data:)"), refuse)
    page.on("console", hear)
    page.on("pageerror", lambda error: visit.errors.append(f"page error: {error}"))
    page.on("response", answer)
