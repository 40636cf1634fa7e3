"""One network in PyTorch: images a second in training and in inference, as JSON on the last line.

peer.py BACKBONE BATCH CHANNELS PIXELS CLASSES THREADS ROUNDS
"""

import json
import resource
import statistics
import sys
import time

import torch
import torchvision

backbone, *numbers = sys.argv[1:]
batch, channels, pixels, classes, threads, rounds = map(int, numbers)
torch.set_num_threads(threads)
torch.manual_seed(1)

net = getattr(torchvision.models, backbone)(num_classes=classes)
if channels != 3:
    net.conv1 = torch.nn.Conv2d(channels, 64, 7, stride=2, padding=3, bias=False)
images = torch.randn(batch, channels, pixels, pixels)
labels = (torch.rand(batch, classes) < 0.2).float()
adam = torch.optim.Adam(net.parameters(), lr=1e-3)


def train():
    adam.zero_grad()
    torch.nn.functional.binary_cross_entropy_with_logits(net(images), labels).backward()
    adam.step()


def infer():
    with torch.inference_mode():
        net(images)


# One thread's work is told best by its processor's time, which others that run meanwhile hardly change.
clock = time.process_time if threads == 1 else time.perf_counter


def images_a_second(job):
    job()
    seconds = []
    for _ in range(rounds):
        begun = clock()
        job()
        seconds.append(clock() - begun)
    return batch / statistics.median(seconds)


net.train()
training = images_a_second(train)
net.eval()
inference = images_a_second(infer)
memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"version": torch.__version__, "training": training, "inference": inference, "memory": memory}))
