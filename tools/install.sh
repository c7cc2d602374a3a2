#!/bin/sh
# Installs the Debian packages named as arguments, if what they are for is not there yet. Says what it does before it
# does it, and says what to do where it cannot. Quiet and quick when nothing is missing.
set -eu

# Whether what a package is for is there already, by whatever way it came.
present() {
    case "$1" in
    libvips-dev) installed libvips-dev || links -lvips -lgobject-2.0 -lglib-2.0 ;;
    nginx-light) command -v nginx >/dev/null || [ -x /usr/sbin/nginx ] ;;
    nodejs) command -v node >/dev/null ;;
    python3-venv) python3 -c 'import ensurepip, venv' 2>/dev/null ;;
    nasm | npm | cmake | g++ | openssl) command -v "$1" >/dev/null ;;
    *) installed "$1" ;;
    esac
}

installed() {
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

links() {
    echo 'int main(void) { return 0; }' | cc -x c - -o /dev/null "$@" 2>/dev/null
}

known() {
    [ -n "$(apt-cache show "$1" 2>/dev/null | head -n 1)" ]
}

missing=
for package in "$@"; do
    present "$package" || missing="$missing $package"
done
missing=${missing# }
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null; then
    cat >&2 <<END
Tintype needs packages that are not on this system, and it can install them only with apt. Their Debian names are:
    $missing
Install what they are called here (on Fedora: vips-devel nasm cmake gcc-c++ nginx python3 nodejs npm; on Arch: libvips nasm cmake gcc nginx
python nodejs npm; with Homebrew: vips nasm cmake nginx python node) and run make again.
END
    exit 1
fi

sudo=
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "Tintype needs the packages below. As root, run: apt-get install --no-install-recommends $missing" >&2
        exit 1
    fi
    sudo=sudo
fi

for package in $missing; do
    known "$package" && continue
    echo "==> apt does not know $package yet: ${sudo:+$sudo }apt-get update"
    $sudo apt-get update
    break
done

echo "==> installing with apt: $missing"
echo "    ${sudo:+$sudo }apt-get install --yes --no-install-recommends $missing"
install() {
    # shellcheck disable=SC2086 # a list of packages
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends $missing
}
# Old package lists name files that the mirror no longer has.
install || { echo "==> once more after ${sudo:+$sudo }apt-get update" && $sudo apt-get update && install; }
