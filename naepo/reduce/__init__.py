"""Many dimensions -> two: PCA, t-SNE and UMAP, and how far such a map can be trusted.

In: arrays of numbers, a row for each thing. Out: arrays with two columns, and figures that say what
the map keeps of the full space. It knows nothing of naepo but how to tell a person what is wrong.
"""

from naepo.reduce.neighbours import Neighbours, nearest
from naepo.reduce.pca import PCA
from naepo.reduce.quality import Quality, measure
from naepo.reduce.reduction import Method, Reduction, available, reduce

__all__ = [
    "PCA",
    "Method",
    "Neighbours",
    "Quality",
    "Reduction",
    "available",
    "measure",
    "nearest",
    "reduce",
]
