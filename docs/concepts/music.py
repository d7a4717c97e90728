"""Music as vectors: the numbers of chapter 12, to be changed in code.

Open it with `pip install marimo` and `marimo edit docs/concepts/music.py`.
"""

import marimo

app = marimo.App()


@app.cell
def numbers():
    tune = [60, 64, 67, 72, 67, 64]  # change these: every cell below follows
    return (tune,)


@app.cell
def notes(tune):
    from naepo.concepts.music import frequency, name, one_hot

    for pitch in tune:
        print(name(pitch), pitch, round(frequency(pitch), 2), "Hz")
    print("one-hot rows", one_hot(tune).shape)
    return (name,)


@app.cell
def partials_in_common(name, tune):
    from naepo.concepts.music import cosines, partials

    first = tune[0]
    like = cosines([partials(first + k, 6) for k in range(13)])[0]
    for k, cosine in enumerate(like):
        print(name(first), name(first + k), round(float(cosine), 4))
    assert abs(like[0] - 1) < 1e-9
    return


@app.cell
def over_time(tune):
    from naepo.concepts.music import spectrogram

    heard = spectrogram(tune)
    print("loudest, in Hz:", heard.hz[heard.strengths.argmax(axis=1)])
    return


@app.cell
def learned(tune):
    from naepo.concepts.music import intervals, neighbours

    found = neighbours(tune)
    print(found.pitches, "\n", found.counts, "\n", found.cosines.round(4))
    moved = [pitch + 5 for pitch in tune]
    assert (intervals(tune) == intervals(moved)).all()
    return


if __name__ == "__main__":
    app.run()
