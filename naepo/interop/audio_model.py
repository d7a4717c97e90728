"""A folder with an audio model of `transformers` -> the model and its feature extractor.

From this machine alone: nothing is downloaded, no code of the folder is run, no pickle is opened.
"""

from pathlib import Path
from typing import Any

from naepo.config import UserError


def open_audio_model(folder: str | Path) -> tuple[Any, Any]:
    """Give the model, ready to be asked, and its feature extractor, for `PretrainedAudio(*both)`.

    folder: as `save_pretrained` writes it, with `config.json`, `model.safetensors` and
    `preprocessor_config.json`.

    Raises: UserError when there is no such folder, something in it is missing or broken, it would
    need code of its own, or `transformers` is not installed.
    """
    folder = Path(folder)
    if not (folder / "config.json").is_file():
        raise UserError(
            f"not the folder of a model: there is no {folder / 'config.json'}",
            hint="download the model first; names of a hub are not looked up",
        )
    try:
        from transformers import AutoFeatureExtractor, AutoModel
    except ImportError:
        raise UserError(
            "audio models of others need transformers", hint="pip install transformers"
        ) from None
    known: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
    try:
        extractor = AutoFeatureExtractor.from_pretrained(folder, **known)
        model = AutoModel.from_pretrained(folder, use_safetensors=True, **known)
    except Exception as error:  # of any kind: the folder is somebody else's
        first = str(error).strip().split("\n")[0] or type(error).__name__
        raise UserError(f"could not open the model in {folder}: {first}") from None
    return model.eval(), extractor
