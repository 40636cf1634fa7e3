"""Exports a small, randomly initialised network of a known architecture, and embeds images with it.

usage: onnx_export.py KIND FOLDER.  Writes KIND.onnx; prints the unit vectors that ONNX Runtime gives for images.npy [n, h, w, c].
"""
import json, sys, warnings
from pathlib import Path

import numpy as np
import onnxruntime as ort
import torch

warnings.simplefilter("ignore")
kind, folder = sys.argv[1], Path(sys.argv[2])
images = np.load(folder / "images.npy")
torch.manual_seed(1)


def export(model, x, file, outputs):
    torch.onnx.export(model.eval(), (x,), file, input_names=["image"], output_names=outputs,
                      dynamic_axes={name: {0: "n"} for name in ["image", *outputs]}, opset_version=17, dynamo=False)


class Prithvi(torch.nn.Module):
    """A stand-in with the input and the tokens of Prithvi-EO: three-dimensional patches, a class token, timm's blocks."""

    def __init__(self):
        super().__init__()
        from timm.models.vision_transformer import Block

        self.patches = torch.nn.Conv3d(6, 32, (1, 16, 16), (1, 16, 16))
        self.token = torch.nn.Parameter(torch.randn(1, 1, 32))
        self.block = Block(32, 2)

    def forward(self, x):
        tokens = self.patches(x).flatten(2).transpose(1, 2)
        return self.block(torch.cat([self.token + 0 * tokens[:, :1], tokens], 1))


def prithvi_eo(edge):
    """A small network of terratorch's class. Only its file is loaded: the package imports data sets with many dependencies."""
    from importlib.util import find_spec, module_from_spec, spec_from_file_location

    [package] = find_spec("terratorch").submodule_search_locations
    spec = spec_from_file_location("prithvi_mae", Path(package) / "models/backbones/prithvi_mae.py")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    network = module.PrithviViT(img_size=edge, in_chans=6, embed_dim=48, depth=2, num_heads=4)
    network.forward = lambda x: network.forward_features(x)[-1]
    return network


channels = images.shape[3]
x = torch.zeros(1, channels, *images.shape[1:3])
mean, std, output, pool, low, high = 0.0, 1.0, 0, None, 0.0, 1.0
file = folder / f"{kind}.onnx"
if kind == "dinov2":
    from transformers import Dinov2Config, Dinov2Model

    config = Dinov2Config(hidden_size=32, num_hidden_layers=2, num_attention_heads=2)
    export(Dinov2Model(config), x, file, ["last_hidden_state", "pooler_output"])
    mean, std, pool = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225], "cls"
elif kind == "clip":
    from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

    config = CLIPVisionConfig(hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2,
                              projection_dim=16)
    export(CLIPVisionModelWithProjection(config), x, file, ["image_embeds", "last_hidden_state"])
    mean, std = [0.48145466, 0.4578275, 0.40821073], [0.26862954, 0.26130258, 0.27577711]
elif kind == "timm":
    import timm

    export(timm.create_model("vit_tiny_patch16_224", pretrained=False, num_classes=0, in_chans=channels, depth=2,
                             embed_dim=48, img_size=x.shape[2]), x, file, ["features"])
    high = 10000.0
elif kind == "torchgeo":
    from torchgeo.models import resnet18

    export(resnet18(num_classes=0, in_chans=channels), x, file, ["features"])
    high = 10000.0
elif kind == "dofa":
    from torchgeo.models import dofa_small_patch16_224

    dofa = dofa_small_patch16_224()
    dofa.forward = lambda x: dofa.forward_features(x, [0.665, 0.56, 0.49])
    export(dofa, x, file, ["features"])
elif kind == "prithvi-eo":
    export(prithvi_eo(x.shape[2]), x, file, ["tokens"])
    mean, std, pool = [1087, 1342, 1433, 2734, 1958, 1363], [2248, 2179, 2178, 1850, 1242, 1049], "mean"
elif kind == "prithvi":
    export(Prithvi(), x[:, :, None], file, ["tokens"])
    mean, std, pool = [1087, 1342, 1433, 2734, 1958, 1363], [2248, 2179, 2178, 1850, 1242, 1049], "mean"

session = ort.InferenceSession(file, providers=["CPUExecutionProvider"])
feed = (images.astype(np.float64) - low) / (high - low)
feed = ((feed - mean) / std).astype(np.float32).transpose(0, 3, 1, 2)
if kind == "prithvi":
    feed = feed[:, :, None]
found = session.run(None, {"image": feed})[output].astype(np.float64)
found = found[:, 0] if pool == "cls" else found[:, 1:].mean(1) if pool == "mean" else found
print(json.dumps((found / np.linalg.norm(found, axis=1, keepdims=True)).tolist()))
