"""Opening an address on a network; everything that can go wrong there is told in one line."""

import http.client
import re
import ssl
from collections.abc import Iterator
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlsplit, urlunsplit
from urllib.request import (
    HTTPDefaultErrorHandler,
    HTTPErrorProcessor,
    HTTPHandler,
    HTTPRedirectHandler,
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
)

from naepo.config import UserError

HUB = "hub:"
TIMEOUT_SECONDS = 30.0
BLOCK_BYTES = 256 * 1024


def open_address(address: str) -> Any:
    """Open a URL or a hub path for reading: give the server's answer, its body not read yet.

    Raises: UserError for no network, a server's refusal, or an address that is none.
    """
    try:
        return _open_hub(address) if address.lower().startswith(HUB) else _open_url(address)
    except HTTPError as error:
        error.close()
        answer = f"{error.code} {error.reason}".splitlines()[0]
        raise UserError(f"could not fetch {shown(address)}: the server answered {answer}") from None
    except (http.client.HTTPException, ValueError) as error:
        if isinstance(error, UserError):
            raise
        raise UserError(f"could not fetch {shown(address)}: {error}") from None
    except OSError as error:
        reason = error.reason if isinstance(error, URLError) else error
        if isinstance(reason, ssl.SSLError):
            raise UserError(f"no secure connection to {_host(address)}: {reason}") from None
        raise UserError(
            f"no network: could not reach {_host(address)}; naepo works offline with your own files"
        ) from None


def blocks(response: Any, address: str) -> Iterator[bytes]:
    """Give the body in blocks. Raises: UserError when the connection breaks."""
    while True:
        try:
            block = response.read(BLOCK_BYTES)
        except (http.client.HTTPException, OSError) as error:
            raise UserError(
                f"the download of {shown(address)} broke off: {error}", hint="try again"
            ) from None
        if not block:
            return
        yield block


def shown(address: str) -> str:
    """Give an address as it may be shown: without its query, which can hold a secret."""
    return address.partition("?")[0]


def _open_url(url: str, token: str | None = None) -> Any:
    """Open a URL. token: is shown to this server alone, never to one that it redirects to."""
    opener = OpenerDirector()
    for handler in (
        ProxyHandler(),
        HTTPHandler(),
        HTTPSHandler(),
        HTTPDefaultErrorHandler(),
        HTTPErrorProcessor(),
        Redirects(),
    ):
        opener.add_handler(handler)
    request = Request(_ascii(url), headers={"User-Agent": "naepo", "Accept-Encoding": "identity"})
    if token is not None:
        request.add_unredirected_header("Authorization", f"Bearer {token}")
    return opener.open(request, timeout=TIMEOUT_SECONDS)


def _open_hub(address: str) -> Any:
    """Open a file of a hub repository: of a data set, or else of a model with that name.

    A token that `hf auth login` left on this machine is used, so private files work too.
    """
    found = re.fullmatch(r"([\w.-]+/[\w.-]+)/(.+)", address[len(HUB) :])
    if found is None:
        raise UserError(
            f"a hub address names an owner, a repository and a file, got {address}",
            hint="hub:owner/name/path/file.txt",
        )
    try:
        import huggingface_hub as hub
    except ImportError:
        raise UserError(
            "a hub: address needs the package huggingface_hub, which is not installed",
            hint='pip install "naepo[interop]"',
        ) from None
    repository, path = found.groups()
    try:
        return _open_url(hub.hf_hub_url(repository, path, repo_type="dataset"), hub.get_token())
    except HTTPError as error:
        if error.code not in (401, 404):
            raise
        error.close()
    return _open_url(hub.hf_hub_url(repository, path), hub.get_token())


class Redirects(HTTPRedirectHandler):
    """Follows a redirect to http or https, but never from https down to http."""

    def redirect_request(
        self, req: Request, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> Request | None:
        allowed = ("https",) if req.type == "https" else ("http", "https")
        if urlsplit(newurl).scheme not in allowed:
            reason = f"{msg}, a redirect to {shown(newurl)}, which is not followed"
            raise HTTPError(newurl, code, reason, headers, fp)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _ascii(url: str) -> str:
    """Write a URL with what a server understands: 한글.txt becomes %ED%95%9C%EA%B8%80.txt.

    Raises: UserError for a URL without a host or with a password in it.
    """
    parts = urlsplit(url)
    if not parts.hostname:
        raise UserError(f"there is no host in {url}", hint="https://host/path/file.txt")
    if parts.username is not None:
        raise UserError(f"a URL with a user name or password is not fetched ({parts.hostname})")
    netloc = parts.netloc if parts.netloc.isascii() else parts.netloc.encode("idna").decode()
    path = quote(parts.path, safe="/%:@!$&'()*+,;=~")
    return urlunsplit(
        (parts.scheme, netloc, path, quote(parts.query, safe="/%:@!$&'()*+,;=~?"), "")
    )


def _host(address: str) -> str:
    return "the hub" if address.lower().startswith(HUB) else str(urlsplit(address).hostname)
