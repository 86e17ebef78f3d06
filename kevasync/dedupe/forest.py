"""Decision trees as plain arrays: kept in .npz, read without pickle, walked by scikit-learn's own code or numpy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Forest", "from_boosting"]

Floats = npt.NDArray[np.float32]
_LEAF = -1


@dataclass(frozen=True, slots=True)
class Forest:
    """Trees laid end to end: `roots[t]` is where tree t begins; children are counted from the tree's root.

    Its value for a row is `base` plus the sum of the leaves that the row reaches.
    """

    roots: npt.NDArray[np.int32]
    feature: npt.NDArray[np.int16]
    threshold: Floats
    left: npt.NDArray[np.int32]
    right: npt.NDArray[np.int32]
    value: Floats
    base: float
    features: int

    def arrays(self, name: str) -> dict[str, npt.NDArray[Any]]:
        """The arrays by name, for .npz."""
        parts = {part: getattr(self, part) for part in ("roots", "feature", "threshold", "left", "right", "value")}
        parts["shape"] = np.array([self.base, self.features], np.float64)
        return {f"{name}_{part}": array for part, array in parts.items()}

    @classmethod
    def read(cls, arrays: Any, name: str) -> Forest:
        """The forest of that name in an open .npz."""
        base, features = arrays[f"{name}_shape"]
        roots, feature, threshold = (arrays[f"{name}_{part}"] for part in ("roots", "feature", "threshold"))
        left, right, value = (arrays[f"{name}_{part}"] for part in ("left", "right", "value"))
        return cls(roots, feature, threshold, left, right, value, float(base), int(features))

    def compiled(self) -> list[Any]:
        """The trees as scikit-learn walks them; empty where this scikit-learn lays its nodes out in another way."""
        try:
            from sklearn.tree._tree import NODE_DTYPE, Tree  # noqa: PLC0415 imported only to score

            return [self._tree(at, NODE_DTYPE, Tree) for at in range(len(self.roots))]
        except (ImportError, ValueError, KeyError, TypeError, AttributeError):
            return []

    def _tree(self, number: int, layout: Any, kind: Any) -> Any:
        begin = self.roots[number]
        end = self.roots[number + 1] if number + 1 < len(self.roots) else len(self.feature)
        count = int(end - begin)
        nodes = np.zeros(count, layout)
        leaf = self.left[begin:end] == _LEAF
        nodes["left_child"], nodes["right_child"] = self.left[begin:end], self.right[begin:end]
        nodes["feature"] = np.where(leaf, -2, self.feature[begin:end])
        nodes["threshold"] = np.where(leaf, -2.0, self.threshold[begin:end])
        nodes["n_node_samples"], nodes["weighted_n_node_samples"] = 1, 1.0
        tree = kind(self.features, np.array([1], np.intp), 1)
        values = np.ascontiguousarray(self.value[begin:end].astype(np.float64).reshape(count, 1, 1))
        tree.__setstate__({"max_depth": 64, "node_count": count, "nodes": nodes, "values": values})
        return tree

    def predict(self, rows: Floats, compiled: list[Any]) -> npt.NDArray[np.float64]:
        """The value of each row; `compiled` is what `compiled()` gave."""
        total = np.full(len(rows), self.base, np.float64)
        if compiled:
            rows = np.ascontiguousarray(rows, np.float32)
            for tree in compiled:
                total += tree.predict(rows)[:, 0]
            return total
        for begin in self.roots:
            total += self.value[begin + self._leaves(rows, int(begin))]
        return total

    def _leaves(self, rows: Floats, begin: int) -> npt.NDArray[np.int64]:
        node = np.zeros(len(rows), np.int64)
        active = np.arange(len(rows))
        while len(active):
            at = begin + node[active]
            inner = self.left[at] != _LEAF
            active, at = active[inner], at[inner]
            goes_left = rows[active, self.feature[at]] <= self.threshold[at]
            node[active] = np.where(goes_left, self.left[at], self.right[at])
        return node


def _rounded(threshold: npt.NDArray[np.float64]) -> Floats:
    """The greatest float32 not above the threshold: rows are float32, so every comparison comes out the same."""
    single = threshold.astype(np.float32)
    return np.where(single > threshold, np.nextafter(single, np.float32(-np.inf)), single)


def _joined(trees: list[tuple[Any, Any, Any, Any, Any]], base: float, features: int) -> Forest:
    sizes = [len(tree[0]) for tree in trees]
    roots = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int32)
    kinds = (np.int16, np.float32, np.int32, np.int32, np.float32)
    parts = [np.concatenate([tree[at] for tree in trees]).astype(kind) for at, kind in enumerate(kinds)]
    return Forest(roots, parts[0], parts[1], parts[2], parts[3], parts[4], base, features)


def from_boosting(model: Any) -> Forest:
    """A fitted HistGradientBoostingClassifier of two classes: its value is the log odds."""
    trees = []
    for (predictor,) in model._predictors:  # noqa: SLF001 the only way to its trees
        nodes = predictor.nodes
        leaf = nodes["is_leaf"].astype(bool)
        left = np.where(leaf, _LEAF, nodes["left"].astype(np.int64))
        right = np.where(leaf, _LEAF, nodes["right"].astype(np.int64))
        trees.append(
            (np.where(leaf, 0, nodes["feature_idx"]), _rounded(nodes["num_threshold"]), left, right, nodes["value"])
        )
    return _joined(trees, float(model._baseline_prediction.ravel()[0]), int(model.n_features_in_))  # noqa: SLF001
