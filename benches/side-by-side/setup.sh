#!/usr/bin/env bash
# Installs the servers that Tintype is compared with into target/bench-tools. Run once; needs cargo, npm, python3-venv.
set -euo pipefail
cd "$(dirname "$0")/../.."
tools=$PWD/target/bench-tools
mkdir -p "$tools"
[ -x "$tools/bin/oximg" ] || cargo install oximg --version 0.18.1 --locked --root "$tools"
[ -d "$tools/thumbor" ] || { python3 -m venv "$tools/thumbor" && "$tools/thumbor/bin/pip" -q install thumbor==7.8.0; }
[ -d "$tools/ipx/node_modules/ipx" ] || npm install --silent --prefix "$tools/ipx" ipx@3.1.1 sharp
.ci/install nginx-light wrk
echo "installed in $tools"
