"""Signing in with a provider on this computer: who may look, who may write, and how it ends."""

from __future__ import annotations

import contextlib
import http.client
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest
from joserfc.jwk import RSAKey
from playwright.sync_api import BrowserContext, Page, WebSocketRoute, expect
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.web.server.starlette.starlette_app_utils import create_signed_value
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME

from relrec_core import paths
from relrec_core.movies import store
from relrec_core.runs.active import active
from relrec_core.runs.directory import list_runs
from scripts import server
from tests.browser import sites
from tests.browser.pages import settled
from tests.browser.provider import Provider, provider
from tests.waiting import LONG, until

PEOPLE = {
    "ann": {"email": "ann@example.org", "email_verified": True},
    "ben": {"email": "ben@example.org", "email_verified": True},
    "carl": {"email": "ann@example.org", "email_verified": False},
    "dora": {"email": "dora@elsewhere.example", "email_verified": True},
}
"""Ann may write, Ben may look, Carl says he is Ann, Dora is a stranger."""
SECRETS = """
[auth]
redirect_uri = "{address}/oauth2callback"
cookie_secret = "{secret}"
client_id = "relrec"
client_secret = "the client's secret"
server_metadata_url = "{provider}/.well-known/openid-configuration"

[relrec]
writers = ["ann@example.org"]
viewers = ["@example.org", "sub:carl"]
"""
CARELESS = """
import dashboard.panels.evidence_run, dashboard.panels.training, dashboard.panels.training_import
for panel in ("training", "training_import", "evidence_run"):
    getattr(dashboard.panels, panel).read_only = lambda: False
"""
SECRET = "of this test, and of at least thirty-two characters"

Enter = Callable[..., Page]


@pytest.fixture(scope="module")
def issuer() -> Iterator[Provider]:
    with provider(PEOPLE) as running:
        yield running


@contextlib.contextmanager
def asking(issuer: Provider, home: Path, data: Path, before: str = "") -> Iterator[str]:
    """Address of a dashboard that asks who one is, over the data directory `home`."""
    port = server.any_port()
    address = f"http://{server.ADDRESS}:{port}"
    (home / "data").mkdir()
    (home / "data" / data.name).symlink_to(data)
    (home / ".streamlit").mkdir()
    said = SECRETS.format(address=address, secret=SECRET, provider=issuer.address)
    (home / ".streamlit" / "secrets.toml").write_text(said, encoding="utf-8")
    with sites.home_of(home), sites.serving(home, before=before, port=port, HOME=str(home)):
        yield address
        for run in list_runs(store.WING):
            if run.status().ongoing:
                run.request_cancel()


@pytest.fixture(scope="module")
def guarded(
    issuer: Provider, ml_100k: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    with asking(issuer, tmp_path_factory.mktemp("guarded"), ml_100k) as address:
        yield address


@pytest.fixture
def careless(issuer: Provider, ml_100k: Path, tmp_path: Path) -> Iterator[str]:
    """The same with pages that offer everybody everything."""
    with asking(issuer, tmp_path, ml_100k, CARELESS) as address:
        yield address


@pytest.fixture
def enter(context: BrowserContext, guarded: str) -> Iterator[Enter]:
    """Open a page of it, and sign in where a name is given; signed out at the end."""
    pages: list[Page] = []

    def at(path: str = "/", who: str = "", *, site: str = "", forging: bool = False) -> Page:
        page = context.new_page()
        pages.append(page)
        if forging:
            take_all_buttons_for_enabled(page)
        page.goto((site or guarded) + path)
        if who:
            page.get_by_role("button", name="Sign in").click()
            page.get_by_label("Name").fill(who)
            page.get_by_role("button", name="Go on").click()
        expect(page.locator("h1")).to_be_visible()
        return page

    yield at
    for page in pages:
        page.close()
    context.clear_cookies()


def closed(page: Page) -> None:
    """Nothing but the door is shown."""
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    settled(page)
    expect(page.get_by_role("link", name="Movies")).to_have_count(0)
    expect(page.get_by_text("RelRec runs recommenders")).to_have_count(0)
    expect(page.get_by_role("button", name="Start training")).to_have_count(0)


def user_cookie(context: BrowserContext) -> dict[str, str]:
    return next(c for c in context.cookies() if c["name"] == USER_COOKIE_NAME)


def status(address: str, path: str, cookie: str = "", method: str = "GET") -> int:
    asked = urlsplit(address + path)
    connection = http.client.HTTPConnection(asked.hostname or "", asked.port, timeout=LONG)
    connection.request(method, asked.path, headers={"Cookie": cookie} if cookie else {})
    return connection.getresponse().status


@pytest.mark.parametrize("path", ["/", "/movies?film=1", "/training", "/evidence"])
def test_who_is_not_signed_in_sees_the_door(path: str, enter: Enter) -> None:
    closed(enter(path))


def test_who_signs_in_comes_to_the_page_that_was_asked_for(enter: Enter) -> None:
    page = enter("/training?wing=sessions")
    closed(page)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_label("Name").fill("ben")
    page.get_by_role("button", name="Go on").click()
    expect(page).to_have_url(re.compile("/training[?]wing=sessions$"))
    expect(page.get_by_text("ben@example.org")).to_be_visible()
    expect(page.get_by_role("button", name="Start training")).to_be_disabled()
    expect(page.get_by_text("Read-only")).to_be_visible()


def take_all_buttons_for_enabled(page: Page) -> None:
    """A forged client: it sends what a visitor is not offered."""

    def between(socket: WebSocketRoute) -> None:
        behind = socket.connect_to_server()

        def on(message: str | bytes) -> None:
            assert isinstance(message, bytes)
            said = ForwardMsg.FromString(message)
            if said.delta.new_element.WhichOneof("type") == "button":
                said.delta.new_element.button.disabled = False
                message = said.SerializeToString()
            socket.send(message)

        behind.on_message(on)
        socket.on_message(behind.send)

    page.route_web_socket(re.compile("_stcore/stream"), between)


@pytest.mark.parametrize("who", ["ben", "carl"])
def test_a_forged_client_starts_nothing(who: str, enter: Enter) -> None:
    page = enter("/training", who, forging=True)
    button = page.get_by_role("button", name="Start training")
    expect(button).to_be_enabled()
    button.click()
    settled(page)
    assert list_runs(store.WING) == []


def test_what_writes_refuses_though_pages_offer_it(enter: Enter, careless: str) -> None:
    page = enter("/training", "ben", site=careless)
    page.get_by_role("button", name="Start training").click()
    refused = "This dashboard is read-only for you, so it cannot start a training run."
    expect(page.get_by_role("alert").filter(has_text=refused)).to_be_visible()
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(vectors(Path(paths.home())))
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_text("for you, so it cannot import a recommender.")).to_be_visible()
    page.get_by_role("link", name="Evidence").click()
    page.get_by_role("button", name="Run the quick version").first.click()
    expect(page.get_by_role("alert").filter(has_text="read-only for you").first).to_be_visible()
    assert not paths.runs_dir().exists() and not paths.evaluations_dir().exists()
    assert active(store.WING) is None


