"""`naepo search STORE theme.mid`: a piece or a recording, embedded as the store was embedded."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from naepo.cli.storing import NEURAL, place_for_tuned, say
from naepo.config import UserError, did_you_mean

if TYPE_CHECKING:
    from naepo.cli.search import Query, Search

OF_PIECES = ("pieces", "notes", "sound")
"""What vectors are made of that a piece is compared with."""
Space = Mapping[str, Any]


def asks_for_pieces(asked: "Search") -> bool:
    """Say whether what is looked for are files of music or recordings, and not words.

    Raises: UserError for both at once.
    """
    from naepo.cli.hearing import AUDIO
    from naepo.encode.music.reading import ENDINGS

    if asked.by in ("meaning", "letters", "both"):
        return False
    are = [path.suffix.lower() in (*AUDIO, *ENDINGS) for path in asked.paths]
    if any(are) and not all(are):
        raise UserError(
            "files of music and words cannot be looked for at once",
            hint="ask for one, then for the other; --by letters takes all of them as words",
        )
    return all(are)


def find_pieces(asked: "Search", spaces: Sequence[Space]) -> None:
    """Print what of a store is most like each of the given pieces."""
    from naepo.embed.store import Store

    if asked.where or asked.why:
        raise UserError("--where and --why are for words", hint="leave them out")
    errors: list[UserError] = []
    for about in _fitting(asked, spaces):
        with Store.open(asked.run, about) as store:
            try:
                queries = _queries(asked, about, store.state)
            except UserError as error:
                errors.append(error)
                continue
            if errors:
                say(f"other vectors are searched: {errors[0]}")
            print_alike(store, queries, asked.n)
            return
    raise errors[0]


def print_alike(store: Any, queries: "Sequence[Query]", n: int) -> None:
    """Print the n pieces most like each query, the most alike first."""
    from naepo.embed.likeness import alike, best_of_keys
    from naepo.embed.names import from_here

    for number, (name, keys) in enumerate(queries):
        if len(queries) > 1:
            print(from_here(name) if number == 0 else f"\n{from_here(name)}")
        found = {key: alike(store, *vectors, n) for key, vectors in keys.items()}
        best = best_of_keys(found, n)
        if not best:
            say("nothing found")
        for one in best:
            print(one.line())


def way_of(about: Space) -> str:
    """Give the name of a way to vectors, as --by takes it."""
    return about.get("from") or about.get("by", NEURAL)


def is_called(about: Space, by: str) -> bool:
    """Say whether a way goes by a name: its own, one of `names_of`, or what it is told by."""
    if by == "time-series":
        from naepo.embed.time_series import KINDS

        return about.get("by") in KINDS
    return by in (way_of(about), about.get("by", NEURAL), _full_name(about)) or (
        "from" in about and Path(by).resolve() == Path(about["from"])
    )


def names_of(spaces: Sequence[Space]) -> list[str]:
    """Give a name for each of some spaces, as --by takes it, none of them twice."""
    ways = [way_of(about) for about in spaces]
    names = zip(spaces, ways, strict=True)
    return [_full_name(about) if ways.count(way) > 1 else way for about, way in names]


def _full_name(about: Space) -> str:
    """Give the name of a way with a few digits that stand for all that decides its vectors."""
    told = json.dumps(about, sort_keys=True).encode()
    return f"{way_of(about)}:{hashlib.sha256(told).hexdigest()[:6]}"


def _fitting(asked: "Search", spaces: Sequence[Space]) -> list[dict[str, Any]]:
    """Give the vectors that the pieces may be compared with: of the first way, the newest first.

    Raises: UserError when the store has none that knows them.
    """
    from naepo.cli.hearing import are_recordings

    all_ways = [about for about in spaces if about.get("made_of") in OF_PIECES]
    only_sound = asked.sound or are_recordings(asked.paths)
    fitting = [about for about in all_ways if not only_sound or about["made_of"] == "sound"]
    if asked.by is not None:
        fitting = [about for about in fitting if is_called(about, asked.by)]
    if not fitting:
        there = ", ".join(f"{way_of(about)} of {about['made_of']}" for about in all_ways)
        what = "recordings are" if only_sound else "a piece is"
        raise UserError(
            f"{asked.run} has no vectors that {what} compared with"
            + (f" by {asked.by}" if asked.by else "")
            + (f"; it has {there}" if there else ""),
            hint=did_you_mean(asked.by, [way_of(about) for about in all_ways])
            if asked.by and all_ways
            else f"naepo embed PIECES --by one-hot --store {asked.run}"
            + (" --sound" if only_sound else ""),
        )
    way = (way_of(fitting[0]), fitting[0]["made_of"])
    newest = fitting[::-1]
    fitting = sorted(newest, key=lambda about: (way_of(about), about["made_of"]) != way)
    if len(fitting) > 1:
        names = zip(names_of(fitting)[1:], fitting[1:], strict=True)
        told = ", ".join(f"--by {name}" + _flag(about, only_sound) for name, about in names)
        say(f"searched by {way[0]} of {way[1]}; this store also knows {told}")
    return [dict(about) for about in fitting]


def _flag(about: Space, only_sound: bool) -> str:
    return " --sound" if about["made_of"] == "sound" and not only_sound else ""


def _queries(asked: "Search", about: dict[str, Any], state: bytes) -> "list[Query]":
    if about["made_of"] == "pieces":
        return _by_run(asked, about)
    if about["made_of"] == "notes":
        return _by_notes(asked, about, state)
    return _by_run_of_sound(asked, about) if "run" in about else _by_sound(asked, about, state)


def _by_run(asked: "Search", about: dict[str, Any]) -> "list[Query]":
    from naepo.cli.opening import open_model
    from naepo.embed import tuned
    from naepo.embed.pieces import embedder, in_all_keys, read_pieces
    from naepo.train.machine import choose_device

    run = run_of(about)
    loaded = open_model(run, asked.checkpoint)
    loaded.model.to(choose_device(asked.device))
    home = place_for_tuned(run, asked.at)
    kept = tuned.load(home) if about["tuned"] and home is not None else None
    if kept is not None:
        kept.model.to(next(iter(loaded.model.parameters())).device)
    maker = embedder(loaded, kept, layer=about["layer"], pooling=about["pooling"])
    maker.refuse_others(about)
    queries = []
    for piece in read_pieces(asked.paths, loaded.encoder, on_unread=say):
        keys = in_all_keys(piece, loaded.encoder) if asked.any_key else {0: piece}
        queries.append((piece.name, {key: maker.embed([keys[key]]) for key in keys}))
    return queries


def _by_run_of_sound(asked: "Search", about: dict[str, Any]) -> "list[Query]":
    from naepo.embed.places import home_of

    return heard_by_run(asked, home_of(run_of(about), asked.at), about["sound"])


def heard_by_run(asked: "Search", home: Path, made_by: str) -> "list[Query]":
    """Embed what is looked for by a run's encoder of sound.

    Raises: UserError when it is not the one that made the vectors.
    """
    from naepo.cli.hearing import hear
    from naepo.embed import sound_encoder
    from naepo.embed.keeping import fingerprint
    from naepo.embed.sound_pieces import embed_sounds

    encoder = sound_encoder.load(home)
    if encoder is None or fingerprint(encoder.net.state_dict()) != made_by:
        raise UserError(
            "the vectors of sounds were made by another encoder than the one kept beside them",
            hint="embed the pieces again: naepo embed RUN PIECES --sound",
        )
    pieces = hear(asked.paths, on_unread=say)
    return [(piece.name, {0: embed_sounds(encoder, [piece])}) for piece in pieces]


def _by_notes(asked: "Search", about: dict[str, Any], state: bytes) -> "list[Query]":
    from naepo.cli.by_ways import read_scores
    from naepo.embed.names import from_here
    from naepo.embed.note_ways import kept

    maker, queries = kept(about, state), []
    for name, score in read_scores(asked.paths):
        try:
            piece = maker.piece(name, score)
        except UserError as error:
            raise UserError(
                f"{from_here(name)} cannot be embedded as this store was: {error.message}",
                hint="look for it by another way: --by, or embed again into a new store",
            ) from None
        keys = maker.in_all_keys(piece) if asked.any_key else {0: piece}
        queries.append((name, {key: maker.embed([keys[key]]) for key in keys}))
    return queries


def _by_sound(asked: "Search", about: dict[str, Any], state: bytes) -> "list[Query]":
    from naepo.cli.by_ways import SAMPLE_RATE, open_audio
    from naepo.cli.hearing import sounds
    from naepo.embed.sound_ways import SoundWay
    from naepo.embed.ways import AUDIO_MODEL

    audio = open_audio(about)[1] if about["by"] == AUDIO_MODEL else None
    maker, queries = SoundWay.of(about, state, audio), []
    for name, recordings in sounds(asked.paths, on_unread=say, sample_rate=SAMPLE_RATE):
        seen = maker.look(name, *recordings[0])
        keys = maker.in_all_keys(seen) if asked.any_key else {0: seen}
        queries.append((name, {key: maker.embed([keys[key]]) for key in keys}))
    return queries


def run_of(about: Space) -> Path:
    """Give the run that made the vectors of a space. Raises: UserError when it is not there."""
    run = Path(about["run"])
    if not run.exists():
        raise UserError(
            f"the run that made these vectors is not there: {run}",
            hint="search by letters: --by letters; or embed again from where the run is now",
        )
    return run
