# Packages as inputs, the control domain's image, the boot disk.
PROGRAMS  += init
init_SRCS := $(addprefix control-domain/services/,init.c boot_fs.c service.c)

IMG  := control-domain/image
ALL  += $(BUILD)/control-domain.img \
        $(BUILD)/paravane.iso
HELP += packages

$(BUILD)/kernel/.stamp: $(IMG)/fetch
	@echo '  fetch kernel'
	$(Q)rm -rf $(@D) && $(IMG)/fetch kernel $(@D) && \
	 ln -s $$(ls $(@D)/boot | grep vmlinuz) $(@D)/boot/vmlinuz && \
	 /sbin/depmod -b $(@D) $$(ls $(@D)/lib/modules) && touch $@

# Debian's 32-bit kernel, for a guest.  Where it cannot be had, .missing says
# why, and the boot that wants it skips.
$(BUILD)/kernel-i386/.stamp: $(IMG)/fetch
	@echo '  fetch 32-bit kernel'
	$(Q)rm -rf $(@D) && mkdir -p $(@D)/boot && \
	 if timeout 300 $(IMG)/fetch i386 $(@D) 2>$(@D)/.missing; then \
	 ln -s $$(ls $(@D)/boot | grep vmlinuz) $(@D)/boot/vmlinuz && \
	 /sbin/depmod -b $(@D) $$(ls $(@D)/lib/modules) && : >$(@D)/.missing; \
	 else echo "fetch: status $$?" >>$(@D)/.missing; rm -rf $(@D)/boot; mkdir $(@D)/boot; : >$(@D)/boot/vmlinuz; fi && touch $@

# Debian's Xen and its tools: peers for tests, never inputs of the product.
$(BUILD)/peers/.stamp: $(IMG)/fetch
	@echo '  fetch peers'
	$(Q)rm -rf $(@D) && $(IMG)/fetch peers $(@D) && \
	 gzip -dc $(@D)/boot/xen-*-amd64.gz >$(@D)/xen && touch $@

.PHONY: packages
packages: $(BUILD)/kernel/.stamp $(BUILD)/peers/.stamp

$(BUILD)/guest.img: $(IMG)/guest.list $(IMG)/guest-init.sh $(IMG)/mkimage $(BUILD)/kernel/.stamp $(BUILD)/net_stream $(BUILD)/screen/fb_size
	$(Q)$(IMG)/mkimage -k $(BUILD)/kernel -o $@ $(IMG)/guest.list

$(BUILD)/guest-i386.img: $(IMG)/guest-i386.list $(IMG)/guest-init.sh $(IMG)/mkimage $(BUILD)/kernel-i386/.stamp
	$(Q)if [ -s $(BUILD)/kernel-i386/.missing ]; then : >$@; else \
	 $(IMG)/mkimage -k $(BUILD)/kernel-i386 -o $@ $(IMG)/guest-i386.list; fi

# For guests on emulated hardware: what a boot disk begins with, drivers.
$(BUILD)/hvm-grub.img: $(IMG)/mkgrub
	$(Q)$< $@
$(BUILD)/hvm-extra.img: $(IMG)/hvm-extra.list $(IMG)/mkimage $(BUILD)/kernel/.stamp
	$(Q)$(IMG)/mkimage -k $(BUILD)/kernel -o $@ $(IMG)/hvm-extra.list

# A CD that boots the stock kernel, by BIOS and UEFI: what a distribution's is,
# in small.
$(BUILD)/hvm.iso: $(IMG)/mkiso $(IMG)/hvm-iso.cfg $(BUILD)/guest.img $(BUILD)/hvm-extra.img $(BUILD)/kernel/.stamp
	$(Q)cat $(BUILD)/guest.img $(BUILD)/hvm-extra.img >$@.initrd && \
	 GRUB_CFG=$(IMG)/hvm-iso.cfg $(IMG)/mkiso $@ \
	 $(BUILD)/kernel/boot/vmlinuz=boot/vmlinuz $@.initrd=boot/initrd.img && rm $@.initrd

