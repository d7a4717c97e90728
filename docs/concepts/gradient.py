"""Gradient: the numbers of chapter 8, to be changed in code.

Open it with `pip install marimo` and `marimo edit docs/concepts/gradient.py`.
"""

import marimo

app = marimo.App()


@app.cell
def numbers():
    grams = [200, 300, 150, 250]  # change these: every cell below follows
    price = [11, 15, 9, 13]
    rate = 1e-5
    return grams, price, rate


@app.cell
def gradient(grams, price):
    from naepo.concepts.gradient import regression

    line = regression(grams, price, w=0, b=0)
    print("loss", line.loss, " ∂L/∂w", line.slope_w, " ∂L/∂b", line.slope_b)
    return


@app.cell
def descent(grams, price, rate):
    from naepo.concepts.gradient import curvature, descend

    down = descend(grams, price, rate, n_steps=60)
    print(down.verdict, " losses", down.losses[:4], "…", down.losses[-1])
    print("largest step", curvature(grams).limit, " condition", curvature(grams).condition)
    assert down.verdict == "diverges" or rate < curvature(grams).limit
    return curvature, descend


@app.cell
def normalised(curvature, descend, grams, price):
    from naepo.concepts.spread import spread

    z = spread(grams).standardised
    one_step = descend(z, price, curvature(z).limit / 2, n_steps=1)
    print("normalised", z, " after one step", one_step.losses)
    assert one_step.losses[-1] - one_step.lowest < 1e-9
    return


if __name__ == "__main__":
    app.run()
