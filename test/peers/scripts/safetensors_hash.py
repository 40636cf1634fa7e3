"""Arguments: safetensors files. Prints { tensor: [dtype, shape, sha256 of its bytes] } over all of them."""

import hashlib
import json
import sys

from safetensors.numpy import load_file

out = {}
for path in sys.argv[1:]:
    for name, array in load_file(path).items():
        out[name] = [str(array.dtype), list(array.shape), hashlib.sha256(array.tobytes()).hexdigest()]
print(json.dumps(out))
