"""One network in PyTorch, measured when asked: peer.py BACKBONE BATCH CHANNELS PIXELS CLASSES THREADS PRECISION.

It prints one line of JSON when it is ready, and one for each line `train N` or `infer N` that it reads: seconds of the clock and
of the processor for each of N passes, and the largest memory so far in MiB. It ends with its input.
"""

import json
import resource
import sys
import time

import torch
import torchvision

backbone, *numbers, precision = sys.argv[1:]
batch, channels, pixels, classes, threads = map(int, numbers)
torch.set_num_threads(threads)
torch.manual_seed(1)

net = getattr(torchvision.models, backbone)(num_classes=classes)
if channels != 3:
    net.conv1 = torch.nn.Conv2d(channels, 64, 7, stride=2, padding=3, bias=False)
images = torch.randn(batch, channels, pixels, pixels)
labels = (torch.rand(batch, classes) < 0.2).float()
adam = torch.optim.Adam(net.parameters(), lr=1e-3)
bf16 = precision == "bf16"


def train():
    net.train()
    adam.zero_grad()
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bf16):
        logits = net(images)
    torch.nn.functional.binary_cross_entropy_with_logits(logits.float(), labels).backward()
    adam.step()


def infer():
    net.eval()
    with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16, enabled=bf16):
        net(images)


def measured(job, passes):
    wall, processor = [], []
    for _ in range(passes):
        begun = time.perf_counter(), time.process_time()
        job()
        wall.append(time.perf_counter() - begun[0])
        processor.append(time.process_time() - begun[1])
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"wall": wall, "processor": processor, "memory": memory}


print(json.dumps({"version": f"PyTorch {torch.__version__.split('+')[0]}"}), flush=True)
for line in sys.stdin:
    what, passes = line.split()
    print(json.dumps(measured({"train": train, "infer": infer}[what], int(passes))), flush=True)