IMAGE_PARTS := $(wildcard $(IMG)/examples/*.xml tests/boot/dom0/*.sh) \
               $(addprefix $(IMG)/,passwd group profile mkimage) \
               control-domain/services/services.list

$(BUILD)/control-domain.img: $(BUILD)/screen/png_check $(IMG)/files.list $(IMAGE_PARTS) $(BUILD)/guest.img
$(BUILD)/control-domain.img: $(BUILD)/hvm-grub.img $(BUILD)/hvm-extra.img
.SECONDEXPANSION:
$(BUILD)/control-domain.img: $$(addprefix $(BUILD)/,$$(PROGRAMS)) $$(DOMU_ELFS) $(BUILD)/icu/libicudata.so
	$(Q)PROGRAMS='$(filter-out init,$(PROGRAMS))' \
	 $(IMG)/mkimage -k $(BUILD)/kernel -o $@ $(IMG)/files.list

# libxml2 pulls in ICU, whose 30 MB of tables no domain XML needs (UTF-8 and
# UTF-16 are libxml2's own): the image carries an empty table in their place.
ICU_VERSION := $(shell ls /usr/lib/x86_64-linux-gnu/libicudata.so.[0-9]* 2>/dev/null | sed -n 's/.*so\.\([0-9]*\)$$/\1/p')
$(BUILD)/icu/libicudata.so: $(IMG)/icu_empty.c
	@mkdir -p $(@D)
	$(Q)$(CC) -shared -fPIC -nostdlib -DICU_TABLE=icudt$(ICU_VERSION)_dat \
	 -Wl,-soname,libicudata.so.$(ICU_VERSION) -o $@ $<

# The same with Debian's Xen tools in place of ours, and beside ours.
PEER_LIBS = $(subst $() ,:,$(addprefix $(abspath $(BUILD))/peers/,usr/lib/x86_64-linux-gnu \
              lib/x86_64-linux-gnu usr/lib/xen-4.17/lib/x86_64-linux-gnu))

$(BUILD)/peer-dom0.img: $(IMG)/peer.list $(wildcard $(IMG)/peer-*) $(IMAGE_PARTS)
$(BUILD)/peer-dom0.img: $(BUILD)/guest.img $(BUILD)/init $(BUILD)/peers/.stamp
	$(Q)$(IMG)/mkimage -k $(BUILD)/kernel -o $@ -L $(PEER_LIBS) $(IMG)/peer.list

$(BUILD)/mixed-dom0.img: $(IMG)/mixed.list $(IMG)/peer-block.sh $(BUILD)/control-domain.img $(BUILD)/peers/.stamp
	$(Q)PROGRAMS='$(filter-out init,$(PROGRAMS))' $(IMG)/mkimage \
	 -k $(BUILD)/kernel -o $@ -L $(PEER_LIBS) $(IMG)/files.list $(IMG)/mixed.list

HV_ELF := $(BUILD)/paravane.elf

# The boot disks: the product's, and the one the nested boots share.
ISO_PARTS := $(BUILD)/kernel/boot/vmlinuz=boot/vmlinuz \
             $(BUILD)/control-domain.img=boot/control-domain.img

$(BUILD)/paravane.iso: $(IMG)/mkiso $(IMG)/grub.cfg $(BUILD)/paravane.elf $(BUILD)/control-domain.img
	$(Q)$(IMG)/mkiso $@ $(BUILD)/paravane.elf=boot/paravane.elf $(ISO_PARTS)

$(BUILD)/test.iso: $(BUILD)/hvm.iso $(BUILD)/guest-i386.img
$(BUILD)/test.iso: $(IMG)/mkiso $(IMG)/grub.cfg $(HV_ELF) $$(TEST_ISO_GUESTS) \
                   $(addprefix $(BUILD)/,control-domain.img peer-dom0.img mixed-dom0.img hvm-dom0.img)
	$(Q)$(IMG)/mkiso $@ $(addsuffix =boot/paravane.elf,$(HV_ELF)) \
	 $(BUILD)/peers/xen=boot/xen $(foreach i,peer mixed hvm,$(BUILD)/$(i)-dom0.img=boot/$(i)-dom0.img) \
	 $(ISO_PARTS) \
	 $(BUILD)/hvm.iso=hvm/guest.iso /usr/share/ovmf/OVMF.fd=hvm/OVMF.fd $(BUILD)/kernel-i386/boot/vmlinuz=i386/vmlinuz \
	 $(BUILD)/kernel-i386/.missing=i386/missing $(BUILD)/guest-i386.img=i386/guest.img \
	 $(foreach g,$(TEST_ISO_GUESTS),$(g)=guests/$(notdir $(g)))

# Disks for real drivers, the same bytes every time.
DISK_IMAGES := $(BUILD)/disk-virtio.img $(BUILD)/disk-ahci.img
$(BUILD)/disk-%.img:
	$(Q)for i in $$(seq 0 31); do yes "paravane $* disk $$i" | head -c 1048576; done >$@

# The control domain as the root file system of a disk.
DISK_IMAGES += $(BUILD)/root.img
$(BUILD)/root.img: $(BUILD)/control-domain.img
	$(Q)d=$$(mktemp -d) && trap 'rm -rf $$d' EXIT && \
	 zstd -qdc $< | (cd $$d && cpio -i --quiet -d) && rm -f $@ && \
	 E2FSPROGS_FAKE_TIME=1 /sbin/mke2fs -q -t ext4 -d $$d -L paravane \
	  -U 70617261-7661-6e65-0000-000000000001 \
	  -E hash_seed=70617261-7661-6e65-0000-000000000002 $@ 128M >/dev/null

# A guest for emulated hardware: its initramfs with their drivers, and a disk
# that GRUB boots it from.
$(BUILD)/hvm-guest.img: $(IMG)/guest.list $(IMG)/hvm-guest.list $(IMAGE_PARTS) $(BUILD)/guest.img
	$(Q)$(IMG)/mkimage -k $(BUILD)/kernel -o $@ $(IMG)/guest.list $(IMG)/hvm-guest.list

$(BUILD)/hvm-disk.img: $(IMG)/mkdisk $(IMG)/hvm-grub.cfg $(BUILD)/hvm-guest.img
	$(Q)$(IMG)/mkdisk $@ $(IMG)/hvm-grub.cfg \
	 $(BUILD)/kernel/boot/vmlinuz=boot/vmlinuz $(BUILD)/hvm-guest.img=boot/guest.img

# Debian's tools with Debian's device model, for HVM guests.
$(BUILD)/hvm-dom0.img: $(wildcard $(IMG)/*peer*) $(IMAGE_PARTS)
$(BUILD)/hvm-dom0.img: $(BUILD)/guest.img $(BUILD)/hvm-disk.img $(BUILD)/init $(BUILD)/peers/.stamp
	$(Q)$(IMG)/mkimage -k $(BUILD)/kernel -o $@ -L $(PEER_LIBS) \
	 $(IMG)/peer.list $(IMG)/hvm-peer.list
