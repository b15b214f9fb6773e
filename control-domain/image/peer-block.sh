#!/bin/sh
# SPDX-License-Identifier: MIT
# Stands in for Debian's block hotplug script (bash and losetup with long
# options, neither in the image): writes the same store keys.
dev=$(xenstore-read "$XENBUS_PATH/params")
case $1 in
add)
    n=0                         # another disk's script may be quicker
    until loop=$(/bin/busybox losetup -f) && /bin/busybox losetup "$loop" "$dev" 2>/dev/null; do
        n=$((n + 1))
        [ $n -lt 50 ] || exit 1
        /bin/busybox sleep 0.1
    done
    major=$(/bin/busybox printf %x "$(/bin/busybox stat -c '%t' "$loop" | /bin/busybox sed 's/^/0x/')")
    minor=$(/bin/busybox stat -c '%T' "$loop")
    xenstore-write "$XENBUS_PATH/node" "$loop" "$XENBUS_PATH/physical-device" "$major:$minor" \
        "$XENBUS_PATH/physical-device-path" "$loop" "$XENBUS_PATH/hotplug-status" connected ;;
remove)
    /bin/busybox losetup -d "$(xenstore-read "$XENBUS_PATH/node")" ;;
esac
