"""A classifier's folder: arrays and text, no pickle, every byte verified, whole or not at all.

    classifier.json       kind, classes, parts, the run's fingerprint, columns, reasons, figures
    arrays.safetensors    all numbers of all parts, as PART.NAME
    grams.json            the n-grams, in the order of their columns
    net.toml              of a tuned network: the shape of its body
    model.safetensors     of a probe of vectors, a kernel machine and adapters: the weights of the
                          model that they read texts with; see `own_model.py`
    tokenizer.json ...    the encoder, wherever a network reads
    report.html           figures and pictures for a person
    manifest.json         size and sha256 of all the others

It stands by itself. A folder that was written before the model was kept in it needs the run that it
was made from, and knows it again.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from naepo import checkpoint
from naepo.checkpoint.manifest import verify
from naepo.checkpoint.tensors import read_tensors, refuse_non_finite, to_pieces
from naepo.classify.classifier import Classifier
from naepo.classify.features import Features, VectorPart
from naepo.classify.linear import Linear
from naepo.classify.lora import adapters
from naepo.classify.net import ClassifierNet, NetSettings, body_of
from naepo.classify.ngrams import Ngrams, needs_scikit_learn
from naepo.classify.own_model import read_own, write_own
from naepo.classify.parts import KernelPart, LinearPart, NetPart, Part
from naepo.classify.source import Source
from naepo.config import UserError, from_table, read_toml, to_table, to_toml
from naepo.embed.keeping import kept
from naepo.encode import load_encoder
from naepo.model import ModelSettings, build
from naepo.model.kinds import settings_table
from naepo.reduce.normalise import Standard

if TYPE_CHECKING:
    from naepo.classify.kernels import Kernel, KernelClassifier

FORMAT = 1
ABOUT, ARRAYS, GRAMS, NET = "classifier.json", "arrays.safetensors", "grams.json", "net.toml"
OTHER_PLACE = "choose another place: --out FOLDER"

Arrays = dict[str, Tensor]


def refuse_place(folder: Path) -> None:
    """Check that a classifier can be kept there: asked before the work, so that none is lost.

    Raises: UserError when it is a file, holds something else, or the disk refuses.
    """
    if folder.exists() and not folder.is_dir():
        raise UserError(f"{folder} is a file, expected a folder", hint=OTHER_PLACE)
    if folder.is_dir() and not (folder / ABOUT).is_file() and any(folder.iterdir()):
        raise UserError(f"{folder} holds something else than a classifier", hint=OTHER_PLACE)
    above = next(path for path in folder.absolute().parents if path.exists())
    try:
        with TemporaryFile(dir=above):
            pass
    except OSError as error:
        raise UserError(
            f"cannot write {folder}: {error.strerror or error} ({above})", hint=OTHER_PLACE
        ) from None


def save(folder: Path, classifier: Classifier, report: str | None = None) -> Path:
    """Write a classifier; one that was there goes. report: HTML.

    Raises: UserError when the disk refuses, the folder holds something else, or a number is none.
    """
    refuse_place(folder)
    arrays: Arrays = {}
    parts, grams, net = [], None, None
    for number, part in enumerate(classifier.parts):
        said, own, counted = _written(part)
        parts.append(said)
        arrays |= {f"{number}.{name}": tensor for name, tensor in own.items()}
        grams = counted or grams
        net = part if isinstance(part, NetPart) else net
    refuse_non_finite(arrays, "the classifier")
    source = classifier.source
    has_model = source is not None and _needs_model(parts)
    content = {
        "format": FORMAT,
        "kind": classifier.kind,
        "classes": list(classifier.classes),
        "parts": parts,
        "weights": list(classifier.weights),
        "run": None if source is None else str(source.folder.absolute()),
        "fingerprint": None if source is None else source.fingerprint,
        "model": settings_table(source.model.settings) if source and has_model else None,
        "about": classifier.about,
    }
    with kept(folder) as draft:
        draft.write(ARRAYS, to_pieces(arrays))
        if grams is not None:
            draft.write(GRAMS, [_json(grams)])
        if net is not None:
            draft.write(NET, [_shape_of(net).encode()])
        if source is not None and has_model:
            write_own(draft, source)
        elif source is not None and net is not None:
            source.encoder.save(draft.path)
        if report is not None:
            draft.write("report.html", [report.encode()])
        draft.write(ABOUT, [_json(content)])
    return folder


def load(
    folder: Path, *, run: Path | None = None, kernel: "Kernel | None" = None, device: str = "cpu"
) -> Classifier:
    """Open a classifier, every byte of it verified.

    run: the run that it was made from, which is then read in place of the folder's own copy; needed
    by an older folder whose run has moved.  kernel: the function that it was made with, when that
    was an own one: code is not kept.

    Raises: UserError when it is damaged, of a newer naepo, or the run is another one or missing.
    """
    if not (folder / ABOUT).is_file():
        is_run = (folder / "checkpoints").is_dir()
        of_run = folder if is_run else "RUN"
        is_free = not folder.exists() or (folder.is_dir() and not any(folder.iterdir()))
        raise UserError(
            f"{folder} is a run, and no classifier" if is_run else f"{folder} holds no classifier",
            hint=f"make one: naepo classify train {of_run} TABLE --text COLUMN --label COLUMN "
            f"--out {folder if is_free else 'FOLDER'}",
        )
    verify(folder)
    content = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
    if content.get("format") != FORMAT:
        raise UserError(
            f"classifier format {content.get('format')!r}, expected {FORMAT} (in {folder})",
            hint="if a newer naepo wrote it: pip install --upgrade naepo",
        )
    arrays = read_tensors(folder / ARRAYS)
    if any(said["kind"] != "net" for said in content["parts"]):
        needs_scikit_learn()
    source = _source(folder, content, run, device)
    parts = []
    for number, said in enumerate(content["parts"]):
        begin = f"{number}."
        own = {n.removeprefix(begin): t for n, t in arrays.items() if n.startswith(begin)}
        parts.append(_read(said, own, folder, source, kernel))
    return Classifier(
        content["kind"],
        tuple(content["classes"]),
        tuple(parts),
        tuple(content["weights"]),
        source,
        content["about"],
    )


def _source(
    folder: Path, content: Mapping[str, Any], run: Path | None, device: str
) -> Source | None:
    """Open the model that the parts need; where it is a run's, check that it is the one."""
    needs_model = _needs_model(content["parts"])
    if (folder / NET).is_file() and not needs_model:
        shape = from_table(ModelSettings, read_toml(folder / NET)["body"], NET, "body")
        model = build(shape).to(device)
        return Source(model, load_encoder(folder), folder, content["fingerprint"])
    if not needs_model:
        return None
    if run is None and content.get("model") is not None:
        return read_own(folder, content["model"], content["fingerprint"], device)
    place = Path(content["run"]) if run is None else run
    if not place.is_dir():
        raise UserError(
            f"the run that this classifier reads texts with is not at {place}",
            hint="say where it lies now: --run FOLDER",
        )
    loaded = checkpoint.load(place)
    source = Source.of(loaded)
    loaded.model.to(device)
    if source.fingerprint != content["fingerprint"]:
        raise UserError(
            f"{place} is another model than the one that this classifier was made from: "
            f"fingerprint {source.fingerprint[:12]}, expected {content['fingerprint'][:12]}",
            hint="has the run been trained on since? name its older checkpoint: --run "
            "RUN/checkpoints/STEP, or train the classifier again",
        )
    return source


