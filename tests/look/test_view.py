"""The page in a notebook: it starts, shows itself in a frame, and ends with its holder."""

import gc
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

import naepo.look
from naepo.config import UserError
from naepo.encode import ByteEncoder
from naepo.model import ModelSettings, build


@pytest.fixture
def model():
    settings = ModelSettings(
        vocab_size=257, d_model=8, n_layers=1, n_heads=2, n_kv_heads=2, d_head=4
    )
    return build(settings, seed=1)


def is_up(url: str) -> bool:
    try:
        with urllib.request.urlopen(url.split("#")[0], timeout=5) as answer:
            return answer.status == 200
    except urllib.error.URLError:
        return False


def test_a_model_in_memory_opens_in_a_frame_and_ends_when_it_is_closed(model):
    shown = naepo.look.view(model, "나는 <학교>", encoder=ByteEncoder(), show="path")
    frame = shown._repr_html_()
    assert is_up(shown.url)
    assert frame.startswith("<iframe src=") and "학교" not in frame and "<학" not in frame
    assert parse_qs(urlsplit(shown.url).fragment)["text"] == ["나는 <학교>"]
    assert shown.url.endswith("view=path")
    shown.close()
    assert not is_up(shown.url)


def test_a_forgotten_page_ends(model):
    shown = naepo.look.view(model, "ab", encoder=ByteEncoder())
    url = shown.url
    del shown
    gc.collect()
    assert not is_up(url)


def test_a_model_without_its_encoder_is_refused(model):
    with pytest.raises(UserError, match="encoder is missing"):
        naepo.look.view(model, "ab")


def test_a_view_that_does_not_exist_is_refused(model):
    with pytest.raises(UserError, match="attention"):
        naepo.look.view(model, "ab", encoder=ByteEncoder(), show="atention")


def test_a_folder_that_holds_no_model_is_named(tmp_path: Path):
    with pytest.raises(UserError, match="nothing-here"):
        naepo.look.view(tmp_path / "nothing-here", "ab")
