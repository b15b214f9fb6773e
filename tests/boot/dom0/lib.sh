# SPDX-License-Identifier: MIT
#
# What every scenario inside dom0 uses.  A scenario prints one line
# "TEST name: PASS" or "TEST name: FAIL why" per fact and ends with finish;
# PID 1 then prints "DONE rc" and powers off.
/bin/busybox --install -s /bin 2>/dev/null
failures=0
B=/etc/paravane/tests

pass() { echo "TEST $1: PASS"; }
fail() { name=$1; shift; echo "TEST $name: FAIL $*"; failures=$((failures + 1)); }

# check NAME COMMAND...: passes when the command does.
check()
{
    name=$1; shift
    if out=$("$@" 2>&1); then
        pass "$name"
    else
        fail "$name" "$(echo "$out" | tail -n 3 | tr '\n' ' ')"
        return 1
    fi
}

# same NAME WANTED GOT
same()
{
    if [ "$2" = "$3" ]; then
        pass "$1"
    else
        fail "$1" "wanted '$2', got '$3'"
    fi
}

# wait_for SECONDS COMMAND...: until the command succeeds, tried every PAUSE.
wait_for()
{
    end=$(($(cut -d. -f1 /proc/uptime) + $1)); shift
    until "$@" >/dev/null 2>&1; do
        [ "$(cut -d. -f1 /proc/uptime)" -lt $end ] || return 1
        sleep "${PAUSE:-0.2}"
    done
}

# mark, then came DOMAIN EVENT SECONDS: has it come since, or comes it in time?
mark() { cursor=$(vmctl events --cursor); }
came() { vmctl events --since "$cursor" --domain "$1" --event "$2" --once --timeout "$3"; }

# Bytes of the hypervisor that may be missing at the end: none of ours, but
# Debian's Xen keeps a page now and then for later.
slack=0
grep -q paravane /sys/hypervisor/version/extra 2>/dev/null || slack=65536

uptime_s() { cut -d' ' -f1 /proc/uptime; }

finish()
{
    [ $failures = 0 ] && exit 0
    exit 1
}

# What a scenario tells the reader of make demo, with dom0's clock.
story() { echo "STORY [$(uptime_s) s in dom0] $*"; }

# 1 MiB of text that says which block it is; the guest makes the same.
block()
{
    yes "paravane block $1" | head -c 65536 > /tmp/chunk
    set -- /tmp/chunk /tmp/chunk /tmp/chunk /tmp/chunk
    cat "$@" "$@" "$@" "$@"
}

# blocks FROM TO: blocks FROM..TO-1 one after the other.
blocks()
{
    i=$1
    while [ "$i" -lt "$2" ]; do
        block "$i"
        i=$((i + 1))
    done
}

sha() { sha256sum | cut -d' ' -f1; }

guest_log() { echo "/var/log/xen/console/guest-$1.log"; }

# domain NAME RUN [MEMORY] [VCPUS] [DISK]: the XML of a guest that runs RUN;
# a PV guest, or of the type in TYPE; another KERNEL and INITRD than the stock
# ones; more devices in MORE.
domain()
{
    cat <<END
<domain type='xen'>
  <name>$1</name>
  <memory unit='MiB'>${3:-192}</memory>
  <vcpu>${4:-1}</vcpu>
  <os>
    <type arch='x86_64'>${TYPE:-linux}</type>
    <kernel>${KERNEL:-/boot/vmlinuz}</kernel>
    <initrd>${INITRD:-/boot/guest.img}</initrd>
    <cmdline>console=hvc0 quiet guest.run=$2</cmdline>
  </os>
  <clock offset='utc'>${CLOCK:-}</clock>
  <on_poweroff>destroy</on_poweroff>
  <on_reboot>restart</on_reboot>
  <on_crash>destroy</on_crash>
  <devices>
END
    if [ -n "${5:-}" ]; then
        cat <<END
    <disk type='file' device='disk'>
      <driver name='${DRIVER:-file}' type='raw'/>
      <source file='$5'/>
      <target dev='xvda' bus='xen'/>
    </disk>
END
    fi
    cat <<END
    ${MORE:-}
    <console type='pty'><target type='xen'/></console>
  </devices>
</domain>
END
}

# card XX: a card on the bridge xenbr0, with that end of its MAC.
card()
{
    echo "<interface type='bridge'><source bridge='xenbr0'/><mac address='00:16:3e:77:00:$1'/></interface>"
}

# tiny NAME IMAGE CMDLINE MEMORY [DISK]: the XML of one of our own small guests.
# CARD=xx:xx: it has a card with that end of a MAC, on the bridge xenbr0, with
# our back end or the one CARD_BY names.
tiny()
{
    domain "$1" x "$4" 1 "${5:-}" |
        sed "s|<kernel>.*|<kernel>$B/$2.elf</kernel>|; /<initrd>/d; s|<cmdline>.*|<cmdline>$3</cmdline>|" |
        if [ -n "${CARD:-}" ]; then
            sed "s|<console type='pty'>|<interface type='bridge'><source bridge='xenbr0'/>\
                <mac address='00:16:3e:77:$CARD'/><driver name='${CARD_BY:-qemu}'/></interface>&|"
        else
            cat
        fi
}

# sectors FILE: how many of 512 bytes it takes.
sectors() { echo $((($(stat -c %s "$1") + 511) / 512)); }

