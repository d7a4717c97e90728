"""A changed file is named, with what to do."""

import json
import os
from pathlib import Path

import pytest

from naepo.checkpoint.folder import new_folder
from naepo.checkpoint.manifest import MANIFEST, Broken, entry_of, verify
from naepo.config import UserError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with new_folder(tmp_path / "one") as draft:
        draft.write("weights.bin", [bytes(range(256)) * 20])
        draft.write("training/state.json", [b"{}"])
    return tmp_path / "one"


def rewrite(folder: Path, change) -> None:
    """Change the manifest and write it in the one form that is accepted."""
    content = json.loads((folder / MANIFEST).read_text())
    change(content)
    (folder / MANIFEST).write_text(json.dumps(content, indent=1, sort_keys=True) + "\n")


def test_a_folder_as_it_was_written_passes(folder: Path):
    verify(folder)
    rewrite(folder, lambda content: None)
    verify(folder)


def test_a_file_cut_short_is_named(folder: Path):
    os.truncate(folder / "weights.bin", 100)
    with pytest.raises(Broken, match=r"weights.bin is 100 bytes long, expected 5,120") as caught:
        verify(folder)
    assert "older checkpoint" in (caught.value.hint or "")


def test_a_changed_file_of_the_same_size_is_named(folder: Path):
    (folder / "training" / "state.json").write_bytes(b"[]")
    with pytest.raises(Broken, match=r"training/state.json has changed"):
        verify(folder)


def test_a_missing_file_is_named(folder: Path):
    (folder / "weights.bin").unlink()
    with pytest.raises(Broken, match=r"weights.bin is missing"):
        verify(folder)


def test_a_renamed_file_is_named_with_its_new_name(folder: Path):
    (folder / "weights.bin").rename(folder / "weights (1).bin")
    with pytest.raises(Broken, match=r"weights.bin is missing") as caught:
        verify(folder)
    assert "weights (1).bin" in (caught.value.hint or "")


def test_a_file_that_was_added_is_named(folder: Path):
    (folder / "model.safetensors.index.json").write_text("{}")
    with pytest.raises(Broken, match=r"model.safetensors.index.json is not in manifest.json"):
        verify(folder)


def test_hidden_files_and_a_readme_may_stand_beside(folder: Path):
    (folder / ".DS_Store").write_text("x")
    (folder / ".cache").mkdir()
    (folder / ".cache" / "x").write_text("x")
    (folder / "README.md").write_text("mine")
    verify(folder)


def test_a_missing_manifest_is_named(folder: Path):
    (folder / MANIFEST).unlink()
    with pytest.raises(Broken, match=r"manifest.json is missing"):
        verify(folder)


def test_only_a_part_is_read_when_a_part_is_asked_for(folder: Path):
    (folder / "weights.bin").write_bytes(b"\0" * 5120)
    verify(folder, "training/")
    with pytest.raises(Broken):
        verify(folder)


def test_another_format_says_upgrade(folder: Path):
    rewrite(folder, lambda content: content.update(format=2))
    with pytest.raises(Broken, match=r"format 2, expected 1") as caught:
        verify(folder)
    assert "upgrade" in (caught.value.hint or "")


@pytest.mark.parametrize(
    "name", ["../secret", "/etc/passwd", "a/../../b", ".hidden", "a//b", "a\0b", "C:\\x", ""]
)
def test_a_name_that_leads_elsewhere_is_refused(folder: Path, name: str):
    entry = {"sha256": "0" * 64, "size": 0}
    rewrite(folder, lambda content: content["files"].update({name: entry}))
    with pytest.raises(Broken, match=r"manifest.json has changed"):
        verify(folder)


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "[]", "null", "[" * 100_000, "\xff", " " * (2 << 20)),
        '{"files": 3, "format": 1}',
        '{"files": {"a": 1}, "format": 1}',
        '{"files": {"a": {"sha256": "x"}}, "format": 1}',
    ],
    ids=range(10),
)
def test_what_is_no_manifest_is_refused(folder: Path, text: str):
    (folder / MANIFEST).write_text(text, encoding="latin-1")
    with pytest.raises(Broken, match=r"manifest.json has changed"):
        verify(folder)


@pytest.mark.parametrize(("old", "new"), [("\n", "\t"), ('"size": 2', '"size":  2'), ("}\n", "}")])
def test_a_manifest_that_says_the_same_in_other_bytes_is_refused(folder: Path, old: str, new: str):
    text = (folder / MANIFEST).read_text()
    assert old in text
    (folder / MANIFEST).write_text(text.replace(old, new, 1))
    with pytest.raises(Broken, match=r"manifest.json has changed"):
        verify(folder)


def test_a_pipe_in_the_place_of_a_file_does_not_block(folder: Path):
    (folder / "weights.bin").unlink()
    os.mkfifo(folder / "weights.bin")
    with pytest.raises(Broken, match=r"weights.bin is missing"):
        verify(folder)


def test_a_read_error_of_the_disk_counts_as_broken(folder: Path, monkeypatch):
    def fail(path):
        raise OSError(5, os.strerror(5), str(path))

    monkeypatch.setattr("naepo.checkpoint.manifest.entry_of", fail)
    with pytest.raises(Broken, match=r"cannot be read: Input/output error"):
        verify(folder)


def test_a_file_that_may_not_be_read_is_not_called_broken(folder: Path, monkeypatch):
    def fail(path):
        raise OSError(13, os.strerror(13), str(path))

    monkeypatch.setattr("naepo.checkpoint.manifest.entry_of", fail)
    with pytest.raises(UserError, match=r"cannot be read: Permission denied") as caught:
        verify(folder)
    assert not isinstance(caught.value, Broken)


def test_the_hash_is_sha256(tmp_path: Path):
    (tmp_path / "abc").write_bytes(b"abc")
    entry = entry_of(tmp_path / "abc")
    assert entry.sha256 == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert entry.size == 3
