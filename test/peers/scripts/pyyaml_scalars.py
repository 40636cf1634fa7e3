"""What PyYAML makes of texts without quotes: a JSON list of "type value", or "refused"."""
import json
import math
import sys

import yaml


def said(text):
    try:
        value = yaml.safe_load(f"key: {text}\n")["key"]
    except Exception:
        return "refused"
    if value is None:
        return "object null"
    if isinstance(value, bool):
        return f"boolean {'true' if value else 'false'}"
    if isinstance(value, (int, float)):
        if math.isinf(value):
            return f"number {'-' if value < 0 else ''}Infinity"
        return f"number {repr(value)}" if value != int(value) else f"number {int(value)}"
    return f"string {value}" if isinstance(value, str) else "refused"


print(json.dumps([said(text) for text in json.loads(sys.argv[1])]))
