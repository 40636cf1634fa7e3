"""
Argument: a JSON file with embeddings [rows][columns], proxies [classes][columns] and one class per row.
Prints value and gradients of pytorch-metric-learning's proxy-anchor loss; float64.
"""

import json
import sys

import torch
from pytorch_metric_learning import losses

data = json.load(open(sys.argv[1]))
x = torch.tensor(data["embeddings"], dtype=torch.float64, requires_grad=True)
proxies = torch.tensor(data["proxies"], dtype=torch.float64)
loss = losses.ProxyAnchorLoss(num_classes=len(proxies), embedding_size=x.shape[1], margin=0.1, alpha=32)
loss.proxies = torch.nn.Parameter(proxies)
value = loss(x, torch.tensor(data["classes"]))
value.backward()
print(
    json.dumps(
        {
            "value": value.item(),
            "gradient": x.grad.ravel().tolist(),
            "learned": loss.proxies.grad.ravel().tolist(),
        }
    )
)
