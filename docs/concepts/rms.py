"""RMS and RMSNorm: the numbers of chapter 7, to be changed in code.

Open it with `pip install marimo` and `marimo edit docs/concepts/rms.py`.
"""

import marimo

app = marimo.App()


@app.cell
def numbers():
    x = [2, 4, 6, 8]  # change these: every cell below follows
    gain = [1, 1, 1, 1]
    return gain, x


@app.cell
def norm(gain, x):
    from naepo.concepts.rms import rms_norm

    found = rms_norm(x, gain=gain)
    print("squares", found.squares, "mean", found.mean_square, "RMS", found.rms)
    print("x / RMS", found.normalised, "with the gain", found.y)
    assert abs(rms_norm(found.normalised).rms - 1) < 1e-12
    return found, rms_norm


@app.cell
def others(x):
    from naepo.concepts.rms import layer_norm
    from naepo.concepts.spread import spread

    print("population", spread(x).standardised)
    print("sample", spread(x, is_sample=True).standardised)
    print("LayerNorm", layer_norm(x, eps=1e-6).y)
    return


@app.cell
def back(found):
    from naepo.concepts.rms import rms_gradient

    gradient = rms_gradient(found, [1] + [0] * (len(found.x) - 1))
    print("∂L/∂x", gradient.leaving, "x · ∂L/∂x", gradient.dot)
    assert abs(gradient.dot) < 1e-9
    return


@app.cell
def scale(rms_norm, x):
    for factor in (1e-5, 1, 1e4):
        scaled = [factor * each for each in x]
        print(factor, rms_norm(scaled).normalised, "with eps", rms_norm(scaled, eps=1e-6).y)
    return


if __name__ == "__main__":
    app.run()
