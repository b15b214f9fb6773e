#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The people before the screen of the guest in scenario screen: a VNC client
# and a real Chromium, on the machine that runs QEMU.  PORT0 leads to VNC,
# PORT1 to the web client; what the scenario says is read in LOG.
set -eu
dir=$(mktemp -d "${TMPDIR:-/tmp}/screen.XXXXXX")
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM
export VNC_SECONDS=600

# The scenario may take its time; the boot's own limit ends it.
heard()
{
    until grep -q "SCREEN $1" "$LOG"; do sleep 0.5; done
    echo "heard: $1"
}
client() { build/screen/vnc_client 127.0.0.1 "$PORT0" "$@"; }
picture() { yes "paravane screen $1" | head -c $((800 * 600 * 4)) > "$dir/$1.raw"; }

for p in one two three; do picture $p; done
heard READY
if client wrong size 800x600; then
    echo 'a wrong password was taken'
    exit 1
fi
client secret size 800x600 picture "$dir/one.raw" type 'draw two\n' picture "$dir/two.raw" \
    say 'the VNC client saw both pictures' type 'point\n'
heard POINT
client secret move 100 200 click say 'pointed'
# A second viewer stays and sees what the browser makes the guest draw.
client secret size 800x600 say watching picture "$dir/three.raw" say 'both saw the third' \
    type 'seen\n' > "$dir/watch" 2>&1 &
watcher=$!
until grep -q watching "$dir/watch"; do sleep 0.2; done
heard BROWSE
tests/screen/browser.sh "http://127.0.0.1:$PORT1/" 'draw three' secret
wait $watcher
cat "$dir/watch"
heard AGAIN
tests/screen/browser.sh "http://127.0.0.1:$PORT1/" 'Typed in a Browser' secret
echo done
