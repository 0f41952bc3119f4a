#!/usr/bin/env bash
# Makes the root file systems that the sample images are built from: trees.sh DIR gives DIR/1 and DIR/2, before and after
# a package upgrade, DIR/app-1 and DIR/app-2, the application on top, and DIR/busybox. Every file has a fixed time.
set -euo pipefail
out=$(mkdir -p "${1:?trees.sh DIR}" && cd "$1" && pwd)
export SOURCE_DATE_EPOCH=1735689600 LC_ALL=C TZ=UTC # 2025-01-01
umask 022

# package VERSION NAME "DEPENDS" "DESCRIPTION": packs what stands in $stage as $out/debs/NAME_VERSION_all.deb
package() {
  mkdir -p "$stage/DEBIAN" "$out/debs"
  cat >"$stage/DEBIAN/control" <<CONTROL
Package: $2
Version: $1
Architecture: all
Maintainer: imgtar samples <samples@example.org>
Section: misc
Priority: optional
Depends: $3
Description: $4
CONTROL
  [ -n "$3" ] || sed -i '/^Depends:/d' "$stage/DEBIAN/control"
  (cd "$stage" && find . -type f -not -path './DEBIAN/*' -printf '%P\0' | sort -z | xargs -0 md5sum >DEBIAN/md5sums)
  find "$stage" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
  dpkg-deb --root-owner-group --build "$stage" "$out/debs/$2_$1_all.deb" >/dev/null
  rm -rf "$stage"
}
stage=$out/stage

packages() { # VERSION: libgreet, greet-data and greet
  mkdir -p "$stage/usr/lib/greet"
  printf 'greet() { printf "%%s, %%s! (%s)\\n" "$GREETING" "$1"; }\n' "$1" >"$stage/usr/lib/greet/greet.sh"
  [ "$1" = 1.0-1 ] && echo 'legacy_greet() { echo "Hi $1"; }' >"$stage/usr/lib/greet/legacy.sh"
  package "$1" libgreet '' 'shell functions that greet'
  mkdir -p "$stage/usr/bin" "$stage/usr/share/man/man1"
  printf '#!/bin/sh\n. /usr/lib/greet/greet.sh\ngreet "$@"\n' >"$stage/usr/bin/greet"
  chmod 755 "$stage/usr/bin/greet"
  printf '.TH GREET 1 "" "greet %s"\n.SH NAME\ngreet \\- says hello\n' "$1" >"$stage/usr/share/man/man1/greet.1"
  package "$1" greet "libgreet (>= 1.0), greet-data" 'says hello'
}
data_package() {
  local name
  for name in de:Hallo en:Hello fr:Bonjour ja:こんにちは; do
    mkdir -p "$stage/usr/share/greet/${name%%:*}"
    echo "${name#*:}" >"$stage/usr/share/greet/${name%%:*}/greeting"
  done
  package 1.0-1 greet-data '' 'greetings in some languages'
}
install_into() { # ROOT DEB...
  local root=$1
  shift
  dpkg --root="$root" --force-unsafe-io --force-script-chrootless --no-triggers --log=/dev/null --install "$@" >/dev/null
  rm -rf "$root"/var/lib/dpkg/{lock,lock-frontend,triggers/Lock,status-old,available-old}
  rm -rf "$root/var/lib/dpkg/updates" "$root/var/lib/dpkg/parts"
}

first_tree() { # ROOT
  local root=$1
  mkdir -p "$root"/{etc,tmp,usr/bin,usr/lib,var/tmp,var/cache/greet,var/lib/dpkg/{info,triggers,alternatives}}
  ln -s usr/bin "$root/bin"
  ln -s usr/lib "$root/lib"
  chmod 1777 "$root/tmp" "$root/var/tmp"
  printf 'ID=sample\nNAME="imgtar sample"\nVERSION_ID=1\n' >"$root/etc/os-release"
  printf 'root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000::/srv/app:/bin/sh\n' >"$root/etc/passwd"
  printf 'root:x:0:\napp:x:1000:\n' >"$root/etc/group"
  : >"$root/var/lib/dpkg/status"
  : >"$root/var/lib/dpkg/available"
  install_into "$root" "$out"/debs/{libgreet_1.0-1,greet-data_1.0-1,greet_1.0-1}_all.deb
  ln "$root/usr/bin/greet" "$root/usr/bin/hello"
  printf '#!/bin/sh\nexec greet root\n' >"$root/usr/bin/greet-root"
  chmod 4755 "$root/usr/bin/greet-root"
  echo 'built from scratch' >"$root/var/tmp/build.log"
  for n in 1 2 3; do seq "$((n * 100))" "$((n * 100 + 40))" >"$root/var/cache/greet/page-$n"; done
}
application() { # ROOT VERSION
  local at=$1/srv/app
  mkdir -p "$at/static" "$at/node_modules/a-package-with-a-long-name/lib/and-a-folder-with-a-long-name/and-another-one-below"
  printf '{"name":"app","version":"%s"}\n' "$2" >"$at/app.json"
  printf '<h1>greeting template %s</h1>\n' "$2" >"$at/static/index.html"
  echo 'Grüße' >"$at/static/grüße.txt"
  seq 1 300 >"$at/node_modules/a-package-with-a-long-name/lib/and-a-folder-with-a-long-name/and-another-one-below/numbers.txt"
  ln -s static/index.html "$at/index.html"
  if [ "$2" = 1 ]; then echo 'only in the first version' >"$at/old.txt"; else echo 'new here' >"$at/new.txt"; fi
  chown -R 1000:1000 "$at"
}

packages 1.0-1
packages 1.1-1
data_package
first_tree "$out/1"
cp -a "$out/1" "$out/2"
install_into "$out/2" "$out"/debs/{libgreet_1.1-1,greet_1.1-1}_all.deb
ln -f "$out/2/usr/bin/greet" "$out/2/usr/bin/hello"
application "$out/app-1" 1
application "$out/app-2" 2
mkdir -p "$out/busybox/bin" "$out/busybox/tmp"
cp "$(command -v busybox)" "$out/busybox/bin/busybox"
for applet in sh ls cat tar; do ln "$out/busybox/bin/busybox" "$out/busybox/bin/$applet"; done
find "$out/1" "$out/2" "$out/app-1" "$out/app-2" "$out/busybox" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
