"""Linear probe of scikit-learn.  usage: linear_probe.py FILE, with train, test, labels and c in JSON"""
import json, sys

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import StandardScaler

given = json.load(open(sys.argv[1]))
train, test = (np.array(given[name], np.float32).astype(np.float64) for name in ("train", "test"))
labels, c, k = np.array(given["labels"]), given["c"], given["k"]
scaler = StandardScaler().fit(train)
a, b = scaler.transform(train), scaler.transform(test)
probabilities = [
    LogisticRegression(C=c, tol=1e-12, max_iter=10000).fit(a, column).predict_proba(b)[:, 1].tolist() for column in labels.T
]
near = NearestNeighbors(n_neighbors=k, metric="cosine").fit(train).kneighbors(test, return_distance=False)
print(json.dumps({"probe": np.array(probabilities).T.tolist(), "knn": labels[near].mean(axis=1).tolist()}))
