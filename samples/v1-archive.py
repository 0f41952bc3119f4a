#!/usr/bin/env python3
"""Writes IN, an archive of docker 1.10 to 24 with one image, as docker 1.9 would have saved it: v1-archive.py IN OUT.

No manifest.json and no config: a folder for each step of the history, empty layers included, chained by `parent`.
docker 1.9 drew the ids at random; here an id is the sha256 of what the step is made of, so that it comes out the same.
"""
import datetime
import hashlib
import io
import json
import sys
import tarfile

source, target = sys.argv[1:]
with tarfile.open(source) as archive:
    read = lambda name: archive.extractfile(name).read()
    manifest = json.loads(read("manifest.json"))[0]
    config = json.loads(read(manifest["Config"]))
    layers = iter([read(name) for name in manifest["Layers"]])

EMPTY = bytes(1024)
steps, parent = [], None
for line in config["history"]:
    layer = EMPTY if line.get("empty_layer") else next(layers)
    image_id = hashlib.sha256(repr((parent, line, hashlib.sha256(layer).hexdigest())).encode()).hexdigest()
    steps.append((image_id, parent, line, layer))
    parent = image_id


def document(image_id, parent, line, layer):
    created_by = line.get("created_by")
    fields = {
        "id": image_id,
        "parent": parent,
        "comment": line.get("comment"),
        "created": line["created"],
        "container_config": {"Cmd": [created_by] if created_by else None},
        "docker_version": "1.9.1",
        "author": line.get("author"),
        "config": config["config"] if image_id == steps[-1][0] else None,
        "architecture": config["architecture"],
        "os": config["os"],
        "Size": 0 if layer is EMPTY else sum(member.size for member in tarfile.open(fileobj=io.BytesIO(layer))),
    }
    kept = {key: value for key, value in fields.items() if value is not None}
    return json.dumps(kept, separators=(",", ":"), ensure_ascii=False).encode()


def add(out, name, content, created, kind=tarfile.REGTYPE):
    member = tarfile.TarInfo(name)
    member.type, member.size, member.mtime = kind, len(content), created
    member.mode = 0o755 if kind == tarfile.DIRTYPE else 0o644
    out.addfile(member, io.BytesIO(content))


with tarfile.open(target, "w", format=tarfile.USTAR_FORMAT) as out:
    for image_id, parent, line, layer in sorted(steps, key=lambda step: step[0]):
        created = int(datetime.datetime.fromisoformat(line["created"][:19] + "+00:00").timestamp())
        add(out, image_id, b"", created, tarfile.DIRTYPE)
        add(out, image_id + "/VERSION", b"1.0", created)
        add(out, image_id + "/json", document(image_id, parent, line, layer), created)
        add(out, image_id + "/layer.tar", layer, created)
    repositories = {}
    for tag in manifest["RepoTags"]:
        name, _, label = tag.rpartition(":")
        repositories.setdefault(name, {})[label] = steps[-1][0]
    add(out, "repositories", (json.dumps(repositories, separators=(",", ":")) + "\n").encode(), 0)
