#!/bin/sh
# SPDX-License-Identifier: MIT
#
# dsdt.sh: prints the ASL of an HVM guest's DSDT; iasl compiles it into the
# device model.  It describes the machine of hvm-emu/dev on the hypervisor's
# interrupt controllers: an i440FX with a PIIX3 in slot 1, pins of PCI slots at
# fixed inputs of the IO-APIC from 16 on, or at four links in the days of the
# 8259s.  Processors are in a table of their own (fw_acpi.c).

# route APIC|PIC: the package of all slots and pins.
route()
{
    echo "        Name (R$1, Package () {"
    for slot in $(seq 1 31); do
        for pin in 0 1 2 3; do
            link=$(((slot + pin) % 4))
            gsi=$(((slot * 4 + slot / 8 + pin) % 32 + 16))
            address=$(printf '0x%04XFFFF' "$slot")
            if [ "$1" = APC ]; then
                echo "            Package () { $address, $pin, 0, $gsi },"
            else
                echo "            Package () { $address, $pin, LNK$(echo $link | tr 0123 ABCD), 0 },"
            fi
        done
    done
    echo '        })'
}

# link N LETTER: where PIRQ register N leads.
link()
{
    cat <<END
    Device (LNK$2) {
        Name (_HID, EISAID ("PNP0C0F"))
        Name (_UID, $(($1 + 1)))
        Name (_PRS, ResourceTemplate () {
            Interrupt (ResourceConsumer, Level, ActiveLow, Shared) { 5, 10, 11 }
        })
        Method (_STA) {
            If (And (PIR$2, 0x80)) { Return (0x09) }
            Return (0x0B)
        }
        Method (_DIS) { Or (PIR$2, 0x80, PIR$2) }
        Method (_CRS, 0, Serialized) {
            Name (RES, ResourceTemplate () {
                Interrupt (ResourceConsumer, Level, ActiveLow, Shared) { 0 }
            })
            CreateDWordField (RES, 0x05, IRQ)
            And (PIR$2, 0x0F, IRQ)
            Return (RES)
        }
        Method (_SRS, 1) {
            CreateDWordField (Arg0, 0x05, IRQ)
            Store (IRQ, PIR$2)
        }
    }
END
}

cat <<END
DefinitionBlock ("dsdt.aml", "DSDT", 2, "PARAVN", "PARAVANE", 1) {
Name (PICD, 0)
Method (_PIC, 1) { Store (Arg0, PICD) }
Name (_S5, Package () { 0, 0, 0, 0 })

Scope (_SB) {
    Device (PCI0) {
        Name (_HID, EISAID ("PNP0A03"))
        Name (_UID, 0)
        Name (_BBN, 0)
        Name (_CRS, ResourceTemplate () {
            WordBusNumber (ResourceProducer, MinFixed, MaxFixed, PosDecode,
                0, 0, 0xFF, 0, 0x100)
            IO (Decode16, 0xCF8, 0xCF8, 1, 8)
            WordIO (ResourceProducer, MinFixed, MaxFixed, PosDecode, EntireRange,
                0, 0x0000, 0x0CF7, 0, 0x0CF8)
            WordIO (ResourceProducer, MinFixed, MaxFixed, PosDecode, EntireRange,
                0, 0x0D00, 0xFFFF, 0, 0xF300)
            DWordMemory (ResourceProducer, PosDecode, MinFixed, MaxFixed,
                Cacheable, ReadWrite, 0, 0x000A0000, 0x000BFFFF, 0, 0x00020000)
            DWordMemory (ResourceProducer, PosDecode, MinFixed, MaxFixed,
                NonCacheable, ReadWrite, 0, 0xF0000000, 0xFBFFFFFF, 0, 0x0C000000)
        })
END
route APC
route PIC
cat <<END
        Method (_PRT) {
            If (PICD) { Return (RAPC) }
            Return (RPIC)
        }

        Device (ISA) {
            Name (_ADR, 0x00010000)
            OperationRegion (PIRQ, PCI_Config, 0x60, 4)
            Scope (\\_SB) {
                Field (\\_SB.PCI0.ISA.PIRQ, ByteAcc, NoLock, Preserve) {
                    PIRA, 8, PIRB, 8, PIRC, 8, PIRD, 8
                }
            }
            Device (PIC) {
                Name (_HID, EISAID ("PNP0000"))
                Name (_CRS, ResourceTemplate () {
                    IO (Decode16, 0x20, 0x20, 0, 2)
                    IO (Decode16, 0xA0, 0xA0, 0, 2)
                    IO (Decode16, 0x4D0, 0x4D0, 0, 2)
                    IRQNoFlags () { 2 }
                })
            }
            Device (TIMR) {
                Name (_HID, EISAID ("PNP0100"))
                Name (_CRS, ResourceTemplate () {
                    IO (Decode16, 0x40, 0x40, 0, 4)
                    IRQNoFlags () { 0 }
                })
            }
            Device (RTC) {
                Name (_HID, EISAID ("PNP0B00"))
                Name (_CRS, ResourceTemplate () {
                    IO (Decode16, 0x70, 0x70, 0, 2)
                    IRQNoFlags () { 8 }
                })
            }
            Device (SPKR) {
                Name (_HID, EISAID ("PNP0800"))
                Name (_CRS, ResourceTemplate () {
                    IO (Decode16, 0x61, 0x61, 0, 1)
                })
            }
            Device (PS2K) {
                Name (_HID, EISAID ("PNP0303"))
                Name (_CID, EISAID ("PNP030B"))
                Name (_CRS, ResourceTemplate () {
                    IO (Decode16, 0x60, 0x60, 0, 1)
                    IO (Decode16, 0x64, 0x64, 0, 1)
                    IRQNoFlags () { 1 }
                })
            }
            Device (PS2M) {
                Name (_HID, EISAID ("PNP0F13"))
                Name (_CRS, ResourceTemplate () { IRQNoFlags () { 12 } })
            }
            Device (COM1) {
                Name (_HID, EISAID ("PNP0501"))
                Name (_UID, 1)
                Name (_CRS, ResourceTemplate () {
                    IO (Decode16, 0x3F8, 0x3F8, 8, 8)
                    IRQNoFlags () { 4 }
                })
            }
        }
    }
    Device (HPET) {
        Name (_HID, EISAID ("PNP0103"))
        Name (_UID, 0)
        Name (_CRS, ResourceTemplate () {
            Memory32Fixed (ReadOnly, 0xFED00000, 0x400)
        })
    }
END
link 0 A; link 1 B; link 2 C; link 3 D
echo '}'
echo '}'