# hvm_disk FILE WORDS...: a hard disk that boots, from GRUB's sectors to the
# stock kernel with WORDS as its command line; or KERNEL, INITRD.
# Among them, "no_timer_check": without PV drivers the kernel panics if it does
# not see four ticks within 40 ms, which a machine this busy may not give it.
hvm_disk()
{
    file=$1; shift
    # shellcheck disable=SC2086
    cat ${INITRD:-/boot/guest.img /boot/hvm-extra.img} > /tmp/hvm-initrd
    kernel=${KERNEL:-/boot/vmlinuz}
    kernel_n=$(sectors "$kernel") initrd_n=$(sectors /tmp/hvm-initrd)
    cp /boot/hvm-grub.img "$file"
    {
        cat <<END
serial --unit=0 --speed=115200
terminal_input console serial
terminal_output console serial
set timeout=${MENU_SECONDS:-0}
menuentry "Debian" {
    linux (hd0)2048+$kernel_n $*
    initrd (hd0)$((2048 + kernel_n))+$initrd_n
}
menuentry "Halt" {
    halt
}
END
        yes ''
    } 2>/dev/null | head -c 4096 > /tmp/hvm-menu
    for part in /tmp/hvm-menu@2040 "$kernel@2048" "/tmp/hvm-initrd@$((2048 + kernel_n))"; do
        dd if="${part%@*}" of="$file" bs=512 seek="${part#*@}" conv=notrunc 2>/dev/null
    done
    truncate -s $(((2048 + kernel_n + initrd_n + 2047) / 2048))M "$file"
}

# hvm NAME MEMORY VCPUS DISK [DATA]: the XML of an HVM guest that boots from the
# disk DISK, or the CD CD; more devices in MORE, more of <os> in OS.  What it
# says on its serial line is in /tmp/NAME.serial.
hvm()
{
    cat <<END
<domain type='xen'>
  <name>$1</name>
  <memory unit='MiB'>$2</memory>
  <vcpu>$3</vcpu>
  <os><type arch='x86_64'>hvm</type>${OS:-}</os>
  <clock offset='utc'>${CLOCK:-}</clock>
  <on_poweroff>destroy</on_poweroff>
  <on_reboot>restart</on_reboot>
  <on_crash>destroy</on_crash>
  <devices>
END
    for disk in "${4:-}:hda" "${5:-}:hdb"; do
        [ "${disk%:*}" = "" ] || echo "    <disk type='file' device='disk'><driver name='qemu' type='raw'/>
      <source file='${disk%:*}'/><target dev='${disk#*:}' bus='ide'/></disk>"
    done
    [ -z "${CD:-}" ] || echo "    <disk type='${CD_TYPE:-file}' device='cdrom'>
      <source ${CD_WORD:-file}='$CD'/><target dev='hdc' bus='ide'/><readonly/></disk>"
    cat <<END
    ${MORE:-}
    <serial type='file'><source path='/tmp/$1.serial'/></serial>
    <console type='pty'><target type='xen'/></console>
  </devices>
</domain>
END
}

# serial_said NAME WORDS, serial_heard NAME WORD N: as said and heard.
serial_said() { grep -aq "$2" "/tmp/$1.serial"; }
serial_heard()
{
    sed -n "s/.*GUEST $2 //p" "/tmp/$1.serial" | tail -n 1 | tr -d '\r' | cut -d' ' -f"$3"
}

# plug DOMID BACK FRONT [KEY VALUE]...: device 0 of a running guest, its store
# entries as a toolstack writes them; KEYs go to the backend's directory.
plug()
{
    back=/local/domain/0/backend/$2/$1
    front=/local/domain/$1/device/$3/0
    xs mkdir "$back" "/local/domain/$1/device/$3" "$front"
    xs chmod "$back" n0 "r$1"
    xs chmod "$front" "n$1" r0
    domid=$1
    shift 3
    while [ $# -gt 0 ]; do
        xs write "$back/0/$1" "$2"
        shift 2
    done
    xs write "$back/0/frontend" "$front" "$back/0/frontend-id" "$domid" "$back/0/online" 1 \
        "$back/0/state" 1 "$front/backend-id" 0 "$front/state" 1 "$front/backend" "$back/0"
}

# A bridge for tiny guests; dom0 has the first address on it.
make_bridge()
{
    { brctl addbr xenbr0 || ip link add xenbr0 type bridge; } &&
        ip address add 10.77.1.1/24 dev xenbr0 && ip link set xenbr0 up
}

# said NAME WORDS: has the guest's console shown WORDS?
said() { grep -q "$2" "$(guest_log "$1")"; }

# heard NAME WORD N: the Nth word after WORD in the guest's last such line.
heard()
{
    sed -n "s/.*GUEST $2 //p" "$(guest_log "$1")" | tail -n 1 | tr -d '\r' | cut -d' ' -f"$3"
}

running() { vmctl list --json | grep -q "\"$1\""; }
gone() { ! running "$1"; }

# What helps to see why, when something went wrong.
last_words()
{
    tail -n 8 "$(guest_log "$1")" 2>/dev/null | sed "s/^/$1| /"
    tail -n 30 "/tmp/$1.serial" 2>/dev/null | sed "s/^/$1 serial| /"
    tail -n 20 /var/log/vmctl/*.log 2>/dev/null
    for key in q r q; do
        vmctl debug-keys $key             # the answer comes on the serial line
        sleep 1
    done
    dmesg | grep -E 'segfault|traps:|protection|BUG|WARN'
    xs ls / 2>/dev/null | grep -E 'backend/|device/|state' | head -n 60
    ps | grep -E 'vmctl|blkd|xenstored|consoled' | grep -v grep
}
