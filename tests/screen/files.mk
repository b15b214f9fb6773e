# Test programs of the screen: a viewers' process without a guest, a VNC
# client, a look into PNG files, another size for a guest's screen.
SCREEN_TOOLS := $(addprefix $(BUILD)/screen/,viewer_rig vnc_client png_check \
    fb_size)
VIEWER_RIG_SRCS = tests/screen/viewer_rig.c $(addprefix pv-drivers/back/,\
    screen.c viewer.c serve.c confine.c) $(SCREEN_SRCS) $(LIB_CORE_SRCS)

$(BUILD)/screen/viewer_rig: $$(patsubst %.c,$$(BUILD)/user/%.o,$$(VIEWER_RIG_SRCS))
	@mkdir -p $(@D)
	$(Q)$(CC) $(USER_LDFLAGS) -o $@ $^ -lvncserver -lpng -lseccomp
$(BUILD)/screen/vnc_client: tests/screen/vnc_client.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(STD) $(WARN) -O1 -D_GNU_SOURCE -o $@ $< -lvncclient
$(BUILD)/screen/fb_size: tests/screen/fb_size.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(STD) $(WARN) -O1 -D_GNU_SOURCE -o $@ $<
$(BUILD)/screen/png_check: tests/screen/png_check.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(STD) $(WARN) -O1 -D_GNU_SOURCE -o $@ $< -lpng

# Nested boots use them on both sides of the glass.
boot: $(SCREEN_TOOLS)
