#!/bin/sh
# Says how many tests were left out because the images beside the repository are missing; nothing if none was.
notes="$(cd "$(dirname "$0")/.." && pwd)/target/left-out"
if [ -d "$notes" ]; then
    count=$(ls "$notes" | wc -l)
    printf '\n==> %s tests were left out, because they need the shared images (../shared/fixtures):\n' "$count"
    for note in "$notes"/*; do printf '    %s\n' "$(cat "$note")"; done
fi
