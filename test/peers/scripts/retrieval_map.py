"""Average precision at several depths of lists of hits (JSON), best first, by torchmetrics."""
import json
import sys

import torch
from torchmetrics.functional.retrieval import retrieval_average_precision

path, depths = sys.argv[1], [int(k) for k in sys.argv[2:]]
with open(path) as file:
    hits = [torch.tensor(one) for one in json.load(file)]
scores = torch.linspace(1, 0.1, len(hits[0]))
print(json.dumps([[float(retrieval_average_precision(scores, one, top_k=k)) for one in hits] for k in depths]))
