"""Vectors of chords learned here and now, by skip-gram, from a handful of songs' progressions."""

from naepo.learn.blocks import Bars, Sound, Table
from naepo.learn.chapter import Step
from naepo.learn.fields import Given
from naepo.learn.words import w

SONGS = (
    "C G Am F",
    "C Am F G",
    "C F G C",
    "Am F C G",
    "Dm G C Am",
    "F G Em Am",
    "C Em F G",
    "Am Dm G C",
    "C F Dm G",
    "Em Am Dm G",
)
"""Progressions that hundreds of songs have in common."""
REPEATED, D, WINDOW, EPOCHS = 20, 8, 1, 12


def progressions(given: Given) -> Step:
    """Learn, and let the neighbours of the chosen chord be heard."""
    from naepo.embed import skip_gram
    from naepo.learn.chapters.music import chords

    names = sorted({chord for song in SONGS for chord in song.split()})
    songs = [[names.index(chord) for chord in song.split()] * REPEATED for song in SONGS]
    learned = skip_gram(songs, len(names), d=D, window=WINDOW, epochs=EPOCHS, words=names)
    near = learned.nearest(given.chord, len(names) - 1)
    found, far = near[0], near[-1]
    heard = [
        Sound(
            notes=chords(given.chord, each, given.chord).notes,
            caption=w("heard_chord", own=given.chord, chord=each),
        )
        for each in (found[0], far[0])
    ]
    return Step(
        key="skip_gram",
        shows=(
            Table(head=(w("chord"), w("cosine")), rows=[list(each) for each in near]),
            Bars(names=[each for each, _ in near], values=[cosine for _, cosine in near]),
            *heard,
        ),
        says={
            "chord": given.chord,
            "n": len(SONGS),
            "chords": len(names),
            "near": found[0],
            "far": far[0],
        },
    )