def vectors(folder: Path) -> Path:
    """A recommender of one's own, as a file to hand in."""
    file = folder / "mine.npz"
    np.savez(file, item_ids=np.array(["1", "2"]), vectors=np.eye(2))
    return file


def test_who_is_on_the_list_writes(enter: Enter) -> None:
    page = enter("/training", "ann")
    page.get_by_role("textbox", name="Name").fill("of ann")
    page.get_by_role("spinbutton", name="Epochs").fill("5000")
    page.get_by_role("button", name="Start training").click()
    page.get_by_role("button", name="Cancel").click()
    (run,) = list_runs(store.WING)
    until(lambda: not run.status().ongoing)
    assert run.status().state == "cancelled"


def test_a_stranger_is_told_so(enter: Enter) -> None:
    page = enter("/", "dora")
    expect(page.get_by_text("dora@elsewhere.example is not on the list")).to_be_visible()
    expect(page.get_by_role("link", name="Movies")).to_have_count(0)


def test_forged_cookies_open_nothing(enter: Enter, context: BrowserContext, guarded: str) -> None:
    enter("/", "ben").close()
    real = user_cookie(context)
    claims = f'{{"origin": "{guarded}", "is_logged_in": true, "iat": 9e9, "sub": "ann"}}'
    forged = create_signed_value("of somebody else" + SECRET, USER_COOKIE_NAME, claims).decode()
    swapped = claims.encode().hex() + real["value"][len(claims.encode().hex()) :]
    for value in (forged, swapped, real["value"][:-1], real["value"] + "x", ""):
        context.add_cookies([{**real, "value": value}])
        closed(enter("/"))
        assert status(guarded, "/media/nothing.png", f"{real['name']}={value}") == 403
    context.add_cookies([real])
    expect(enter("/").get_by_role("link", name="Movies")).to_be_visible()
    assert status(guarded, "/media/nothing.png", f"{real['name']}={real['value']}") == 404


def test_pictures_and_uploads_need_a_sign_in_and_health_does_not(guarded: str) -> None:
    assert status(guarded, "/media/nothing.png") == 403
    assert status(guarded, "/_stcore/upload_file/a/b", method="PUT") == 403
    assert status(guarded, "/_stcore/health") == 200
    assert status(guarded, "/ready") == 200


def test_a_token_of_another_signer_is_refused(enter: Enter, issuer: Provider) -> None:
    page = enter("/")
    genuine, issuer.published = issuer.key, issuer.key
    issuer.key = RSAKey.generate_key(2048, {"kid": "one"})
    try:
        page.get_by_role("button", name="Sign in").click()
        page.get_by_label("Name").fill("ann")
        page.get_by_role("button", name="Go on").click()
        closed(page)
    finally:
        issuer.key, issuer.published = genuine, None


def test_signing_out_ends_every_window_and_the_cookie(
    enter: Enter, context: BrowserContext, issuer: Provider
) -> None:
    page = enter("/training", "ann")
    other = enter("/training")
    expect(other.get_by_role("button", name="Start training")).to_be_enabled()
    stolen = user_cookie(context)
    page.get_by_role("button", name="Sign out").click()
    closed(page)
    assert issuer.signed_out[-1] == "ann"
    assert USER_COOKIE_NAME not in {c["name"] for c in context.cookies()}
    before = len(list_runs(store.WING))
    other.get_by_role("button", name="Start training").click()
    closed(other)
    assert len(list_runs(store.WING)) == before
    context.add_cookies([stolen])
    again = enter("/")
    expect(again.get_by_text("This sign-in has ended")).to_be_visible()
    closed(again)
