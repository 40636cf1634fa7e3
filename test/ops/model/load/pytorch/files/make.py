"""Makes the files of this folder, with PyTorch 2.15 and NumPy. Each holds, if it can be read, `w` of -5 to 6, [3, 4]."""

import collections
import io
import pickle
import struct
import tarfile
from pathlib import Path

import numpy
import torch

HERE = Path(__file__).parent
w = torch.arange(12.0).reshape(3, 4) - 5


def save(name, value, **options):
    torch.save(value, HERE / f"{name}.pth", **options)


class Rebuilt:
    """A tensor as PyTorch 0.1 to 0.3 wrote it: four arguments."""

    def __reduce__(self):
        return torch._utils._rebuild_tensor, (w.storage(), 0, (3, 4), (4, 1))


attributed = torch.nn.Parameter(w.clone())
attributed.note = "text"
save("negative", {"w": torch._neg_view(-w)})
save("imaginary", {"w": torch.conj(torch.complex(w, -w)).imag})
save("torch-0.3", {"w": Rebuilt()}, _use_new_zipfile_serialization=False)
save("protocol-0", {"w": w}, pickle_protocol=0, _use_new_zipfile_serialization=False)
save("protocol-1", {"w": w}, pickle_protocol=1)
save("protocol-5", {"w": w}, pickle_protocol=5)
save("parameter", {"w": attributed})
beside = {"size": w.shape, "dtype": torch.float16, "device": torch.device("cpu"), "layout": torch.strided}
beside |= {"counter": collections.Counter("aab"), "bytes": bytearray(b"abc"), "set": {1, 2}, "complex": 1 + 2j}
save("beside", {"state_dict": {"w": w}, **beside})
save("two", {"state_dict": {"w": w}, "state_dict_ema": {"w": w + 1}, "optimizer": {"state": {}}})
save("numpy", {"state_dict": {"w": w}, "accuracy": numpy.float64(0.5)})
save("model", torch.nn.Sequential(torch.nn.Linear(1, 1)))
save("complex", {"w": torch.complex(w, w)})
torch.jit.save(torch.jit.script(torch.nn.Linear(1, 1)), HERE / "torchscript.pth")

storages, tensors, objects = io.BytesIO(), io.BytesIO(), io.BytesIO()
pickle.dump(1, storages, 2)
pickle.dump((100, "cpu", torch.FloatStorage), storages, 2)
storages.write(struct.pack("<q", 14) + b"\0" * 4 + w.numpy().tobytes() + b"\0" * 4)
pickle.dump([(101, 100, 1, 12)], storages, 2)
pickle.dump(1, tensors, 2)
pickle.dump((200, 101, torch.FloatTensor), tensors, 2)
tensors.write(struct.pack("<ii5q", 2, 0, 3, 4, 4, 1, 0))


class Pickler(pickle.Pickler):
    def persistent_id(self, value):
        return "200" if value is w else None


Pickler(objects, 2).dump(collections.OrderedDict(w=w))
with tarfile.open(HERE / "tar.pth", "w:", format=tarfile.PAX_FORMAT) as tar:
    for name, content in (("pickle", objects), ("tensors", tensors), ("storages", storages)):
        entry = tarfile.TarInfo(name)
        entry.size = len(content.getvalue())
        tar.addfile(entry, io.BytesIO(content.getvalue()))
whole = torch.load(HERE / "tar.pth", weights_only=False)
assert torch.equal(whole["w"], w)
