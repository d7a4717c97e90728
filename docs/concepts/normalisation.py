"""Min-max, standardisation and one outlier: the numbers of chapter 6, to be changed in code.

Open it with `pip install marimo` and `marimo edit docs/concepts/normalisation.py`.
"""

import marimo

app = marimo.App()


@app.cell
def numbers():
    x = [10_000, 350_000, 500_000, 640_000, 1_000_000]  # people in five cities: change them
    mean, deviation = 500_000, 100_000  # figures of a whole country
    return deviation, mean, x


@app.cell
def laid_over_0_to_1(x):
    from naepo.concepts.normalisation import divided_twice, min_max

    found = min_max(x)
    print("x − min", found.above, "range", found.range, "min-max", found.y.round(4))
    print("divided twice, which is wrong:", divided_twice(x).y)
    assert found.y.min() == 0 and found.y.max() == 1
    thousands = [each / 1000 for each in x]
    print("in thousands", min_max(thousands).y.round(4), divided_twice(thousands).y)
    return (min_max,)


@app.cell
def standardised(deviation, mean, x):
    from naepo.concepts.normalisation import fewest, standard_score
    from naepo.concepts.spread import spread

    own = spread(x)
    print("own figures", own.mean, own.deviation, own.standardised.round(4))
    print("the country's", standard_score(x, mean, deviation))
    print("cities it needs at least:", fewest(max(x) - min(x), deviation))
    assert abs(own.standardised.mean()) < 1e-12 and abs(own.standardised.std() - 1) < 1e-12
    return (spread,)


@app.cell
def outlier(min_max, spread, x):
    from naepo.concepts.normalisation import robust

    for factor in (1, 10, 100):
        grown = [*x[:-1], factor * x[-1]]
        print(factor, "min-max", min_max(grown).y.round(4))
        print("   standardised", spread(grown).standardised.round(4))
        print("   robust", robust(grown).y.round(4))
    return


if __name__ == "__main__":
    app.run()
