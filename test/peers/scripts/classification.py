"""Figures of torchmetrics and scikit-learn.  usage: classification.py FILE, with probabilities, labels and threshold in JSON"""
import json, sys, warnings

import numpy as np
import torch
from sklearn import metrics as sk
from torchmetrics.classification import (
    MultilabelAccuracy, MultilabelAveragePrecision, MultilabelExactMatch, MultilabelF1Score, MultilabelPrecision, MultilabelRecall,
)

warnings.simplefilter("ignore")
given = json.load(open(sys.argv[1]))
p, y, t = np.array(given["probabilities"], np.float32), np.array(given["labels"]), given["threshold"]
P, Y = torch.tensor(p), torch.tensor(y)
n = y.shape[1]
hard = (p >= t).astype(int)


def tm(metric, average):
    value = metric(num_labels=n, average=average, threshold=t)(P, Y)
    return value.tolist()


out = {
    "torchmetrics": {
        name: {"macro": tm(metric, "macro"), "micro": tm(metric, "micro"), "classes": tm(metric, "none")}
        for name, metric in dict(f1=MultilabelF1Score, precision=MultilabelPrecision, recall=MultilabelRecall,
                                 accuracy=MultilabelAccuracy).items()
    },
    "sklearn": {
        "f1": {a: sk.f1_score(y, hard, average=a, zero_division=0) for a in ("macro", "micro", "samples")},
        "precision": {a: sk.precision_score(y, hard, average=a, zero_division=0) for a in ("macro", "micro", "samples")},
        "recall": {a: sk.recall_score(y, hard, average=a, zero_division=0) for a in ("macro", "micro", "samples")},
        "averagePrecision": {a: sk.average_precision_score(y, p, average=a) for a in ("macro", "micro")},
        "exactMatch": sk.accuracy_score(y, hard),
    },
    "exactMatch": MultilabelExactMatch(num_labels=n, threshold=t)(P, Y).item(),
    "averagePrecision": {a: MultilabelAveragePrecision(num_labels=n, average=a)(P, Y).tolist() for a in ("macro", "micro", "none")},
}
out["sklearn"]["averagePrecision"]["samples"] = float(np.mean([sk.average_precision_score(a, b) for a, b in zip(y, p) if a.any()]))
print(json.dumps(out))
