"""The linear model under routing: one support vector machine a label against the rest, over sparse rows."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning
from sklearn.svm import LinearSVC

from insights.routing.confidence import Floats
from insights.routing.features import SparseRow

PASSES = 10
TOLERANCE = 0.1
"""Near enough: measured on banking77, finer solutions are not better and take several times as long."""

_UNSEEN = -2.0
"""The score of a label without tickets here: below that of any other."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Linear:
    """`weights` has a row a feature, a column a label: the features of one ticket are few whole rows."""

    weights: NDArray[np.float32]
    intercept: NDArray[np.float32]

    @classmethod
    def fit(
        cls,
        rows: sparse.csr_matrix | NDArray[np.float32],
        truth: NDArray[np.int64],
        labels: int,
        *,
        seed: int,
    ) -> Linear:
        """Learns each label against the rest. `truth` has the label's number of each row; one that no row has is
        never likely.
        """
        weights = np.zeros((rows.shape[1], labels), np.float32)
        intercept = np.full(labels, _UNSEEN, np.float32)
        seen = np.unique(truth)
        if len(seen) == 1:
            intercept[seen] = 1.0
            return cls(weights=weights, intercept=intercept)
        machine = LinearSVC(C=1.0, tol=TOLERANCE, max_iter=PASSES, random_state=seed)
        with warnings.catch_warnings():
            # The passes are bounded on purpose.
            warnings.simplefilter("ignore", ConvergenceWarning)
            machine.fit(rows, truth)
        if len(seen) == 2:  # scikit-learn keeps one row of weights for two labels
            weights[:, seen] = np.stack([-machine.coef_[0], machine.coef_[0]], axis=1)
            intercept[seen] = (-machine.intercept_[0], machine.intercept_[0])
        else:
            weights[:, seen] = machine.coef_.T
            intercept[seen] = machine.intercept_
        return cls(weights=weights, intercept=intercept)

    def scores(self, rows: sparse.csr_matrix | NDArray[np.float32]) -> Floats:
        """One row a ticket, one column a label: the distance from the boundary, no probability."""
        return np.asarray(rows @ self.weights + self.intercept, dtype=np.float64)

    def score(self, row: SparseRow) -> Floats:
        """The same for one ticket."""
        return np.asarray(row.values @ self.weights[row.columns] + self.intercept, dtype=np.float64)
