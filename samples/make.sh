#!/usr/bin/env bash
# Makes every archive of this folder with the real tools: samples/make.sh PEERS_DIR [PEERS_SCRIPT]
# PEERS_DIR is where `peers.sh up PEERS_DIR` runs docker 20.10, docker 28 (both image stores), skopeo and podman; root is
# needed. The daemons have no network and get none. README.md is written too: commands, versions, digests.
# What the layers hold is the same in each run; the times of whiteouts, and with them the image IDs, are those of the run.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
engines=$(cd "${1:?samples/make.sh PEERS_DIR [PEERS_SCRIPT]}" && pwd)
peers=${2:-$here/../../shared/peers/peers.sh}
eval "$("$peers" env "$engines")"
export DOCKER_BUILDKIT=0 LC_ALL=C TZ=UTC
epoch=1735689600
name=example/app
work=$(mktemp -d /tmp/imgtar-samples.XXXXXX)

d20() { docker -H "$DOCKER_20" "$@"; }
d28() { docker -H "$DOCKER_28" "$@"; }
d28c() { docker -H "$DOCKER_28C" "$@"; }
sid() { (cd /tmp && "$peers" run "$engines" "$@"); } # it mounts the current folder
podman() { sid podman --root "$work/podman" --runroot "$work/podman-run" --storage-driver vfs "$@"; }

clean() {
  d20 rm -f imgtar-samples-step imgtar-samples-export >/dev/null 2>&1 || true
  d20 rmi -f $name:1 $name:2 $name-base:0 $name-base:1 $name-base:2 example/busybox:1 >/dev/null 2>&1 || true
  d28 rmi -f $name:1 >/dev/null 2>&1 || true
  d28c rmi -f $name:1 >/dev/null 2>&1 || true
  podman rmi -af >/dev/null 2>&1 || true
  rm -rf "$work"
}
trap clean EXIT

# step FROM TO MESSAGE SHELL [MOUNT...]: a layer as a build step makes it, by a shell that is mounted into the container
# and so does not stay in the image (/dev is a tmpfs of the container).
step() {
  local from=$1 to=$2 message=$3 shell=$4
  shift 4
  d20 create --name imgtar-samples-step --network none -v /usr/bin/busybox:/dev/busybox:ro "$@" "$from" /dev/busybox sh -ec "$shell" >/dev/null
  d20 start -a imgtar-samples-step
  d20 commit -m "$message" -c 'CMD []' imgtar-samples-step "$to" >/dev/null
  d20 rm imgtar-samples-step >/dev/null
}
pack() { tar -C "$1" --sort=name --numeric-owner --format=pax --pax-option=delete=atime,delete=ctime --mtime="@$epoch" -cf "$2" .; }
build() { # CONTEXT TAG
  d20 build -q --network none -t "$2" "$1" >/dev/null
}

"$here/trees.sh" "$work/trees"
mkdir "$work/base" "$work/app-1" "$work/app-2" "$work/busybox"
pack "$work/trees/1" "$work/base/rootfs.tar"
pack "$work/trees/busybox" "$work/busybox/rootfs.tar"
printf 'FROM scratch\nADD rootfs.tar /\n' >"$work/base/Dockerfile"
printf 'FROM scratch\nADD rootfs.tar /\nCMD ["sh"]\n' >"$work/busybox/Dockerfile"
for version in 1 2; do
  pack "$work/trees/app-$version" "$work/app-$version/app.tar"
  cat >"$work/app-$version/Dockerfile" <<DOCKERFILE
FROM $name-base:$version
ENV GREETING=hello LANG=C.UTF-8
LABEL org.opencontainers.image.title=app org.opencontainers.image.version=$version
ADD app.tar /
WORKDIR /srv/app
USER 1000:1000
EXPOSE 8080
ENTRYPOINT ["/usr/bin/greet"]
CMD ["world"]
DOCKERFILE
done

# Base: a whiteout (build.log) and an opaque folder (cache). Upgrade: what the package upgrade changed and removed.
build "$work/base" $name-base:0
step $name-base:0 $name-base:1 'clean up' "
  rm /var/tmp/build.log
  rm -r /var/cache/greet
  mkdir /var/cache/greet
  echo empty >/var/cache/greet/README
  touch -h -d @$epoch /var/cache/greet/README /var/cache/greet /var/cache /var/tmp"
(cd "$work/trees" && diff -rq --no-dereference 1 2 || true) >"$work/changes"
sed -n 's/^Files [^ ]* and 2\/\([^ ]*\) differ$/\1/p; s/^Only in 2\(.*\): \(.*\)$/.\1\/\2/p' "$work/changes" | sort >"$work/trees/2/changed"
removed=$(sed -n 's/^Only in 1\(.*\): \(.*\)$/\1\/\2/p' "$work/changes")
step $name-base:1 $name-base:2 'upgrade libgreet and greet' "
  tar -cf - -C /dev/new \$(cat /dev/new/changed) | tar -xf - -C /
  ln -f /usr/bin/greet /usr/bin/hello
  rm $removed
  for path in \$(cat /dev/new/changed) $removed; do touch -h -d @$epoch \$(dirname /\$path); done
  touch -h -d @$epoch /usr/bin" -v "$work/trees/2:/dev/new:ro"
build "$work/app-1" $name:1
build "$work/app-2" $name:2
build "$work/busybox" example/busybox:1

