"""Reads and writes sealed objects of Strongroom, from docs/format.md alone.

It shares no code with Strongroom: the construction is that of the `cryptography` package.

    sealed.py vectors FOLDER           opens every test vector, or is refused as it says
    sealed.py open KEYS OBJECTS        opens every object of a resource at rest
    sealed.py seal KEYS LOCATION FILE  seals standard input into FILE
"""

import hashlib
import json
import struct
import sys
import uuid
from pathlib import Path

from cryptography.cobblestone import Cobblestone256Decryptor, Cobblestone256Encryptor
from cryptography.exceptions import InvalidTag

MAGIC = b"\x93STRROOM"
MODES = {"location": 1, "resource": 2}
CHUNK, TAG = 16384, 16
HEADER, PROLOGUE = 16, 72


class Refused(Exception):
    """An object that is not opened; `code` is the error that docs/format.md names."""

    def __init__(self, code):
        super().__init__(code)
        self.code = code


class Resource:
    """What opens and seals a resource's objects: uid, binding mode, keys by generation."""

    def __init__(self, uid, mode, keys):
        self.uid, self.mode, self.keys = uid, mode, keys

    @classmethod
    def exported(cls, path):
        """What `strongroom --json resource export-key` wrote (F62)."""
        found = json.loads(Path(path).read_text())
        keys = {int(number): bytes.fromhex(key) for number, key in found["keys"].items()}
        return cls(uuid.UUID(found["uid"]).bytes, found["binding"], keys)

    def context(self, header, location):
        """F9"""
        place = location if self.mode == "location" else b""
        return b"".join(struct.pack(">Q", len(x)) + x for x in (header, self.uid, place))

    def open(self, location, sealed):
        """F2 to F8, F12, and then the construction."""
        if len(sealed) >= len(MAGIC) and sealed[: len(MAGIC)] != MAGIC:
            raise Refused("NotSealed")
        if len(sealed) < HEADER:
            raise Refused("ObjectTruncated")
        header = sealed[:HEADER]
        generation = struct.unpack(">I", header[12:])[0]
        if header[8] != 1:
            raise Refused("UnknownFormat")
        if header[9] != 1:
            raise Refused("UnknownSuite")
        if header[10] not in MODES.values():
            raise Refused("UnknownBinding")
        if header[11] != 0 or generation == 0:
            raise Refused("MalformedHeader")
        if generation not in self.keys:
            raise Refused("UnknownGeneration")
        if len(sealed) < PROLOGUE or (len(sealed) - PROLOGUE) % (CHUNK + TAG) < TAG:
            raise Refused("ObjectTruncated")
        if header[10] != MODES[self.mode]:
            raise Refused("WrongBindingMode")
        opener = Cobblestone256Decryptor(self.keys[generation], self.context(header, location))
        try:
            return opener.update(sealed[HEADER:]) + opener.finalize()
        except InvalidTag:
            raise Refused("AuthenticationFailed") from None

    def seal(self, location, plain):
        """F1"""
        generation = max(self.keys)
        header = MAGIC + bytes([1, 1, MODES[self.mode], 0]) + struct.pack(">I", generation)
        sealer = Cobblestone256Encryptor(self.keys[generation], self.context(header, location))
        return header + sealer.update(plain) + sealer.finalize()


def stored_length(plain):
    """The closed formula of F12."""
    return PROLOGUE + plain + TAG * (plain // CHUNK + 1)


def vectors(folder):
    """F71"""
    opened = refused = 0
    for path in sorted(Path(folder).glob("*.vector")):
        text, sealed = path.read_bytes().split(b"\n\n", 1)
        fields = dict(line.split(": ", 1) for line in text.decode().splitlines())
        keys = {int(k[4:]): bytes.fromhex(v) for k, v in fields.items() if k.startswith("key-")}
        resource = Resource(uuid.UUID(fields["uid"]).bytes, fields["mode"], keys)
        location = fields.get("location", "").encode()
        try:
            plain = resource.open(location, sealed)
        except Refused as error:
            assert error.code == fields["expect"], f"{path.name}: {error.code}"
            refused += 1
            continue
        assert fields["expect"] == "plaintext", f"{path.name} was opened"
        assert len(plain) == int(fields["plain-length"]), path.name
        assert len(sealed) == stored_length(len(plain)), path.name
        assert hashlib.sha256(plain).hexdigest() == fields["plain-sha256"], path.name
        opened += 1
    print(json.dumps({"opened": opened, "refused": refused}))


def open_all(keys, objects):
    """One line of JSON for each object below a resource's `o` (F60)."""
    resource, root = Resource.exported(keys), Path(objects)
    for path in sorted(path for path in root.rglob("*") if path.is_file()):
        location = str(path.relative_to(root))
        plain = resource.open(location.encode(), path.read_bytes())
        sha256 = hashlib.sha256(plain).hexdigest()
        print(json.dumps({"location": location, "length": len(plain), "sha256": sha256}))


def seal(keys, location, file):
    """A new object, for a program that knows nothing of where it came from."""
    sealed = Resource.exported(keys).seal(location.encode(), sys.stdin.buffer.read())
    Path(file).parent.mkdir(parents=True, exist_ok=True)
    Path(file).write_bytes(sealed)


if __name__ == "__main__":
    verb, arguments = sys.argv[1], sys.argv[2:]
    {"vectors": vectors, "open": open_all, "seal": seal}[verb](*arguments)
