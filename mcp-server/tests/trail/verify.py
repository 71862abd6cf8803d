"""Checks a trail by docs/trail.md alone: the witness that the page says enough.

    python verify.py RECORDS HEADS KEYS

The three files are those of `tntc trail export`. Prints what it found as one line of JSON; exits with 0 when the trail
holds and with 1 when it does not.
"""

import base64
import hashlib
import json
import sys

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

VERSION = 1
GENESIS = "0" * 64
HEAD_TYPE = "tentacular-trail-head+jwt"


def canonical(value):
    """RFC 8785, as far as a trail needs it: its names are ASCII and its numbers are whole."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def sha256(record):
    return hashlib.sha256(canonical(record)).hexdigest()


def whole(value):
    """A whole number from 0 up, or None."""
    good = isinstance(value, int) and not isinstance(value, bool) and value >= 0
    return value if good else None


def without_repetition(pairs):
    names = [name for name, _ in pairs]
    if len(set(names)) != len(names):
        raise ValueError("a name is there twice")
    return dict(pairs)


def read_records(path):
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line, object_pairs_hook=without_repetition) for line in lines if line.strip()]


def decoded(part):
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def read_keys(path):
    with open(path, encoding="utf-8") as text:
        keys = json.load(text)["keys"]
    ours = [key for key in keys if key["kty"] == "OKP" and key["crv"] == "Ed25519"]
    return {key["kid"]: Ed25519PublicKey.from_public_bytes(decoded(key["x"])) for key in ours}


def read_head(jws, keys):
    """The payload of a signed head, or None when it does not hold."""
    try:
        header_part, payload_part, signature_part = jws.split(".")
        header = json.loads(decoded(header_part))
        if header["alg"] != "EdDSA" or header["typ"] != HEAD_TYPE or "crit" in header:
            return None
        keys[header["kid"]].verify(decoded(signature_part), f"{header_part}.{payload_part}".encode())
        return json.loads(decoded(payload_part))
    except (InvalidSignature, KeyError, ValueError):
        return None


def check_chain(writer, chain, faults):
    """Walks one chain; answers the hash of each number that is there."""
    hashes, number, prev = {}, 0, GENESIS
    for record in chain:
        fields = record if isinstance(record, dict) else {}
        seq = whole(fields.get("seq")) or 0
        if whole(fields.get("v")) != VERSION:
            faults.append([writer, seq, "version"])
        if seq != number + 1:
            faults.append([writer, seq, "number"])
        elif fields.get("prev") != prev:
            faults.append([writer, seq, "chain"])
        number, prev = seq, sha256(record)
        hashes[number] = prev
    return hashes


def check_heads(heads, hashes, faults):
    """Compares with what was signed; answers up to which number the chain is covered."""
    covered = 0
    for head in heads:
        found = hashes.get(head["seq"])
        if found == head["hash"]:
            covered = max(covered, head["seq"])
        else:
            faults.append([head["writer"], head["seq"], "cutoff" if found is None else "head"])
    return covered


def writer_of(record):
    writer = record.get("writer") if isinstance(record, dict) else None
    return writer if isinstance(writer, str) else ""


def verify(records, signed, keys):
    chains, faults = {}, []
    for record in records:
        chains.setdefault(writer_of(record), []).append(record)
    heads = [read_head(jws, keys) for jws in signed]
    faults += [["", 0, "signature"] for head in heads if head is None]
    heads = [head for head in heads if head is not None]
    for head in heads:
        chains.setdefault(head["writer"], [])
    writers = {}
    for writer, chain in sorted(chains.items()):
        hashes = check_chain(writer, chain, faults)
        covered = check_heads([head for head in heads if head["writer"] == writer], hashes, faults)
        writers[writer] = {"records": len(chain), "covered": covered}
    return {"holds": not faults, "writers": writers, "faults": faults}


def main():
    records, heads, keys = sys.argv[1:]
    with open(heads, encoding="ascii") as lines:
        signed = [line.strip() for line in lines if line.strip()]
    found = verify(read_records(records), signed, read_keys(keys))
    print(json.dumps(found))
    return 0 if found["holds"] else 1


if __name__ == "__main__":
    sys.exit(main())