def _needs_model(parts: Sequence[Mapping[str, Any]]) -> bool:
    """Say whether something reads texts with the run's model, and not with a copy tuned whole."""
    return any(said["needs_source"] and not said.get("stands_alone") for said in parts)


def _written(part: Part) -> tuple[dict[str, Any], Arrays, list[str] | None]:
    """Give what is said of a part, its numbers, and its n-grams."""
    said: dict[str, Any] = {"kind": part.kind, "needs_source": part.needs_source}
    if isinstance(part, NetPart):
        settings = part.net.settings
        said |= {"net": to_table(settings), "end_id": part.end_id, "longest": part.longest}
        said["stands_alone"] = settings.lora_rank is None
        return said, _net_arrays(part.net), None
    if isinstance(part, KernelPart):
        machine = part.machine
        numbers = {name: getattr(machine, f"{name}_") for name in KERNEL_ARRAYS}
        said |= {
            "kernel": machine.kernel if isinstance(machine.kernel, str) else None,
            "degree": machine.degree,
            "gamma": machine.gamma_,
            "reason": machine.reason_,
        }
        arrays = _tensors({n: a for n, a in numbers.items() if a is not None})
        return said | _said(part.vectors), arrays | _vector_arrays(part.vectors), None
    assert isinstance(part, LinearPart)
    arrays = _tensors({"weights": part.linear.weights, "bias": part.linear.bias})
    grams = None
    if part.features.vectors is not None:
        said |= _said(part.features.vectors)
        arrays |= _vector_arrays(part.features.vectors)
    if part.features.ngrams is not None:
        arrays |= _tensors({"idf": part.features.ngrams.idf})
        grams = part.features.ngrams.grams
    return said, arrays, grams


