"""Training and inference mode: the numbers of chapter 9, to be changed in code.

Open it with `pip install marimo` and `marimo edit docs/concepts/dropout.py`.
"""

import marimo

app = marimo.App()


@app.cell
def numbers():
    x = [4, -2, 6, 2]  # change these: every cell below follows
    p = 0.2
    return p, x


@app.cell
def training(p, x):
    from naepo.concepts.dropout import dropout

    for seed in (30, 31, 32):
        drawn = dropout(x, p, seed)
        print("kept", drawn.kept, " y", drawn.y, " ∂y/∂x", drawn.slopes)
    return


@app.cell
def mean(p, x):
    from naepo.concepts.dropout import average

    every = average(x, p)
    print(every.n_masks, "masks, mean", every.enlarged, " without the division", every.plain)
    assert abs(every.enlarged - x).max() < 1e-9
    return


@app.cell
def memory():
    from naepo.concepts.dropout import kept_by_feed_forward

    for drops in (True, False):
        kept = kept_by_feed_forward(1024, 768, 3072, drops=drops)
        print("dropout" if drops else "none", sum(each.mebibytes for each in kept), "MiB", kept)
    return


@app.cell
def switches(p):
    import torch

    layer = torch.nn.Dropout(p)
    ones = torch.ones(1000)
    with torch.inference_mode():
        print("train() + inference_mode() still drops:", int((layer(ones) == 0).sum()))
    layer.eval()
    print("eval() does not:", int((layer(ones) == 0).sum()))
    assert torch.equal(layer(ones), ones)
    return


if __name__ == "__main__":
    app.run()
