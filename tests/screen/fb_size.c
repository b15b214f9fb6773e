/* SPDX-License-Identifier: MIT */
/*
 * fb_size WIDTH HEIGHT: asks the guest's frame buffer for another size, the
 * way fbset does.  Runs in the sample guest.
 */
#include <fcntl.h>
#include <linux/fb.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>

int main(int argc, char **argv)
{
    struct fb_var_screeninfo v;
    int fd = open("/dev/fb0", O_RDWR | O_CLOEXEC);

    if (argc != 3 || fd < 0 || ioctl(fd, FBIOGET_VSCREENINFO, &v) != 0) {
        perror("fb_size");
        return 2;
    }
    v.xres = v.xres_virtual = (unsigned int)atoi(argv[1]);
    v.yres = v.yres_virtual = (unsigned int)atoi(argv[2]);
    v.activate = FB_ACTIVATE_NOW;
    if (ioctl(fd, FBIOPUT_VSCREENINFO, &v) != 0) {
        perror("fb_size");
        return 1;
    }
    return 0;
}
