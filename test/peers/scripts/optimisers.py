"""Weights after steps of PyTorch's and timm's optimisers on gradients a (w - b)."""
import json
import sys

import torch
from timm.optim.lion import Lion

given = json.load(open(sys.argv[1]))


def followed(make, clip=None):
    weights, slopes = [], []
    for one in given["tensors"]:
        shape = one["shape"]
        weights.append(torch.nn.Parameter(torch.tensor(one["weight"]).reshape(shape)))
        slopes.append((torch.tensor(one["a"]).reshape(shape), torch.tensor(one["b"]).reshape(shape)))
    optimiser = make(weights)
    for _ in range(given["steps"]):
        for weight, (a, b) in zip(weights, slopes):
            weight.grad = a * (weight.detach() - b)
        if clip is not None:
            torch.nn.utils.clip_grad_norm_(weights, clip)
        optimiser.step()
    return [weight.detach().flatten().tolist() for weight in weights]


rate = given["rate"]
print(
    json.dumps(
        {
            "adam": followed(lambda w: torch.optim.Adam(w, lr=rate)),
            "adamw": followed(lambda w: torch.optim.AdamW(w, lr=rate, weight_decay=0.1)),
            "nesterov": followed(lambda w: torch.optim.SGD(w, lr=rate, momentum=0.9, nesterov=True)),
            "plain": followed(lambda w: torch.optim.SGD(w, lr=rate)),
            "lion": followed(lambda w: Lion(w, lr=rate, weight_decay=0.1, foreach=False)),
            "clipped": followed(lambda w: torch.optim.SGD(w, lr=rate, momentum=0.9), clip=1.0),
        }
    )
)
