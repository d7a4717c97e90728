"""Many dimensions -> two: PCA, t-SNE and UMAP, and how far such a map can be trusted.

In: arrays of numbers, a row for each thing. Out: arrays with two columns, and figures that say what
the map keeps of the full space; and normalisers, fitted once and kept. It knows nothing of naepo
but how to tell a person what is wrong.
"""

from naepo.reduce.neighbours import Neighbours, nearest
from naepo.reduce.normalise import L2, RMS, MinMax, Standard, Whitening
from naepo.reduce.pca import PCA
from naepo.reduce.quality import Quality, measure
from naepo.reduce.reduction import Method, Reduction, available, reduce

__all__ = [
    "L2",
    "PCA",
    "RMS",
    "Method",
    "MinMax",
    "Neighbours",
    "Quality",
    "Reduction",
    "Standard",
    "Whitening",
    "available",
    "measure",
    "nearest",
    "reduce",
]
