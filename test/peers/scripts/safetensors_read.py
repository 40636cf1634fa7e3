"""Arguments: a safetensors file. Prints { name: [dtype, shape, values] } as Python's safetensors reads it."""

import json
import sys

from safetensors.numpy import load_file

print(json.dumps({name: [str(a.dtype), list(a.shape), a.ravel().tolist()] for name, a in load_file(sys.argv[1]).items()}))