cd "$work"
d20 save -o app.tar $name:1
d20 save -o app-2.tar $name:2
d20 save -o bundle.tar $name:1 $name:2
d20 create --name imgtar-samples-export --network none $name:1 >/dev/null
d20 export -o app-export.tar imgtar-samples-export
d28 load -q -i app.tar >/dev/null
d28 save -o app-hybrid.tar $name:1
d28c load -q -i app.tar >/dev/null
d28c save -o app-containerd.tar $name:1
podman load -q -i "$work/app.tar"
podman save -q -o "$work/app-podman.tar" "$name:1"
sid skopeo copy -q docker-archive:$work/app.tar docker-archive:$work/app-skopeo.tar:$name:1
sid skopeo copy -q docker-archive:$work/app.tar oci:$work/app.oci:1
sid skopeo copy -q docker-archive:$work/app.tar oci-archive:$work/app-oci.tar:1
sid skopeo copy -q --dest-compress-format zstd docker-archive:$work/app.tar oci-archive:$work/app-zstd.tar:1
d20 save -o busybox-plain.tar example/busybox:1
sid skopeo copy -q --dest-compress-format zstd --dest-compress-level 19 docker-archive:$work/busybox-plain.tar oci-archive:$work/busybox.tar:1
gzip -9n <app.tar >app.tar.gz
python3 "$here/v1-archive.py" app.tar app-v1.tar
# The faults lie in the file index.html of the top layer: one bit flipped; the end cut off there.
at=$(grep -abo 'greeting template' app.tar | head -n 1 | cut -d: -f1)
{ head -c "$at" app.tar; printf 'G'; tail -c +"$((at + 2))" app.tar; } >app-damaged.tar
head -c "$((at + 100))" app.tar >app-truncated.tar

rm -rf "$here/app.oci"
cp -r app.oci "$here/app.oci"
for archive in app.tar app-2.tar app-export.tar app-hybrid.tar app-containerd.tar app-skopeo.tar app-podman.tar app-oci.tar \
  app-zstd.tar app-v1.tar app.tar.gz bundle.tar busybox.tar app-damaged.tar app-truncated.tar; do
  cp "$archive" "$here/$archive"
done
chmod -R u=rwX,go=rX "$here"

image_id() { docker -H "$1" image inspect -f '{{.Id}}' "$2"; }
oci_id() { sid skopeo inspect --raw "oci-archive:$work/$1" | python3 -c 'import json, sys; print(json.load(sys.stdin)["config"]["digest"])'; }
image_row() { printf '| %s | %s | `%s` |\n' "$1" "$2" "$3"; } # IMAGE ARCHIVES ID
row() { # FILE COMMAND
  printf '| %s | %s | %s | `%s` |\n' "$1" "$2" "$(stat -c %s "$here/$1")" "$(sha256sum <"$here/$1" | cut -d' ' -f1)"
}
{
  cat <<'TEXT'
# Samples

Small archives that real tools wrote. One application in many wrappers, with what images have in real life: packages that
dpkg installed, hard links, a setuid file, a whiteout, an opaque folder, long and non-ASCII names, a second version after
an upgrade of two packages. `samples/make.sh PEERS_DIR` makes them again (this file too); `npm run demo` shows them.

| file | made by | bytes | sha256 |
| --- | --- | ---: | --- |
TEXT
  row app.tar "docker 20.10: \`docker save $name:1\`"
  row app-2.tar "docker 20.10: \`docker save $name:2\`"
  row bundle.tar "docker 20.10: \`docker save $name:1 $name:2\`"
  row app-export.tar "docker 20.10: \`docker export\` of a container of $name:1"
  row app-hybrid.tar "docker 28, classic store: \`docker load\` of app.tar, \`docker save\`"
  row app-containerd.tar "docker 28, containerd store: \`docker load\` of app.tar, \`docker save\`"
  row app-skopeo.tar "\`skopeo copy docker-archive:app.tar docker-archive:app-skopeo.tar:$name:1\`"
  row app-podman.tar "\`podman load\` of app.tar, \`podman save\`"
  row app-oci.tar "\`skopeo copy docker-archive:app.tar oci-archive:app-oci.tar:1\`; gzip layers"
  row app-zstd.tar "the same with \`--dest-compress-format zstd\`"
  row app-v1.tar "\`samples/v1-archive.py app.tar app-v1.tar\`: as docker 1.9 saved it"
  row app.tar.gz '`gzip -9n` of app.tar'
  row busybox.tar 'skopeo, OCI archive with a zstd layer: a static busybox and four hard links to it'
  row app-damaged.tar 'app.tar with one letter changed in a file of the top layer'
  row app-truncated.tar 'app.tar, cut in the top layer'
  printf '\n`app.oci/` is the OCI layout of app-oci.tar as a directory: `skopeo copy docker-archive:app.tar oci:app.oci:1`.\n'
  printf '\n| image | in | image ID |\n| --- | --- | --- |\n'
  image_row $name:1 'app.tar and the docker archives made of it; app-v1.tar has no config, and so no ID of its own' "$(image_id "$DOCKER_20" $name:1)"
  image_row $name:1 'app-oci.tar, app-zstd.tar, app.oci: skopeo wrote the config anew for OCI' "$(oci_id app-oci.tar)"
  image_row $name:2 'app-2.tar' "$(image_id "$DOCKER_20" $name:2)"
  image_row example/busybox:1 'busybox.tar, where skopeo left the tag alone for a name' "$(oci_id busybox.tar)"
  printf '\nMade with docker %s and %s, %s, %s, %s.\n' "$(d20 version -f '{{.Server.Version}}')" \
    "$(d28 version -f '{{.Server.Version}}')" "$(sid skopeo --version)" "$(sid podman --version)" "$(busybox | head -n 1 | cut -d'(' -f1 | sed 's/ *$//')"
} >"$here/README.md"
