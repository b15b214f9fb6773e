#!/bin/sh
# SPDX-License-Identifier: MIT
#
# browser.sh: a real headless Chromium, driven through chromedriver's HTTP
# protocol, opens the web client and types.
#
#   browser.sh URL TEXT [PASSWORD]
#
# The URL is what vmctl vnc --web prints.  Waits for events of the page, never
# for times: connected, the screen's size known, a picture that is not blank.
# Prints "size WxH" and status 0 when the keys went out.
set -eu
url=$1 text=$2 password=${3:-}
dir=$(mktemp -d "${TMPDIR:-/tmp}/browser.XXXXXX")
driver=
session=
clean()
{
    [ -z "$session" ] || curl -s -X DELETE "$base/session/$session" >/dev/null || :
    [ -z "$driver" ] || kill "$driver" 2>/dev/null || :
    rm -rf "$dir"
}
trap clean EXIT
trap 'exit 1' INT TERM

# wd METHOD PATH [BODY]: one call of the WebDriver protocol.
wd()
{
    curl -s -m 60 -X "$1" -H 'Content-Type: application/json' ${3:+-d "$3"} "$base$2"
}
script() { wd POST "/session/$session/execute/sync" "$(jq -n --arg s "$1" '{script:$s,args:[]}')" | jq -r '.value'; }

# until_true WHAT SCRIPT: the page's own clock asks, at most two minutes.
until_true()
{
    n=0
    while [ "$(script "$2")" != true ]; do
        n=$((n + 1))
        [ $n -lt 600 ] || { echo "browser: never $1" >&2
            script 'return document.documentElement.className + " | " + (document.getElementById("noVNC_status") || {}).textContent' >&2; exit 1; }
        sleep 0.2
    done
}

# The driver finds a free port and says which.
HOME=$dir chromedriver --port=0 > "$dir/log" 2>&1 &
driver=$!
n=0
until port=$(sed -n 's/.*successfully on port \([0-9]*\).*/\1/p' "$dir/log" 2>/dev/null) && [ -n "$port" ]; do
    n=$((n + 1))
    [ $n -lt 300 ] && kill -0 $driver || { cat "$dir/log" >&2; exit 1; }
    sleep 0.2
done
base=http://127.0.0.1:$port
session=$(wd POST /session "$(jq -n --arg d "$dir/profile" '{capabilities:{alwaysMatch:{browserName:"chrome",
    "goog:chromeOptions":{binary:"/usr/bin/chromium",args:["--headless=new","--no-sandbox","--disable-gpu",
    "--disable-dev-shm-usage","--no-first-run","--disable-background-networking","--disable-component-update",
    "--no-proxy-server",("--user-data-dir="+$d)]}}}}')" | jq -r '.value.sessionId')
[ "$session" != null ] || { cat "$dir/log" >&2; exit 1; }
wd POST "/session/$session/url" "$(jq -n --arg u "$url" '{url:$u}')" >/dev/null
if [ -n "$password" ]; then
    until_true 'asked for the password' \
        'return !!document.querySelector("#noVNC_credentials_dlg.noVNC_open")'
    script "document.getElementById('noVNC_password_input').value = '$password';
            document.getElementById('noVNC_credentials_button').click(); return true" >/dev/null
fi
until_true connected 'return document.documentElement.classList.contains("noVNC_connected")'
until_true 'saw a picture' '
    const c = document.querySelector("#noVNC_container canvas");
    if (!c || !c.width) return false;
    const d = c.getContext("2d").getImageData(0, 0, c.width, c.height).data;
    for (let i = 0; i < d.length; i += 4)
        if (d[i] != d[0] || d[i+1] != d[1] || d[i+2] != d[2]) return true;
    return false'
echo "size $(script 'const c = document.querySelector("#noVNC_container canvas"); return c.width + "x" + c.height')"
script 'document.querySelector("#noVNC_container canvas").focus(); return true' >/dev/null
# One character after the other, as a person types; the last is Enter.
actions=$(printf '%s' "$text" | jq -R '[split("")[] | {type:"keyDown",value:.}, {type:"keyUp",value:.}]
    + [{type:"keyDown",value:"\ue007"},{type:"keyUp",value:"\ue007"}] | {actions:[{type:"key",id:"k",actions:.}]}')
wd POST "/session/$session/actions" "$actions" | jq -e '.value == null' >/dev/null
# The page has handed the keys to its socket when it answers again.
until_true 'sent its keys' 'return true'
echo typed