KERNEL_ARRAYS = ("points", "turn", "coefficients", "intercepts", "curves")


def _read(
    said: Mapping[str, Any],
    arrays: Arrays,
    folder: Path,
    source: Source | None,
    kernel: "Kernel | None",
) -> Part:
    if said["kind"] == "net":
        assert source is not None
        return NetPart(_net(said, arrays, folder, source), said["end_id"], said["longest"])
    vectors = None
    if "layer" in said:
        standard = _numbers(arrays, "mean", "deviation")
        vectors = VectorPart(said["layer"], said["pooling"], Standard(*standard))
    if said["kind"] == "kernel":
        assert vectors is not None
        return KernelPart(vectors, _machine(said, arrays, kernel))
    ngrams = None
    if "idf" in arrays:
        grams = json.loads((folder / GRAMS).read_text(encoding="utf-8"))
        ngrams = Ngrams(grams, *_numbers(arrays, "idf"))
    return LinearPart(Features(vectors, ngrams), Linear(*_numbers(arrays, "weights", "bias")))


def _machine(
    said: Mapping[str, Any], arrays: Arrays, kernel: "Kernel | None"
) -> "KernelClassifier":
    if said["kernel"] is None and kernel is None:
        raise UserError(
            "this classifier was made with a kernel of your own, and code is not kept",
            hint="open it in Python: naepo.classify.load(folder, kernel=your_function)",
        )
    from naepo.classify.kernels import KernelClassifier

    machine = KernelClassifier(said["kernel"] or kernel, degree=said["degree"])
    machine.gamma_, machine.reason_ = said["gamma"], said["reason"]
    for name in KERNEL_ARRAYS:
        found = arrays.get(name)
        setattr(machine, f"{name}_", None if found is None else found.numpy())
    machine.n_features_in_ = machine.points_.shape[1]
    machine.classes_ = np.arange(machine.coefficients_.shape[1])
    return machine


def _net(said: Mapping[str, Any], arrays: Arrays, folder: Path, source: Source) -> ClassifierNet:
    settings = from_table(NetSettings, said["net"], str(folder / ABOUT), "net")
    net = ClassifierNet(body_of(source.transformer), settings)
    missing, unknown = net.load_state_dict(arrays, strict=False)
    if settings.lora_rank is not None:  # what does not learn is the run's own
        missing = [name for name in missing if name.endswith((".down", ".up")) or "head" in name]
    if missing or unknown:
        raise UserError(f"weights do not fit the shape: {[*missing, *unknown][0]} (in {folder})")
    return net.to(source.transformer.embedding.weight.device).eval()


def _net_arrays(net: ClassifierNet) -> Arrays:
    """Give what was learnt: of a network with adapters these and the head alone."""
    own = {"blank": net.blank, "head.weight": net.head.weight, "head.bias": net.head.bias}
    if net.settings.lora_rank is not None:
        return {n: t.detach() for n, t in own.items()} | adapters(net)
    return {name: tensor.detach() for name, tensor in net.state_dict().items()}


def _shape_of(part: NetPart) -> str:
    return to_toml({"body": to_table(part.net.body.settings)})


def _said(vectors: VectorPart) -> dict[str, Any]:
    return {"layer": vectors.layer, "pooling": vectors.pooling}


def _vector_arrays(vectors: VectorPart) -> Arrays:
    standard = vectors.standard
    return _tensors({"mean": standard.mean, "deviation": standard.deviation})


def _tensors(numbers: Mapping[str, np.ndarray]) -> Arrays:
    return {
        name: torch.from_numpy(np.ascontiguousarray(array, dtype=np.float64))
        for name, array in numbers.items()
    }


def _numbers(arrays: Arrays, *names: str) -> list[np.ndarray]:
    return [arrays[name].numpy() for name in names]


def _json(content: Any) -> bytes:
    """Write JSON in ASCII, which can hold any text."""
    return json.dumps(content, indent=1).encode()
