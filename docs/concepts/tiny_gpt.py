"""A GPT on paper: the numbers of chapters 2 and 13, to be changed in code.

Open it with `pip install marimo` and `marimo edit docs/concepts/tiny_gpt.py`.
"""

import marimo

app = marimo.App()


@app.cell
def numbers():
    ids, rate, temperature, dice = [0, 1, 2, 3], 0.5, 1.0, 0.5  # change these
    return dice, ids, rate, temperature


@app.cell
def read(ids):
    from naepo.concepts.tiny_gpt import forward, paper_weights

    weights = paper_weights()
    run = forward(ids, weights)
    for name in ("placed", "q", "k", "v", "shares", "residual_1", "residual_2", "probabilities"):
        print(name, "\n", getattr(run, name).round(3))
    return run, weights


@app.cell
def learn(ids, rate, weights):
    from naepo.concepts.tiny_gpt import update

    step = update(ids, weights, rate)
    print("loss", step.loss, "->", step.loss_after, "\n∂L/∂W_output\n", step.gradient.output)
    return


@app.cell
def write(dice, run, temperature):
    from naepo.concepts.tiny_gpt import draw

    drawn = draw(run.logits[-1], temperature, dice)
    print("probabilities", drawn.probabilities, "next id", drawn.id)
    return


if __name__ == "__main__":
    app.run()
